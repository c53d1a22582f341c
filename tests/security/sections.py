"""The sections of the proof, in the order in which they run."""

from tests.security.section import Section

SECTIONS: tuple[Section, ...] = ()
