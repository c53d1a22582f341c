"""A tenant's short forms and what they stand for, out of an article that says so.

The article is `glossary.md`. Each short form is on a line of its own, as in
`- **MFA**: multi-factor authentication` or `| MFA | multi-factor authentication |`.
Whoever may not read it gets no help from it.
"""

import re
from collections.abc import Mapping

from services.search.words import STOP_WORDS, tokens

SOURCE_URI = "glossary.md"
MOST_ENTRIES = 1_000
MOST_ADDED = 4
LONGEST_MEANING = 80

Glossary = Mapping[str, str]
"""By the short form in lower case."""

_LINE = re.compile(
    r"^[ \t]*(?:[-*+|][ \t]*)?(?:\*\*|`)?(?P<form>[A-Z][A-Z0-9&/-]{1,11}):?(?:\*\*|`)?[ \t]*"
    r"(?:[:|=]|\u2013|\u2014|(?<=:\*\*))[ \t]*(?P<meaning>[^|\n]+)",
    re.MULTILINE,
)
_WORD = re.compile(r"[\w&/-]+")


def glossary_of(content: str) -> Glossary:
    entries: dict[str, str] = {}
    for match in _LINE.finditer(content):
        meaning = match["meaning"].partition(". ")[0].strip(" .")[:LONGEST_MEANING]
        if meaning and len(entries) < MOST_ENTRIES:
            entries.setdefault(match["form"].lower(), meaning)
    return entries


def expanded(question: str, glossary: Glossary) -> str:
    """With what its short forms stand for behind it, and the short forms of what it spells out."""
    if not glossary:
        return question
    said = [*dict.fromkeys(_WORD.findall(question))]
    added = [glossary[word.lower()] for word in said if _is_form(word, glossary)]
    spelled_out = f" {' '.join(tokens(question))} "
    added += [
        form.upper()
        for form, meaning in glossary.items()
        if f" {' '.join(tokens(meaning))} " in spelled_out
    ]
    return " ".join([question, *added[:MOST_ADDED]])


def _is_form(word: str, glossary: Glossary) -> bool:
    # `IT` is a department, `it` is not.
    return word.lower() in glossary and (word.isupper() or word.lower() not in STOP_WORDS)
