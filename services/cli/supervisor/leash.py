"""Runs a Python program that must not outlive its supervisor: `leash PARENT_PID -m MODULE`.

The kernel ends the program when the supervisor is killed, whatever the program is doing and also
after it has become another program. Where the kernel cannot do that (it is Linux's), a supervisor
that starts later finds the left-over process by its pid and ends it.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    supervisor, form, target, *rest = arguments
    tie_to(int(supervisor))
    sys.argv = [target, *rest]
    if form == "-m":
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    elif form == "-c":
        sys.argv[0] = "-c"
        exec(compile(target, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    else:
        raise SystemExit(f"leash: neither -m nor -c: {form}")


def tie_to(supervisor: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # The supervisor may have died before the line above took effect; then nobody will tell us.
    if os.getppid() != supervisor:
        raise SystemExit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
