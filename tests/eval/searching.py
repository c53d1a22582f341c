"""Search in this process, with its real encoder and index, asked in each of its ways."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.search.domain import DocumentText
from services.search.encoder.onnx import OnnxEncoder
from services.search.errors import DocumentEmpty
from services.search.finding import find
from services.search.measures import Rank, rank_of
from services.search.ranking import FUSED, MEANING, WORDS, Weights
from services.search.readers import MANAGE
from services.search.server import MIGRATIONS, Parts, assemble, make_index
from services.search.settings import SearchSettings
from services.search.store import SqlDocumentStore
from services.search.use_cases import put_document
from tests.eval.labelled import LabelledSet

WAYS: Mapping[str, Weights] = {"BM25": WORDS, "dense": MEANING, "fused": FUSED}
PAGE_SIZE = 50
# As many as `helpdesk knowledge import` has under way.
PUTS_AT_ONCE = 3


@asynccontextmanager
async def running_search() -> AsyncIterator[Parts]:
    with tempfile.TemporaryDirectory() as folder:
        async with running_search_in(Path(folder)) as parts:
            yield parts


@asynccontextmanager
async def running_search_in(folder: Path) -> AsyncIterator[Parts]:
    settings = SearchSettings(data=folder)
    database = Database(settings.database_address("search"))
    await database.migrate(MIGRATIONS)
    encoder = OnnxEncoder(threads=settings.encoder_threads)
    index = make_index(settings, encoder)
    parts = assemble(SqlDocumentStore(database), index, encoder, utc_now)
    await parts.indexing.compare()
    yield parts
    await index.close()
    await database.close()


@asynccontextmanager
async def asking(parts: Parts, labelled: LabelledSet) -> AsyncIterator[None]:
    """As somebody of a tenant that holds the documents and no others."""
    places = asyncio.Semaphore(PUTS_AT_ONCE)

    async def put(source_uri: str, content: str) -> None:
        # What has no heading would else be titled by its number.
        title = "" if "# " in content else "FAQ"
        async with places:
            with suppress(DocumentEmpty):
                await put_document(parts.library, DocumentText(source_uri, title, "", content))

    with acting_as(_curator(labelled.name)):
        async with asyncio.TaskGroup() as putting:
            for source_uri, content in labelled.documents.items():
                putting.create_task(put(source_uri, content))
        yield


async def ranks_by_way(parts: Parts, labelled: LabelledSet) -> dict[str, list[Rank]]:
    """The ranks are in the order of the questions."""
    ranks: dict[str, list[Rank]] = {way: [] for way in WAYS}
    async with asking(parts, labelled):
        for question in labelled.questions:
            async with find(parts.finder, question.text) as found:
                best = {way: await found.best(PAGE_SIZE, WAYS[way]) for way in WAYS}
            for way, passages in best.items():
                documents = list(dict.fromkeys(one.source_uri for one in passages))
                ranks[way].append(rank_of(question.source_uris, documents))
    return ranks


def _curator(name: str) -> Caller:
    return Caller("gateway", TenantId(name), UserId("reader"), permissions=frozenset({MANAGE}))
