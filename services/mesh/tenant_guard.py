"""Refuses a statement of a tenant's transaction that could touch another tenant's rows.

Nobody should ever see the refusal: it is for the mistake that a review has missed, on SQLite the
only wall behind the conditions of the statements themselves, on PostgreSQL one more.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.compiler import SQLCompiler

from services.mesh.tenant_conditions import Demands, demands_of

# For statements of text that are the mesh's own, or a test's: nobody can look into them.
UNGUARDED = "unguarded"


class TenantForgotten(RuntimeError):
    """A mistake of ours: the statement would have reached beyond its transaction's tenant."""


class TenantGuard:
    def __init__(self, tenant_of_transaction: Callable[[], str | None]) -> None:
        """The function gives the tenant, or None where all tenants may be seen."""
        self._tenant = tenant_of_transaction
        self._known: WeakKeyDictionary[SQLCompiler, Demands] = WeakKeyDictionary()

    def watch(self, engine: AsyncEngine) -> None:
        event.listen(engine.sync_engine, "before_cursor_execute", self.check)

    def check(  # noqa: PLR0917  the event's own arguments
        self,
        connection: Any,  # noqa: ANN401  the arguments are those of SQLAlchemy's event
        cursor: Any,  # noqa: ANN401
        statement: str,
        parameters: Any,  # noqa: ANN401
        context: Any,  # noqa: ANN401
        executemany: bool,
    ) -> None:
        del connection, cursor, parameters, executemany
        tenant = self._tenant()
        if tenant is None or context.execution_options.get(UNGUARDED):
            return
        compiled = context.compiled
        if not isinstance(compiled, SQLCompiler):
            raise TenantForgotten(f"cannot look into this statement: {statement}")
        self._require(tenant, self._demands(compiled), context.compiled_parameters, statement)

    def require(
        self, demands: Demands, rows: Iterable[Mapping[str, object]], statement: str
    ) -> None:
        """For a statement that was looked into before."""
        tenant = self._tenant()
        if tenant is not None:
            self._require(tenant, demands, rows, statement)

    def _require(
        self,
        tenant: str,
        demands: Demands,
        rows: Iterable[Mapping[str, object]],
        statement: str,
    ) -> None:
        if demands.free:
            tables = ", ".join(sorted(demands.free))
            raise TenantForgotten(f"no condition on the tenant for {tables}: {statement}")
        if not _all_are(tenant, demands.values, rows):
            raise TenantForgotten(f"the tenant is another one than the transaction's: {statement}")

    def _demands(self, compiled: SQLCompiler) -> Demands:
        known = self._known.get(compiled)
        if known is None:
            known = self._known[compiled] = demands_of(compiled)
        return known


def _all_are(tenant: str, names: Iterable[str], parameters: Iterable[Mapping[str, object]]) -> bool:
    return all(values[name] == tenant for values in parameters for name in names)
