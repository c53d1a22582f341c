"""What a conversion brings, and why there may be none; both cross the border of the worker."""

from dataclasses import dataclass
from enum import StrEnum


class WarningKind(StrEnum):
    INVISIBLE_CHARACTERS = "invisible_characters"
    HIDDEN_TEXT = "hidden_text"
    ENCODING_GUESSED = "encoding_guessed"
    PAGES_WITHOUT_TEXT = "pages_without_text"


@dataclass(frozen=True)
class Remark:
    kind: WarningKind
    count: int
    text: str


@dataclass(frozen=True)
class Converted:
    """`title` is what the file calls itself, for want of a heading."""

    markdown: str
    title: str = ""
    warnings: tuple[Remark, ...] = ()


class Refused(StrEnum):
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    ONLY_PICTURES = "only_pictures"
    TOO_LARGE = "too_large"
    UNSAFE = "unsafe"
    TOO_COSTLY = "too_costly"
    FAILED = "failed"
    ENCODING_UNCLEAR = "encoding_unclear"


class Refusal(Exception):
    """The file cannot be converted; `detail` says why in a few words."""

    def __init__(self, why: Refused, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail
