"""Decides whether the passages that were found support an answer at all."""

import re
from collections.abc import Collection, Iterable

from services.chat.answer.words import content_words
from services.chat.domain import NearestArticle, Passage
from services.chat.ports import FoundPassages

# Calibrated with `python -m tests.eval.support`; run it after a change here or in the encoder.
LEAST_SUPPORT = 0.4
COVERAGE_WEIGHT = 0.2
# "How do I reset my Netflix password?" is near every article on passwords and in none of them.
UNKNOWN_THING_COST = 0.3
KNOWN_NAME_WORTH = 0.1
LEAST_COVERAGE_BY_WORDS_ALONE = 0.75
_SHORTEST_NAME = 4
_SHORTEST_STEM_OF_A_NAME = 5
_PASSAGES_THAT_KNOW = 3
# In a question of so few telling words each one matters, with a capital letter or without.
_SHORT_QUESTION_WORDS = 3
_NEAREST_ARTICLES = 3
_WORD = re.compile(r"[^\W_]+")
# What every helpdesk speaks of, perhaps by another name; the encoder knows them as the same.
_GENERAL = frozenset(
    content_words(
        "account app application boot break broken browser buy call change cloud computer connect "
        "crash delete desktop device disk display document drive email error file find fix folder "
        "forgot freeze help install internet keyboard laptop lock login logon lose lost machine "
        "mail message mobile monitor mouse network notebook order password pc permission phishing "
        "phone photo pin print printer problem program reboot repair replace request reset restart "
        "rule save scan screen setup share shut sign slow software spam start stop stuck support "
        "switch tablet team ticket trash turn unlock update upload user username virus web website "
        "wifi wireless work working wrong"
    )
)


def supports_answer(question: str, found: FoundPassages, own_words: Collection[str] = ()) -> bool:
    """`own_words` are what a leaning question adds; one of them must be in the passages."""
    if not found.passages:
        return False
    said = _said(found.passages)
    if own_words and said.isdisjoint(own_words):
        return False
    if found.degraded:
        return found.passages[0].coverage >= LEAST_COVERAGE_BY_WORDS_ALONE
    return support(question, found, said) >= LEAST_SUPPORT


def support(question: str, found: FoundPassages, said: Collection[str]) -> float:
    similarity = max(passage.similarity for passage in found.passages)
    strength = similarity + COVERAGE_WEIGHT * found.passages[0].coverage
    names = _names(question)
    if any(not _holds(said, thing) for thing in _things(question, names)):
        return strength - UNKNOWN_THING_COST
    said_by_best = _said(found.passages[:_PASSAGES_THAT_KNOW])
    if any(_holds(said_by_best, name) for name in names):
        return strength + KNOWN_NAME_WORTH
    return strength


def nearest_articles(found: FoundPassages) -> tuple[NearestArticle, ...]:
    articles = {
        passage.document_id: NearestArticle(passage.document_id, passage.title, passage.source_uri)
        for passage in found.passages
    }
    return tuple(articles.values())[:_NEAREST_ARTICLES]


def _said(passages: Iterable[Passage]) -> set[str]:
    return {
        word
        for passage in passages
        for word in content_words(" ".join((passage.title, *passage.headings, passage.text)))
    }


def _holds(said: Collection[str], name: str) -> bool:
    """Who says Mac may mean a MacBook, and the other way round."""
    return any(
        word.startswith(name) or (len(word) >= _SHORTEST_STEM_OF_A_NAME and name.startswith(word))
        for word in said
    )


def _things(question: str, names: Collection[str]) -> set[str]:
    """The words that an answer cannot do without."""
    telling = set(content_words(question))
    short = telling - _GENERAL if len(telling) <= _SHORT_QUESTION_WORDS else set()
    return {name for name in names if len(name) >= _SHORTEST_NAME} | short


def _names(question: str) -> set[str]:
    """Stems of words with a digit, or with a capital letter and not at a sentence's beginning."""
    names: set[str] = set()
    for match in _WORD.finditer(question):
        before = question[: match.start()].rstrip()
        begins_sentence = not before or before[-1] in ".!?:"
        word = match.group()
        is_capital = word[0].isupper() and word != "I" and not begins_sentence
        if is_capital or any(sign.isdigit() for sign in word):
            names.update(content_words(word))
    return names
