from services.search.revisions import MIXED, Revision, counted, differences
from tests.search.builders import ACME, GLOBEX


def test_chunks_are_counted_by_document() -> None:
    chunks = [(ACME, "a", 1), (ACME, "a", 1), (GLOBEX, "a", 3)]
    assert counted(chunks) == {(ACME, "a"): Revision(1, 2), (GLOBEX, "a"): Revision(3, 1)}


def test_a_document_in_two_versions_equals_neither() -> None:
    found = counted([(ACME, "a", 1), (ACME, "a", 2)])
    assert found[ACME, "a"].version == MIXED


def test_what_is_missing_superfluous_or_another_version_differs() -> None:
    same, newer, older = Revision(1, 4), Revision(2, 4), Revision(1, 4)
    stored = {(ACME, "same"): same, (ACME, "changed"): newer, (ACME, "missing"): same}
    indexed = {(ACME, "same"): same, (ACME, "changed"): older, (ACME, "deleted"): same}
    assert differences(stored, indexed) == {
        (ACME, "changed"),
        (ACME, "missing"),
        (ACME, "deleted"),
    }
