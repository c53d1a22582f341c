"""The shipped model: what it knows, and what it says to what is no ticket."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from services.ticket.triage.classifier import BuiltInClassifier
from services.ticket.triage.finding import USUAL_THRESHOLD, Outcome, outcome_of
from services.ticket.triage.labels import LABELS
from services.ticket.triage.model import ENCODER, FOLDER, HEAD, MANIFEST, TriageModel
from services.ticket.triage.training.corpus import SENTENCES, read_sentences
from tests.ticket.triage.natural import natural_tickets

LEAST_ACCURACY = 0.85
FOREIGN = [
    "Mein Drucker druckt nicht mehr, bitte um Hilfe.",
    "J'ai oublié mon mot de passe et je ne peux plus me connecter",
    "La impresora del segundo piso no funciona desde ayer",
    "Nie mogę się zalogować do systemu, proszę o pomoc",
    "Я забыл пароль, помогите пожалуйста",
    "我的密码忘记了 请重置我的密码",
    "Ik kan niet inloggen op mijn account",
]


@pytest.fixture(scope="module")
def model() -> TriageModel:
    return TriageModel()


@pytest.fixture(scope="module")
def classifier() -> BuiltInClassifier:
    return BuiltInClassifier()


def accuracy(found: list[str], wanted: list[str]) -> float:
    return sum(map(str.__eq__, found, wanted)) / len(wanted)


def test_it_knows_natural_tickets_and_shuffled_labels_would_be_noticed(
    model: TriageModel,
) -> None:
    tickets = natural_tickets()
    assert len(tickets) >= 160
    scores = model.scores([text for text, _ in tickets])
    found = [LABELS[one.probabilities.index(max(one.probabilities))] for one in scores]
    wanted = [label for _, label in tickets]

    assert accuracy(found, wanted) >= LEAST_ACCURACY

    shuffled = random.Random(7).sample(wanted, len(wanted))  # noqa: S311 -- repeatable
    assert accuracy(found, shuffled) < LEAST_ACCURACY


def test_none_of_them_was_learned_from() -> None:
    learned = {row.text.lower() for row in read_sentences(SENTENCES)}

    assert not learned & {text.lower() for text, _ in natural_tickets()}


def test_it_says_the_same_again_and_whatever_stands_beside_it(model: TriageModel) -> None:
    texts = [text for text, _ in natural_tickets()[:20]]
    together = model.scores(texts)

    assert model.scores(texts) == together
    for text, score in zip(texts, together, strict=True):
        (alone,) = model.scores([text])
        assert alone.probabilities == pytest.approx(score.probabilities, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("", Outcome.TOO_SHORT),
        ("\n", Outcome.TOO_SHORT),
        ("help", Outcome.TOO_SHORT),
        ("?!? 12345 ---", Outcome.TOO_SHORT),
        *((text, Outcome.NOT_ENGLISH) for text in FOREIGN),
        ("What is the capital of Mongolia?", Outcome.OUT_OF_SCOPE),
    ],
)
async def test_what_cannot_be_sorted_has_its_outcome(
    classifier: BuiltInClassifier, text: str, outcome: Outcome
) -> None:
    (reading,) = await classifier.classify([text])

    assert outcome_of(reading, USUAL_THRESHOLD) is outcome


async def test_natural_tickets_are_english(classifier: BuiltInClassifier) -> None:
    readings = await classifier.classify([text for text, _ in natural_tickets()])

    assert all(reading.is_english for reading in readings)


async def test_a_very_long_ticket_is_read_by_its_beginning(classifier: BuiltInClassifier) -> None:
    text = "I forgot my password and cannot log in. " * 2_500
    assert len(text) == 100_000

    long, short, lone = await classifier.classify([text, text[:8_000], "x" * 100_000])

    assert long == short
    assert outcome_of(lone, USUAL_THRESHOLD) is not Outcome.CLASSIFIED


def missing(folder: Path) -> None:
    (folder / ENCODER).unlink()


def no_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def damaged(folder: Path) -> None:
    content = bytearray((folder / HEAD).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / HEAD).write_bytes(content)


def no_json(folder: Path) -> None:
    (folder / MANIFEST).write_text("{", "utf-8")


def of_other_labels(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["labels"] = ["Gardening", *manifest["labels"][1:]]
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize("harm", [missing, no_manifest, damaged, no_json, of_other_labels])
async def test_a_model_that_is_not_whole_is_not_used(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(FOLDER, folder)
    whole = BuiltInClassifier(folder)
    harm_later = BuiltInClassifier(folder)
    (reading,) = await whole.classify(["I forgot my password"])
    assert outcome_of(reading, 0.3) is Outcome.CLASSIFIED

    harm(folder)
    (reading,) = await harm_later.classify(["I forgot my password"])

    assert outcome_of(reading, 0.3) is Outcome.NO_MODEL


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 30 * 10**6
