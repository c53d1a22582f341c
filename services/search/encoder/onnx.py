"""Runs the sentence encoder with onnxruntime."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime  # type: ignore[import-untyped]  # it ships no types
from tokenizers import Encoding, Tokenizer

MAX_TOKENS = 256
# More tokens at once are no faster on a CPU, and the largest batch decides the peak of memory.
TOKENS_PER_BATCH = 512
# Only so many texts are held as tokens at once, and sorted by length among themselves.
TEXTS_PER_WINDOW = 1024
_MODEL = "minilm-l6-v2.onnx"

Vectors = npt.NDArray[np.float32]


class OnnxEncoder:
    """Turns texts into vectors of length 1, whose dot product is their similarity.

    A text's vector does not depend on the texts encoded with it. One encoder serves many threads.
    """

    dimensions: int = 384

    def __init__(
        self,
        folder: Path = Path(__file__).parent,
        *,
        threads: int = 2,
    ) -> None:
        model = folder / _MODEL
        self.name: str = name_of_model(folder)
        self._session = onnxruntime.InferenceSession(
            model, _session_options(threads), providers=["CPUExecutionProvider"]
        )
        self._tokenizer = _load_tokenizer(folder / "tokenizer.json")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Answers a row per text, in the order of the texts; what is past 256 tokens is ignored."""
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), TEXTS_PER_WINDOW):
            window = texts[start : start + TEXTS_PER_WINDOW]
            encodings = self._tokenizer.encode_batch_fast(window)
            for positions in _batches([len(encoding.ids) for encoding in encodings]):
                batch = [encodings[position] for position in positions]
                vectors[[start + position for position in positions]] = self._run(batch)
        return vectors

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """As any other text: the model makes no difference between the two."""
        return self.encode(texts)

    def close(self) -> None:
        """There is nothing to give back."""

    def _run(self, batch: Sequence[Encoding]) -> Vectors:
        shape = (len(batch), max(len(encoding.ids) for encoding in batch))
        input_ids = np.zeros(shape, dtype=np.int64)
        attention_mask = np.zeros(shape, dtype=np.int64)
        for row, encoding in enumerate(batch):
            input_ids[row, : len(encoding.ids)] = encoding.ids
            attention_mask[row, : len(encoding.ids)] = 1
        feeds = {"input_ids": input_ids, "attention_mask": attention_mask}
        (vectors,) = self._session.run(["embedding"], feeds)
        return np.asarray(vectors, dtype=np.float32)


def name_of_model(folder: Path = Path(__file__).parent) -> str:
    """What an encoder would be called, without making one."""
    return f"minilm-l6-v2-{_sha256(folder / _MODEL)[:8]}"


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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def _load_tokenizer(path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer
