"""Memory of every process of an installation."""

from pathlib import Path

import psutil

from tests.support.installation import Installation

BUDGET_MEGABYTES = 900


def report(mesh: Installation) -> list[str]:
    processes = mesh.processes()
    supervisor = psutil.Process(processes[0]["pid"]).ppid()
    sizes = {each["name"]: of_tree(each["pid"]) for each in processes}
    sizes["supervisor"] = kilobytes(supervisor)
    lines = [
        f"memory of {name:<36} {pss / 1024:>7.0f} MB proportional  {rss / 1024:>6.0f} MB resident"
        for name, (pss, rss) in sizes.items()
    ]
    total = [sum(size[index] for size in sizes.values()) / 1024 for index in (0, 1)]
    lines.append(
        f"memory of all processes (budget {BUDGET_MEGABYTES} MB)         "
        f"{total[0]:>7.0f} MB proportional  {total[1]:>6.0f} MB resident"
    )
    return lines


def of_tree(pid: int) -> tuple[int, int]:
    """A process and all that it has started."""
    tree = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    sizes = [kilobytes(each) for each in tree]
    return sum(size[0] for size in sizes), sum(size[1] for size in sizes)


def kilobytes(pid: int) -> tuple[int, int]:
    """Proportional and resident set size of a process in kB, as Linux counts them."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("Pss", "Rss"):
            found[name] = int(value.split()[0])
    return found["Pss"], found["Rss"]
