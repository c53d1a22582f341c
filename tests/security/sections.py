"""The sections of the proof, in the order in which they run."""

from tests.security import audit_chain, audit_kills, matrix, spoofed_headers, tokens
from tests.security.section import Section

SECTIONS: tuple[Section, ...] = (
    matrix.SECTION,
    tokens.SECTION,
    spoofed_headers.SECTION,
    audit_chain.SECTION,
    audit_kills.SECTION,
)
