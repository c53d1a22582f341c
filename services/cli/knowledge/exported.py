"""An article as a file that says all of it: front matter of ours above the content as it was put.

The content may have front matter of its own, which stays what it is: content.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import yaml

from helpdesk.search.v1 import publication_pb2, readers_pb2, search_pb2
from services.cli.knowledge.files import Unreadable

# The first line is what tells our front matter from an author's.
_MARK = "helpdesk: article\n"
_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?---\r?\nhelpdesk: article\r?\n")
_END = re.compile(rb"^---[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_KEYS = frozenset(
    {
        "helpdesk",
        "title",
        "category",
        "readers",
        "state",
        "effective_from",
        "effective_until",
        "source",
    }
)
_STATE = "DOCUMENT_STATE_"
_USER = "user:"
_EVERYBODY = "*"


def file_of(document: search_pb2.KnowledgeDocument, path: str) -> bytes:
    """The file for an article; `path` is where it will be, from which its source is told."""
    said: dict[str, object] = {"title": document.title}
    if document.category:
        said["category"] = document.category
    said["readers"] = _words(document.readers) or _EVERYBODY
    said["state"] = publication_pb2.DocumentState.Name(document.state).removeprefix(_STATE).lower()
    for name in ("effective_from", "effective_until"):
        if document.effective_dates.HasField(name):
            said[name] = getattr(document.effective_dates, name).ToJsonString()
    if document.source_uri != path:
        said["source"] = document.source_uri
    front_matter = yaml.dump(said, None, _Lines, allow_unicode=True, sort_keys=False, width=2**31)
    return f"---\n{_MARK}{front_matter}---\n".encode() + document.content.encode()


def is_exported(data: bytes) -> bool:
    return _BEGIN.match(data) is not None


def document_of(data: bytes, path: str) -> search_pb2.KnowledgeDocument:
    """What an exported file says. Raises Unreadable."""
    begin = _BEGIN.match(data)
    end = _END.search(data, begin.end()) if begin else None
    if begin is None or end is None:
        raise Unreadable("its front matter has no end")
    try:
        content = data[end.end() :].decode()
        said = yaml.load(data[begin.end() : end.start()].decode(), _Texts) or {}  # noqa: S506
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8 text") from None
    except (yaml.YAMLError, RecursionError):
        raise Unreadable("its front matter cannot be read") from None
    if not isinstance(said, Mapping) or not _KEYS.issuperset(said):
        raise Unreadable("its front matter says what an exported article does not")
    return search_pb2.KnowledgeDocument(
        source_uri=_text(said, "source") or path,
        title=_text(said, "title"),
        category=_text(said, "category"),
        content=content,
        readers=_readers(said.get("readers")),
        state=_state(_text(said, "state")),
        effective_dates=_dates(said),
    )


class _Lines(yaml.SafeDumper):
    """Keeps what ends a line from being taken for one between words."""


def _line(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if len(text.splitlines()) > 1 or text != text.strip() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Lines.add_representer(str, _line)


class _Texts(yaml.SafeLoader):
    """Takes each value as the text that it is written as: no dates, no numbers, no yes and no."""


_Texts.yaml_implicit_resolvers = {}


def _text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise Unreadable(f"its front matter's `{name}` is no text")
    return value


def _words(readers: readers_pb2.Readers) -> list[str]:
    return [*readers.roles, *(f"{_USER}{user_id}" for user_id in readers.user_ids)]


def _readers(value: object) -> readers_pb2.Readers | None:
    if value is None:
        return None
    if value == _EVERYBODY:
        return readers_pb2.Readers()
    given = value.split(",") if isinstance(value, str) else value
    words = [str(word).strip() for word in given] if isinstance(given, list) else []
    if not words:
        raise Unreadable("its front matter's `readers` must name roles, users, or be `*`")
    return readers_pb2.Readers(
        roles=[word for word in words if not word.startswith(_USER)],
        user_ids=[word.removeprefix(_USER) for word in words if word.startswith(_USER)],
    )


def _state(word: str) -> publication_pb2.DocumentState.ValueType:
    if not word:
        return publication_pb2.DOCUMENT_STATE_UNSPECIFIED
    try:
        return publication_pb2.DocumentState.Value(f"{_STATE}{word.upper()}")
    except ValueError:
        raise Unreadable(
            "its front matter's `state` must be draft, published or archived"
        ) from None


def _dates(said: Mapping[str, object]) -> publication_pb2.EffectiveDates:
    """Without any it has none; what is imported holds at all times then."""
    dates = publication_pb2.EffectiveDates()
    for name in ("effective_from", "effective_until"):
        if moment := _moment(_text(said, name), name):
            getattr(dates, name).FromDatetime(moment)
    return dates


def _moment(text: str, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"its front matter's `{name}` is no date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
