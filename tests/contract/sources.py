"""The services' own source files, for lints that read code."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from services.mesh.settings import REPOSITORY


def source_files(root: Path = REPOSITORY) -> Iterator[tuple[str, ast.Module]]:
    """Each file below `services/` by its path from the root, parsed."""
    for file in sorted((root / "services").rglob("*.py")):
        yield file.relative_to(root).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def planted(root: Path, path: str, code: str) -> Path:
    """A root that holds this one file, which a lint must find fault with."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code, encoding="utf-8")
    return root


def is_among(path: str, patterns: Iterator[str] | dict[str, str]) -> bool:
    return any(fnmatch(path, pattern) for pattern in patterns)


def name_of(node: ast.expr) -> str:
    """`session.execute` of that very expression; its last parts where it begins with a call."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""
