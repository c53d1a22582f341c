"""What is asked for in a terminal, or read from standard input where there is none."""

import sys

import typer

from services.cli.failures import CommandError


def ask_secret(what: str, hint: str, *, is_new: bool = False) -> str:
    """`hint` is the command for whoever has no terminal."""
    if not sys.stdin.isatty():
        raise CommandError(
            f"{what} is missing and there is no terminal to ask on.",
            hint=hint,
            code="INPUT_MISSING",
        )
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=is_new, err=True))


def next_line() -> str:
    return sys.stdin.readline().rstrip("\r\n")
