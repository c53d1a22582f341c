"""Rules of the policy are written in one place, which keeps the seal in step with them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.mesh.settings import REPOSITORY

AUTH = REPOSITORY / "services" / "auth"
THE_PLACE = AUTH / "store" / "rule_rows.py"
WRITES = {"insert", "update", "delete", "postgresql_insert", "sqlite_insert", "merge"}
RULES = {"MembershipRow", "RolePermissionRow"}
SOURCES = sorted(file for file in AUTH.rglob("*.py") if "migrations" not in file.parts)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(AUTH)))
def test_rules_are_written_in_one_place(file: Path) -> None:
    assert file == THE_PLACE or list(writes(file.read_text(encoding="utf-8"))) == []


def test_the_place_would_be_noticed() -> None:
    """The control of the test above."""
    assert len(list(writes(THE_PLACE.read_text(encoding="utf-8")))) == 4


def writes(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in WRITES
            and any(isinstance(one, ast.Name) and one.id in RULES for one in node.args)
        ):
            yield node.lineno
