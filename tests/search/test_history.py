"""What a document said before: told, compared, and brought back as something new."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.mesh.caller import acting_as
from services.mesh.errors import PageTokenInvalid
from services.search.differences import LineKind
from services.search.domain import KnowledgeDocument
from services.search.errors import DocumentNotFound, VersionNotFound
from services.search.finding import search_passages
from services.search.history import (
    diff_document_versions,
    get_document_version,
    list_document_versions,
    roll_back_document,
)
from services.search.publication import ALWAYS, DocumentState, Period
from services.search.publishing import archive_document, publish_document
from services.search.readers import Readers
from services.search.server import Parts, assemble
from services.search.use_cases import delete_document, get_document, put_document
from tests.search.builders import GLOBEX, NOON, a_caller, an_article, somebody
from tests.search.clocks import TurnedClock
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex

CUSTOMER = a_caller("joe", "customer")
DRAFT, PUBLISHED, ARCHIVED = DocumentState.DRAFT, DocumentState.PUBLISHED, DocumentState.ARCHIVED
OLD, NEW = "# Press\n\nOld coolant words.\n", "# Press\n\nNew coolant words.\n"
AGENTS = Readers.of(["agent"], [])


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def parts(clock: TurnedClock) -> Parts:
    parts = assemble(FakeDocumentStore(clock), FakeIndex(), FakeEncoder(), clock)
    await parts.indexing.compare()
    return parts


@pytest.fixture(autouse=True)
def admin() -> Iterator[None]:
    with acting_as(somebody()):
        yield


async def found(parts: Parts) -> list[str]:
    with acting_as(CUSTOMER):
        findings = await search_passages(parts.finder, "coolant words", 10)
    return [one.chunk.text for one in findings.passages]


async def listed(parts: Parts, document_id: str) -> list[tuple[int, DocumentState]]:
    page = await list_document_versions(parts.library.store, document_id, 0, "")
    return [(one.version, one.state) for one in page.versions]


async def two_versions(parts: Parts) -> KnowledgeDocument:
    await put_document(parts.library, an_article(OLD, title="Old press"))
    return await put_document(parts.library, an_article(NEW, title="Press"))


async def test_versions_are_told_newest_first_without_content(
    parts: Parts, clock: TurnedClock
) -> None:
    first = await put_document(parts.library, an_article(OLD))
    clock.turn(hours=1)
    await put_document(parts.library, an_article(NEW, state=DRAFT))
    page = await list_document_versions(parts.library.store, first.document_id, 0, "")
    newest, oldest = page.versions
    assert (newest.version, newest.state, newest.publish_time) == (2, DRAFT, None)
    assert (oldest.version, oldest.state, oldest.publish_time) == (1, PUBLISHED, NOON)
    assert newest.create_time == NOON + timedelta(hours=1)
    assert oldest.content_hash == first.content_hash
    assert newest.content == oldest.content == ""


async def test_versions_are_paged_to_the_end(parts: Parts) -> None:
    for number in range(5):
        document = await put_document(parts.library, an_article(f"Words {number}.\n"))
    numbers: list[int] = []
    token = ""
    while not numbers or token:
        page = await list_document_versions(parts.library.store, document.document_id, 2, token)
        numbers += [one.version for one in page.versions]
        token = page.next_page_token
    assert numbers == [5, 4, 3, 2, 1]


async def test_a_list_of_another_document_or_tenant_does_not_go_on_here(parts: Parts) -> None:
    ours = await two_versions(parts)
    other = await put_document(parts.library, an_article(OLD, source_uri="other.md"))
    page = await list_document_versions(parts.library.store, ours.document_id, 1, "")
    with pytest.raises(PageTokenInvalid):
        await list_document_versions(
            parts.library.store, other.document_id, 1, page.next_page_token
        )
    with acting_as(somebody(GLOBEX)), pytest.raises(DocumentNotFound):
        await list_document_versions(parts.library.store, ours.document_id, 1, "")


async def test_others_are_told_of_versions_that_were_found_once(parts: Parts) -> None:
    document = await two_versions(parts)
    await put_document(parts.library, an_article("Secret plans.\n", state=DRAFT))
    with acting_as(CUSTOMER):
        assert await listed(parts, document.document_id) == [(2, PUBLISHED), (1, ARCHIVED)]
        with pytest.raises(VersionNotFound):
            await diff_document_versions(parts.library.store, document.document_id, 2, 3)
    only_draft = await put_document(
        parts.library, an_article("Plans.\n", source_uri="b.md", state=DRAFT)
    )
    with acting_as(CUSTOMER), pytest.raises(DocumentNotFound):
        await listed(parts, only_draft.document_id)
    assert await listed(parts, only_draft.document_id) == [(1, DRAFT)]


async def test_the_history_of_a_deleted_document_is_still_told(parts: Parts) -> None:
    document = await two_versions(parts)
    await delete_document(parts.library, document.document_id)
    assert await listed(parts, document.document_id) == [(2, ARCHIVED), (1, ARCHIVED)]
    with pytest.raises(DocumentNotFound):
        await roll_back_document(parts.library, document.document_id, 1)


async def test_what_changed_is_told_line_by_line(parts: Parts) -> None:
    document = await two_versions(parts)
    compared = await diff_document_versions(parts.library.store, document.document_id, 1, 2)
    assert [(one.kind, one.text) for one in compared.difference.hunks[0].lines] == [
        (LineKind.UNCHANGED, "# Press"),
        (LineKind.UNCHANGED, ""),
        (LineKind.REMOVED, "Old coolant words."),
        (LineKind.ADDED, "New coolant words."),
    ]
    assert (compared.old.title, compared.new.title) == ("Old press", "Press")
    assert compared.old.content == compared.new.content == ""
    with pytest.raises(VersionNotFound):
        await diff_document_versions(parts.library.store, document.document_id, 1, 3)
    with pytest.raises(DocumentNotFound):
        await diff_document_versions(parts.library.store, "no-such", 1, 2)


async def test_rolling_back_adds_the_old_words_as_a_new_version(parts: Parts) -> None:
    document = await two_versions(parts)
    back = await roll_back_document(parts.library, document.document_id, 1)
    assert (back.version, back.state, back.restored_version) == (3, PUBLISHED, 1)
    assert (back.title, back.content) == ("Old press", "")
    assert await found(parts) == ["Old coolant words."]
    assert await listed(parts, document.document_id) == [
        (3, PUBLISHED),
        (2, ARCHIVED),
        (1, ARCHIVED),
    ]
    version = await get_document_version(parts.library.store, document.document_id, 3)
    first = await get_document_version(parts.library.store, document.document_id, 1)
    assert (version.content, version.content_hash) == (OLD, first.content_hash)
    second = await get_document_version(parts.library.store, document.document_id, 2)
    assert second.content == NEW


async def test_rolling_back_once_more_changes_nothing(parts: Parts) -> None:
    document = await two_versions(parts)
    back = await roll_back_document(parts.library, document.document_id, 1)
    assert await roll_back_document(parts.library, document.document_id, 1) == back
    assert (await roll_back_document(parts.library, document.document_id, 3)).version == 3
    assert (await roll_back_document(parts.library, document.document_id, 2)).version == 4


async def test_rolling_back_opens_neither_a_draft_nor_an_archive(parts: Parts) -> None:
    await put_document(parts.library, an_article(OLD, source_uri="a.md", state=DRAFT))
    draft = await put_document(parts.library, an_article(NEW, source_uri="a.md"))
    assert (await roll_back_document(parts.library, draft.document_id, 1)).state is DRAFT
    document = await two_versions(parts)
    await archive_document(parts.library, document.document_id)
    assert (await roll_back_document(parts.library, document.document_id, 1)).state is ARCHIVED
    assert await found(parts) == []
    await publish_document(parts.library, document.document_id)
    assert await found(parts) == ["Old coolant words."]


async def test_rolling_back_goes_past_a_draft_that_waits(parts: Parts) -> None:
    document = await two_versions(parts)
    await put_document(parts.library, an_article(OLD + NEW, state=DRAFT))
    back = await roll_back_document(parts.library, document.document_id, 1)
    assert (back.version, back.state) == (4, PUBLISHED)
    assert await found(parts) == ["Old coolant words."]


async def test_the_dates_of_the_old_words_come_back_with_them(
    parts: Parts, clock: TurnedClock
) -> None:
    period = Period(None, NOON + timedelta(days=1))
    await put_document(parts.library, an_article(OLD, period=period))
    document = await put_document(parts.library, an_article(NEW, period=ALWAYS))
    assert (await roll_back_document(parts.library, document.document_id, 1)).period == period
    assert await found(parts) == ["Old coolant words."]
    clock.turn(days=1)
    assert await found(parts) == []
    await roll_back_document(parts.library, document.document_id, 2)
    assert await found(parts) == ["New coolant words."]


async def test_who_may_read_is_not_rolled_back(parts: Parts) -> None:
    opening = f'---\nreaders: "*"\ncategory: open\n---\n{OLD}'
    await put_document(parts.library, an_article(opening))
    document = await put_document(parts.library, an_article(NEW, readers=AGENTS, category="plant"))
    back = await roll_back_document(parts.library, document.document_id, 1)
    assert (back.readers, back.category) == (AGENTS, "plant")
    await archive_document(parts.library, document.document_id)
    assert (await publish_document(parts.library, document.document_id)).readers == AGENTS
    assert await found(parts) == []


async def test_a_hidden_document_cannot_be_rolled_back(parts: Parts) -> None:
    document = await two_versions(parts)
    await put_document(parts.library, an_article(NEW, readers=AGENTS))
    with acting_as(CUSTOMER), pytest.raises(DocumentNotFound):
        await roll_back_document(parts.library, document.document_id, 1)
    with pytest.raises(VersionNotFound):
        await roll_back_document(parts.library, document.document_id, 7)
    assert (await get_document(parts.library.store, document.document_id)).version == 2
