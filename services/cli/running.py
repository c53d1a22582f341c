"""One run of the mesh: from the supervisor's start over the demo to the ordered end."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.cli.demo.first_start import seed_demo
from services.cli.failures import CommandError
from services.cli.gateway import Address
from services.cli.supervisor.child import LogLine
from services.cli.supervisor.health import Prober
from services.cli.supervisor.logs import SUPERVISOR, LogFiles
from services.cli.supervisor.processes import Process
from services.cli.supervisor.state import Phase, RunState, StateFile
from services.cli.supervisor.supervisor import StartFailed, Supervisor
from services.mesh.certificates import ensure_certificates
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings

_RENEWAL_SECONDS = 3600.0


class Screen:
    """What a run shows while it lasts; this one shows nothing."""

    def line(self, name: str, text: str) -> None: ...

    def progress(self, what: str, done: int, total: int) -> None: ...

    def ready(self, state: RunState, seconds: float) -> None: ...

    def close(self) -> None: ...


class Cancelled(Exception):
    """The run was asked to end before it was ready."""


async def run_mesh(
    settings: MeshSettings,
    processes: Sequence[Process],
    prober: Prober,
    screen: Screen,
    *,
    with_demo: bool,
) -> None:
    """Returns after an ordered stop. Raises CommandError when the mesh cannot run, or Cancelled."""
    logs = LogFiles(settings.data / "logs")
    state_file = StateFile(settings.data)
    supervisor = Supervisor(
        processes,
        prober=prober,
        state_file=state_file,
        log=_both(logs, screen),
        run_id=new_id(),
        addresses=addresses(settings),
        certificate_authority=str((settings.certificates_folder / "ca.pem").absolute()),
    )
    error = ""
    try:
        with _stopping_on_signals(supervisor):
            await _live(supervisor, settings, screen, with_demo=with_demo)
    except StartFailed as failure:
        error = failure.message
        lines = logs.tail(failure.process) if failure.process else []
        raise CommandError(
            "\n".join([f"The start failed: {error}.", *lines]),
            hint=f"the whole log is {logs.file(failure.process or SUPERVISOR)}",
            code="START_FAILED",
        ) from None
    except CommandError as failure:
        error = failure.message
        raise
    finally:
        await supervisor.stop()
        if error:
            supervisor.tell(phase=Phase.FAILED, error=error)
        else:
            state_file.remove()
        logs.close()


def addresses(settings: MeshSettings) -> dict[str, str]:
    plain = f"http://127.0.0.1:{settings.http_port}"
    return {
        "http": plain,
        "https": f"https://127.0.0.1:{settings.https_port}",
        "docs": f"{plain}/docs",
        "health": f"{plain}/readyz",
    }


async def _live(
    supervisor: Supervisor, settings: MeshSettings, screen: Screen, *, with_demo: bool
) -> None:
    seconds = await supervisor.start()
    if supervisor.stopping.is_set():
        raise Cancelled
    if with_demo:
        supervisor.tell(phase=Phase.SEEDING)
        await _seed(supervisor, settings, screen)
    supervisor.tell(phase=Phase.READY, progress="")
    screen.ready(supervisor.state, seconds)
    renewal = asyncio.create_task(_renew_certificates(settings))
    try:
        await supervisor.watch()
    finally:
        renewal.cancel()


async def _seed(supervisor: Supervisor, settings: MeshSettings, screen: Screen) -> None:
    loop = asyncio.get_running_loop()

    def tell(what: str, done: int, total: int) -> None:
        if supervisor.stopping.is_set():
            raise Cancelled
        loop.call_soon_threadsafe(screen.progress, what, done, total)
        loop.call_soon_threadsafe(lambda: supervisor.tell(progress=f"{what} {done}/{total}"))

    address = Address(
        supervisor.state.addresses["https"], Path(supervisor.state.certificate_authority)
    )
    await asyncio.to_thread(seed_demo, settings, address, tell)


async def _renew_certificates(settings: MeshSettings) -> None:
    while True:
        await asyncio.sleep(_RENEWAL_SECONDS)
        # A full disk today must not end the mesh; there are hours left to try again.
        with contextlib.suppress(OSError):
            await asyncio.to_thread(ensure_certificates, settings.certificates_folder)


def _both(logs: LogFiles, screen: Screen) -> LogLine:
    def log(name: str, line: str) -> None:
        logs.write(name, line)
        screen.line(name, line)

    return log


@contextmanager
def _stopping_on_signals(supervisor: Supervisor) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` asks for
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, supervisor.stopping.set)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
