"""Logs in as each role and holds what it may do through REST against the matrix in auth_matrix.py.

    python tests/gates/auth_probe.py                      on an installation of its own
    python tests/gates/auth_probe.py --url http://…:8080  on a running one, in two new tenants;
                                                          HELPDESK_OPERATOR_PASSWORD makes them

Forbidden is 403, foreign is 404. Exit code 1 on any wrong cell.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.auth.standard_roles import OPERATOR_EMAIL, PLATFORM_SLUG
from tests.gates.auth_matrix import ACTIONS, ROLES, Action
from tests.gates.auth_people import House, Login, a_password, filled
from tests.support.installation import Installation, fresh_environment


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="a running installation")
    url = parser.parse_args(arguments).url
    if url:
        return show(probe(url, os.environ["HELPDESK_OPERATOR_PASSWORD"]))
    with own_installation() as (own_url, password):
        return show(probe(own_url, password))


@contextmanager
def own_installation() -> Iterator[tuple[str, str]]:
    password = a_password()
    with tempfile.TemporaryDirectory() as folder:
        environment = fresh_environment(Path(folder))
        installation = Installation({**environment, "HELPDESK_OPERATOR_PASSWORD": password})
        started = installation.run("up", "--detach", "--no-demo")
        try:
            if started.returncode != 0:
                raise SystemExit(started.stderr)
            yield installation.url, password
        finally:
            installation.run("down")


@dataclass(frozen=True)
class Cell:
    action: Action
    role: str
    wanted: int
    got: int


def probe(url: str, operator_password: str, actions: Sequence[Action] = ACTIONS) -> list[Cell]:
    with ExitStack() as stack:
        operator = Login(url, PLATFORM_SLUG, OPERATOR_EMAIL, operator_password)
        nobody = Login(url)
        home, abroad = House.build(operator), House.build(operator)
        for each in (operator, nobody, home, abroad):
            stack.callback(each.close)
        clients = {**home.people, "operator": operator, "nobody": nobody}
        return fill_in(actions, clients, home, abroad)


def fill_in(
    actions: Sequence[Action], clients: Mapping[str, Login], home: House, abroad: House
) -> list[Cell]:
    foreign = [one.on_a_foreign_object() for one in actions if one.has_twin and "{" in one.path]
    cells = []
    for action in sorted([*actions, *foreign], key=lambda one: _place(one, actions)):
        for role, wanted in zip(ROLES, action.statuses, strict=True):
            got = attempt(action, clients[role], home, abroad)
            cells.append(Cell(action, role, wanted, got))
    return cells


def attempt(action: Action, client: Login, home: House, abroad: House) -> int:
    made: dict[str, str] = {}

    def fill(match: re.Match[str]) -> str:
        where, _, kind = match[1].rpartition(".")
        house = abroad if where else home
        made[kind] = house.make(kind, action.before)
        return made[kind]

    path = re.sub(r"\{([a-z.]+)\}", fill, action.path)
    body = filled(action.body) if action.verb in ("POST", "PUT", "PATCH") else None
    return client.send(action.verb, path, body).status_code


def show(cells: Sequence[Cell]) -> int:
    table = Table(box=None, pad_edge=False)
    for column in ("Resource", "Action", *ROLES):
        table.add_column(
            column, no_wrap=True, justify="left" if column in ("Resource", "Action") else "right"
        )
    resource = ""
    for first in range(0, len(cells), len(ROLES)):
        row = cells[first : first + len(ROLES)]
        action = row[0].action
        shown = action.resource if action.resource != resource else ""
        if shown and resource:
            table.add_section()
        resource = action.resource
        table.add_row(shown, action.what, *(_mark(cell) for cell in row))
    wrong = [cell for cell in cells if cell.got != cell.wanted]
    console = Console()
    console.print(table)
    for cell in wrong:
        console.print(
            f"wrong: {cell.role}, {cell.action.resource}, {cell.action.what}: "
            f"{cell.got} instead of {cell.wanted}",
            style="red",
        )
    console.print(f"{len(cells)} cells, {len(wrong)} wrong")
    return 1 if wrong or not cells else 0


def _mark(cell: Cell) -> Text:
    if cell.got != cell.wanted:
        return Text(f"{cell.got}, not {cell.wanted}", style="bold red")
    return Text(str(cell.got), style="green" if cell.got == httpx.codes.OK else "dim")


def _place(action: Action, actions: Sequence[Action]) -> int:
    """A twin stands below the action that it is the twin of."""
    name = action.what.removesuffix(", foreign")
    return next(
        place
        for place, one in enumerate(actions)
        if (one.resource, one.what) == (action.resource, name)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
