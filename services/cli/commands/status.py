"""`helpdesk status`."""

import asyncio
import time

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from services.cli.options import OutputOption
from services.cli.output import Format, say, show, write_json
from services.cli.supervisor.child import start_time
from services.cli.supervisor.health import Prober, mesh_prober
from services.cli.supervisor.processes import Process, mesh_processes
from services.cli.supervisor.state import ProcessState, RunState, StateFile
from services.mesh.settings import MeshSettings, read_settings

SERVING, NOT_SERVING, STOPPED = "serving", "not serving", "stopped"
_COLOURS = {SERVING: "green", NOT_SERVING: "yellow", STOPPED: "red"}


def status(output: OutputOption = Format.TEXT) -> None:
    """Show each process and whether it serves; exit code 0 when all do."""
    settings = read_settings(MeshSettings)
    processes = mesh_processes(settings)
    state = StateFile(settings.data).read()
    known = {process.name: process for process in state.processes} if state else {}
    health = asyncio.run(ask_all(processes, known, mesh_prober(settings)))
    rows = [_row(process, known.get(process.name), health[process.name]) for process in processes]
    all_serve = all(word == SERVING for word in health.values())
    if output is Format.JSON:
        write_json({"serving": all_serve, "phase": _phase(state), "processes": rows})
    else:
        show(_table(rows))
        if state is None:
            say("nothing runs on this data folder; helpdesk up --detach")
    if not all_serve:
        raise typer.Exit(1)


async def ask_all(
    processes: tuple[Process, ...], known: dict[str, ProcessState], prober: Prober
) -> dict[str, str]:
    words = await asyncio.gather(
        *(_ask(process, known.get(process.name), prober) for process in processes)
    )
    return {process.name: word for process, word in zip(processes, words, strict=True)}


async def _ask(process: Process, known: ProcessState | None, prober: Prober) -> str:
    if known is None or not known.pid or start_time(known.pid) is None:
        return STOPPED
    probe = prober(process.health)
    try:
        return SERVING if await probe.is_serving() else NOT_SERVING
    finally:
        await probe.close()


def _row(process: Process, known: ProcessState | None, health: str) -> dict[str, object]:
    is_alive = known is not None and health != STOPPED
    return {
        "name": process.name,
        "pid": known.pid if known and is_alive else None,
        "address": process.address,
        "metrics": process.metrics or None,
        "health": health,
        "restarts": known.restarts if known else 0,
        "uptimeSeconds": round(time.time() - known.start_time) if known and is_alive else None,
    }


def _phase(state: RunState | None) -> str:
    return state.phase.value if state else "stopped"


def _table(rows: list[dict[str, object]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Process", "Pid", "Address", "Health", "Restarts", "Up", "Metrics"):
        table.add_column(column, justify="right" if column in ("Pid", "Restarts", "Up") else "left")
    for row in rows:
        health, uptime = str(row["health"]), row["uptimeSeconds"]
        table.add_row(
            str(row["name"]),
            str(row["pid"] or "-"),
            str(row["address"]),
            Text(health, style=_COLOURS[health]),
            str(row["restarts"]),
            f"{uptime} s" if uptime is not None else "-",
            str(row["metrics"] or "-"),
        )
    return table
