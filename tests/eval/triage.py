"""Measures triage beside its peers: `make eval-triage`.

    python -m tests.eval.triage [--data FOLDER]

Without a folder it measures the natural tickets alone. With the one that has `it_tickets.csv.gz`
and `clinc_out_of_scope.json` it trains TF-IDF with a linear SVM, and a
logistic head on search's encoder, and measures all on the tickets that the model was not made
from. That needs the `train` extra.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from services.ticket.triage.labels import LABELS
from services.ticket.triage.model import FOLDER, MANIFEST, TriageModel
from services.ticket.triage.training.corpus import SEED, Row, read_corpus
from services.ticket.triage.training.figures import area_under_curve, figures_of, macro_f1
from tests.ticket.triage.natural import natural_tickets

Predict = Callable[[Sequence[str]], npt.NDArray[np.int64]]

THREADS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    model = TriageModel(threads=THREADS)
    natural = [Row(text, LABELS.index(label), natural=True) for text, label in natural_tickets()]
    encoder = json.loads((FOLDER / MANIFEST).read_text("utf-8"))["encoder"]
    print(f"{model.name}, encoder {encoder}, seed {SEED}\n")
    print("| natural tickets | accuracy | macro-F1 | calibration error | at 95 % precision |")
    print("| --- | --- | --- | --- | --- |")
    show("the model", model, natural)
    if arguments.data is None:
        return
    corpus = read_corpus(arguments.data)
    print(f"\n{len(corpus.held_out)} tickets held out of it_tickets")
    print("| held out | accuracy | macro-F1 | calibration error | at 95 % precision |")
    print("| --- | --- | --- | --- | --- |")
    show("the model", model, corpus.held_out)
    scope(model, arguments.data / "clinc_out_of_scope.json", natural)
    beside(corpus.training, corpus.held_out, natural)


def show(name: str, model: TriageModel, rows: Sequence[Row]) -> None:
    scores = model.scores([row.text for row in rows])
    probabilities = np.array([one.probabilities for one in scores])
    figures = figures_of(probabilities, labels_of(rows))
    print(
        f"| {name} | {figures.accuracy:.4f} | {figures.macro_f1:.4f} |"
        f" {figures.calibration_error:.4f} |"
        f" {figures.coverage:.1%} (from {figures.threshold:.3f}) |"
    )


def scope(model: TriageModel, path: Path, natural: Sequence[Row]) -> None:
    told = json.loads(path.read_text("utf-8"))
    strangers = [text for texts in told.values() for text in texts]
    outside = [one.out_of_scope for one in model.scores(strangers)]
    inside = [one.out_of_scope for one in model.scores([row.text for row in natural])]
    area = area_under_curve(inside, outside)
    print(
        f"\nout of scope: AUROC {area:.4f} of {len(outside)} against {len(inside)} natural tickets;"
        f" at 0.5 {np.mean(np.array(outside) >= 0.5):.1%} are noticed,"
        f" {np.mean(np.array(inside) >= 0.5):.1%} of the tickets wrongly"
    )


def beside(training: Sequence[Row], held_out: Sequence[Row], natural: Sequence[Row]) -> None:
    from tests.eval.triage_peers import frozen_head, linear_svm  # noqa: PLC0415  the train extra

    told = [row for row in training if row.label is not None and not row.natural]
    everything = [row for row in training if row.label is not None]
    print("\n| peer | held out: accuracy | macro-F1 | natural: accuracy |")
    print("| --- | --- | --- | --- |")
    for name, make, rows in (
        ("TF-IDF + LinearSVC, tickets alone", linear_svm, told),
        ("TF-IDF + LinearSVC, with our sentences", linear_svm, everything),
        ("frozen encoder + logistic head, with our sentences", frozen_head, everything),
    ):
        predict: Predict = make([row.text for row in rows], labels_of(rows))
        found = predict([row.text for row in held_out])
        accuracy = (found == labels_of(held_out)).mean()
        by_hand = (predict([row.text for row in natural]) == labels_of(natural)).mean()
        score = macro_f1(found, labels_of(held_out))
        print(f"| {name} | {accuracy:.4f} | {score:.4f} | {by_hand:.4f} |", flush=True)


def labels_of(rows: Sequence[Row]) -> npt.NDArray[np.int64]:
    return np.array([row.label for row in rows])


if __name__ == "__main__":
    main()
