"""Markdown as it was put: where its blocks stand, and what it says without its marks.

Offsets count code points of the original text, which is never rewritten.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import PurePosixPath

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

LONGEST_FRONT_MATTER = 16_384

_LINE_END = re.compile(r"\r\n?|\n")
_FRONT_MATTER = re.compile(
    r"\ufeff?---[ \t]*(?:\r\n?|\n)(?P<yaml>.*?)(?<=[\r\n])"
    r"(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)",
    re.DOTALL,
)
_PLAIN_KEY = re.compile(
    r"^(title|category|readers|state|effective_from|effective_until)[ \t]*:(.*)$", re.MULTILINE
)
_DATES = ("effective_from", "effective_until")
_ANY_KEY = re.compile(r"\s*[\w-]+[ \t]*:")


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"
    OTHER = "other"


@dataclass(frozen=True)
class FrontMatter:
    """`readers` are the words after the key of this name; without the key there is no list.

    State and dates are as they are written, and empty without their keys.
    """

    title: str
    category: str
    end: int
    readers: tuple[str, ...] | None = None
    state: str = ""
    effective_from: str = ""
    effective_until: str = ""


@dataclass(frozen=True)
class Block:
    """A top-level block; `parts` are the starts of a list's items or a table's rows."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    heading: str = ""
    parts: tuple[int, ...] = ()


def front_matter(content: str) -> FrontMatter:
    """What the document says of itself in the YAML above its text, if it has any."""
    match = _FRONT_MATTER.match(content[:LONGEST_FRONT_MATTER])
    if match is None:
        return FrontMatter("", "", 0)
    try:
        entries = _entries(match["yaml"])
    except (yaml.YAMLError, RecursionError):
        # A colon in an unquoted title is the usual slip; the plain lines still say what is meant.
        entries = _plain_entries(match["yaml"])
    if entries is None:
        return FrontMatter("", "", 0)
    title, category = (" ".join(entries.get(key, ())) for key in ("title", "category"))
    state, begin, end = (_word(entries, key) for key in ("state", *_DATES))
    return FrontMatter(title, category, match.end(), entries.get("readers"), state, begin, end)


def _word(entries: Mapping[str, tuple[str, ...]], key: str) -> str:
    """What is there but is no plain text is a word that means nothing, and not left out."""
    if key not in entries:
        return ""
    return " ".join(entries[key]).strip(" \"'\t\r") or "?"


def title_of(matter: FrontMatter, blocks: Sequence[Block], source_uri: str) -> str:
    """The front matter's title, else the first heading, else the file's name.

    Titles written for web pages hold character references; people should not see them.
    """
    heading = next((block.heading for block in blocks if block.heading), "")
    name = PurePosixPath(source_uri).stem.replace("-", " ").replace("_", " ").strip()
    written = " ".join(matter.title.split()) or heading
    return html.unescape(written) or name or source_uri


def blocks_of(content: str, start: int) -> list[Block]:
    """The blocks from `start` on, in order; together they hold every non-blank line."""
    body = content[start:]
    lines = [0, *(match.end() for match in _LINE_END.finditer(body)), len(body)]
    # Inline marks are left alone: only lines matter here, and they can take quadratic time.
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    blocks: list[Block] = []
    covered = 0
    for block in _parsed(parser.parse(body), lines):
        blocks += _left_over(body, covered, block.start)
        blocks.append(block)
        covered = max(covered, block.end)
    blocks += _left_over(body, covered, len(body))
    return [_moved(block, start) for block in blocks]


def plain(text: str) -> str:
    """What a reader sees of a piece of Markdown, on one line."""
    for pattern, replacement in _MARKS:
        text = pattern.sub(replacement, text)
    return " ".join(html.unescape(text).split())


# Quantifiers are possessive where a long run of one character could be tried again and again.
_MARKS: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\{%[^%{}]*+%\}|\{\{[^{}]*+\}\}|\{:[^{}]*+\}"), " "),
    (re.compile(r"^[ \t]*+(?:`{3,}+|~{3,}+)[^`\n]*+$", re.MULTILINE), " "),
    (re.compile(r"^(?:[ \t|:-]++|[ \t=]++|[ \t*]++)$", re.MULTILINE), " "),
    (re.compile(r"^(?:[ \t]*+>)++[ \t]?", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*+(?:[-*+]|\d{1,9}[.)])[ \t]++(?:\[[ xX]\][ \t]++)?", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*+#{1,6}[ \t]++|(?<![ \t])[ \t]++#++[ \t]*+$", re.MULTILINE), ""),
    (re.compile(r"!?\[([^\[\]]*+)\]\([^()\n]*+\)"), r"\1"),
    (re.compile(r"!?\[([^\[\]]*+)\]\[[^\[\]]*+\]"), r"\1"),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]*+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z!][^<>]{0,1000}+>"), " "),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
    (re.compile(r"\*+|~~|`+"), ""),
    (re.compile(r"(?<!\w)_+|_+(?!\w)"), ""),
    (re.compile(r"\|"), " "),
]


def _entries(text: str) -> Mapping[str, tuple[str, ...]] | None:
    # Composing builds no objects, so neither tags nor aliases can do harm.
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        return None
    return {
        key.value: _words(value) if key.value == "readers" else _text(value)
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode)
    }


def _text(value: yaml.Node) -> tuple[str, ...]:
    return (value.value,) if isinstance(value, yaml.ScalarNode) else ()


def _words(value: yaml.Node) -> tuple[str, ...]:
    """None of them where it is not plain whom the list names: then nobody may guess."""
    if isinstance(value, yaml.ScalarNode):
        return tuple(word.strip() for word in value.value.split(","))
    if isinstance(value, yaml.SequenceNode):
        texts = [_text(item) for item in value.value]
        return tuple(chain.from_iterable(texts)) if all(texts) else ()
    return ()


def _plain_entries(text: str) -> Mapping[str, tuple[str, ...]] | None:
    lines = dict(_PLAIN_KEY.findall(text))
    if not _ANY_KEY.match(text) and "readers" not in lines:
        return None
    return {
        key: tuple(word.strip(" []\"'\t\r") for word in value.split(","))
        if key == "readers"
        else (value,)
        for key, value in lines.items()
    }


def _parsed(tokens: Sequence[Token], lines: Sequence[int]) -> Iterator[Block]:
    for position, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        start, end = lines[token.map[0]], lines[token.map[1]]
        match token.type:
            case "heading_open":
                heading = plain(tokens[position + 1].content)
                yield Block(BlockKind.HEADING, start, end, int(token.tag[1:]), heading)
            case "paragraph_open":
                yield Block(BlockKind.PARAGRAPH, start, end)
            case "bullet_list_open" | "ordered_list_open":
                parts = _parts(tokens[position + 1 :], lines, "list_item_open", 1)
                yield Block(BlockKind.LIST, start, end, parts=parts)
            case "table_open":
                parts = _parts(tokens[position + 1 :], lines, "tr_open", 2)
                yield Block(BlockKind.TABLE, start, end, parts=parts)
            case "fence" | "code_block":
                yield Block(BlockKind.CODE, start, end)
            case _:
                yield Block(BlockKind.OTHER, start, end)


def _parts(tokens: Sequence[Token], lines: Sequence[int], kind: str, level: int) -> tuple[int, ...]:
    starts = []
    for token in tokens:
        if token.level == 0:
            break
        if token.type == kind and token.level == level and token.map:
            starts.append(lines[token.map[0]])
    return tuple(starts)


def _left_over(body: str, start: int, end: int) -> list[Block]:
    # Link definitions leave no token behind.
    return [Block(BlockKind.OTHER, start, end)] if body[start:end].strip() else []


def _moved(block: Block, offset: int) -> Block:
    parts = tuple(part + offset for part in block.parts)
    start, end = block.start + offset, block.end + offset
    return Block(block.kind, start, end, block.level, block.heading, parts)
