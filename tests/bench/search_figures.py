"""`make bench-search`: what search takes, part by part, each in a process of its own.

    python -m tests.bench.search_figures --folder DIR --pages FOLDER
    python -m tests.bench.search_figures --only searching growing

`--folder` keeps the articles of `searching` for the next run. The peer takes part when its Python
and its model are named: how to make them stands in `peer_langchain.py`.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.bench.__main__ import describe_machine

PARTS = ("ingesting", "searching", "sharding", "growing", "beside_langchain")


def main() -> None:
    arguments = _arguments()
    print(describe_machine(), flush=True)
    for part in arguments.only:
        print(f"\n# {part}", flush=True)
        wanted = _options(part, arguments)
        if wanted is None:
            print("not run: name --peer-python, --peer-model, --stackfaq and --folder")
            continue
        subprocess.run([sys.executable, "-m", f"tests.bench.{part}", *wanted], check=True)


def _options(part: str, arguments: argparse.Namespace) -> list[str] | None:
    """None when the part lacks something that it needs."""
    takes = {
        "ingesting": ("pages",),
        "searching": ("folder",),
        "sharding": (),
        "growing": (),
        "beside_langchain": ("folder", "stackfaq", "peer_python", "peer_model"),
    }[part]
    given = {name: value for name in takes if (value := getattr(arguments, name))}
    if part == "beside_langchain" and len(given) < len(takes):
        return None
    options = [[f"--{name.replace('_', '-')}", str(value)] for name, value in given.items()]
    return [one for option in options for one in option]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--pages", type=Path, help="a folder with 18f-handbook and gnome-help")
    parser.add_argument("--stackfaq", type=Path, help="a file of threads with paraphrases")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--peer-python")
    parser.add_argument("--peer-model")
    return parser.parse_args()


if __name__ == "__main__":
    main()
