from services.mesh.caller import TenantId
from services.search.revisions import MIXED, IndexedChunk, Revision, counted, differences
from tests.search.builders import ACME, GLOBEX


def a_chunk(tenant_id: TenantId, version: int, *readers: str, category: str = "") -> IndexedChunk:
    return IndexedChunk(tenant_id, "a", version, category, frozenset(readers))


def test_chunks_are_counted_by_document() -> None:
    chunks = [a_chunk(ACME, 1), a_chunk(ACME, 1), a_chunk(GLOBEX, 3)]
    assert counted(chunks) == {(ACME, "a"): Revision(1, 2), (GLOBEX, "a"): Revision(3, 1)}


def test_a_document_in_two_versions_equals_neither() -> None:
    found = counted([a_chunk(ACME, 1), a_chunk(ACME, 2)])
    assert found[ACME, "a"].version == MIXED


def test_a_document_half_of_which_has_other_readers_equals_neither() -> None:
    found = counted([a_chunk(ACME, 1), a_chunk(ACME, 1, "role:agent")])
    assert found[ACME, "a"].version == MIXED


def test_other_readers_or_another_category_differ() -> None:
    for changed in (Revision(1, 1, "hr"), Revision(1, 1, "", frozenset({"role:agent"}))):
        assert differences({(ACME, "a"): Revision(1, 1)}, {(ACME, "a"): changed})


def test_what_is_missing_superfluous_or_another_version_differs() -> None:
    same, newer, older = Revision(1, 4), Revision(2, 4), Revision(1, 4)
    stored = {(ACME, "same"): same, (ACME, "changed"): newer, (ACME, "missing"): same}
    indexed = {(ACME, "same"): same, (ACME, "changed"): older, (ACME, "deleted"): same}
    assert differences(stored, indexed) == {
        (ACME, "changed"),
        (ACME, "missing"),
        (ACME, "deleted"),
    }
