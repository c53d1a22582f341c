"""The terminal of `helpdesk up`: log lines, the seeding's bar, and the summary at the end."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from services.cli.output import talk_console
from services.cli.profiles import ProfileFile
from services.cli.running import Screen
from services.cli.screens.summary import show_summary
from services.cli.supervisor.logs import SUPERVISOR, prefixed
from services.cli.supervisor.processes import Process
from services.cli.supervisor.state import RunState


class RunScreen(Screen):
    def __init__(self, processes: Sequence[Process], profiles: ProfileFile) -> None:
        self._console = talk_console()
        self._write = prefixed(self._console, processes)
        self._profiles = profiles
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def line(self, name: str, text: str) -> None:
        self._write(name, text)

    def progress(self, what: str, done: int, total: int) -> None:
        if not self._console.is_terminal:
            if done in (0, total):
                self._write(SUPERVISOR, f"demo: {what} {done}/{total}")
            return
        if self._bar is None or self._task is None:
            self._bar = _bar(self._console)
            self._task = self._bar.add_task(what, total=total)
            self._bar.start()
        self._bar.update(self._task, description=what, completed=done, total=total)

    def ready(self, state: RunState, seconds: float) -> None:
        self.close()
        show_summary(state, self._profiles.read(), f"ready in {seconds:.1f} s")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("demo"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    )
