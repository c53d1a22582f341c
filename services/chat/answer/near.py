"""Which of the passages that were found an answer is made from."""

from collections.abc import Sequence

from services.chat.domain import Passage

_MOST_PASSAGES = 5
_MOST_DOCUMENTS = 2
# A second document must fit nearly as well as the first, or the answer strays.
_NEAR_THE_BEST_DOCUMENT = 0.93
_NEAR_THE_BEST_PASSAGE = 0.8


def near_the_best(passages: Sequence[Passage]) -> list[Passage]:
    """Few passages of one document, or of two that fit about equally."""
    near: list[Passage] = []
    ranked = sorted(passages, key=lambda passage: -passage.score)[:_MOST_PASSAGES]
    for passage in ranked:
        documents = {each.document_id for each in near}
        known = passage.document_id in documents
        if (known or len(documents) < _MOST_DOCUMENTS) and _is_near(passage, ranked[0]):
            near.append(passage)
    return near


def _is_near(passage: Passage, best: Passage) -> bool:
    if passage.document_id != best.document_id:
        return passage.score >= best.score * _NEAR_THE_BEST_DOCUMENT
    # A short passage can win by words alone over one that means more.
    means_more = best.similarity <= passage.similarity != 0
    return means_more or passage.score >= best.score * _NEAR_THE_BEST_PASSAGE
