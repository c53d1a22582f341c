import pytest

from services.mesh.settings import REPOSITORY
from tests.security.mutant_list import MUTANTS, Mutant
from tests.security.mutants import FIGURE, repeated_names


def test_there_are_enough_and_each_has_its_own_name() -> None:
    assert len(MUTANTS) >= FIGURE.least
    assert repeated_names() == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_takes_away_is_there(mutant: Mutant) -> None:
    content = (REPOSITORY / mutant.change.file).read_text()

    assert content.count(mutant.change.text) == 1
    assert mutant.change.text != mutant.change.replacement
    assert all((REPOSITORY / test).exists() for test in mutant.tests)
