"""What the readers of other helpdesks' files share."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from services.cli.failures import CommandError
from services.cli.moving.record import Unusable
from services.cli.moving.sources import MOST_BYTES, objects_of_lines, opened

_NOT_IN_A_NAME = re.compile("[^a-z0-9_-]+")
_LONGEST_NAME = 40
_MOST_TAGS = 20
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "blockquote"})
_UNSEEN = frozenset({"script", "style", "head"})

Object = Mapping[str, object]
Value = TypeVar("Value")


def tickets_of(
    file: Path,
) -> tuple[Iterator[tuple[str, object | Unusable]], list[Object], list[Object]]:
    """The tickets of a file with their places, and the users and the fields that it lists.

    The file is one JSON document, a list of tickets or an object with `tickets`, `users` and
    `ticket_fields`; or it has a ticket on each line.
    """
    whole = _document(file)
    if whole is None:
        return objects_of_lines(file), [], []
    tickets = whole if isinstance(whole, list) else whole.get("tickets")
    if not isinstance(tickets, list):
        raise CommandError(f"{file} has no list of tickets.", hint="export tickets as JSON")
    numbered = ((f"ticket {place}", ticket) for place, ticket in enumerate(tickets, 1))
    return numbered, _listed(whole, "users"), _listed(whole, "ticket_fields")


def _listed(whole: dict[str, object] | list[object], name: str) -> list[Object]:
    parts = whole.get(name) if isinstance(whole, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def text_of(said: Object, name: str) -> str:
    value = said.get(name)
    if value is None:
        return ""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise Unusable(f"{name}: is no text")


def needed(said: Object, name: str) -> str:
    value = text_of(said, name).strip()
    if not value:
        raise Unusable(f"{name}: is missing")
    return value


def one_of(known: Mapping[str, Value], said: Object, name: str) -> Value:
    word = text_of(said, name).casefold()
    if word not in known:
        raise Unusable(f"{name}: '{word[:40]}' is not known" if word else f"{name}: is missing")
    return known[word]


def time_of(said: Object, name: str) -> Timestamp:
    text = needed(said, name)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"{name}: '{text[:40]}' is no time") from None
    if time.tzinfo is None:
        raise Unusable(f"{name}: '{text[:40]}' does not say its time zone")
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp


def objects_in(said: Object, name: str) -> list[Object]:
    parts = said.get(name) or []
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise Unusable(f"{name}: is no list of objects")
    return parts


def tags_of(said: Object) -> tuple[list[str], list[str]]:
    """As ours are written; and notes on those that are not taken over."""
    given = said.get("tags") or []
    if not isinstance(given, list):
        raise Unusable("tags: is no list")
    named = {str(tag): name_of(str(tag)) for tag in given}
    notes = [f"the tag '{tag[:40]}'" for tag, name in named.items() if not name]
    tags = sorted({name for name in named.values() if name})
    notes += [f"the tag '{tag}', one of more than {_MOST_TAGS}" for tag in tags[_MOST_TAGS:]]
    return tags[:_MOST_TAGS], notes


def name_of(words: str) -> str:
    """A queue's or a tag's name that says as much; empty when nothing is left."""
    name = _NOT_IN_A_NAME.sub("-", words.casefold()).strip("-_")
    return name[:_LONGEST_NAME].rstrip("-_")


def text_of_html(source: str) -> str:
    reader = _Words()
    reader.feed(source)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.words).split("\n"))
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()


def one_line(text: str, longest: int = 200) -> str:
    return " ".join(text.split())[:longest]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(html.unescape(data).replace("\n", " "))


def _document(file: Path) -> dict[str, object] | list[object] | None:
    """None when it is no single document, but perhaps one on each line."""
    with opened(file) as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        return None
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    is_document = isinstance(whole, list) or (isinstance(whole, dict) and "tickets" in whole)
    return whole if is_document else None
