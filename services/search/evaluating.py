"""Keeps golden sets and measures with them, in the name of the current caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.mesh.audit import acts_on
from services.mesh.caller import current_tenant
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.mesh.paging import decode_page_token, encode_page_token, page_size
from services.search.errors import GoldenSetNotFound, QueryEmpty
from services.search.finding import MAX_PAGE_SIZE, Finder, find
from services.search.golden_sets import GoldenQuestion, GoldenSet, GoldenSetStore
from services.search.measures import Figure, Rank, figures, rank_of
from services.search.ranking import FUSED, MEANING, WORDS, Weights
from services.search.readers import current_reader

WAYS: Mapping[str, Weights] = {"keywords": WORDS, "meaning": MEANING, "fused": FUSED}

_LIST = {"of": "golden sets"}


@dataclass(frozen=True)
class Evaluations:
    store: GoldenSetStore
    finder: Finder
    clock: Clock


@dataclass(frozen=True)
class GoldenSetPage:
    golden_sets: Sequence[GoldenSet]
    next_page_token: str


@dataclass(frozen=True)
class Evaluation:
    """`figures` are those of each way of searching, by measure."""

    question_count: int
    figures: Mapping[str, Mapping[str, Figure]]
    missing_source_uris: Sequence[str]
    degraded: bool


async def put_golden_set(
    evaluations: Evaluations, name: str, questions: Sequence[GoldenQuestion]
) -> GoldenSet:
    async with evaluations.store.transaction(current_tenant()) as golden_sets:
        kept = await golden_sets.put(
            " ".join(name.split()), questions, new_id(), evaluations.clock()
        )
        acts_on("golden_set", kept.golden_set_id)
    return kept


async def list_golden_sets(store: GoldenSetStore, size: int, token: str) -> GoldenSetPage:
    tenant_id = current_tenant()
    after = decode_page_token(tenant_id, _LIST, token) or ""
    limit = page_size(size)
    async with store.reading(tenant_id) as golden_sets:
        found = await golden_sets.list_all(limit=limit + 1, after=after)
    page = found[:limit]
    if len(found) == len(page):
        return GoldenSetPage(page, "")
    return GoldenSetPage(page, encode_page_token(tenant_id, _LIST, page[-1].name))


async def delete_golden_set(store: GoldenSetStore, golden_set_id: str) -> None:
    async with store.transaction(current_tenant()) as golden_sets:
        if not await golden_sets.remove(golden_set_id):
            raise GoldenSetNotFound(golden_set_id)


async def run_evaluation(evaluations: Evaluations, golden_set_id: str) -> Evaluation:
    """Finds what the caller may read, and nothing else, as every search does."""
    async with evaluations.store.reading(current_tenant()) as golden_sets:
        golden_set = await golden_sets.find(golden_set_id)
    if golden_set is None:
        raise GoldenSetNotFound(golden_set_id)
    ranks: dict[str, list[Rank]] = {way: [] for way in WAYS}
    degraded = False
    for question in golden_set.questions:
        found, is_degraded = await _found_by_way(evaluations.finder, question.text)
        degraded |= is_degraded
        for way, source_uris in found.items():
            ranks[way].append(rank_of(question.source_uris, source_uris))
    return Evaluation(
        question_count=len(golden_set.questions),
        figures={way: figures(own) for way, own in ranks.items()},
        missing_source_uris=await _missing(evaluations.finder, golden_set.questions),
        degraded=degraded,
    )


async def _found_by_way(finder: Finder, question: str) -> tuple[dict[str, list[str]], bool]:
    try:
        async with find(finder, question) as found:
            best = {way: await found.best(MAX_PAGE_SIZE, WAYS[way]) for way in WAYS}
    except QueryEmpty:
        return {way: [] for way in WAYS}, False
    by_way = {
        way: list(dict.fromkeys(one.source_uri for one in passages))
        for way, passages in best.items()
    }
    return by_way, found.degraded


async def _missing(finder: Finder, questions: Sequence[GoldenQuestion]) -> list[str]:
    wanted = sorted({uri for question in questions for uri in question.source_uris})
    async with finder.store.reading(current_reader()) as documents:
        return [uri for uri in wanted if await documents.find_by_source_uri(uri) is None]
