"""Users, clients and roles: message in, one use case, message out."""

from helpdesk.auth.v1 import (
    auth_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from services.auth.account_links import AccountLinks
from services.auth.convert import (
    invitation_message,
    invited_person,
    new_person,
    password_reset_message,
    role_message,
    user_content,
    user_cursor,
    user_message,
    user_position,
)
from services.auth.convert_client import client_content, new_client_message
from services.auth.ports import AuthStore, Passwords
from services.auth.servicer.author import author
from services.auth.use_cases import account_codes, clients, own_totp, user_changes, users
from services.mesh.caller import UserId, current_tenant
from services.mesh.clock import Clock
from services.mesh.interceptors.chain import Context
from services.mesh.paging import decode_page_token, encode_page_token

_USERS = {"list": "users"}


class UserServicer(user_service_pb2_grpc.UserServiceServicer):
    def __init__(
        self, store: AuthStore, passwords: Passwords, clock: Clock, links: AccountLinks
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._clock = clock
        self._links = links

    async def CreateUser(
        self, request: user_service_pb2.CreateUserRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await users.create_user(
                self._store, self._passwords, self._clock, author(), new_person(request)
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

    async def UpdateUser(
        self, request: user_service_pb2.UpdateUserRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await user_changes.update_user(
                self._store,
                author(),
                UserId(request.user.user_id),
                user_content(request.user),
                paths=request.update_mask.paths,
                etag=request.user.etag,
            )
        )

    async def InviteUser(
        self, request: user_service_pb2.InviteUserRequest, context: Context
    ) -> user_service_pb2.Invitation:
        code = await account_codes.invite_user(
            self._store, self._clock, author(), invited_person(request)
        )
        return invitation_message(code, self._links.invitation(code.secret))

    async def RenewInvitation(
        self, request: user_service_pb2.RenewInvitationRequest, context: Context
    ) -> user_service_pb2.Invitation:
        code = await account_codes.renew_invitation(
            self._store, self._clock, author(), UserId(request.user_id)
        )
        return invitation_message(code, self._links.invitation(code.secret))

    async def CreatePasswordReset(
        self, request: user_service_pb2.CreatePasswordResetRequest, context: Context
    ) -> user_service_pb2.PasswordReset:
        code = await account_codes.create_password_reset(
            self._store, self._clock, author(), UserId(request.user_id)
        )
        return password_reset_message(code, self._links.password_reset(code.secret))

    async def DisableUser(
        self, request: user_service_pb2.DisableUserRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await user_changes.disable_user(
                self._store, self._clock, author(), UserId(request.user_id), request.etag
            )
        )

    async def RemoveTotp(
        self, request: user_service_pb2.RemoveTotpRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await own_totp.remove_totp(self._store, author(), UserId(request.user_id))
        )

    async def EnableUser(
        self, request: user_service_pb2.EnableUserRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await user_changes.enable_user(
                self._store, author(), UserId(request.user_id), request.etag
            )
        )

    async def SetUserRoles(
        self, request: user_service_pb2.SetUserRolesRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await users.set_user_roles(
                self._store, author(), UserId(request.user_id), request.roles
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
        return new_client_message(
            await clients.create_client(
                self._store,
                self._clock,
                author(),
                client_content(request),
                request.roles,
                is_public=request.public,
            )
        )
