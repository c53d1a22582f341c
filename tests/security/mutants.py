"""Takes each defence away in a copy of the repository and asks whether a test turns red."""

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.security.mutant_list import MUTANTS, Mutant
from tests.security.mutation import Change, copy_tree
from tests.security.progress import Progress
from tests.security.section import Control, Figure, Outcome, Scale, Section

FIGURE = Figure("defences taken away, one by one", "each turns a test red", 30)
_WORKERS = 2
_SHORT = 2
_LONGEST_SECONDS = 600
_RED = 1
_GREEN = 0


@dataclass(frozen=True)
class Result:
    name: str
    verdict: str
    seconds: float


# Takes no defence away, and must turn nothing red.
HARMLESS = Mutant(
    "harmless",
    Change("services/mesh/tokens.py", "_HEADER = {", "# Nothing is missing.\n_HEADER = {"),
    ("tests/mesh/test_tokens.py",),
)


async def run(scale: Scale, seed: int) -> Outcome:
    chosen = list(MUTANTS if scale is Scale.FULL else MUTANTS[:_SHORT])
    waiting = iter([HARMLESS, *chosen])
    tests = sorted({test for mutant in chosen for test in mutant.tests})
    progress = Progress("mutants", len(chosen) + 1)
    results: list[Result] = []

    async def work(tree: Path, *, is_first: bool) -> None:
        if is_first:
            results.append(await _judge(tree, "nothing taken away", tests))
        for mutant in waiting:
            results.append(await _try(tree, mutant))
            progress.step()

    with tempfile.TemporaryDirectory(prefix="helpdesk-mutants-") as folder:
        trees = [Path(folder) / str(number) for number in range(_WORKERS)]
        for tree in trees:
            copy_tree(tree)
        await asyncio.gather(*(work(tree, is_first=tree == trees[0]) for tree in trees))
    verdicts = {result.name: result.verdict for result in results}
    failures = [
        f"{mutant.name}: {verdicts[mutant.name]}"
        for mutant in chosen
        if verdicts[mutant.name] != "red"
    ]
    untouched = [verdicts["nothing taken away"], verdicts[HARMLESS.name]]
    control = Control(
        "a defence; the same tests, and with a comment more", untouched == ["green"] * 2
    )
    lines = [f"{one.verdict:<6} {one.seconds:6.1f} s  {one.name}" for one in results]
    return Outcome(len(chosen), failures, control, lines)


async def _try(tree: Path, mutant: Mutant) -> Result:
    file = tree / mutant.change.file
    before = file.read_text()
    try:
        mutant.change.apply(tree)
    except LookupError as error:
        return Result(mutant.name, str(error), 0.0)
    try:
        return await _judge(tree, mutant.name, mutant.tests)
    finally:
        file.write_text(before)


async def _judge(tree: Path, name: str, tests: Sequence[str]) -> Result:
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests),
        cwd=tree,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("HELPDESK_")},
            "PYTHONPATH": f"{tree}:{tree / 'gen' / 'python'}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _LONGEST_SECONDS)
    except TimeoutError:
        process.kill()
        return Result(name, "too slow", time.monotonic() - begun)
    # Code 1 is a failed test; 2 and more say that the tests did not run.
    verdict = {_GREEN: "green", _RED: "red"}.get(process.returncode or 0, "")
    told = verdict or f"pytest ended with {process.returncode}: {output.decode()[-300:]}"
    return Result(name, told, time.monotonic() - begun)


def repeated_names() -> list[str]:
    return [name for name, count in Counter(one.name for one in MUTANTS).items() if count > 1]


SECTION = Section("mutants", FIGURE, run)
