import pytest

from services.mesh.caller import acting_as
from services.mesh.errors import NotFound
from services.search.domain import DocumentText
from services.search.evaluating import (
    Evaluation,
    delete_golden_set,
    list_golden_sets,
    put_golden_set,
    run_evaluation,
)
from services.search.golden_sets import GoldenQuestion
from services.search.readers import Readers
from services.search.server import Parts, assemble
from services.search.use_cases import put_document
from tests.search.builders import GLOBEX, NOON, a_caller, somebody
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex

ARTICLES = {
    "vpn.md": "# Tunnel\n\nInstall Falcon Gate from the software shop.",
    "ink.md": "# Printers\n\nToner is changed by the copy center.",
    "pay.md": "# Pay\n\nSalaries arrive on the last day of the month.",
}


class Desk:
    def __init__(self) -> None:
        self.index = FakeIndex()
        self.parts: Parts = assemble(FakeDocumentStore(), self.index, FakeEncoder(), lambda: NOON)
        self.evaluations = self.parts.evaluations

    async def run(self, *questions: tuple[str, str]) -> Evaluation:
        labelled = [GoldenQuestion(text, frozenset({uri})) for text, uri in questions]
        kept = await put_golden_set(self.evaluations, "mine", labelled)
        return await run_evaluation(self.evaluations, kept.golden_set_id)


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.parts.indexing.compare()
    with acting_as(somebody()):
        for source_uri, content in ARTICLES.items():
            readers = Readers.of(["payroll"], []) if source_uri == "pay.md" else None
            text = DocumentText(source_uri, "", "", content, readers)
            await put_document(desk.parts.library, text)
    return desk


async def test_each_way_of_searching_is_measured(desk: Desk) -> None:
    with acting_as(somebody()):
        measured = await desk.run(("install falcon gate", "vpn.md"), ("changed toner", "ink.md"))
    assert measured.figures.keys() == {"keywords", "meaning", "fused"}
    assert all(own["recall@1"].value == 1 for own in measured.figures.values())
    assert (measured.question_count, measured.degraded) == (2, False)


async def test_a_question_that_leads_elsewhere_is_a_miss(desk: Desk) -> None:
    with acting_as(somebody()):
        measured = await desk.run(("falcon gate", "vpn.md"), ("falcon gate", "ink.md"))
    assert measured.figures["fused"]["recall@1"].value == 0.5


async def test_a_question_without_a_word_is_a_miss_and_no_error(desk: Desk) -> None:
    with acting_as(somebody()):
        measured = await desk.run(("?!", "vpn.md"))
    assert measured.figures["fused"]["recall@10"].value == 0


async def test_sources_that_are_not_there_are_named(desk: Desk) -> None:
    with acting_as(somebody()):
        measured = await desk.run(("falcon gate", "vpn.md"), ("where is it", "old.md"))
    assert measured.missing_source_uris == ["old.md"]


async def test_what_the_caller_may_not_read_is_not_found_and_not_there(desk: Desk) -> None:
    salaries = ("when do salaries arrive", "pay.md")
    with acting_as(a_caller("bob", "agent")):
        measured = await desk.run(salaries)
        assert measured.figures["fused"]["recall@10"].value == 0
        assert measured.missing_source_uris == ["pay.md"]
    # The control: for whoever may read it, the same question finds it.
    with acting_as(a_caller("eve", "payroll")):
        measured = await desk.run(salaries)
        assert measured.figures["fused"]["recall@1"].value == 1


async def test_it_says_when_the_index_was_down(desk: Desk) -> None:
    desk.index.is_down = True
    with acting_as(somebody()):
        measured = await desk.run(("falcon gate", "vpn.md"))
    assert measured.degraded


async def test_names_are_kept_without_superfluous_spaces(desk: Desk) -> None:
    with acting_as(somebody()):
        kept = await put_golden_set(
            desk.evaluations, "  first   line ", [GoldenQuestion("toner", frozenset({"ink.md"}))]
        )
    assert kept.name == "first line"


async def test_a_list_goes_on_where_its_page_ended(desk: Desk) -> None:
    store = desk.evaluations.store
    with acting_as(somebody()):
        for name in ("a", "b", "c"):
            question = GoldenQuestion("toner", frozenset({"ink.md"}))
            await put_golden_set(desk.evaluations, name, [question])
        first = await list_golden_sets(store, 2, "")
        last = await list_golden_sets(store, 2, first.next_page_token)
    assert [one.name for one in first.golden_sets] == ["a", "b"]
    assert [one.name for one in last.golden_sets] == ["c"]
    assert last.next_page_token == ""


async def test_a_stranger_hears_that_there_is_no_such_set(desk: Desk) -> None:
    with acting_as(somebody()):
        kept = await put_golden_set(
            desk.evaluations, "mine", [GoldenQuestion("toner", frozenset({"ink.md"}))]
        )
    with acting_as(somebody(GLOBEX)):
        with pytest.raises(NotFound):
            await run_evaluation(desk.evaluations, kept.golden_set_id)
        with pytest.raises(NotFound):
            await delete_golden_set(desk.evaluations.store, kept.golden_set_id)
    with acting_as(somebody()):
        await delete_golden_set(desk.evaluations.store, kept.golden_set_id)
        with pytest.raises(NotFound):
            await run_evaluation(desk.evaluations, kept.golden_set_id)
