"""Text as Markdown that says the same, whatever marks it looks like."""

import re

_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_LINKED = re.compile(r"(?:https?:|mailto:|tel:|[^:]*\Z|[^:]*[/?#])", re.IGNORECASE)
_MARKS = re.compile(r"([*`~]|\\(?=[!-/:-@\[-`{-~])|(?<!\w)_|_(?!\w))")
# A tag, a reference to a character, or a mark of a template's language, where Markdown sees one.
_REFERENCES = (
    (re.compile(r"&(?=#?\w{1,30};)"), "&amp;"),
    (re.compile(r"<(?=[A-Za-z/!?])"), "&lt;"),
)
_TEMPLATE = re.compile(r"\{(?=[{%:])")
# Without what follows, brackets are brackets.
_LINK_END = re.compile(r"\](?=[(\[:]|\Z)")
_LINE_START = re.compile(r"^(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|=+\s*$|-{2,}\s*$)", re.MULTILINE)
_NUMBER_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)", re.MULTILINE)


def escaped(text: str) -> str:
    for pattern, instead in _REFERENCES:
        text = pattern.sub(instead, text)
    text = _LINK_END.sub("&#93;", _MARKS.sub(r"\\\1", text))
    return _TEMPLATE.sub("&#123;", text)


def without_line_marks(text: str) -> str:
    """Keeps text that begins like a list or a heading from becoming one."""
    return _NUMBER_START.sub(r"\1\\\2", _LINE_START.sub(r"\\\1", text))


def code_span(text: str) -> str:
    text = _SPACE.sub(" ", text)
    if not text.strip():
        return text
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}"


def bracketed(text: str) -> str:
    return text if "`" in text else text.replace("[", "&#91;").replace("]", "&#93;")


def address_of(address: str) -> str:
    """Nothing of what runs as a program or holds the thing itself."""
    address = re.sub(r"[\x00-\x20]+", " ", address).strip()
    if not _LINKED.match(address):
        return ""
    return address.replace(" ", "%20").replace("(", "%28").replace(")", "%29").replace("<", "%3C")
