"""SQL is written with SQLAlchemy's expressions, in stores, tables and the mesh's database modules.

Nobody can look into a text, so no text is SQL; and who has no SQLAlchemy has no way past a store.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.mesh.settings import REPOSITORY
from tests.contract.sources import is_among, name_of, planted, source_files

SPEAKS_SQL = {
    "services/*/store.py": "keeps rows",
    "services/*/store/*.py": "keeps rows",
    "services/*/rows.py": "reads rows",
    "services/*/*tables.py": "names tables",
    "services/*/tables/*.py": "names tables",
    "services/*/migrations/*": "makes tables",
    "services/mesh/audit/*.py": "keeps the audit chain",
    "services/mesh/call_transaction.py": "names the type of a session",
    "services/mesh/columns.py": "is what all tables share",
    "services/mesh/database.py": "opens transactions",
    "services/mesh/engines.py": "opens engines",
    "services/mesh/idempotency.py": "keeps replies",
    "services/mesh/migrate.py": "migrates",
    "services/mesh/postgresql/*.py": "asks PostgreSQL about itself",
    "services/mesh/prepared.py": "makes the texts of statements",
    "services/mesh/purge.py": "empties tables",
    "services/mesh/session.py": "sends statements",
    "services/mesh/sqlite.py": "is a driver",
    "services/mesh/sqlite_statistics.py": "has SQLite look at its own tables",
    "services/mesh/storage_errors.py": "knows the errors of drivers",
    "services/mesh/tenant_conditions.py": "looks into statements",
    "services/mesh/tenant_guard.py": "looks into statements",
}
WRITES_TEXT = {
    "services/auth/tables.py": "the condition of a partial index",
    "services/*/migrations/*": "migrations are run by the owner, and no tenant",
    "services/mesh/audit/tables.py": "makes triggers, from migrations",
    "services/mesh/row_security.py": "makes policies, from migrations",
    "services/mesh/engines.py": "begins transactions and sets pragmas",
    "services/mesh/migrate.py": "migrates as the owner",
    "services/mesh/postgresql/*.py": "asks PostgreSQL about itself",
    "services/mesh/sqlite.py": "is a driver",
    "services/mesh/sqlite_statistics.py": "has SQLite look at its own tables, of no tenant",
    "services/mesh/tenant_conditions.py": "knows a text when it sees one, and refuses it",
}
DATABASES = ("sqlalchemy", "sqlite3", "aiosqlite", "psycopg")
TEXTUAL = {"text", "exec_driver_sql", "literal_column", "TextClause", "DDL"}
EXECUTES = {"execute", "executemany", "executescript", "scalar", "scalars"}
STATEMENT = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|PRAGMA\s|BEGIN\b)",
    re.DOTALL,
)


def who_speaks_sql(root: Path = REPOSITORY) -> Iterator[str]:
    for path, module in source_files(root):
        if any(imports_a_database(node) for node in ast.walk(module)):
            yield path


def imports_a_database(node: ast.AST) -> bool:
    match node:
        case ast.Import():
            names = [alias.name for alias in node.names]
        case ast.ImportFrom():
            names = [node.module or ""]
        case ast.Call() if name_of(node.func).split(".")[-1] in {"import_module", "__import__"}:
            names = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
        case _:
            return False
    return any(name.split(".")[0] in DATABASES for name in names)


def who_writes_text(root: Path = REPOSITORY) -> Iterator[str]:
    for path, module in source_files(root):
        if any(is_textual(node) for node in ast.walk(module)):
            yield path


def is_textual(node: ast.AST) -> bool:
    match node:
        case ast.Call():
            called = name_of(node.func).split(".")[-1]
            takes_a_text = bool(node.args) and is_text(node.args[0])
            return (called in EXECUTES and takes_a_text) or (
                called in TEXTUAL and (called != "text" or isinstance(node.func, ast.Name))
            )
        case ast.ImportFrom():
            named = {alias.name for alias in node.names}
            return (node.module or "").startswith("sqlalchemy") and bool(named & TEXTUAL)
        case ast.JoinedStr():
            parts = (each.value for each in node.values if isinstance(each, ast.Constant))
            return bool(STATEMENT.search(" x ".join(map(str, parts))))
    return False


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_only_stores_and_the_mesh_speak_sql() -> None:
    assert [path for path in who_speaks_sql() if not is_among(path, SPEAKS_SQL)] == []


def test_nobody_writes_sql_as_text() -> None:
    assert [path for path in who_writes_text() if not is_among(path, WRITES_TEXT)] == []


@pytest.mark.parametrize(
    "code",
    [
        "import sqlalchemy",
        "import sqlite3",
        "from sqlalchemy import select",
        "from sqlalchemy.ext.asyncio import AsyncSession",
        "import psycopg",
        "def late():\n    from sqlalchemy import text",
        "importlib.import_module('sqlalchemy')",
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, code: str) -> None:
    root = planted(tmp_path, "services/ticket/use_cases/ticketing.py", code)

    assert [path for path in who_speaks_sql(root) if not is_among(path, SPEAKS_SQL)]


@pytest.mark.parametrize(
    "code",
    [
        "session.execute(text('SELECT 1'))",
        "from sqlalchemy import text",
        "from sqlalchemy import text as words",
        "connection.exec_driver_sql(statement)",
        "cursor.execute('SELECT * FROM tickets')",
        "cursor.execute(f'SELECT * FROM {table}')",
        "session.scalars('SELECT 1')",
        "query = f'SELECT subject FROM tickets WHERE number = {number}'",
        "query = f'DELETE FROM {table}'",
        "select(literal_column('subject'))",
    ],
)
def test_planted_text_is_found(tmp_path: Path, code: str) -> None:
    root = planted(tmp_path, "services/ticket/store.py", code)

    assert [path for path in who_writes_text(root) if not is_among(path, WRITES_TEXT)]


@pytest.mark.parametrize(
    "code",
    [
        "row.text",
        "message = f'Select one from the {count} articles.'",
        "session.execute(select(TicketRow))",
        "Column('text', Text)",
    ],
)
def test_what_only_looks_like_sql_is_let_through(tmp_path: Path, code: str) -> None:
    assert list(who_writes_text(planted(tmp_path, "services/ticket/store.py", code))) == []
