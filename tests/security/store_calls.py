"""Calls of every method of the stores, with arguments made of what somebody else has."""

import inspect
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from random import Random
from typing import Any, Union, get_args, get_origin, get_type_hints

from services.auth.store.policy_lock import PolicyBook
from services.auth.store.tenant_records import SqlTenantRecords
from services.chat.store import _SqlChatRecords
from services.mesh.caller import TenantId
from services.mesh.ids import new_id
from services.mesh.session import Session
from services.search.readers import curator
from services.search.store.sql import SqlDocuments
from services.ticket.store import SqlTickets
from services.ticket.store.sla_rules import SlaRulebook
from tests.security.tenant_rows import NOON, ROWS, Tenant

# What a parameter is called where that is not how the column is.
_COLUMNS = {
    "after": "email",
    "answers": "message_id",
    "author_id": "user_id",
    "digests": "digest",
    "chat_session_id": "session_id",
    "chunk_ids": "chunk_id",
    "name": "name",
    "but": "session_id",
    "provider_id": "identity_provider_id",
    "question_id": "message_id",
    "requester_id": "user_id",
    "role": "name",
    "roles": "name",
}
_MALFORMED = ("", " ", "%", "'; --", "\u202e", "x" * 64, "v", "-1")


@dataclass(frozen=True)
class Method:
    service: str
    name: str
    make: Callable[[Session, TenantId], Any]
    parameters: Mapping[str, Any]

    async def call(
        self, session: Session, tenant_id: TenantId, arguments: Mapping[str, Any]
    ) -> object:
        return await getattr(self.make(session, tenant_id), self.name)(**arguments)

    @property
    def takes_ids(self) -> bool:
        return any(_holds_texts(kind) for kind in self.parameters.values())


def _of_auth(session: Session, tenant_id: TenantId) -> SqlTenantRecords:
    return SqlTenantRecords(session, tenant_id, PolicyBook(lambda _: None))


def _of_ticket(session: Session, tenant_id: TenantId) -> SqlTickets:
    return SqlTickets(session, tenant_id, SlaRulebook())


def _of_search(session: Session, tenant_id: TenantId) -> SqlDocuments:
    return SqlDocuments(session, curator(tenant_id), NOON)


def _of_chat(session: Session, tenant_id: TenantId) -> _SqlChatRecords:
    return _SqlChatRecords(tenant_id, session)


_STORES: Mapping[str, tuple[type, Callable[[Session, TenantId], Any]]] = {
    "auth": (SqlTenantRecords, _of_auth),
    "ticket": (SqlTickets, _of_ticket),
    "search": (SqlDocuments, _of_search),
    "chat": (_SqlChatRecords, _of_chat),
}


def methods_of(service: str) -> list[Method]:
    """All public ones, found in the class itself: a new method is tried without being asked."""
    kind, make = _STORES[service]
    found = []
    for name, function in inspect.getmembers(kind, inspect.iscoroutinefunction):
        if not name.startswith("_"):
            hints = get_type_hints(function)
            hints.pop("return", None)
            found.append(Method(service, name, make, hints))
    return found


class Arguments:
    """Of one kind: `foreign`, `deleted`, `missing` or `malformed`."""

    def __init__(self, random: Random, victim: Tenant, kind: str) -> None:
        self._random = random
        self._victim = victim
        self._kind = kind
        self._place = ROWS - 1 if kind == "deleted" else random.randrange(ROWS - 1)

    def of(self, method: Method) -> dict[str, Any]:
        return {name: self._value(name, kind) for name, kind in method.parameters.items()}

    def _value(self, name: str, kind: Any) -> Any:  # noqa: ANN401, C901, PLR0911, PLR0912
        kind = getattr(kind, "__supertype__", kind)
        origin, inner = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            choices = [choice for choice in inner if choice is not type(None)]
            if len(choices) < len(inner) and (
                not any(map(_holds_texts, choices)) or self._random.random() < 0.2
            ):
                return None
            return self._value(name, choices[0])
        if kind is str:
            return self._text(name)
        if kind is bool:
            return self._random.random() < 0.5
        if kind is int:
            return 100 if name == "limit" else self._random.randrange(1, ROWS)
        if kind is float:
            return 1.0
        if kind is datetime:
            return NOON
        if kind is bytes:
            return bytes(8)
        if origin is tuple and inner[-1:] != (Ellipsis,):
            return tuple(self._value(name, each) for each in inner)
        if origin in (list, tuple, Sequence, Collection):
            made = [self._value(name, inner[0])]
            return tuple(made) if origin is tuple else made
        if origin in (set, frozenset, AbstractSet):
            return frozenset({self._value(name, inner[0])})
        if origin in (dict, Mapping):
            return {}
        if isinstance(kind, type) and issubclass(kind, Enum):
            return next(iter(kind))
        if is_dataclass(kind):
            return self._dataclass(kind)
        raise TypeError(f"cannot make {name}: {kind}")

    def _dataclass(self, kind: Any) -> Any:  # noqa: ANN401
        hints = get_type_hints(kind)
        return kind(
            **{
                each.name: self._value(each.name, hints[each.name])
                for each in fields(kind)
                if each.init
                and (_holds_texts(hints[each.name]) or each.default is MISSING)
                and each.default_factory is MISSING
            }
        )

    def _text(self, name: str) -> str:
        if self._kind == "malformed":
            return self._random.choice(_MALFORMED)
        known = self._victim.texts[self._place]
        texts = known.get(_COLUMNS.get(name, name)) or known.get(name)
        if self._kind == "missing" or not texts:
            return new_id()
        return self._random.choice(texts)


def _holds_texts(kind: Any) -> bool:  # noqa: ANN401
    kind = getattr(kind, "__supertype__", kind)
    if kind is str:
        return True
    if is_dataclass(kind):
        return any(_holds_texts(hint) for hint in get_type_hints(kind).values())
    return any(_holds_texts(each) for each in get_args(kind))
