"""What the user sees: data on stdout, everything else on stderr, no colour where nobody looks."""

import json
import os
import re
import sys
from contextvars import ContextVar
from enum import StrEnum

import typer
from rich.console import Console, RenderableType

# Everything that could move the cursor, recolour the terminal or turn the reading direction.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# A pipe has no edge to wrap at.
_PIPE_WIDTH = 10_000


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


_FORMAT: ContextVar[Format] = ContextVar("output_format", default=Format.TEXT)


def choose_format(chosen: Format) -> Format:
    _FORMAT.set(chosen)
    return chosen


def chosen_format() -> Format:
    return _FORMAT.get()


def without_controls(text: str) -> str:
    """Text from elsewhere, made harmless for a terminal; line breaks and tabs stay."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n"))


def write(text: str) -> None:
    """Writes data. Ends the command quietly when the reader has gone, as `head` does."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def show(*renderables: RenderableType, soft_wrap: bool = False) -> None:
    """Writes data made for people: tables, panels, text."""
    console = data_console()
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable, soft_wrap=soft_wrap)
    # Rich fills lines up with spaces.
    write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def write_json(value: object) -> None:
    write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def data_console() -> Console:
    return _console(sys.stdout.isatty(), stderr=False)


def talk_console() -> Console:
    """For progress, hints and errors."""
    return _console(sys.stderr.isatty(), stderr=True)


def say(text: str, style: str = "") -> None:
    talk_console().print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)


def _console(is_terminal: bool, *, stderr: bool) -> Console:
    return Console(
        stderr=stderr,
        highlight=False,
        emoji=False,
        markup=False,
        width=None if is_terminal else _PIPE_WIDTH,
    )
