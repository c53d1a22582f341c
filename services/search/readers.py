"""Who may read: the lists on documents and categories, and whoever asks."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from services.mesh.caller import TenantId, current_caller, current_tenant, current_user
from services.search.publication import BEGINNING

# Whoever may put documents manages the knowledge base, and so has to see all of it.
MANAGE = "search.documents.put"

MOST_ROLES = MOST_USERS = 50

_ROLE, _USER = "role:", "user:"
_ROLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
_USER_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_ANYBODY = ["*"]


@dataclass(frozen=True)
class Readers:
    """An access list, as keys like `role:agent` and `user:0199…`. An empty one admits everybody.

    A role and a user of the same name have different keys.
    """

    keys: frozenset[str] = frozenset()

    @staticmethod
    def of(roles: Iterable[str], user_ids: Iterable[str]) -> "Readers":
        return Readers(_keys(roles, user_ids))

    @property
    def roles(self) -> list[str]:
        return sorted(key.removeprefix(_ROLE) for key in self.keys if key.startswith(_ROLE))

    @property
    def user_ids(self) -> list[str]:
        return sorted(key.removeprefix(_USER) for key in self.keys if key.startswith(_USER))


EVERYBODY = Readers()


def readers_from_words(words: Collection[str]) -> Readers | None:
    """`agent`, `role:agent` and `user:0199…`, or `*` alone; None when one says nothing known."""
    if [*words] == _ANYBODY:
        return EVERYBODY
    user_ids = {word.removeprefix(_USER) for word in words if word.startswith(_USER)}
    roles = {word.removeprefix(_ROLE) for word in words if not word.startswith(_USER)}
    are_known = all(map(_ROLE_NAME.match, roles)) and all(map(_USER_ID.match, user_ids))
    if not words or not are_known or len(roles) > MOST_ROLES or len(user_ids) > MOST_USERS:
        return None
    return Readers.of(roles, user_ids)


@dataclass(frozen=True)
class Reader:
    """Whoever asks, as lists see them. Nothing of a store is read without one."""

    tenant_id: TenantId
    keys: frozenset[str] = frozenset()
    sees_all: bool = False

    def is_admitted_by(self, readers: Readers) -> bool:
        return self.sees_all or not readers.keys or not self.keys.isdisjoint(readers.keys)


def current_reader() -> Reader:
    """The current caller. Raises TokenMissing where nobody calls."""
    caller = current_caller()
    keys = _keys(caller.roles, [current_user()])
    return Reader(current_tenant(), keys, sees_all=caller.may(MANAGE))


def curator(tenant_id: TenantId) -> Reader:
    """Reads everything in nobody's name, in order to keep the index like the store."""
    return Reader(tenant_id, sees_all=True)


@dataclass(frozen=True)
class View:
    """What of a tenant's documents a reader sees at this moment; only a store can tell.

    Readers for whom the lists make no difference have the same view: `keys` are those of the
    reader's that some document names. And so has the same reader as long as no document begins or
    ends: `since` is when the last one did, and what holds then holds now.
    """

    tenant_id: TenantId
    keys: frozenset[str] = frozenset()
    closed_categories: frozenset[str] = frozenset()
    sees_all: bool = False
    since: datetime = BEGINNING


def _keys(roles: Iterable[str], user_ids: Iterable[str]) -> frozenset[str]:
    return frozenset(
        [*(f"{_ROLE}{role}" for role in roles), *(f"{_USER}{user_id}" for user_id in user_ids)]
    )
