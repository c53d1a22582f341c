"""How often the right document is found, by words, by meaning, and by both together.

    python -m tests.eval.recall
    python -m tests.eval.recall --stackfaq stackfaq.json --shares 0.55,0.65,0.75

Every set is put and searched by the real service, encoder and index, in a temporary folder.
Exits 1 when both together find less among the first five than either alone, on any set.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.search.domain import DocumentText
from services.search.encoder.onnx import OnnxEncoder
from services.search.finding import Finder, search_passages
from services.search.ranking import MEANING_SHARE
from services.search.server import MIGRATIONS, Parts, assemble, make_index
from services.search.settings import SearchSettings
from services.search.store import SqlDocumentStore
from services.search.use_cases import put_document

DEMO = Path(__file__).parents[2] / "infra" / "demo"
PAGE_SIZE = 50
RANKS = (1, 5)


@dataclass(frozen=True)
class Question:
    text: str
    source_uri: str


@dataclass(frozen=True)
class LabelledSet:
    name: str
    documents: Mapping[str, str]
    questions: Sequence[Question]


async def main() -> int:
    arguments = _arguments()
    sets = [*demo_sets(), *(stackfaq_sets(arguments.stackfaq) if arguments.stackfaq else [])]
    shares = {"words": 0.0, "meaning": 1.0}
    shares |= {f"both {share:g}": share for share in arguments.shares}
    table = Table("set", "documents", "questions", *shares, title="recall@1 / recall@5")
    falls_short = False
    async with running_search() as parts:
        for labelled in sets:
            with acting_as(_reader(labelled.name)):
                await put_all(parts, labelled)
                recalls = [await recall(parts, labelled, share) for share in shares.values()]
            shown = [" / ".join(f"{value:.3f}" for value in recall) for recall in recalls]
            sizes = (str(len(labelled.documents)), str(len(labelled.questions)))
            table.add_row(labelled.name, *sizes, *shown)
            alone, together = recalls[:2], recalls[2:]
            best_alone = max(five for _, five in alone)
            falls_short |= any(five < best_alone for _, five in together)
    Console(width=max(100, 24 * (3 + len(shares)))).print(table)
    return int(falls_short)


def demo_sets() -> list[LabelledSet]:
    asked = yaml.safe_load((DEMO / "questions.yaml").read_text())["questions"]
    sets = []
    for tenant in ("acme", "globex"):
        documents = {file.stem: file.read_text() for file in (DEMO / tenant).rglob("*.md")}
        questions = [
            Question(one["question"], one["document"])
            for one in asked
            if one["tenant"] == tenant and one["document"]
        ]
        sets.append(LabelledSet(f"demo {tenant}", documents, questions))
    return sets


def stackfaq_sets(file: Path) -> list[LabelledSet]:
    threads = json.loads(file.read_text())
    questions = [
        Question(paraphrase, thread["id"])
        for thread in threads
        for paraphrase in thread["paraphrases"]
    ]
    answers = {thread["id"]: "\n\n".join(thread["answers"]) for thread in threads}
    whole = {
        thread["id"]: f"# {thread['question']}\n\n{answers[thread['id']]}" for thread in threads
    }
    return [
        LabelledSet("StackFAQ", whole, questions),
        LabelledSet("StackFAQ, answers only", answers, questions),
    ]


@asynccontextmanager
async def running_search() -> AsyncIterator[Parts]:
    with tempfile.TemporaryDirectory() as folder:
        settings = SearchSettings(data=Path(folder))
        database = Database(settings.database_address("search"))
        await database.migrate(MIGRATIONS)
        encoder = OnnxEncoder()
        index = make_index(settings, encoder)
        parts = assemble(SqlDocumentStore(database), index, encoder, utc_now)
        await parts.indexing.compare()
        yield parts
        await index.close()
        await database.close()


async def put_all(parts: Parts, labelled: LabelledSet) -> None:
    for source_uri, content in labelled.documents.items():
        # What has no heading would else be titled by its number.
        title = "" if "# " in content else "FAQ"
        await put_document(parts.library, DocumentText(source_uri, title, "", content))


async def recall(parts: Parts, labelled: LabelledSet, share: float) -> tuple[float, ...]:
    finder: Finder = replace(parts.finder, meaning_share=share)
    found = [0] * len(RANKS)
    for question in labelled.questions:
        findings = await search_passages(finder, question.text, PAGE_SIZE)
        documents = list(dict.fromkeys(one.source_uri for one in findings.passages))
        for place, rank in enumerate(RANKS):
            found[place] += question.source_uri in documents[:rank]
    return tuple(count / len(labelled.questions) for count in found)


def _reader(name: str) -> Caller:
    return Caller(service="gateway", tenant_id=TenantId(name), user_id=UserId("reader"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--stackfaq", type=Path, help="a file of threads with paraphrases")
    parser.add_argument(
        "--shares",
        type=lambda text: [float(share) for share in text.split(",")],
        default=[MEANING_SHARE],
        help="shares of meaning to try, such as 0.6,0.7",
    )
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
