"""On whose behalf the current call runs: the service in the certificate, the user in the token."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NewType

from services.mesh.errors import TokenMissing

TenantId = NewType("TenantId", str)
UserId = NewType("UserId", str)


@dataclass(frozen=True)
class Caller:
    service: str
    tenant_id: TenantId | None = None
    user_id: UserId | None = None
    session_id: str | None = None
    client_id: str | None = None
    scope: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        return permission in self.permissions


_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current_caller() -> Caller:
    """Raises TokenMissing where nobody calls, for instance in a background task."""
    caller = _caller.get()
    if caller is None:
        raise TokenMissing("This needs an access token.")
    return caller


def current_tenant() -> TenantId:
    """Raises TokenMissing on public methods, which know no tenant."""
    tenant_id = current_caller().tenant_id
    if tenant_id is None:
        raise TokenMissing("This needs an access token.")
    return tenant_id


def current_user() -> UserId:
    """Raises TokenMissing on public methods, which know no user."""
    user_id = current_caller().user_id
    if user_id is None:
        raise TokenMissing("This needs an access token.")
    return user_id


def caller_or_none() -> Caller | None:
    return _caller.get()


def set_caller(caller: Caller) -> None:
    """For the rest of the current task. Each RPC is a task of its own."""
    _caller.set(caller)


@contextmanager
def acting_as(caller: Caller) -> Iterator[Caller]:
    token = _caller.set(caller)
    try:
        yield caller
    finally:
        _caller.reset(token)
