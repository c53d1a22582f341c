"""The lock pins every package by hash and names no place to fetch it from."""

import re

from services.mesh.settings import REPOSITORY

LINES = (REPOSITORY / "requirements.lock").read_text().splitlines()


def test_every_package_is_pinned_with_a_hash() -> None:
    starts = [index for index, line in enumerate(LINES) if re.match(r"[a-z0-9]", line)]

    assert len(starts) > 100
    for index in starts:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", LINES[index]), LINES[index]
        assert "--hash=sha256:" in LINES[index + 1], LINES[index]


def test_it_names_no_address() -> None:
    assert not [line for line in LINES if "://" in line or line.startswith(("-i", "--index", "-f"))]
