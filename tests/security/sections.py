"""The sections of the proof, in the order in which they run."""

from tests.security import (
    audit_chain,
    audit_kills,
    crafted_names,
    forbidden_passages,
    fuzz,
    matrix,
    mutants,
    reader_lists,
    revocations,
    spoofed_headers,
    store,
    tokens,
)
from tests.security.section import Section

# The quick ones first, so that what is wrong shows early.
SECTIONS: tuple[Section, ...] = (
    matrix.SECTION,
    spoofed_headers.SECTION,
    revocations.SECTION,
    crafted_names.SECTION,
    audit_kills.SECTION,
    audit_chain.SECTION,
    mutants.SECTION,
    tokens.SECTION,
    store.SECTION,
    reader_lists.SECTION,
    forbidden_passages.SECTION,
    fuzz.SECTION,
)
