"""The users of the tenant: names for ids, ids for addresses."""

import grpc

from helpdesk.auth.v1 import token_service_pb2, user_service_pb2
from helpdesk.auth.v1.auth_pb2 import User
from services.cli.failures import CommandError
from services.cli.gateway import Gateway


def list_users(gateway: Gateway) -> list[User]:
    users: list[User] = []
    token = ""
    while True:
        page = gateway.users.ListUsers(
            user_service_pb2.ListUsersRequest(page_size=100, page_token=token)
        )
        users += page.users
        token = page.next_page_token
        if not token:
            return users


def names_of_users(gateway: Gateway) -> dict[str, str]:
    """Names by id. Customers may not list users, and get their own name only."""
    try:
        return {user.user_id: user.display_name for user in list_users(gateway)}
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
            raise
    me = _me(gateway)
    return {me.user_id: me.display_name}


def find_user(gateway: Gateway, word: str) -> User:
    """By address or by id."""
    for user in list_users(gateway):
        if word.casefold() == user.email.casefold() or word == user.user_id:
            return user
    raise CommandError(
        f"{word} is not a user of this tenant.", hint="helpdesk users list", code="USER_NOT_FOUND"
    )


def user_id_of(gateway: Gateway, word: str) -> str:
    if word == "nobody":
        return ""
    if word == "me":
        return own_id(gateway)
    for user in list_users(gateway):
        if user.email.casefold() == word.casefold():
            return user.user_id
    raise CommandError(
        f"{word} is not a user of this tenant.",
        hint="--to me, --to nobody, or the e-mail address of an agent",
        code="USER_NOT_FOUND",
    )


def own_id(gateway: Gateway) -> str:
    return _me(gateway).user_id


def _me(gateway: Gateway) -> User:
    return gateway.tokens.GetIdentity(token_service_pb2.GetIdentityRequest()).user
