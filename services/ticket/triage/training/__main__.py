"""Makes the model: `make train-triage`."""

import argparse
import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from services.ticket.triage.labels import LABELS
from services.ticket.triage.model import (
    ENCODER,
    FOLDER,
    HEAD,
    IN_NATURE,
    MANIFEST,
    TOKENIZER,
    TriageModel,
    digest,
    encoder_of,
)
from services.ticket.triage.training.corpus import SEED, Row, read_corpus
from services.ticket.triage.training.encoders import THREADS, Making, fine_tuned, frozen
from services.ticket.triage.training.figures import figures_of
from services.ticket.triage.training.fine_tune import STEPS
from services.ticket.triage.training.fitting import fit_linear, fit_stack, temperature_of


def main() -> None:
    arguments = _arguments()
    work, target = arguments.work, arguments.output
    work.mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    corpus = read_corpus(arguments.data)
    _say(
        f"seed {SEED}: {len(corpus.training)} rows to learn from, {len(corpus.calibration)} to"
        f" calibrate with, {len(corpus.held_out)} held out"
    )
    shutil.copyfile(arguments.weights / TOKENIZER, target / TOKENIZER)
    make = frozen if arguments.frozen else fine_tuned
    making = Making(arguments.weights, target / ENCODER, work, arguments.steps, _say)
    make(making, corpus.training)
    _fit_head(target, corpus.training, corpus.calibration)
    _write_manifest(target, "frozen" if arguments.frozen else "fine-tuned")
    _say(f"held out: {_measure(target, corpus.held_out)}")


def _fit_head(target: Path, training: list[Row], calibration: list[Row]) -> None:
    _say("fitting the linear half")
    linear = fit_linear(training)
    _say("fitting the stack and its temperature")
    encoder = encoder_of(target, threads=THREADS)
    tickets = [row for row in calibration if not row.natural]
    texts = [row.text for row in tickets]
    labels = np.array([row.label for row in tickets])
    stack = fit_stack(encoder.run(texts), linear.scores(texts), labels)
    natural = [row for row in calibration if row.natural and row.label is not None]
    found = encoder.run([row.text for row in natural])[:, IN_NATURE]
    natural_temperature = temperature_of(found, np.array([row.label for row in natural]))
    np.savez_compressed(
        target / HEAD,
        rarity=linear.rarity,
        levels=linear.levels,
        scale=linear.scale,
        bias=linear.bias,
        stack=stack.weights,
        stack_bias=stack.bias,
        temperature=np.float32(stack.temperature),
        natural_temperature=np.float32(natural_temperature),
    )
    _say(f"temperatures {stack.temperature:.3f}, {natural_temperature:.3f}")


def _write_manifest(target: Path, encoder: str) -> None:
    files = {name: digest(target / name) for name in (ENCODER, TOKENIZER, HEAD)}
    manifest = {"labels": LABELS, "encoder": encoder, "seed": SEED, "files": files}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def _measure(target: Path, rows: list[Row]) -> str:
    scores = TriageModel(target, threads=THREADS).scores([row.text for row in rows])
    probabilities = np.array([one.probabilities for one in scores])
    labels = np.array([row.label for row in rows])
    found = asdict(figures_of(probabilities, labels))
    return ", ".join(f"{name} {value:.4f}" for name, value in found.items())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="with it_tickets.csv.gz")
    parser.add_argument("--weights", type=Path, required=True, help="MiniLM-L6's folder")
    parser.add_argument("--output", type=Path, default=FOLDER)
    parser.add_argument("--work", type=Path, default=Path("build/triage"), help="for checkpoints")
    parser.add_argument("--steps", type=int, default=STEPS, help="of fine-tuning")
    parser.add_argument("--frozen", action="store_true", help="do not fine-tune the encoder")
    return parser.parse_args()


def _say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, flush=True)


if __name__ == "__main__":
    main()
