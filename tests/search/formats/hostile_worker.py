"""A converter that does what its file says: hang, die, spend, hoard, flood, call, write."""

import ctypes
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from services.search.formats.confinement import confine
from services.search.formats.converted import Converted
from services.search.formats.limits import MEBIBYTE, Limits
from services.search.formats.worker import answer


def convert(data: bytes, limits: Limits) -> Converted:
    what, _, where = data.decode().partition(" ")
    return Converted(_DEEDS[what](where) or "done")


def _die(_: str) -> None:
    ctypes.string_at(0)


def _spend(_: str) -> None:
    while True:
        pass


def _hoard(mebibytes: str) -> str:
    hoard = [bytearray(MEBIBYTE) for _ in range(int(mebibytes))]
    return f"holds {len(hoard)} MiB"


def _call(port: str) -> None:
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as connection:
        connection.sendall(b"secret")


def _reach(what: str) -> str:
    """Past everything that Python could refuse."""
    library = ctypes.CDLL(None, use_errno=True)
    if what == "kill":
        result = library.kill(os.getppid(), 0)
    elif what == "fork":
        result = library.fork()
        if result == 0:
            os._exit(0)
    else:
        result = library.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    return "reached" if result >= 0 else errno.errorcode[ctypes.get_errno()]


def _write(file: str) -> None:
    Path(file).write_text("secret")


def _nest(_: str) -> None:
    _nest(_)


def _babble(_: str) -> None:
    sys.stdout.buffer.write(b"[1]\nbabble")
    sys.stdout.buffer.flush()
    os._exit(0)


_DEEDS: dict[str, Callable[[str], str | None]] = {
    "nothing": lambda _: None,
    "hang": lambda _: time.sleep(3600),
    "die": _die,
    "exit": lambda _: os._exit(3),
    "spend": _spend,
    "hoard": _hoard,
    "flood": lambda words: "word " * int(words),
    "call": _call,
    "write": _write,
    "reach": _reach,
    "nest": _nest,
    "settings": lambda _: "\n".join(sorted(os.environ)),
    "babble": _babble,
}


def main(*, confined: bool = True) -> None:
    limits = Limits(**json.loads(sys.argv[1])["limits"])
    if confined:
        confine(limits)
    sys.stdout.buffer.write(answer(convert, sys.stdin.buffer.read(), limits))


if __name__ == "__main__":
    main()
