"""Whether a person wrote a mail. A machine that answers a machine would never stop (RFC 3834)."""

from collections.abc import Callable

# On what we send, so that we know it again when it comes back.
OWN_HEADER, OWN_VALUE = "X-Loop", "helpdesk"
# On what nobody has written: other machines shall not answer it.
SUBMITTED_HEADER, REPLIED_VALUE = "Auto-Submitted", "auto-replied"

_ROBOTS = ("mailer-daemon@", "postmaster@")
_PRECEDENCES = {"bulk", "junk", "list", "auto_reply"}
_OF_LISTS = ("List-Id", "List-Unsubscribe", "List-Post")


def is_automatic(header: Callable[[str], str]) -> bool:
    submitted = header(SUBMITTED_HEADER).split(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or header("Precedence").strip().lower() in _PRECEDENCES
        or header("Return-Path").strip() == "<>"
        or header(OWN_HEADER).strip().lower() == OWN_VALUE
        or any(header(name) for name in _OF_LISTS)
        or any(robot in header("From").lower() for robot in _ROBOTS)
    )
