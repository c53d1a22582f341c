"""The program `helpdesk`: exit code 0 is success, 1 an error, 2 cancelled, 4 not logged in."""

import sys

from services.cli.app import application
from services.cli.failures import CANCELLED, ERROR, CommandError, cancelled, report

_TYPER_USAGE_ERROR = 2
_TYPER_INTERRUPTED = 130


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    try:
        application(words)(args=words, prog_name="helpdesk")
    except CommandError as error:
        report(error)
        return error.exit_code
    except OSError as error:
        report(CommandError(_words(error), hint="helpdesk doctor", code="SYSTEM"))
        return ERROR
    except KeyboardInterrupt:
        report(cancelled())
        return CANCELLED
    except SystemExit as end:
        if end.code == _TYPER_INTERRUPTED:
            report(cancelled())
            return CANCELLED
        # Two means cancelled here; a word that the command does not know is an error.
        return ERROR if end.code == _TYPER_USAGE_ERROR else _as_code(end.code)
    return 0


def _words(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}" if error.filename else what


def _as_code(code: object) -> int:
    return code if isinstance(code, int) else (0 if code is None else ERROR)


if __name__ == "__main__":
    main()
