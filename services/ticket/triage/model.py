"""The classifier itself: a fine-tuned MiniLM and a linear model, stacked and calibrated."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from services.mesh.minilm.running import MiniLm
from services.ticket.triage.labels import LABELS
from services.ticket.triage.linear import MOST_CHARACTERS, LinearModel

FOLDER = Path(__file__).parent / "model"
ENCODER = "triage.onnx"
TOKENIZER = "tokenizer.json"
HEAD = "head.npz"
MANIFEST = "manifest.json"
TOKENS = 128
# What the encoder puts out: the labels as the tickets of the corpus have them, the labels as
# natural sentences have them, whether no help desk is meant, and whether the text is natural.
IN_CORPUS = slice(0, len(LABELS))
IN_NATURE = slice(len(LABELS), 2 * len(LABELS))
OUTSIDE, NATURAL = 2 * len(LABELS), 2 * len(LABELS) + 1
OUTPUTS = NATURAL + 1

Floats = npt.NDArray[np.float32]


class ModelUnusableError(Exception):
    """The files are missing, are not those of the manifest, or know other labels."""


@dataclass(frozen=True, slots=True)
class Scores:
    """`probabilities` are in the order of the labels; `out_of_scope` stands beside them."""

    probabilities: tuple[float, ...]
    out_of_scope: float


class TriageModel:
    """One serves many threads; a text's scores do not depend on the texts beside it."""

    def __init__(self, folder: Path = FOLDER, *, threads: int = 1) -> None:
        """Blocks while it reads the files. Raises ModelUnusableError."""
        self.name = _checked(folder)
        self._encoder = encoder_of(folder, threads=threads)
        with np.load(folder / HEAD, allow_pickle=False) as head:
            self._linear = linear_of(head)
            self._stack = np.asarray(head["stack"], np.float32)
            self._bias = np.asarray(head["stack_bias"], np.float32)
            self._temperature = float(head["temperature"])
            self._natural_temperature = float(head["natural_temperature"])

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        cut = [text[:MOST_CHARACTERS] for text in texts]
        found = self._encoder.run(cut)
        stacked = joined(found, self._linear.scores(cut)) @ self._stack + self._bias
        in_corpus = np.exp(log_shares(stacked / self._temperature))
        in_nature = np.exp(log_shares(found[:, IN_NATURE] / self._natural_temperature))
        natural = share(found[:, NATURAL])[:, None]
        probabilities = natural * in_nature + (1 - natural) * in_corpus
        outside = share(found[:, OUTSIDE])
        return [
            Scores(tuple(map(float, row)), float(out))
            for row, out in zip(probabilities, outside, strict=True)
        ]

    def pieces(self, text: str) -> list[str]:
        return self._encoder.pieces(text)


def encoder_of(folder: Path, *, threads: int) -> MiniLm:
    return MiniLm(
        folder / ENCODER,
        folder / TOKENIZER,
        output="scores",
        width=OUTPUTS,
        tokens=TOKENS,
        threads=threads,
    )


def linear_of(head: "np.lib.npyio.NpzFile") -> LinearModel:
    return LinearModel(
        rarity=head["rarity"], levels=head["levels"], scale=head["scale"], bias=head["bias"]
    )


def joined(found: Floats, linear: Floats) -> Floats:
    """What the stack sees of a text: what both halves think of each label."""
    return np.hstack([log_shares(found[:, IN_CORPUS]), linear])


def share(scores: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-scores)), np.float32)


def log_shares(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(folder: Path) -> str:
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        found = {name: digest(folder / name) for name in (ENCODER, TOKENIZER, HEAD)}
    except OSError as error:
        raise ModelUnusableError(f"a file is missing: {error.filename}") from error
    except ValueError as error:
        raise ModelUnusableError("the manifest is damaged") from error
    if manifest["labels"] != list(LABELS):
        raise ModelUnusableError("the model knows other labels")
    damaged = [name for name, known in manifest["files"].items() if found.get(name) != known]
    if damaged:
        raise ModelUnusableError(f"not as they were made: {', '.join(damaged)}")
    return f"triage-{found[ENCODER][:8]}-{found[HEAD][:8]}"
