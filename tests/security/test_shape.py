from dataclasses import replace

import pytest

from tests.security.__main__ import main
from tests.security.section import Control, Figure, Outcome, Scale, Section

CAUGHT = Control("the lock", caught=True)
GOOD = Outcome(count=10, failures=[], control=CAUGHT)


def a_section(outcome: Outcome, name: str = "doors", least: int = 10) -> Section:
    async def run(scale: Scale, seed: int) -> Outcome:
        return outcome

    return Section(name, Figure("doors opened", "0", least), run)


def test_a_proof_that_holds_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], [a_section(GOOD)]) == 0

    printed = capsys.readouterr().out
    assert "seed 20261125, 10 tries, 0 failures" in printed
    assert "control, without the lock: caught" in printed
    assert "reached" in printed


@pytest.mark.parametrize(
    ("outcome", "complaint"),
    [
        (replace(GOOD, failures=["door 3 stood open"]), "1 failures"),
        (replace(GOOD, control=Control("the lock", caught=False)), "control not caught: the lock"),
        (replace(GOOD, count=9), "only 9 of 10"),
    ],
    ids=["a failure", "a control that stays green", "too few tries"],
)
def test_one_missed_figure_fails_the_whole(
    capsys: pytest.CaptureFixture[str], outcome: Outcome, complaint: str
) -> None:
    assert main([], [a_section(GOOD), a_section(outcome, "windows")]) == 1

    assert complaint in capsys.readouterr().out


def test_fewer_tries_do_at_short_scale_but_none_never() -> None:
    assert main(["--scale", "short"], [a_section(replace(GOOD, count=1))]) == 0
    assert main(["--scale", "short"], [a_section(replace(GOOD, count=0))]) == 1


def test_a_section_that_breaks_fails_and_the_next_still_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def fall(scale: Scale, seed: int) -> Outcome:
        raise RuntimeError("the hinge broke")

    broken = replace(a_section(GOOD), run=fall)

    assert main([], [broken, a_section(GOOD, "windows")]) == 1

    printed = capsys.readouterr().out
    assert "RuntimeError: the hinge broke" in printed
    assert printed.count("10 tries") == 1


def test_one_section_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "windows"], [a_section(GOOD), a_section(GOOD, "windows")]) == 0

    assert "# doors" not in capsys.readouterr().out
