"""The sections of the proof, in the order in which they run."""

from tests.security import (
    audit_chain,
    audit_kills,
    crafted_names,
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

SECTIONS: tuple[Section, ...] = (
    matrix.SECTION,
    store.SECTION,
    fuzz.SECTION,
    tokens.SECTION,
    spoofed_headers.SECTION,
    reader_lists.SECTION,
    crafted_names.SECTION,
    revocations.SECTION,
    audit_chain.SECTION,
    audit_kills.SECTION,
    mutants.SECTION,
)
