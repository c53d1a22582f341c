"""Words of a text, so cut that 'changes' and 'changing' meet."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001 - the apostrophe is meant
_STOPWORDS = frozenset(
    """
    a about am an and any anybody anyone anything are as at be because been being but by can
    cannot could did do does doing don done for from get gets getting give go going got had has
    have having he her here him his how i if in into is it its just let like may me might mine
    must my need no nor not now of off on once one only onto or our out own please she should so
    some somebody someone something such tell than that the their them then there these they thing
    this those to too up us use used uses using very want wants was we were what when where which
    while who whom whose why will with would yes yet you your
    """.split()  # noqa: SIM905 - a list of a hundred quoted words reads worse
)
_SHORTEST_STEM = 3


def words(text: str) -> list[str]:
    return [_stem(_bare(match.group().lower())) for match in _WORD.finditer(text)]


def content_words(text: str) -> list[str]:
    """The words that say what a text is about; for a text of stopwords alone, all of them."""
    bare = [_bare(match.group().lower()) for match in _WORD.finditer(text)]
    telling = [word for word in bare if word not in _STOPWORDS]
    return [_stem(word) for word in telling or bare]


def rarity(texts: Iterable[Collection[str]]) -> dict[str, float]:
    """How much a word tells, by how few of the texts hold it."""
    counts: Counter[str] = Counter()
    total = 0
    for text in texts:
        total += 1
        counts.update(set(text))
    return {word: math.log(1 + total / count) for word, count in counts.items()}


def _bare(word: str) -> str:
    apart = word.replace("’", "'")  # noqa: RUF001
    return apart.split("'", maxsplit=1)[0]


def _stem(word: str) -> str:
    if len(word) <= _SHORTEST_STEM or any(sign.isdigit() for sign in word):
        return word
    return _without_e(_without_verb_ending(_without_plural(word)))


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > _SHORTEST_STEM + 1:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_verb_ending(word: str) -> str:
    for ending in ("ing", "ed", "ly"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= _SHORTEST_STEM:
            doubled = rest[-1] == rest[-2] and rest[-1] not in "lsz"
            return rest[:-1] if doubled else rest
    return word


def _without_e(word: str) -> str:
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST_STEM else word
