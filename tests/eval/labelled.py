"""Questions with the documents that answer them, and the documents they are asked of."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tests.eval.questions import DEMO, TENANTS

HERE = Path(__file__).parent
PAGES = {"18f-handbook": "handbook_pages.yaml", "gnome-help": "desktop_pages.yaml"}


@dataclass(frozen=True)
class LabelledQuestion:
    """Each of the documents answers; whatever is about one document is in the same half."""

    text: str
    source_uris: frozenset[str]
    is_for_development: bool


@dataclass(frozen=True)
class LabelledSet:
    name: str
    documents: Mapping[str, str]
    questions: Sequence[LabelledQuestion]

    def halves(self) -> list["LabelledSet"]:
        """What weights may be fitted to, and what says how they do elsewhere."""
        return [
            replace(
                self,
                name=f"{self.name}, {half}",
                questions=[one for one in self.questions if one.is_for_development is chosen],
            )
            for half, chosen in (("development", True), ("test", False))
        ]


def demo_sets() -> list[LabelledSet]:
    files = (DEMO / "questions.yaml", DEMO / "probe.yaml", HERE / "demo_articles.yaml")
    asked = [one for file in files for one in _read(file)]
    return [
        LabelledSet(
            f"demo {tenant}",
            {file.stem: file.read_text("utf-8") for file in (DEMO / tenant).rglob("*.md")},
            [
                _question(one["question"], [one["document"]])
                for one in asked
                if one["tenant"] == tenant and one["document"]
            ],
        )
        for tenant in TENANTS
    ]


def stackfaq_sets(file: Path) -> list[LabelledSet]:
    """The threads with and without their own question."""
    threads = json.loads(file.read_text("utf-8"))
    questions = [
        _question(paraphrase, [thread["id"]])
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


def page_sets(folder: Path) -> list[LabelledSet]:
    return [
        LabelledSet(
            name,
            {
                page.relative_to(folder / name).as_posix(): page.read_text("utf-8")
                for page in sorted((folder / name).rglob("*.md"))
            },
            [_question(one["question"], one["pages"]) for one in _read(HERE / file)],
        )
        for name, file in PAGES.items()
    ]


def _question(text: str, source_uris: Sequence[str]) -> LabelledQuestion:
    is_for_development = zlib.crc32(source_uris[0].encode()) % 2 == 0
    return LabelledQuestion(text, frozenset(source_uris), is_for_development)


def _read(file: Path) -> list[dict[str, Any]]:
    questions: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))["questions"]
    return questions
