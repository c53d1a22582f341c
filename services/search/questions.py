"""Questions as vectors: asked again they are remembered, asked together they are encoded together.

While one batch is encoded the next one gathers, so that many askers share a run of the encoder and
a single one waits for nobody.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

from services.search.ports import Vector

MOST_REMEMBERED = 4096
QUESTIONS_PER_BATCH = 16

Encode = Callable[[Sequence[str]], Vector]


class QuestionVectors:
    """What is remembered is of no tenant: a text means the same whoever asks."""

    def __init__(self, encode: Encode, most_remembered: int = MOST_REMEMBERED) -> None:
        self._encode = encode
        self._most_remembered = most_remembered
        self._remembered: OrderedDict[str, Vector] = OrderedDict()
        self._answers: dict[str, asyncio.Future[Vector]] = {}
        self._waiting: list[str] = []
        self._runs: asyncio.Task[None] | None = None

    async def of(self, question: str) -> Vector:
        """Read-only. Raises what the encoder raises."""
        known = self._remembered.get(question)
        if known is not None:
            self._remembered.move_to_end(question)
            return known
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = asyncio.get_running_loop().create_future()
            self._waiting.append(question)
        if self._runs is None or self._runs.done():
            self._runs = asyncio.create_task(self._run())
        # One asker who goes away takes the answer from nobody else.
        return await asyncio.shield(answer)

    async def _run(self) -> None:
        while self._waiting:
            batch = self._waiting[:QUESTIONS_PER_BATCH]
            del self._waiting[:QUESTIONS_PER_BATCH]
            try:
                vectors = await asyncio.to_thread(self._encode, batch)
            except Exception as error:  # noqa: BLE001  each asker is told
                for question in batch:
                    _fail(self._answers.pop(question), error)
                continue
            vectors.flags.writeable = False
            for question, vector in zip(batch, vectors, strict=True):
                self._remember(question, vector)
                self._answers.pop(question).set_result(vector)

    def _remember(self, question: str, vector: Vector) -> None:
        self._remembered[question] = vector
        while len(self._remembered) > self._most_remembered:
            self._remembered.popitem(last=False)


def _fail(answer: asyncio.Future[Vector], error: Exception) -> None:
    answer.set_exception(error)
    # Nobody may be left to hear of it, and that is no fault to report.
    answer.exception()
