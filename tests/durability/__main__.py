"""`make durability`: kills under load, and agents at once; exit code 1 when anything was lost.

python -m tests.durability --kills 300      half of them on SQLite, half on PostgreSQL
python -m tests.durability --only agents    fifty agents who edit one ticket
python -m tests.durability --only workflows --workflows 500
                                            tickets from opened to closed, on both engines,
                                            and in process on PostgreSQL, which is killed, too
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from tests.durability import agents, kills, workflows
from tests.durability.controls import without_etags, without_ledger, without_request_ids
from tests.durability.kill_points import STEPS, KillPoint, Place
from tests.support.databases import running_postgresql
from tests.ticket.routing.temporal_server import PROGRAM

PARTS = ("kills", "agents", "workflows")
_WIDTH = 200
Row = tuple[str, str, str, list[str]]


def main(arguments: Sequence[str]) -> int:
    wanted = _parse(arguments)
    # Starting an installation forks, and gRPC would say each time that it does not mind.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    begun = time.monotonic()
    table = Table("What", "Where", "Seen", "Faults")
    is_sound = True
    for what, where, seen, faults in _rows(wanted):
        print("\n".join([f"{what}, {where}: {seen}", *faults[:20]]), flush=True)
        table.add_row(what, where, seen, str(len(faults)))
        is_sound &= not faults
    print(f"\n{time.monotonic() - begun:.0f} s")
    _print(table)
    return 0 if is_sound else 1


def _rows(wanted: argparse.Namespace) -> Iterator[Row]:
    if "kills" in wanted.only:
        yield _kills(wanted.kills // 2, wanted.seed, on_postgresql=False)
        yield _kills(wanted.kills - wanted.kills // 2, wanted.seed, on_postgresql=True)
        yield _control("without request ids", "SQLite", without_request_ids)
    if "agents" in wanted.only:
        yield _agents(wanted.agents, wanted.edits, on_postgresql=False)
        yield _agents(wanted.agents, wanted.edits, on_postgresql=True)
        yield _control("without etags", "SQLite", without_etags)
    if "workflows" in wanted.only:
        yield _workflows(wanted.workflows, on_temporal=False)
        yield _workflows(wanted.workflows, on_temporal=False, on_postgresql=True)
        if PROGRAM is None:
            yield "workflows", "Temporal", "left out: temporal is not on the PATH", []
        else:
            yield _workflows(wanted.workflows, on_temporal=True)
        yield _control("without the ledger", "in process", without_ledger)


def _kills(count: int, seed: int, *, on_postgresql: bool) -> Row:
    with tempfile.TemporaryDirectory(prefix="helpdesk-durability-") as folder:
        outcome = asyncio.run(
            kills.run(Path(folder), count, on_postgresql=on_postgresql, seed=seed, say=_say)
        )
    killed = ", ".join(f"{name} {n}" for name, n in outcome.kills.items())
    written = outcome.written
    seen = (
        f"{len(written.tickets):,} tickets, {len(written.comments):,} comments, "
        f"{len(written.mails):,} mails in; {len(written.comments):,} mails and webhooks out, "
        f"{outcome.sent_twice} of them twice; {written.tried_again:,} tries again, "
        f"longest silence {outcome.longest_silence:.1f} s"
    )
    return f"kill -9: {killed}", outcome.database, seen, outcome.faults


def _agents(count: int, edits: int, *, on_postgresql: bool) -> Row:
    with tempfile.TemporaryDirectory(prefix="helpdesk-agents-") as folder:
        if on_postgresql:
            with running_postgresql() as server:
                working = agents.run(server.create(), Path(folder), agents=count, edits=edits)
                outcome = asyncio.run(working)
        else:
            address = f"sqlite:///{Path(folder) / 'ticket.db'}"
            outcome = asyncio.run(agents.run(address, Path(folder), agents=count, edits=edits))
    told = outcome.told
    refused = ", ".join(f"{name} {n:,}" for name, n in sorted(told.refusals.items()))
    seen = f"{told.deeds.total():,} accepted, refused: {refused or 'none'}"
    where = "PostgreSQL" if on_postgresql else "SQLite"
    return f"{count} agents on one ticket", where, seen, outcome.faults


def _workflows(count: int, *, on_temporal: bool, on_postgresql: bool = False) -> Row:
    with tempfile.TemporaryDirectory(prefix="helpdesk-workflows-") as folder:
        running = workflows.run(
            Path(folder), count, on_temporal=on_temporal, on_postgresql=on_postgresql, say=_say
        )
        outcome = asyncio.run(running)
    _print(_where(outcome.engine, outcome.kills))
    points = len({point for point, _ in outcome.kills})
    seen = (
        f"{outcome.closed:,} of {count:,} closed, {outcome.once:,} with each effect once; "
        f"{outcome.kills.total():,} kills at {points} points, {outcome.server_kills} of a "
        f"server; {outcome.failures} ended by themselves; {outcome.seconds:.0f} s"
    )
    return f"{count:,} workflows", outcome.engine, seen, outcome.faults


def _where(engine: str, struck: Counter[Place]) -> Table:
    """Kill points down, steps across."""
    table = Table(f"kill -9, {engine}", *(step.lower().replace("_", " ") for step in STEPS), "all")
    for point in KillPoint:
        counts = [struck[point, step] for step in STEPS]
        table.add_row(point.value, *(str(n or "") for n in counts), str(sum(counts)))
    return table


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)


def _control(what: str, where: str, show: Callable[[Path], list[str]]) -> Row:
    """A run without one of the defences must find faults."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-control-") as folder:
        found = show(Path(folder))
    missed = [] if found else ["the control found nothing"]
    return f"control: {what}", where, f"{len(found)} faults, as it must", missed


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.durability",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--agents", type=int, default=agents.AGENTS)
    parser.add_argument("--edits", type=int, default=4, help="of each agent")
    parser.add_argument("--workflows", type=int, default=workflows.FEW, help="on each engine")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
