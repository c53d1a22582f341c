"""Compiled Python files, without which every start of every process compiles a thousand files."""

import os
from importlib.util import cache_from_source
from pathlib import Path

import rich

_FORBIDDEN = "PYTHONDONTWRITEBYTECODE"
_FOLDER = "PYTHONPYCACHEPREFIX"


def keep_bytecode(folder: Path) -> None:
    """Where the environment forbids to write them beside the sources, keeps them in the folder.

    An installer usually has compiled the packages; then there is nothing to do.
    """
    is_compiled = Path(cache_from_source(rich.__file__)).exists()
    if os.environ.get(_FORBIDDEN) and _FOLDER not in os.environ and not is_compiled:
        del os.environ[_FORBIDDEN]
        os.environ[_FOLDER] = str(folder.absolute())
