import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.mesh.caller import acting_as
from services.mesh.errors import PageTokenInvalid
from services.search.domain import LONGEST_CATEGORY, LONGEST_TITLE, DocumentText
from services.search.errors import (
    DocumentEmpty,
    DocumentNotFound,
    DocumentNotText,
    QueryEmpty,
    VersionNotFound,
)
from services.search.finding import search_passages
from services.search.history import get_document_version
from services.search.server import Parts, assemble
from services.search.use_cases import (
    delete_document,
    get_document,
    list_documents,
    put_document,
)
from tests.search.builders import GLOBEX, NOON, VPN_ARTICLE, an_article, somebody
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
async def parts(encoder: FakeEncoder, index: FakeIndex) -> Parts:
    parts = assemble(FakeDocumentStore(), index, encoder, lambda: NOON)
    await parts.indexing.compare()
    return parts


@pytest.fixture(autouse=True)
def ann() -> Iterator[None]:
    with acting_as(somebody()):
        yield


async def found(parts: Parts, question: str) -> list[str]:
    return [
        passage.chunk.text
        for passage in (await search_passages(parts.finder, question, 10)).passages
    ]


async def test_a_document_that_was_put_can_be_read_back(parts: Parts) -> None:
    put = await put_document(parts.library, an_article())
    assert (put.title, put.category, put.version) == ("Connect to the VPN", "network", 1)
    assert put.content == VPN_ARTICLE
    assert put.chunk_count == 3
    assert await get_document(parts.library.store, put.document_id) == put


async def test_a_given_title_and_category_come_before_the_front_matter(parts: Parts) -> None:
    put = await put_document(parts.library, an_article(title="Gate", category="remote work"))
    assert (put.title, put.category) == ("Gate", "remote work")


async def test_derived_title_and_category_keep_to_the_contracts_limits(parts: Parts) -> None:
    content = f"---\ntitle: {'t' * 400}\ncategory: {'c' * 400}\n---\nText.\n"
    put = await put_document(parts.library, an_article(content))
    assert (len(put.title), len(put.category)) == (LONGEST_TITLE, LONGEST_CATEGORY)


async def test_the_hash_is_of_source_title_category_and_content(parts: Parts) -> None:
    put = await put_document(parts.library, an_article())
    fields = ("network/vpn.md", "Connect to the VPN", "network", VPN_ARTICLE)
    assert put.content_hash == hashlib.sha256("\0".join(fields).encode()).hexdigest()


async def test_the_same_again_is_no_new_version_and_is_not_encoded(
    parts: Parts, encoder: FakeEncoder
) -> None:
    first = await put_document(parts.library, an_article())
    encoded = encoder.encoded
    again = await put_document(parts.library, an_article())
    given_back = DocumentText(again.source_uri, again.title, again.category, again.content)
    assert first == again == await put_document(parts.library, given_back)
    assert encoder.encoded == encoded


async def test_changed_content_is_a_new_version_and_the_old_one_stays(parts: Parts) -> None:
    first = await put_document(parts.library, an_article("Old words.\n"))
    library = replace(parts.library, clock=lambda: NOON + timedelta(days=1))
    second = await put_document(library, an_article("New words.\n"))
    assert (second.document_id, second.version) == (first.document_id, 2)
    assert (second.create_time, second.update_time) == (NOON, NOON + timedelta(days=1))
    old = await get_document_version(parts.library.store, first.document_id, 1)
    assert old.content == "Old words.\n"
    assert await found(parts, "words") == ["New words."]


@pytest.mark.parametrize(
    "content", ["", " \n\t\n", "---\ntitle: Only matter\n---\n", "***\n\n---\n", "![](a.png)"]
)
async def test_a_document_without_words_is_refused(parts: Parts, content: str) -> None:
    with pytest.raises(DocumentEmpty):
        await put_document(parts.library, an_article(content))


@pytest.mark.parametrize("content", ["a\0b", "\x89PNG\x1a", "\ud800", "text \x01"])
async def test_what_is_not_text_is_refused(parts: Parts, content: str) -> None:
    with pytest.raises(DocumentNotText):
        await put_document(parts.library, an_article(content))
    assert (await list_documents(parts.library.store, 0, "")).documents == []


@pytest.mark.parametrize("field", ["source_uri", "title", "category"])
async def test_the_other_fields_must_be_text_too(parts: Parts, field: str) -> None:
    fields = {"source_uri": "a.md", "title": "", "category": "", field: "a\0b"}
    text = DocumentText(fields["source_uri"], fields["title"], fields["category"], "Text.")
    with pytest.raises(DocumentNotText):
        await put_document(parts.library, text)


async def test_a_document_can_be_found_when_put_returns(parts: Parts) -> None:
    await put_document(parts.library, an_article())
    findings = await search_passages(parts.finder, "password expired error 619", 3)
    best = findings.passages[0]
    assert best.chunk.headings == ("When it does not connect",)
    assert best.chunk.text == VPN_ARTICLE[best.chunk.start : best.chunk.end]
    assert (best.title, best.source_uri) == ("Connect to the VPN", "network/vpn.md")
    assert 0 < best.score <= 1
    assert 0 < best.similarity <= 1
    assert best.coverage == pytest.approx(1)
    assert not findings.degraded


async def test_coverage_says_how_much_of_the_question_a_passage_holds(parts: Parts) -> None:
    await put_document(parts.library, an_article("The printer is out of ink.\n"))
    (best,) = (await search_passages(parts.finder, "printer spaceship hangar", 1)).passages
    assert 0 < best.coverage < 0.5


async def test_an_empty_knowledge_base_has_no_passages(parts: Parts) -> None:
    assert await found(parts, "anything") == []


async def test_a_question_without_words_is_refused(parts: Parts) -> None:
    with pytest.raises(QueryEmpty):
        await search_passages(parts.finder, "?!… 😀", 10)


async def test_a_deleted_document_is_gone_from_everything_but_its_versions(parts: Parts) -> None:
    put = await put_document(parts.library, an_article())
    await delete_document(parts.library, put.document_id)
    assert await found(parts, "vpn") == []
    assert (await list_documents(parts.library.store, 0, "")).documents == []
    with pytest.raises(DocumentNotFound):
        await get_document(parts.library.store, put.document_id)
    version = await get_document_version(parts.library.store, put.document_id, 1)
    assert version.content == VPN_ARTICLE
    await delete_document(parts.library, put.document_id)


async def test_a_deleted_document_that_is_put_again_goes_on_counting(parts: Parts) -> None:
    first = await put_document(parts.library, an_article())
    await delete_document(parts.library, first.document_id)
    again = await put_document(parts.library, an_article())
    assert (again.document_id, again.version) == (first.document_id, 2)
    assert await found(parts, "vpn") != []


async def test_what_is_not_there_is_not_found(parts: Parts) -> None:
    put = await put_document(parts.library, an_article())
    with pytest.raises(VersionNotFound):
        await get_document_version(parts.library.store, put.document_id, 2)
    with pytest.raises(DocumentNotFound):
        await get_document_version(parts.library.store, "no-such", 1)
    with pytest.raises(DocumentNotFound):
        await delete_document(parts.library, "no-such")


async def test_lists_are_paged_to_the_end(parts: Parts) -> None:
    for name in "cabde":
        await put_document(parts.library, an_article("Text.\n", source_uri=f"{name}.md"))
    listed, token, pages = "", "", 0
    while pages == 0 or token:
        page = await list_documents(parts.library.store, 2, token)
        listed += "".join(document.source_uri[0] for document in page.documents)
        token, pages = page.next_page_token, pages + 1
    assert (listed, pages) == ("abcde", 3)


async def test_a_made_up_page_token_is_refused(parts: Parts) -> None:
    with pytest.raises(PageTokenInvalid):
        await list_documents(parts.library.store, 2, "bWFkZSB1cA")


async def test_a_list_of_another_tenant_does_not_go_on_here(parts: Parts) -> None:
    for name in "ab":
        await put_document(parts.library, an_article("Text.\n", source_uri=f"{name}.md"))
    token = (await list_documents(parts.library.store, 1, "")).next_page_token
    with acting_as(somebody(GLOBEX)), pytest.raises(PageTokenInvalid):
        await list_documents(parts.library.store, 1, token)


async def test_another_tenants_words_do_not_change_how_rare_ours_are(parts: Parts) -> None:
    await put_document(parts.library, an_article("Printer ink.\n\nLaptop.\n"))
    before = (await search_passages(parts.finder, "printer zebra", 1)).passages
    with acting_as(somebody(GLOBEX)):
        for number in range(5):
            await put_document(
                parts.library, an_article(f"Zebra {number}.\n", source_uri=f"{number}.md")
            )
    assert (await search_passages(parts.finder, "printer zebra", 1)).passages == before


async def test_while_the_index_is_down_words_alone_find_passages(
    parts: Parts, index: FakeIndex
) -> None:
    await put_document(parts.library, an_article())
    index.is_down = True
    findings = await search_passages(parts.finder, "error 619", 3)
    assert findings.degraded
    best = findings.passages[0]
    assert "619" in best.chunk.text
    assert best.similarity == 0
    assert 0 < best.score <= 1
    with acting_as(somebody(GLOBEX)):
        assert (await search_passages(parts.finder, "error 619", 3)).passages == []


async def test_a_document_put_while_the_index_is_down_is_found_at_once(
    parts: Parts, index: FakeIndex
) -> None:
    await put_document(parts.library, an_article("Printer ink.\n", source_uri="ink.md"))
    index.is_down = True
    await put_document(parts.library, an_article())
    index.is_down = False
    findings = await search_passages(parts.finder, "error 619", 3)
    assert findings.degraded
    assert "619" in findings.passages[0].chunk.text
    await parts.indexing.repair()
    findings = await search_passages(parts.finder, "error 619", 3)
    assert not findings.degraded
    assert "619" in findings.passages[0].chunk.text
