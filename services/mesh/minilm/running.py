"""Runs such a graph with onnxruntime, texts of like length together."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime  # type: ignore[import-untyped]  # it ships no types
from tokenizers import Encoding, Tokenizer

# More tokens at once are no faster on a CPU, and the largest batch decides the peak of memory.
TOKENS_PER_BATCH = 512
# Only so many texts are held as tokens at once, and sorted by length among themselves.
TEXTS_PER_WINDOW = 1024

Rows = npt.NDArray[np.float32]


class MiniLm:
    """A row of numbers per text, which does not depend on the texts beside it.

    One serves many threads.
    """

    def __init__(
        self, model: Path, tokenizer: Path, *, output: str, width: int, tokens: int, threads: int
    ) -> None:
        self._output = output
        self._width = width
        self._session = onnxruntime.InferenceSession(
            model, _session_options(threads), providers=["CPUExecutionProvider"]
        )
        self._tokenizer = _load_tokenizer(tokenizer, tokens)

    def run(self, texts: Sequence[str]) -> Rows:
        """Answers a row per text, in the order of the texts; what is past the tokens is ignored."""
        rows = np.empty((len(texts), self._width), dtype=np.float32)
        for start in range(0, len(texts), TEXTS_PER_WINDOW):
            window = texts[start : start + TEXTS_PER_WINDOW]
            encodings = self._tokenizer.encode_batch_fast(window)
            for positions in _batches([len(encoding.ids) for encoding in encodings]):
                batch = [encodings[position] for position in positions]
                rows[[start + position for position in positions]] = self._run(batch)
        return rows

    def pieces(self, text: str) -> list[str]:
        """The pieces of words that the model sees, without the marks around them."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).tokens)

    def _run(self, batch: Sequence[Encoding]) -> Rows:
        shape = (len(batch), max(len(encoding.ids) for encoding in batch))
        input_ids = np.zeros(shape, dtype=np.int64)
        attention_mask = np.zeros(shape, dtype=np.int64)
        for row, encoding in enumerate(batch):
            input_ids[row, : len(encoding.ids)] = encoding.ids
            attention_mask[row, : len(encoding.ids)] = 1
        feeds = {"input_ids": input_ids, "attention_mask": attention_mask}
        (rows,) = self._session.run([self._output], feeds)
        return np.asarray(rows, dtype=np.float32)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Groups positions of like length, so that little padding is computed."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Lengths ascend, so this one is what the whole batch would be padded to.
        if batch and (len(batch) + 1) * lengths[position] > TOKENS_PER_BATCH:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # The graph is fused by hand; fusing Add with LayerNormalization as well makes it slower.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # A plan of memory is kept for every shape seen, and nearly every batch has a shape of its own.
    options.enable_mem_pattern = False
    # Threads which spin while they wait take the cores from the other services.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _load_tokenizer(path: Path, tokens: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(tokens)
    return tokenizer
