"""Where the processes' lines go: one file for each, and the terminal when somebody watches."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from services.cli.output import without_controls
from services.cli.supervisor.processes import Process

_LARGEST_FILE = 10 * 1024 * 1024
SUPERVISOR = "helpdesk"


class LogFiles:
    """`<data>/logs/<name>.log`; a full file becomes `<name>.log.1` when the next run begins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, TextIO] = {}
        self._is_broken = False

    def file(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def write(self, name: str, line: str) -> None:
        try:
            stream = self._files.get(name) or self._open(name)
            stream.write(f"{line}\n")
        except OSError as error:
            # A full disk must not take the processes down with it.
            if not self._is_broken:
                self._is_broken = True
                sys.stderr.write(f"cannot write {self.file(name)}: {error.strerror}\n")

    def tail(self, name: str, lines: int = 3) -> list[str]:
        try:
            return self.file(name).read_text(errors="replace").splitlines()[-lines:]
        except OSError:
            return []

    def close(self) -> None:
        for stream in self._files.values():
            stream.close()
        self._files.clear()

    def _open(self, name: str) -> TextIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self.file(name)
        if file.exists() and file.stat().st_size > _LARGEST_FILE:
            file.replace(file.with_suffix(".log.1"))
        self._files[name] = file.open("a", buffering=1)
        return self._files[name]


def prefixed(console: Console, processes: Sequence[Process]) -> Callable[[str, str], None]:
    """Prints lines behind the name of the process that wrote them, in its colour."""
    colours = {process.name: process.colour for process in processes}
    width = max(len(name) for name in (*colours, SUPERVISOR))

    def write(name: str, line: str) -> None:
        prefix = Text(f"{name:<{width}} │ ", style=colours.get(name, "bold"))
        console.print(prefix + Text(without_controls(line)), soft_wrap=True)

    return write
