"""Markdown and plain text stay as they are; only their bytes need reading."""

from services.search.formats.converted import Converted
from services.search.formats.decoding import decoded
from services.search.formats.limits import Limits


def convert(data: bytes, limits: Limits) -> Converted:
    text, remarks = decoded(data)
    return Converted(text, warnings=tuple(remarks))
