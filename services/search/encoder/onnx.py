"""Runs the sentence encoder with onnxruntime."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from services.mesh.minilm.running import MiniLm

MAX_TOKENS = 256
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
        self.name: str = name_of_model(folder)
        self._model = MiniLm(
            folder / _MODEL,
            folder / "tokenizer.json",
            output="embedding",
            width=self.dimensions,
            tokens=MAX_TOKENS,
            threads=threads,
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Answers a row per text, in the order of the texts; what is past 256 tokens is ignored."""
        return self._model.run(texts)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """As any other text: the model makes no difference between the two."""
        return self.encode(texts)

    def close(self) -> None:
        """There is nothing to give back."""


def name_of_model(folder: Path = Path(__file__).parent) -> str:
    """What an encoder would be called, without making one."""
    return f"minilm-l6-v2-{_sha256(folder / _MODEL)[:8]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
