"""Users, clients and roles: message in, one use case, message out."""

from helpdesk.auth.v1 import (
    auth_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from services.auth.convert import (
    client_message,
    new_person,
    role_message,
    user_cursor,
    user_message,
    user_position,
)
from services.auth.ports import AuthStore, Passwords
from services.auth.use_cases import users
from services.mesh.caller import UserId, current_tenant
from services.mesh.clock import Clock
from services.mesh.interceptors.chain import Context
from services.mesh.paging import decode_page_token, encode_page_token

_USERS = {"list": "users"}


class UserServicer(user_service_pb2_grpc.UserServiceServicer):
    def __init__(self, store: AuthStore, passwords: Passwords, clock: Clock) -> None:
        self._store = store
        self._passwords = passwords
        self._clock = clock

    async def CreateUser(
        self, request: user_service_pb2.CreateUserRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await users.create_user(
                self._store, self._passwords, self._clock, current_tenant(), new_person(request)
            )
        )

    async def GetUser(
        self, request: user_service_pb2.GetUserRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await users.get_user(self._store, current_tenant(), UserId(request.user_id))
        )

    async def ListUsers(
        self, request: user_service_pb2.ListUsersRequest, context: Context
    ) -> user_service_pb2.ListUsersResponse:
        after = decode_page_token(current_tenant(), _USERS, request.page_token)
        page = await users.list_users(
            self._store, current_tenant(), request.page_size, user_cursor(after)
        )
        next_page = page.next_cursor
        return user_service_pb2.ListUsersResponse(
            users=map(user_message, page.users),
            next_page_token=encode_page_token(current_tenant(), _USERS, user_position(next_page))
            if next_page
            else "",
        )

    async def SetUserRoles(
        self, request: user_service_pb2.SetUserRolesRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await users.set_user_roles(
                self._store, current_tenant(), UserId(request.user_id), request.roles
            )
        )

    async def ListRoles(
        self, request: user_service_pb2.ListRolesRequest, context: Context
    ) -> user_service_pb2.ListRolesResponse:
        roles = await users.list_roles(self._store, current_tenant())
        return user_service_pb2.ListRolesResponse(roles=map(role_message, roles))

    async def CreateClient(
        self, request: user_service_pb2.CreateClientRequest, context: Context
    ) -> user_service_pb2.Client:
        return client_message(
            await users.create_client(
                self._store, self._clock, current_tenant(), request.display_name, request.roles
            )
        )
