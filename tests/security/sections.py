"""The sections of the proof, in the order in which they run."""

from tests.security import matrix, spoofed_headers, tokens
from tests.security.section import Section

SECTIONS: tuple[Section, ...] = (matrix.SECTION, tokens.SECTION, spoofed_headers.SECTION)
