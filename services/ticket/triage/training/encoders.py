"""The two ways to an encoder with outputs: fine-tuned as a whole, or left as it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel

from services.mesh.minilm.graph import WIDTH, Weights
from services.mesh.minilm.running import MiniLm
from services.ticket.triage.labels import LABELS
from services.ticket.triage.model import TOKENS
from services.ticket.triage.training.corpus import Row
from services.ticket.triage.training.export import OUTPUT, export
from services.ticket.triage.training.fine_tune import LAYERS, fine_tune

ALL_LAYERS = 6
# A sentence counts as this many tickets: there are few, and they alone have product words.
NATURAL_WEIGHT = 10.0
HEAD_STRENGTH = 10.0
THREADS = 2
MOST_TICKETS = 10_000
GATE_TICKETS = 1_500

Floats = npt.NDArray[np.float32]
Head = tuple[Floats, Floats]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Making:
    """From where to where, with room for what is kept on the way."""

    source: Path
    target: Path
    work: Path
    steps: int
    say: Say

    def means(self, encoder: Weights, layers: int, rows: Sequence[Row]) -> Floats:
        """The means of the tokens, by the 8-bit graph that is going to be run."""
        file = self.work / "means.onnx"
        nothing = np.eye(WIDTH, dtype=np.float32), np.zeros(WIDTH, np.float32)
        export(file, encoder, nothing, layers=layers)
        tokenizer = self.source / "tokenizer.json"
        runner = MiniLm(file, tokenizer, output=OUTPUT, width=WIDTH, tokens=TOKENS, threads=THREADS)
        self.say(f"encoding {len(rows)} rows")
        return runner.run([row.text for row in rows])


def fine_tuned(making: Making, rows: Sequence[Row]) -> None:
    net = fine_tune(making.source, list(rows), making.work, making.say, making.steps)
    weights: Weights = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    encoder = {
        name.removeprefix("encoder."): weight
        for name, weight in weights.items()
        if name.startswith("encoder.")
    }
    labels = weights["head.weight"][: len(LABELS)].T, weights["head.bias"][: len(LABELS)]
    some = _some(rows, GATE_TICKETS)
    head = _beside(labels, natural_outputs(making.means(encoder, LAYERS, some), some))
    export(making.target, encoder, head, layers=LAYERS)


def frozen(making: Making, rows: Sequence[Row]) -> None:
    model = AutoModel.from_pretrained(making.source, dtype=torch.float32)
    encoder: Weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    some = _some(rows, MOST_TICKETS)
    vectors = making.means(encoder, ALL_LAYERS, some)
    making.say("fitting the outputs")
    gated = len(_some(rows, GATE_TICKETS))
    head = _beside(_corpus_outputs(vectors, some), natural_outputs(vectors[:gated], some[:gated]))
    export(making.target, encoder, head, layers=ALL_LAYERS)


def natural_outputs(vectors: Floats, rows: Sequence[Row]) -> Head:
    """Labels of sentences, out of scope, and the gate: what the corpus's tickets are not."""
    natural = np.array([row.natural for row in rows])
    inside = natural & np.array([row.label is not None for row in rows])
    labels = LogisticRegression(C=1.0, max_iter=500).fit(
        vectors[inside], [row.label for row in rows if row.natural and row.label is not None]
    )
    scope = LogisticRegression(C=HEAD_STRENGTH, max_iter=500, class_weight="balanced").fit(
        vectors[natural], ~inside[natural]
    )
    gate = LogisticRegression(C=HEAD_STRENGTH, max_iter=500, class_weight="balanced").fit(
        vectors, natural
    )
    fitted = (labels, scope, gate)
    return (
        np.vstack([model.coef_ for model in fitted]).T,
        np.concatenate([model.intercept_ for model in fitted]),
    )


def _corpus_outputs(vectors: Floats, rows: Sequence[Row]) -> Head:
    weights = np.array([NATURAL_WEIGHT if row.natural else 1.0 for row in rows])
    inside = np.array([row.label is not None for row in rows])
    model = LogisticRegression(C=HEAD_STRENGTH, max_iter=300).fit(
        vectors[inside], [row.label for row in rows if row.label is not None], weights[inside]
    )
    return model.coef_.T, model.intercept_


def _beside(left: Head, right: Head) -> Head:
    return np.hstack([left[0], right[0]]), np.concatenate([left[1], right[1]])


def _some(rows: Sequence[Row], most: int) -> list[Row]:
    """All sentences, and as many tickets as can be learned from."""
    tickets = [row for row in rows if not row.natural]
    return [row for row in rows if row.natural] + tickets[:most]
