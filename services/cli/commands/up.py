"""`helpdesk up`."""

import asyncio
import os
import time
from typing import Annotated

import typer

from services.cli.background import run_in_background, wait_until_ready
from services.cli.failures import CommandError, cancelled
from services.cli.options import OutputOption
from services.cli.output import Format, say, write_json
from services.cli.preflight.checks import Finding, check_all, check_folder
from services.cli.preflight.machine import ThisMachine
from services.cli.profiles import ProfileFile
from services.cli.running import Cancelled, Screen, run_mesh
from services.cli.screens.run import RunScreen
from services.cli.screens.summary import show_summary, summary_fields
from services.cli.supervisor.bytecode import keep_bytecode
from services.cli.supervisor.health import mesh_prober
from services.cli.supervisor.orphans import end_orphans
from services.cli.supervisor.processes import mesh_processes
from services.cli.supervisor.state import Phase, StateFile
from services.mesh.certificates import ensure_certificates
from services.mesh.settings import MeshSettings, read_settings

_STOPPING_SECONDS = 15.0


def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Run in the background; return when ready.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", envvar="HELPDESK_DEMO", help="Make demo tenants.")
    ] = True,
    output: OutputOption = Format.TEXT,
) -> None:
    """Start everything and keep it running until Ctrl-C.

    What dies is started again. On the first start two demo tenants are made.
    """
    settings = read_settings(MeshSettings)
    _demand([check_folder(settings.data, ThisMachine())])
    state_file, profiles = StateFile(settings.data), ProfileFile(settings.data)
    _wait_while_stopping(state_file)
    with state_file.lock() as is_free:
        if is_free:
            _clear_the_way(settings, state_file)
            if not detach:
                _run(settings, RunScreen(mesh_processes(settings), profiles), with_demo=demo)
                return
    if not is_free:
        say("already running")
        wait_until_ready(state_file)
    else:
        run_in_background(
            settings.data / "logs",
            lambda: _run_locked(settings, state_file, with_demo=demo),
            state_file,
        )
    state = state_file.read()
    if state is not None and output is Format.JSON:
        write_json(summary_fields(state, profiles.read()))
    elif state is not None:
        show_summary(state, profiles.read(), "running")


def _run_locked(settings: MeshSettings, state_file: StateFile, *, with_demo: bool) -> None:
    with state_file.lock() as is_free:
        if not is_free:
            raise CommandError("Another start was faster.", hint="helpdesk status")
        _run(settings, Screen(), with_demo=with_demo)


def _clear_the_way(settings: MeshSettings, state_file: StateFile) -> None:
    leftover = state_file.read()
    if leftover is not None:
        for name in end_orphans(leftover):
            say(f"ended {name}, left over from a run that was killed", style="yellow")
        state_file.remove()
    _demand(check_all(settings, mesh_processes(settings), ThisMachine()))


def _run(settings: MeshSettings, screen: Screen, *, with_demo: bool) -> None:
    processes = mesh_processes(settings)
    _prepare(settings)
    # Given to the processes: they must mean the same folder wherever they are started.
    os.environ["HELPDESK_DATA"] = str(settings.data.absolute())
    keep_bytecode(settings.data / "bytecode")
    if isinstance(screen, RunScreen):
        os.environ.setdefault("HELPDESK_LOG_FORMAT", "text")
    try:
        asyncio.run(
            run_mesh(settings, processes, mesh_prober(settings), screen, with_demo=with_demo)
        )
    except Cancelled:
        raise cancelled() from None
    finally:
        screen.close()


def _prepare(settings: MeshSettings) -> None:
    try:
        ensure_certificates(settings.certificates_folder)
    except OSError as error:
        raise CommandError(
            f"The certificates cannot be written: {error.strerror}.",
            hint="give the data folder space, or name another one: HELPDESK_DATA=/path",
            code="DATA_FOLDER",
        ) from None


def _demand(findings: list[Finding]) -> None:
    bad = [finding for finding in findings if not finding.is_good]
    if bad:
        for finding in bad[:-1]:
            say(f"error: {finding.text}; {finding.remedy}", style="red")
        raise CommandError(bad[-1].text, hint=bad[-1].remedy, code="PREFLIGHT")


def _wait_while_stopping(state_file: StateFile) -> None:
    deadline = time.monotonic() + _STOPPING_SECONDS
    while state_file.is_locked() and time.monotonic() < deadline:
        state = state_file.read()
        if state is None or state.phase not in (Phase.STOPPING, Phase.FAILED):
            return
        time.sleep(0.1)
