"""Words as keyword search compares them: lower case, stop words gone, endings cut."""

import re
import unicodedata
from collections.abc import Iterator

_STOP_WORDS = """
    a about above after again against all also am an and any are as at be because been before
    being below between both but by can cannot could did do does doing down during each few for
    from further get gets getting got had has have having he her here hers him his how i if in into
    is it its itself just let like may me might more most must my need no nor not now of off on once
    only or other our ours out over own please same shall she should so some such than that the
    their theirs them then there these they this those through to too under until up us very want
    was we were what when where which while who whom whose why will with would you your yours s t d
    ll m re ve don doesn didn isn aren wasn won can't cant dont im id
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
LONGEST_WORD = 64
LONGEST_PLURAL_LEFT_ALONE = 3
SHORTEST_STEM = 3
SHORTEST_LONG_STEM = 5

_TOKEN = re.compile(r"[^\W_]+(?:[-.'\u2019][^\W_]+)*")
_PARTS = re.compile(r"[-.'\u2019]")
_VOWEL = re.compile(r"[aeiouy]")
_LONG_ENDINGS = ("ization", "isation", "ations", "ation", "ating", "ated", "ates", "ator", "ate")


def has_word(text: str) -> bool:
    return _TOKEN.search(text) is not None


def words(text: str) -> list[str]:
    """The stems of a text in order, without stop words."""
    return [stem(token) for token in tokens(text) if token not in STOP_WORDS]


def question_words(text: str) -> list[str]:
    """The stems to look for, each once; stop words count only when there is nothing else."""
    found = words(text) or [stem(token) for token in tokens(text)]
    return list(dict.fromkeys(found))


def stem(word: str) -> str:
    """Cuts the commonest English endings, so that `configured` and `configuring` meet."""
    word = _without_plural(word)
    for ending in _LONG_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_LONG_STEM:
            return word.removesuffix(ending)
    for ending in ("ingly", "edly", "ing", "ed", "ly"):
        if word.endswith(ending) and _is_stem(rest := word.removesuffix(ending)):
            return _without_final_e(_undoubled(rest))
    return _without_final_e(word)


def tokens(text: str) -> Iterator[str]:
    """The words in order as they stand there, in lower case; a compound in parts and as one."""
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        parts = _PARTS.split(match.group())
        if parts[-1] == "s":
            parts.pop()
        for part in parts:
            yield part[:LONGEST_WORD]
        if len(parts) > 1:
            yield "".join(parts)[:LONGEST_WORD]


def _without_plural(word: str) -> str:
    if len(word) <= LONGEST_PLURAL_LEFT_ALONE or not word.endswith("s"):
        return word
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "shes", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def _is_stem(rest: str) -> bool:
    return len(rest) >= SHORTEST_STEM and _VOWEL.search(rest) is not None


def _undoubled(rest: str) -> str:
    if len(rest) > SHORTEST_STEM and rest[-1] == rest[-2] and rest[-1] not in "lsz":
        return rest[:-1]
    return rest


def _without_final_e(word: str) -> str:
    if len(word) > SHORTEST_STEM and word.endswith("e"):
        return word[:-1]
    if len(word) > SHORTEST_STEM and word.endswith("y"):
        return word[:-1] + "i"
    return word
