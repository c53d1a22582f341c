"""One running process: on a leash, in its own process group, its output read by the line."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil

from services.cli.supervisor.processes import Process

MARK = "HELPDESK_SUPERVISOR_RUN"
_LONGEST_LINE = 64 * 1024

LogLine = Callable[[str, str], None]


@dataclass(frozen=True)
class Output:
    """The reading end of a pipe of our own.

    With asyncio's pipes, waiting for the process would also wait for whoever inherited its output.
    """

    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport

    @classmethod
    async def open(cls) -> tuple["Output", int]:
        read_end, write_end = os.pipe()
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb")
        )
        return cls(reader, transport), write_end

    def close(self) -> None:
        self.transport.close()


class Child:
    def __init__(
        self, process: Process, running: asyncio.subprocess.Process, output: Output, log: LogLine
    ) -> None:
        self.process = process
        self.pid = running.pid
        self.start_time = start_time(running.pid) or 0.0
        self._running = running
        self._output = output
        self._pump = asyncio.create_task(_pump(output.reader, process.name, log))

    @classmethod
    async def start(
        cls, process: Process, log: LogLine, run_id: str, environment: Mapping[str, str]
    ) -> "Child":
        output, write_end = await Output.open()
        try:
            running = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services.cli.supervisor.leash",
                str(os.getpid()),
                *process.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                # An own session: Ctrl-C in the terminal reaches the supervisor alone, which then
                # stops the processes in order, and a whole group can be killed at once.
                start_new_session=True,
                env={**environment, **process.environment, MARK: run_id, "PYTHONUNBUFFERED": "1"},
            )
        except BaseException:
            output.close()
            raise
        finally:
            os.close(write_end)
        return cls(process, running, output, log)

    async def ended(self) -> int:
        """Waits for the end and returns the exit code; minus the signal's number when killed."""
        exit_code = await self._running.wait()
        # What the process started itself, such as Envoy, would keep its ports.
        self._signal_group(signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._pump), 1.0)
        self._pump.cancel()
        self._output.close()
        return exit_code

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._running.terminate()

    def kill(self) -> None:
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def start_time(pid: int) -> float | None:
    """When the process started; with the pid it names a process for ever. None if there is none."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


async def _pump(reader: asyncio.StreamReader, name: str, log: LogLine) -> None:
    rest = b""
    while chunk := await reader.read(_LONGEST_LINE):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) >= _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        for line in lines:
            log(name, line.decode(errors="replace").rstrip("\r"))
    if rest:
        log(name, rest.decode(errors="replace"))
