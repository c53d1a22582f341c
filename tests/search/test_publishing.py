"""Which version is found and answered from, and when: by states, by dates, by the clock alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from services.mesh.caller import Caller, acting_as
from services.search.domain import DocumentText, KnowledgeDocument
from services.search.errors import (
    DocumentNotFound,
    EffectiveDatesReversed,
    PublicationUnclear,
    VersionNotFound,
    VersionNotNewest,
)
from services.search.finding import search_passages
from services.search.history import get_document_version
from services.search.publication import ALWAYS, DocumentState, Period
from services.search.publishing import archive_document, publish_document
from services.search.readers import EVERYBODY, Readers
from services.search.restricting import list_categories
from services.search.server import Parts, assemble
from services.search.use_cases import (
    delete_document,
    get_document,
    list_documents,
    put_document,
)
from tests.search.builders import NOON, a_caller, somebody
from tests.search.clocks import TurnedClock
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex

CUSTOMER = a_caller("joe", "customer")
AGENTS = Readers.of(["agent"], [])
DRAFT, PUBLISHED, ARCHIVED = DocumentState.DRAFT, DocumentState.PUBLISHED, DocumentState.ARCHIVED
OLD, NEW = "Old coolant words.\n", "New coolant words.\n"
SECOND = timedelta(seconds=1)
NEXT_WEEK, IN_TWO_WEEKS = NOON + timedelta(days=7), NOON + timedelta(days=14)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
async def parts(clock: TurnedClock, index: FakeIndex, encoder: FakeEncoder) -> Parts:
    parts = assemble(FakeDocumentStore(clock), index, encoder, clock)
    await parts.indexing.compare()
    return parts


@pytest.fixture(autouse=True)
def admin() -> Iterator[None]:
    with acting_as(somebody()):
        yield


async def put(
    parts: Parts,
    content: str = OLD,
    *,
    state: DocumentState | None = None,
    period: Period | None = None,
    source_uri: str = "press.md",
    title: str = "",
    category: str = "",
    readers: Readers | None = None,
) -> KnowledgeDocument:
    text = DocumentText(source_uri, title, category, content, readers, state=state, period=period)
    return await put_document(parts.library, text)


async def found(parts: Parts, caller: Caller = CUSTOMER) -> list[str]:
    with acting_as(caller):
        findings = await search_passages(parts.finder, "coolant words", 10)
    return [one.chunk.text for one in findings.passages]


async def shown(parts: Parts, document_id: str, caller: Caller = CUSTOMER) -> int:
    """The version that a caller gets, 0 when there is none; the list says the same."""
    with acting_as(caller):
        listed = (await list_documents(parts.library.store, 0, "")).documents
        try:
            document = await get_document(parts.library.store, document_id)
        except DocumentNotFound:
            assert listed == []
            return 0
    assert [one.version for one in listed] == [document.version]
    return document.version


async def opens(parts: Parts, document_id: str, version: int, caller: Caller = CUSTOMER) -> bool:
    with acting_as(caller):
        try:
            await get_document_version(parts.library.store, document_id, version)
        except (DocumentNotFound, VersionNotFound):
            return False
    return True


async def test_what_is_put_without_a_word_is_published(parts: Parts) -> None:
    document = await put(parts)
    assert (document.state, document.published_version) == (PUBLISHED, 1)
    assert await found(parts) == ["Old coolant words."]


async def test_a_draft_is_there_for_those_only_who_write(
    parts: Parts, encoder: FakeEncoder
) -> None:
    draft = await put(parts, state=DRAFT, category="plant")
    assert (draft.state, draft.published_version, draft.chunk_count) == (DRAFT, 0, 0)
    assert encoder.encoded == 0
    assert await found(parts) == await found(parts, somebody()) == []
    assert await shown(parts, draft.document_id) == 0
    assert await shown(parts, draft.document_id, somebody()) == 1
    assert not await opens(parts, draft.document_id, 1)
    assert await opens(parts, draft.document_id, 1, somebody())
    with acting_as(CUSTOMER):
        assert (await list_categories(parts.library.store, 0, "")).categories == []
        with pytest.raises(DocumentNotFound):
            await get_document_version(parts.library.store, draft.document_id, 1)
        with pytest.raises(DocumentNotFound):
            await delete_document(parts.library, draft.document_id)


async def test_a_newer_draft_does_not_hide_what_is_published(parts: Parts) -> None:
    first = await put(parts, category="plant", title="Press")
    draft = await put(parts, NEW, state=DRAFT, category="", title="Other press")
    assert (draft.version, draft.state, draft.published_version) == (2, DRAFT, 1)
    assert await found(parts) == await found(parts, somebody()) == ["Old coolant words."]
    assert await shown(parts, first.document_id) == 1
    assert await shown(parts, first.document_id, somebody()) == 2
    assert not await opens(parts, first.document_id, 2)
    with acting_as(CUSTOMER):
        document = await get_document(parts.library.store, first.document_id)
        with pytest.raises(VersionNotFound):
            await get_document_version(parts.library.store, first.document_id, 2)
    assert (document.content, document.title, document.category) == (OLD, "Press", "plant")
    assert document.content_hash == first.content_hash
    assert document.update_time == first.update_time


async def test_a_published_draft_takes_the_place_of_the_version_before(parts: Parts) -> None:
    first = await put(parts)
    await put(parts, NEW, state=DRAFT)
    published = await publish_document(parts.library, first.document_id)
    assert (published.version, published.state, published.content) == (2, PUBLISHED, "")
    assert published.chunk_count == 1
    assert await found(parts) == ["New coolant words."]
    assert await shown(parts, first.document_id) == 2
    assert await opens(parts, first.document_id, 1)
    again = await publish_document(parts.library, first.document_id)
    assert again == published


async def test_only_the_version_that_was_looked_at_is_published(parts: Parts) -> None:
    await put(parts, state=DRAFT)
    second = await put(parts, NEW)
    assert second.state is DRAFT
    with pytest.raises(VersionNotNewest):
        await publish_document(parts.library, second.document_id, 1)
    with pytest.raises(VersionNotFound):
        await publish_document(parts.library, second.document_id, 3)
    assert await found(parts) == []
    await publish_document(parts.library, second.document_id, 2)
    assert await found(parts) == ["New coolant words."]


async def test_an_archived_document_is_gone_at_once_and_comes_back_as_it_was(
    parts: Parts, encoder: FakeEncoder
) -> None:
    document = await put(parts)
    encoded = encoder.encoded
    archived = await archive_document(parts.library, document.document_id)
    assert archived.state is ARCHIVED
    assert await found(parts) == await found(parts, somebody()) == []
    assert await shown(parts, document.document_id) == 0
    assert await shown(parts, document.document_id, somebody()) == 1
    assert await opens(parts, document.document_id, 1)
    again = await archive_document(parts.library, document.document_id)
    assert again == archived
    back = await publish_document(parts.library, document.document_id)
    assert (back.version, back.state) == (1, PUBLISHED)
    assert await found(parts) == ["Old coolant words."]
    assert encoder.encoded == encoded


async def test_a_change_of_content_opens_neither_a_draft_nor_an_archive(parts: Parts) -> None:
    draft = await put(parts, state=DRAFT, source_uri="a.md")
    assert (await put(parts, NEW, source_uri="a.md")).state is DRAFT
    kept = await put(parts, source_uri="b.md")
    await archive_document(parts.library, kept.document_id)
    assert (await put(parts, source_uri="b.md")).state is ARCHIVED
    assert (await put(parts, NEW, source_uri="b.md")).state is ARCHIVED
    assert (await put(parts, NEW + OLD, state=DRAFT, source_uri="b.md")).state is ARCHIVED
    assert await found(parts) == []
    assert not await opens(parts, kept.document_id, 2)
    await publish_document(parts.library, kept.document_id)
    assert await shown(parts, kept.document_id) == 3
    assert not await opens(parts, draft.document_id, 2)


async def test_the_same_content_with_another_state_makes_no_new_version(parts: Parts) -> None:
    for state, is_found in ((DRAFT, 0), (PUBLISHED, 1), (DRAFT, 1), (ARCHIVED, 0), (PUBLISHED, 1)):
        document = await put(parts, state=state)
        assert (document.version, document.content) == (1, OLD)
        assert len(await found(parts)) == is_found


async def test_what_is_put_as_archived_can_be_published_later(parts: Parts) -> None:
    document = await put(parts, state=ARCHIVED)
    assert (document.version, document.state) == (1, ARCHIVED)
    assert await found(parts) == []
    assert not await opens(parts, document.document_id, 1)
    await publish_document(parts.library, document.document_id)
    assert await found(parts) == ["Old coolant words."]


async def test_a_draft_lets_nobody_in_before_it_is_published(parts: Parts) -> None:
    await put(parts, readers=AGENTS)
    opening = f'---\nreaders: "*"\n---\n{NEW}'
    draft = await put(parts, opening, state=DRAFT)
    assert draft.readers == AGENTS
    assert await found(parts) == []
    assert (await publish_document(parts.library, draft.document_id)).readers == EVERYBODY
    assert await found(parts) == ["New coolant words."]


async def test_a_deleted_document_comes_back_published_and_without_dates(parts: Parts) -> None:
    document = await put(parts, state=DRAFT, period=Period(NEXT_WEEK))
    await delete_document(parts.library, document.document_id)
    again = await put(parts, NEW)
    assert (again.version, again.state, again.period) == (2, PUBLISHED, ALWAYS)
    assert not await opens(parts, document.document_id, 1)
    await delete_document(parts.library, document.document_id)
    assert (await put(parts, NEW, state=DRAFT)).published_version == 0
    assert await shown(parts, document.document_id) == 0
    assert await opens(parts, document.document_id, 2)


async def test_it_begins_and_ends_at_the_second_by_the_clock_alone(
    parts: Parts, clock: TurnedClock
) -> None:
    document = await put(parts, period=Period(NEXT_WEEK, IN_TWO_WEEKS))
    for moment, is_there in (
        (NOON, False),
        (NEXT_WEEK - SECOND, False),
        (NEXT_WEEK, True),
        (IN_TWO_WEEKS - SECOND, True),
        (IN_TWO_WEEKS, False),
    ):
        clock.now = moment
        assert bool(await found(parts)) == bool(await found(parts, somebody())) == is_there
        assert bool(await shown(parts, document.document_id)) == is_there
        assert await shown(parts, document.document_id, somebody()) == 1
        assert await opens(parts, document.document_id, 1) == (moment >= NEXT_WEEK)


@pytest.mark.parametrize("is_down", [False, True])
async def test_an_ended_document_weighs_nothing_from_that_second_on(
    parts: Parts, clock: TurnedClock, index: FakeIndex, is_down: bool
) -> None:
    await put(parts, OLD, source_uri="stays.md")
    index.is_down = is_down
    before = (await search_passages(parts.finder, "coolant reactor", 5)).passages
    for number in range(5):
        text = f"The coolant {number}.\n"
        await put(parts, text, source_uri=f"{number}.md", period=Period(None, NEXT_WEEK))
    clock.now = NEXT_WEEK - SECOND
    assert len((await search_passages(parts.finder, "coolant reactor", 9)).passages) == 6
    clock.now = NEXT_WEEK
    assert (await search_passages(parts.finder, "coolant reactor", 5)).passages == before


async def test_a_put_without_dates_keeps_them_and_empty_ones_lift_them(parts: Parts) -> None:
    await put(parts, period=Period(NEXT_WEEK))
    second = await put(parts, NEW)
    assert (second.version, second.period) == (2, Period(NEXT_WEEK))
    assert await found(parts) == []
    assert (await put(parts, NEW)).version == 2
    lifted = await put(parts, NEW, period=ALWAYS)
    assert (lifted.version, lifted.period) == (3, ALWAYS)
    assert await found(parts) == ["New coolant words."]


async def test_dates_that_end_before_they_begin_are_refused(parts: Parts) -> None:
    for period in (Period(IN_TWO_WEEKS, NEXT_WEEK), Period(NEXT_WEEK, NEXT_WEEK)):
        with pytest.raises(EffectiveDatesReversed):
            await put(parts, period=period)


@pytest.mark.parametrize("how", ["replaced", "archived", "deleted"])
async def test_a_version_that_was_taken_back_before_it_began_never_opens(
    parts: Parts, clock: TurnedClock, how: str
) -> None:
    document = await put(parts, period=Period(NEXT_WEEK))
    if how == "replaced":
        await put(parts, NEW, period=ALWAYS)
    elif how == "archived":
        await archive_document(parts.library, document.document_id)
    else:
        await delete_document(parts.library, document.document_id)
    clock.now = IN_TWO_WEEKS
    assert not await opens(parts, document.document_id, 1)
    assert await opens(parts, document.document_id, 1, somebody())
    assert await opens(parts, document.document_id, 2) == (how == "replaced")


@pytest.mark.parametrize("end", [NOON, NOON - SECOND])
async def test_what_had_ended_when_it_was_published_never_opens(
    parts: Parts, end: datetime
) -> None:
    document = await put(parts, period=Period(None, end))
    assert await found(parts) == []
    assert not await opens(parts, document.document_id, 1)


async def test_index_and_store_agree_whatever_was_done(parts: Parts, index: FakeIndex) -> None:
    document = await put(parts, period=Period(None, NEXT_WEEK))
    steps = (
        lambda: put(parts, NEW, state=DRAFT),
        lambda: archive_document(parts.library, document.document_id),
        lambda: publish_document(parts.library, document.document_id),
        lambda: put(parts, NEW, state=ARCHIVED),
        lambda: delete_document(parts.library, document.document_id),
        lambda: put(parts, OLD, state=DRAFT),
    )
    for step in steps:
        await step()
        assert await parts.library.store.revisions() == await index.revisions()
    assert await index.revisions() == {}


async def test_the_front_matter_says_state_and_dates_and_given_ones_come_first(
    parts: Parts, clock: TurnedClock
) -> None:
    content = f"---\nstate: draft\neffective_from: 2026-03-09\n---\n{OLD}"
    draft = await put(parts, content)
    assert (draft.state, draft.period) == (DRAFT, Period(NEXT_WEEK.replace(hour=0)))
    given_period = Period(NEXT_WEEK)
    published = await put(parts, content, state=PUBLISHED, period=given_period)
    assert (published.state, published.period) == (PUBLISHED, given_period)
    clock.now = NEXT_WEEK
    assert await found(parts) == ["Old coolant words."]


async def test_the_same_front_matter_does_not_change_back_what_was_changed(parts: Parts) -> None:
    content = f"---\nstate: draft\neffective_until: 2027-01-06T08:30:00Z\n---\n{OLD}"
    draft = await put(parts, content)
    await publish_document(parts.library, draft.document_id)
    lifted = await put(parts, content, period=ALWAYS)
    assert (lifted.version, lifted.state) == (2, DRAFT)
    await publish_document(parts.library, draft.document_id)
    again = await put(parts, content)
    assert (again.version, again.state, again.period) == (2, PUBLISHED, ALWAYS)
    assert await found(parts) == ["Old coolant words."]


@pytest.mark.parametrize(
    "said",
    [
        "state: hidden",
        "state: [draft]",
        "state:",
        "effective_from: tomorrow",
        "effective_until: {}",
        "title: a: b\nstate: hidden",
    ],
)
async def test_a_state_or_date_that_nobody_can_make_out_is_refused(parts: Parts, said: str) -> None:
    with pytest.raises(PublicationUnclear):
        await put(parts, f"---\n{said}\n---\n{OLD}")
    assert await found(parts) == []


async def test_dates_of_the_front_matter_must_not_be_reversed(parts: Parts) -> None:
    with pytest.raises(EffectiveDatesReversed):
        await put(
            parts, f"---\neffective_from: 2027-01-06\neffective_until: 2026-01-06\n---\n{OLD}"
        )


async def test_a_slip_in_the_front_matter_does_not_publish_a_draft(parts: Parts) -> None:
    assert (await put(parts, f'---\ntitle: a: b\nstate: "Draft"\n---\n{OLD}')).state is DRAFT
