"""Runs Envoy and, on SIGTERM, lets it finish its calls: Envoy by itself drops them all at once.

Stays for as long as Envoy does, so it imports next to nothing.
"""

import ctypes
import http.client
import signal
import subprocess
import sys
import time
from types import FrameType

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.05


class Keeper:
    def __init__(self, admin_port: int, grace_seconds: float) -> None:
        self._admin_port = admin_port
        self._grace_seconds = grace_seconds
        self._is_stopping = False

    def run(self, command: list[str]) -> int:
        """Returns what the process is to exit with."""
        # A process group of its own keeps the terminal's Ctrl-C away from Envoy.
        self._envoy = subprocess.Popen(command, preexec_fn=_end_with_parent, process_group=0)  # noqa: S603, PLW1509
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        status = self._envoy.wait()
        return 0 if self._is_stopping else abs(status) or 1

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """The second signal ends the patience with the calls under way."""
        if not self._is_stopping:
            self._is_stopping = True
            self._drain()
        self._envoy.terminate()

    def _drain(self) -> None:
        end = time.monotonic() + self._grace_seconds
        try:
            self._ask("POST", "/healthcheck/fail")
            self._ask("POST", "/drain_listeners")
            while self._has_calls() and time.monotonic() < end:
                time.sleep(_POLL_SECONDS)
        except (OSError, http.client.HTTPException):
            return  # Envoy is not up yet, or is gone: there is nothing to wait for

    def _has_calls(self) -> bool:
        counters = self._ask("GET", "/stats?filter=http.edge.downstream_rq_active")
        return not counters.strip().endswith(b": 0")

    def _ask(self, verb: str, path: str) -> bytes:
        admin = http.client.HTTPConnection("127.0.0.1", self._admin_port, timeout=1)
        try:
            admin.request(verb, path)
            return admin.getresponse().read()
        finally:
            admin.close()


def _end_with_parent() -> None:
    """Whoever kills this process outright must not leave Envoy behind on the ports."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(Keeper(int(sys.argv[1]), float(sys.argv[2])).run(sys.argv[3:]))
