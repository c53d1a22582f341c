"""What one file may cost."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
_SAID = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """`seconds` are the clock's, `processor_seconds` those that it really computes."""

    seconds: float = 120.0
    processor_seconds: int = 90
    memory_bytes: int = 768 * MEBIBYTE
    markdown_bytes: int = 2 * MEBIBYTE
    unpacked_bytes: int = 128 * MEBIBYTE
    unpacked_ratio: int = 200
    nesting: int = 200

    @property
    def output_bytes(self) -> int:
        """The Markdown, and what is said about it."""
        return self.markdown_bytes + _SAID
