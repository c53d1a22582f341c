"""What of a long question is worth looking for."""

import re

import numpy as np

from services.search.keywords import Frequencies, question_terms
from services.search.words import question_words

# About what the encoder takes in; of a longer text it would read the beginning alone.
MOST_WORDS = 120
LONGEST_SENTENCE = 40

_SENTENCE = re.compile(r"\S[^\n]*?(?:[.!?](?=\s)|$)", re.MULTILINE)


def essence(question: str, visible: Frequencies) -> str:
    """The sentences with the rarest words that the reader's articles hold, in their order.

    A short question stays as it is.
    """
    if len(question.split()) <= MOST_WORDS:
        return question
    sentences = [piece for found in _SENTENCE.findall(question) for piece in _pieces(found)]
    weights = [_weight(sentence, visible) for sentence in sentences]
    chosen: set[int] = set()
    seen: set[str] = set()
    words = 0
    for place in sorted(range(len(sentences)), key=lambda place: -weights[place]):
        length = len(sentences[place].split())
        if words + length > MOST_WORDS or sentences[place] in seen:
            continue
        chosen.add(place)
        seen.add(sentences[place])
        words += length
    return " ".join(sentences[place] for place in sorted(chosen))


def _pieces(sentence: str) -> list[str]:
    words = sentence.split()
    starts = range(0, len(words), LONGEST_SENTENCE)
    return [" ".join(words[start : start + LONGEST_SENTENCE]) for start in starts]


def _weight(sentence: str, visible: Frequencies) -> float:
    terms = question_terms(question_words(sentence), visible)
    held = visible.counts_of(terms.ids) > 0
    # A sentence of twice the length says less than twice as much.
    return float(terms.weights[held].sum()) / float(np.sqrt(len(sentence.split())))
