"""Memory of every process of an installation."""

from pathlib import Path

from tests.support.installation import Installation

BUDGET_MEGABYTES = 900


def report(mesh: Installation) -> list[str]:
    sizes = {each["name"]: kilobytes(each["pid"]) for each in mesh.processes()}
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


def kilobytes(pid: int) -> tuple[int, int]:
    """Proportional and resident set size of a process in kB, as Linux counts them."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("Pss", "Rss"):
            found[name] = int(value.split()[0])
    return found["Pss"], found["Rss"]
