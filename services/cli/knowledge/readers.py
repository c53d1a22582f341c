"""Who may read, as it is typed and shown: `agent`, `user:ID`, or an e-mail address."""

from collections.abc import Sequence

import grpc

from helpdesk.auth.v1 import user_service_pb2
from helpdesk.search.v1 import readers_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.people import list_users

_ROLE, _USER = "role:", "user:"


def readers_from(gateway: Gateway, words: Sequence[str]) -> readers_pb2.Readers:
    """Raises CommandError for an address that no user has."""
    addresses = [word for word in words if "@" in word]
    ids = {user.email.casefold(): user.user_id for user in list_users(gateway)} if addresses else {}
    missing = [address for address in addresses if address.casefold() not in ids]
    if missing:
        raise CommandError(
            f"{missing[0]} is not a user of this tenant.",
            hint="--reader ROLE, --reader user:ID, or the e-mail address of a user",
            code="USER_NOT_FOUND",
        )
    named = {word.removeprefix(_USER) for word in words if word.startswith(_USER)}
    roles = {word.removeprefix(_ROLE) for word in words if not word.startswith(_USER)}
    return readers_pb2.Readers(
        roles=sorted(roles - set(addresses)),
        user_ids=sorted(named | {ids[address.casefold()] for address in addresses}),
    )


def words_of(readers: readers_pb2.Readers) -> str:
    return ", ".join([*readers.roles, *(f"{_USER}{user_id}" for user_id in readers.user_ids)])


def roles_that_nobody_knows(gateway: Gateway, readers: readers_pb2.Readers) -> list[str]:
    """Most likely misspelt. Empty where the caller may not list roles."""
    try:
        reply = gateway.users.ListRoles(user_service_pb2.ListRolesRequest())
    except grpc.RpcError:
        return []
    return sorted(set(readers.roles) - {role.name for role in reply.roles})
