"""Who finds and reads what, and how that is said."""

import asyncio
from collections.abc import Iterator

import pytest

from services.mesh.caller import Caller, TenantId, acting_as
from services.search.domain import IndexedText, KnowledgeDocument
from services.search.errors import DocumentNotFound, ReadersUnclear
from services.search.finding import Findings, search_passages
from services.search.history import get_document_version
from services.search.readers import EVERYBODY, Readers, curator
from services.search.restricting import list_categories, set_category_readers, set_document_readers
from services.search.server import Parts, assemble
from services.search.use_cases import (
    delete_document,
    get_document,
    list_documents,
    put_document,
)
from tests.search.builders import ACME, GLOBEX, NOON, a_caller, an_article, somebody
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex

AGENTS = Readers.of(["agent"], [])
AGENT = a_caller("ann", "agent")
CUSTOMER = a_caller("joe", "customer")
SECRET = "The launch code of the reactor is kept in the red safe.\n"
QUESTION = "launch code reactor safe"


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
def store() -> FakeDocumentStore:
    return FakeDocumentStore()


@pytest.fixture
async def parts(store: FakeDocumentStore, index: FakeIndex, encoder: FakeEncoder) -> Parts:
    parts = assemble(store, index, encoder, lambda: NOON)
    await parts.indexing.compare()
    return parts


@pytest.fixture(autouse=True)
def admin() -> Iterator[None]:
    with acting_as(somebody()):
        yield


async def put_secret(parts: Parts, readers: Readers | None = AGENTS) -> KnowledgeDocument:
    return await put_document(
        parts.library, an_article(SECRET, source_uri="secret.md", readers=readers)
    )


async def asked(parts: Parts, caller: Caller, question: str = QUESTION) -> Findings:
    with acting_as(caller):
        return await search_passages(parts.finder, question, 10)


async def finds(parts: Parts, caller: Caller) -> bool:
    found = await asked(parts, caller)
    return any(one.source_uri == "secret.md" for one in found.passages)


async def reads(parts: Parts, caller: Caller, document_id: str) -> list[str]:
    ways = []
    with acting_as(caller):
        for name, read in (
            ("get", lambda: get_document(parts.library.store, document_id)),
            ("version", lambda: get_document_version(parts.library.store, document_id, 1)),
        ):
            try:
                await read()
            except DocumentNotFound:
                continue
            ways.append(name)
        if (await list_documents(parts.library.store, 0, "")).documents:
            ways.append("list")
    return ways


async def test_a_restricted_document_is_there_for_its_readers_only(parts: Parts) -> None:
    put = await put_secret(parts)
    assert await finds(parts, AGENT)
    assert await reads(parts, AGENT, put.document_id) == ["get", "version", "list"]
    assert not await finds(parts, CUSTOMER)
    assert await reads(parts, CUSTOMER, put.document_id) == []


async def test_who_manages_documents_reads_and_finds_everything(parts: Parts) -> None:
    put = await put_secret(parts, Readers.of([], ["nobody"]))
    assert await finds(parts, somebody())
    assert await reads(parts, somebody(), put.document_id) == ["get", "version", "list"]
    assert not await finds(parts, AGENT)
    assert not await finds(parts, somebody(GLOBEX))


async def test_a_hidden_document_cannot_be_deleted_or_opened(parts: Parts) -> None:
    put = await put_secret(parts)
    with acting_as(CUSTOMER):
        with pytest.raises(DocumentNotFound):
            await delete_document(parts.library, put.document_id)
        with pytest.raises(DocumentNotFound):
            await set_document_readers(parts.library, put.document_id, EVERYBODY)
    assert await finds(parts, AGENT)
    assert not await finds(parts, CUSTOMER)


async def test_a_changed_list_holds_at_once_and_nothing_is_encoded_again(
    parts: Parts, encoder: FakeEncoder
) -> None:
    put = await put_secret(parts, EVERYBODY)
    assert await finds(parts, CUSTOMER)
    encoded = encoder.encoded
    changed = await set_document_readers(parts.library, put.document_id, AGENTS)
    assert (changed.version, changed.readers) == (1, AGENTS)
    assert not await finds(parts, CUSTOMER)
    await set_document_readers(parts.library, put.document_id, EVERYBODY)
    assert await finds(parts, CUSTOMER)
    assert encoder.encoded == encoded


async def test_a_closed_category_holds_at_once_also_for_what_is_put_later(parts: Parts) -> None:
    closed = await set_category_readers(parts.library, " plant  secrets ", AGENTS)
    assert (closed.name, closed.readers, closed.document_count) == ("plant secrets", AGENTS, 0)
    put = await put_document(
        parts.library, an_article(SECRET, source_uri="secret.md", category="plant secrets")
    )
    assert await finds(parts, AGENT)
    assert not await finds(parts, CUSTOMER)
    assert await reads(parts, CUSTOMER, put.document_id) == []
    opened = await set_category_readers(parts.library, "plant secrets", EVERYBODY)
    assert opened.document_count == 1
    assert await finds(parts, CUSTOMER)


@pytest.mark.parametrize("spelling", ["plant  secrets", " plant secrets\t", "plant\n secrets"])
async def test_a_category_is_closed_however_a_document_spaces_it(
    parts: Parts, spelling: str
) -> None:
    await set_category_readers(parts.library, "plant secrets", AGENTS)
    put = await put_document(
        parts.library, an_article(SECRET, source_uri="secret.md", category=spelling)
    )
    assert put.category == "plant secrets"
    assert await finds(parts, AGENT)
    assert not await finds(parts, CUSTOMER)


async def test_both_lists_must_admit(parts: Parts) -> None:
    text = an_article(SECRET, source_uri="secret.md", category="plant", readers=AGENTS)
    await put_document(parts.library, text)
    await set_category_readers(parts.library, "plant", Readers.of(["lead"], []))
    assert not await finds(parts, AGENT)
    assert not await finds(parts, a_caller("lea", "lead"))
    assert await finds(parts, a_caller("lee", "lead", "agent"))


async def test_while_the_index_is_down_words_alone_find_no_more(
    parts: Parts, index: FakeIndex
) -> None:
    await put_secret(parts)
    index.is_down = True
    assert (await asked(parts, AGENT)).degraded
    assert await finds(parts, AGENT)
    assert not await finds(parts, CUSTOMER)


async def test_an_index_that_stayed_behind_cannot_show_what_was_closed(
    store: FakeDocumentStore, index: FakeIndex, encoder: FakeEncoder
) -> None:
    parts = assemble(store, index, encoder, lambda: NOON)
    await parts.indexing.compare()
    put = await put_secret(parts, EVERYBODY)
    async with store.transaction(curator(ACME)) as documents:
        await documents.set_readers(put.document_id, AGENTS)
    assert index.texts[ACME, put.document_id].readers == EVERYBODY
    assert not await finds(parts, CUSTOMER)
    assert await finds(parts, AGENT)


async def test_a_list_whose_copying_broke_off_is_copied_on_the_next_start(
    store: FakeDocumentStore, index: FakeIndex, encoder: FakeEncoder
) -> None:
    parts = assemble(store, index, encoder, lambda: NOON)
    await parts.indexing.compare()
    put = await put_secret(parts, EVERYBODY)
    async with store.transaction(curator(ACME)) as documents:
        await documents.set_readers(put.document_id, AGENTS)
    parts = assemble(store, index, encoder, lambda: NOON)
    await parts.indexing.compare()
    assert parts.indexing.backlog(ACME).behind == 1
    await parts.indexing.repair()
    assert await store.revisions() == await index.revisions()
    assert index.texts[ACME, put.document_id].readers == AGENTS


async def test_a_list_that_changes_while_it_is_copied_is_copied_again(
    store: FakeDocumentStore, encoder: FakeEncoder
) -> None:
    class Interrupted(FakeIndex):
        async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
            await super().put(tenant_id, text)
            async with store.transaction(curator(ACME)) as documents:
                await documents.set_readers(text.document_id, AGENTS)

    index = Interrupted()
    parts = assemble(store, index, encoder, lambda: NOON)
    await parts.indexing.compare()
    put = await put_secret(parts, EVERYBODY)
    assert index.texts[ACME, put.document_id].readers == AGENTS


async def test_words_of_hidden_documents_weigh_nothing(parts: Parts) -> None:
    await put_document(parts.library, an_article("The printer is out of ink.\n"))
    question = "printer reactor"
    before = (await asked(parts, CUSTOMER, question)).passages
    for number in range(5):
        text = an_article(SECRET, source_uri=f"{number}.md", readers=AGENTS)
        await put_document(parts.library, text)
    await set_category_readers(parts.library, "plant", AGENTS)
    await put_document(
        parts.library, an_article(SECRET + "\nMore.\n", source_uri="9.md", category="plant")
    )
    assert (await asked(parts, CUSTOMER, question)).passages == before
    # Control: to whom they are not hidden the same word is a common one.
    seen = [
        one for one in (await asked(parts, AGENT, question)).passages if "ink" in one.chunk.text
    ]
    assert seen[0].coverage != before[0].coverage


async def test_readers_of_the_front_matter_count_and_given_ones_come_first(parts: Parts) -> None:
    content = f"---\nreaders: [agent, user:joe]\n---\n{SECRET}"
    put = await put_document(parts.library, an_article(content, source_uri="secret.md"))
    assert put.readers == Readers.of(["agent"], ["joe"])
    given = an_article(content, source_uri="secret.md", readers=AGENTS)
    again = await put_document(parts.library, given)
    assert (again.version, again.readers, again.content) == (1, AGENTS, content)
    assert not await finds(parts, CUSTOMER)
    unchanged = await put_document(parts.library, an_article(content, source_uri="secret.md"))
    assert (unchanged.version, unchanged.readers) == (1, AGENTS)


async def test_a_change_of_content_opens_nothing(parts: Parts) -> None:
    text = an_article(SECRET, source_uri="secret.md", category="plant", readers=AGENTS)
    await put_document(parts.library, text)
    second = await put_document(
        parts.library, an_article(SECRET + "\nAnd the key too.\n", source_uri="secret.md")
    )
    assert (second.version, second.readers, second.category) == (2, AGENTS, "plant")
    assert not await finds(parts, CUSTOMER)
    await delete_document(parts.library, second.document_id)
    third = await put_secret(parts, None)
    assert (third.version, third.readers) == (3, AGENTS)


async def test_a_front_matter_that_opens_again_is_believed(parts: Parts) -> None:
    await put_secret(parts)
    content = f'---\nreaders: "*"\n---\n{SECRET}'
    put = await put_document(parts.library, an_article(content, source_uri="secret.md"))
    assert (put.version, put.readers) == (2, EVERYBODY)
    assert await finds(parts, CUSTOMER)


@pytest.mark.parametrize(
    "readers", ["", "[]", "{role: agent}", "[[agent]]", "All agents", "[agent, *]", "\n  - Agent"]
)
async def test_readers_that_nobody_can_make_out_are_refused(parts: Parts, readers: str) -> None:
    content = f"---\ntitle: Reactor\nreaders: {readers}\n---\n{SECRET}"
    with pytest.raises(ReadersUnclear):
        await put_document(parts.library, an_article(content))


async def test_a_slip_in_the_front_matter_does_not_open_a_document(parts: Parts) -> None:
    content = f"---\ntitle: Reactor: the codes\nreaders: [agent]\n---\n{SECRET}"
    assert (await put_document(parts.library, an_article(content))).readers == AGENTS
    block = f"---\ntitle: Reactor: the codes\nreaders:\n  - agent\n---\n{SECRET}"
    with pytest.raises(ReadersUnclear):
        await put_document(parts.library, an_article(block))


async def test_categories_are_listed_page_by_page(parts: Parts) -> None:
    for name in "cab":
        await set_category_readers(parts.library, name, AGENTS)
    first = await list_categories(parts.library.store, 2, "")
    second = await list_categories(parts.library.store, 2, first.next_page_token)
    names = [one.name for one in [*first.categories, *second.categories]]
    assert (names, second.next_page_token) == (["a", "b", "c"], "")
    with acting_as(CUSTOMER):
        assert (await list_categories(parts.library.store, 0, "")).categories == []


async def test_lists_and_puts_at_the_same_time_end_with_index_and_store_alike(
    parts: Parts, store: FakeDocumentStore, index: FakeIndex
) -> None:
    put = await put_secret(parts, EVERYBODY)
    lists = [Readers.of([f"role{number}"], []) for number in range(6)]
    await asyncio.gather(
        *(set_document_readers(parts.library, put.document_id, readers) for readers in lists),
        *(
            put_document(parts.library, an_article(f"{SECRET}{n}.\n", source_uri="secret.md"))
            for n in range(6)
        ),
    )
    assert await store.revisions() == await index.revisions()
