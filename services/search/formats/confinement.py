"""What a converter cannot do from the moment on that it sees foreign bytes."""

import os
import resource
import sys

from services.search.formats.limits import Limits
from services.search.formats.system_calls import refuse_reaching_out

_POLITE = 10
_FEW_FILES = 32
# Fonts and tables of the libraries are read late; nothing is ever written, called or asked.
_REFUSED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def confine(limits: Limits) -> None:
    """Cannot be undone within the process."""
    os.nice(_POLITE)
    if sys.platform != "darwin":
        # There the kernel does not know this limit.
        _limit(resource.RLIMIT_AS, limits.memory_bytes)
    # Of the one file that it may write to, the answer.
    _limit(resource.RLIMIT_FSIZE, limits.output_bytes)
    _limit(resource.RLIMIT_NOFILE, _FEW_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    # What loading the libraries has cost is not the file's.
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + limits.processor_seconds)
    sys.addaudithook(_refuse)
    refuse_reaching_out()


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    # The kernel tells a process of spent time before it kills it, if there is a second between.
    ceiling = most + 1 if what == resource.RLIMIT_CPU else most
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    resource.setrlimit(what, (most, ceiling))


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith((*_REFUSED_EVENTS, *_CHANGES)):
        raise PermissionError(f"a converter may not: {event}")
    if event == "open" and _is_writing(arguments):
        raise PermissionError("a converter may not write")


def _is_writing(arguments: tuple[object, ...]) -> bool:
    _, mode, flags = (*arguments, None, None, None)[:3]
    asked = isinstance(mode, str) and any(sign in mode for sign in "wax+")
    return asked or (isinstance(flags, int) and bool(flags & _WRITING))
