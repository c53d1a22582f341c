"""The text of a mail: out of HTML, and without what its writer did not write."""

import re

from selectolax.lexbor import LexborHTMLParser

LONGEST_HTML = 256 * 1024
# Each is looked at from each that it stands in.
MOST_TAGS = 5_000

_UNSEEN = ["script", "style", "head", "template", "noscript", "iframe", "object", "svg"]
_BLOCKS = "p, div, li, tr, h1, h2, h3, h4, h5, h6, blockquote, pre"
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACES = re.compile(r"[ \t\xa0]+")
_EMPTY_LINES = re.compile(r"\n\s*\n\s*")
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_INTRODUCTIONS = re.compile(
    r"^(?:"
    r"(?:On|Am|Le|El|Op|Il)\b[^\n]{5,200}(?:\n[^\n]{0,200})?"
    r"(?:wrote|schrieb[^\n]{0,200}|a écrit|escribió|schreef|ha scritto)\s?:"
    r"|-{2,}\s?(?:Original Message|Ursprüngliche Nachricht|Forwarded message)\s?-{2,}"
    r"|_{20,}"
    r"|(?:From|Von): [^\n]+\n(?:Sent|Date|Gesendet|Datum|To|An): [^\n]+"
    r")",
    re.MULTILINE,
)


def text_of_html(html: str) -> str:
    """As lines; of what is not shown, nothing."""
    if not html.strip():
        return ""
    tags = html[:LONGEST_HTML].split("<", MOST_TAGS)
    tree = LexborHTMLParser("<".join(tags[:MOST_TAGS]))
    tree.strip_tags(_UNSEEN, recursive=True)
    for node in tree.css("br"):
        node.replace_with("\n")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n")
        node.insert_after("\n")
    text = tree.body.text() if tree.body is not None else ""
    lines = (_SPACES.sub(" ", line).strip() for line in text.splitlines())
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def without_controls(text: str) -> str:
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def own_words(text: str) -> str:
    """An answer without what it answers and without signature; all of it where none is left."""
    introduction = _INTRODUCTIONS.search(text)
    written = text[: introduction.start()] if introduction else text
    signature = _SIGNATURE.search(written)
    written = written[: signature.start()] if signature else written
    lines = written.rstrip().split("\n")
    # What stands between quotes answers them and cannot be understood alone.
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines).strip() or text.strip()
