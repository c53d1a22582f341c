"""The built-in classifier: the model in this process, loaded when it is first needed."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import structlog

from services.ticket.triage.finding import Reading
from services.ticket.triage.labels import LABELS
from services.ticket.triage.model import FOLDER, ModelUnusableError, TriageModel

# Words of English are known to the model as a whole, or in two pieces; those of others are in
# more. Foreign letters are hardly known at all.
MOST_PIECES_PER_WORD = 1.75
NO_MODEL = "none"

# Small words that stand in nearly every sentence, and in none of the other languages.
_ENGLISH = """
    a an and any at be been can cannot do does for from has have i in is it my not of on our please
    since that the this to was we what when with you
"""
_FOREIGN = """
    auf bitte das der die ein eine ich ist kann meine mit nicht und wir zu
    avec dans depuis est et je les ma mon mot pas pour sur une
    como con desde el las los puedo que por
    che della di ho lo mio non sono un
    ao com meu minha não nao uma
    een het ik kan mijn niet van
    din este nu rog să
    jest mogę nie proszę się
    att det inte jag och
"""
_WORD = re.compile(r"[^\W\d_]+")
_READ_CHARACTERS = 2_000

log = structlog.get_logger()


class BuiltInClassifier:
    def __init__(self, folder: Path = FOLDER, *, threads: int = 1) -> None:
        self._folder = folder
        self._threads = threads
        self._model: TriageModel | None = None
        self._loading = asyncio.Lock()
        self._is_unusable = False

    async def classify(self, texts: Sequence[str]) -> list[Reading]:
        if not texts:
            return []
        model = await self._loaded()
        if model is None:
            return [Reading(NO_MODEL, words=len(_words(text))) for text in texts]
        return await asyncio.to_thread(read, model, texts)

    async def _loaded(self) -> TriageModel | None:
        async with self._loading:
            if self._model is None and not self._is_unusable:
                try:
                    self._model = await asyncio.to_thread(
                        TriageModel, self._folder, threads=self._threads
                    )
                except ModelUnusableError as error:
                    # It stays so until the process is started with other files.
                    self._is_unusable = True
                    log.error("the triage model cannot be used", why=str(error))
        return self._model


def read(model: TriageModel, texts: Sequence[str]) -> list[Reading]:
    return [
        Reading(
            model=model.name,
            probabilities=dict(zip(LABELS, scores.probabilities, strict=True)),
            out_of_scope=scores.out_of_scope,
            words=len(_words(text)),
            is_english=is_english(model, text),
        )
        for text, scores in zip(texts, model.scores(texts), strict=True)
    ]


def is_english(model: TriageModel, text: str) -> bool:
    words = _words(text)
    if not words:
        return True
    if _count_among(words, _FOREIGN) > _count_among(words, _ENGLISH):
        return False
    return len(model.pieces(" ".join(words))) / len(words) <= MOST_PIECES_PER_WORD


def _words(text: str) -> list[str]:
    return _WORD.findall(text[:_READ_CHARACTERS].lower())


def _count_among(words: Sequence[str], known: str) -> int:
    small = set(known.split())
    return sum(word in small for word in words)
