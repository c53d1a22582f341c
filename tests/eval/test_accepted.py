from pathlib import Path

from services.search.measures import Figure
from tests.eval.accepted import losses, read_accepted, write_accepted

KNOWN = {"demo": {"fused": {"recall@5": Figure(0.9, 0.85, 0.95)}}}


def measured(value: float) -> dict[str, dict[str, dict[str, Figure]]]:
    return {"demo": {"fused": {"recall@5": Figure(value, value - 0.05, value + 0.05)}}}


def test_what_lies_within_the_interval_passes() -> None:
    assert losses(measured(0.86), KNOWN) == []


def test_what_falls_below_the_interval_is_named() -> None:
    (loss,) = losses(measured(0.84), KNOWN)
    assert loss.startswith("demo, fused: recall@5 is 0.840")


def test_a_set_that_nobody_accepted_yet_passes() -> None:
    assert losses({"new": measured(0.1)["demo"]}, KNOWN) == []


def test_figures_come_back_as_written_and_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "accepted.json"
    write_accepted(KNOWN, file)
    write_accepted({"other": measured(0.5)["demo"]}, file)
    assert read_accepted(file)["demo"] == KNOWN["demo"]
    assert read_accepted(file).keys() == {"demo", "other"}


def test_the_accepted_figures_of_the_demo_stand_in_the_repository() -> None:
    assert {"demo acme", "demo globex"} <= read_accepted().keys()
