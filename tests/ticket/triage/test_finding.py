"""What follows from what a model says, and how often it was right."""

import pytest

from services.ticket.errors.triage import TriageLabelTwice, TriageLabelUnknown
from services.ticket.triage.bands import bands_of
from services.ticket.triage.finding import (
    BANDS,
    Outcome,
    Reading,
    outcome_of,
    queues_by_label,
    require_label,
)
from services.ticket.triage.ports import Judged
from tests.ticket.triage.keyword_classifier import a_reading


@pytest.mark.parametrize(
    ("reading", "outcome"),
    [
        (a_reading(probability=0.8), Outcome.CLASSIFIED),
        (a_reading(probability=0.79), Outcome.UNSURE),
        (a_reading(out_of_scope=0.5), Outcome.OUT_OF_SCOPE),
        (a_reading(out_of_scope=0.49), Outcome.CLASSIFIED),
        (a_reading(words=1), Outcome.TOO_SHORT),
        (a_reading(words=0), Outcome.TOO_SHORT),
        (a_reading(is_english=False), Outcome.NOT_ENGLISH),
        (Reading("none", words=9), Outcome.NO_MODEL),
    ],
)
def test_each_reading_has_its_outcome(reading: Reading, outcome: Outcome) -> None:
    assert outcome_of(reading, 0.8) is outcome


def test_bands_hold_every_probability_once() -> None:
    judged = [Judged(number / 100, True, None) for number in range(101)]
    judged += [Judged(0.97, True, True), Judged(1.0, True, False), Judged(0.5, False, True)]

    bands = bands_of(judged)

    assert [band.from_probability for band in bands] == list(BANDS)
    assert sum(band.tickets for band in bands) == len(judged)
    assert [(band.reviewed, band.right) for band in bands if band.reviewed] == [(1, 1), (2, 1)]


def test_a_label_has_one_queue() -> None:
    assert queues_by_label([("Access", "keys")]) == {"Access": "keys"}
    with pytest.raises(TriageLabelTwice):
        queues_by_label([("Access", "keys"), ("Access", "doors")])
    with pytest.raises(TriageLabelUnknown) as refusal:
        queues_by_label([("Gardening", "keys")])
    assert refusal.value.metadata == {"label": "Gardening"}
    with pytest.raises(TriageLabelUnknown):
        require_label("label", "access")
