"""Errors as people should read them: one sentence, one hint to paste, an exit code."""

import json
from dataclasses import dataclass

from services.cli.output import Format, chosen_format, say, without_controls

OK, ERROR, CANCELLED, AUTHENTICATION = 0, 1, 2, 4


@dataclass
class CommandError(Exception):
    """Ends a command. `code` is stable, for programs; `hint` is a command or what to do."""

    message: str
    hint: str = ""
    code: str = "ERROR"
    exit_code: int = ERROR

    def __str__(self) -> str:
        return self.message


def report(error: CommandError) -> None:
    if chosen_format() is Format.JSON:
        body = {"code": error.code, "message": error.message, "hint": error.hint}
        say(json.dumps(body, ensure_ascii=False))
        return
    say(f"error: {without_controls(error.message)}", style="red")
    if error.hint:
        say(f"hint: {without_controls(error.hint)}")


def cancelled() -> CommandError:
    return CommandError("cancelled", code="CANCELLED", exit_code=CANCELLED)
