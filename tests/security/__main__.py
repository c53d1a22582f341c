"""Runs the proof section by section and prints every figure; exit code 1 when one is missed.

python -m tests.security                          everything, at full scale
python -m tests.security --only tokens names      two sections
python -m tests.security --scale short --seed 7   a quick look, with another seed
"""

import argparse
import asyncio
import os
import sys
import time
import traceback
from collections.abc import Sequence

from rich.console import Console

from tests.security.report import Ran, lines_of, machine, show_table
from tests.security.section import Control, Outcome, Scale, Section
from tests.security.sections import SECTIONS

DEFAULT_SEED = 20261125


def main(arguments: Sequence[str], sections: Sequence[Section] = SECTIONS) -> int:
    wanted = _parse(arguments, [section.name for section in sections])
    scale, seed = Scale(wanted.scale), wanted.seed
    chosen = [section for section in sections if section.name in wanted.only]
    begun = time.monotonic()
    # Starting an installation forks, and gRPC would say each time that it does not mind.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    print("\n".join(machine()))
    all_ran = [run(section, scale, seed) for section in chosen]
    print(f"\n# {len(all_ran)} sections in {time.monotonic() - begun:.0f} s, scale {scale}\n")
    show_table(Console(width=None if sys.stdout.isatty() else 200), all_ran)
    return 1 if not all_ran or any(ran.misses for ran in all_ran) else 0


def run(section: Section, scale: Scale, seed: int) -> Ran:
    print(f"\n# {section.name}: {section.figure.what}, {section.figure.wanted}", flush=True)
    begun = time.monotonic()
    try:
        outcome = asyncio.run(_outcome(section, scale, seed))
    except Exception as error:  # noqa: BLE001  the other sections are still worth running
        traceback.print_exc()
        broken = Control("anything, for the section broke", caught=False)
        outcome = Outcome(0, [f"{type(error).__name__}: {error}"], broken)
    ran = Ran(section, scale, seed, time.monotonic() - begun, outcome)
    print("\n".join(lines_of(ran)), flush=True)
    return ran


async def _outcome(section: Section, scale: Scale, seed: int) -> Outcome:
    return await section.run(scale, seed)


def _parse(arguments: Sequence[str], names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.security",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="SECTION")
    parser.add_argument("--scale", choices=[*Scale], default=Scale.FULL)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
