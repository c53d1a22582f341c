"""A TenantId comes out of a verified token or out of what is stored, and from nowhere else."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from services.mesh.settings import REPOSITORY
from tests.contract.sources import is_among, name_of, planted, source_files

MAY_MAKE_ONE = {
    "services/mesh/tokens.py": "reads the verified token",
    "services/auth/id_tokens.py": "reads the verified token by which somebody logs out",
    "services/mesh/database.py": "gives back the one that the transaction was opened with",
    "services/mesh/revocations.py": "reads the policy that auth streams",
    "services/mesh/audit/ledger.py": "has a chain for what belongs to nobody",
    "services/*/store/*.py": "reads rows",
    "services/search/payload.py": "reads points of the index",
    "services/auth/use_cases/platform.py": "makes the platform's tenant",
    "services/auth/use_cases/tenants.py": "makes tenants",
    "services/auth/servicer/tenant.py": "serves operators, to whom tenants are resources",
    "services/ticket/attachments/folder.py": "reads the names of folders that it made of tenants",
    "services/ticket/servicer/mail_addresses.py": "serves operators, who give addresses to tenants",
    "services/ticket/engines/temporal/engine.py": "opens what it sealed, and asks who asks for it",
    "services/auth/servicer/purge.py": "hears from services which tenant they have purged",
}


def makers(root: Path = REPOSITORY) -> Iterator[tuple[str, int]]:
    """File and line of everything that could turn a text into a TenantId."""
    for path, module in source_files(root):
        for node in ast.walk(module):
            if makes_one(node):
                yield path, node.lineno  # type: ignore[attr-defined]


def makes_one(node: ast.AST) -> bool:
    match node:
        case ast.Call():
            handed_on = [*node.args, *(keyword.value for keyword in node.keywords)]
            return is_the_type(node.func) or any(map(is_the_type, handed_on)) or is_cast(node)
        case ast.ImportFrom():
            return any(name.name == "TenantId" and name.asname for name in node.names)
        case ast.Assign() | ast.NamedExpr():
            return is_the_type(node.value)
    return False


def is_the_type(node: ast.expr) -> bool:
    return name_of(node).split(".")[-1] == "TenantId"


def is_cast(call: ast.Call) -> bool:
    return (
        name_of(call.func).split(".")[-1] == "cast"
        and bool(call.args)
        and "TenantId" in ast.unparse(call.args[0])
    )


def test_nobody_else_makes_one() -> None:
    assert [found for found in makers() if not is_among(found[0], MAY_MAKE_ONE)] == []


def test_whoever_may_make_one_does() -> None:
    """An exception that nobody needs any more is a hole."""
    made = [path for path, _ in makers()]

    assert [rule for rule in MAY_MAKE_ONE if not any(fnmatch(path, rule) for path in made)] == []


@pytest.mark.parametrize(
    "code",
    [
        "tenant = TenantId(request.tenant)",
        "tenant = caller.TenantId(request.tenant)",
        "tenant = cast(TenantId, request.tenant)",
        "tenant = cast('TenantId', request.tenant)",
        "tenant = typing.cast('TenantId | None', request.tenant)",
        "tenants = map(TenantId, request.tenants)",
        "tenants = convert(request.tenants, to=TenantId)",
        "from services.mesh.caller import TenantId as Text",
        "make = TenantId",
        "(make := TenantId)(request.tenant)",
    ],
)
def test_a_planted_one_is_found(tmp_path: Path, code: str) -> None:
    root = planted(tmp_path, "services/ticket/servicer.py", code)

    assert {path for path, _ in makers(root)} == {"services/ticket/servicer.py"}


def test_naming_the_type_is_not_making_one(tmp_path: Path) -> None:
    code = (
        "from services.mesh.caller import TenantId\n"
        "def find(tenant_id: TenantId, known: dict[TenantId, str]) -> TenantId | None:\n"
        "    found: TenantId | None = known.get(tenant_id)\n"
        "    return found\n"
    )

    assert list(makers(planted(tmp_path, "services/ticket/ports/tickets.py", code))) == []
