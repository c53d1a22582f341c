"""Messages to domain values and back."""

import json
from collections.abc import Iterable
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.auth.v1 import (
    api_key_service_pb2,
    auth_pb2,
    signing_key_service_pb2,
    tenant_service_pb2,
    token_service_pb2,
    user_service_pb2,
)
from services.auth.domain import ApiKey, Deletion, Role, SigningKey, Tenant, User
from services.auth.signing import PublicKey
from services.auth.standard_roles import STANDARD_NAMES
from services.auth.use_cases.account_codes import NewCode
from services.auth.use_cases.sessions import IssuedToken
from services.auth.use_cases.tenants import NewTenant
from services.auth.use_cases.tokens import Identity
from services.auth.use_cases.user_changes import UserContent
from services.auth.use_cases.users import FIRST_USER, NewPerson, UserCursor
from services.mesh.errors import PageTokenInvalid


def new_tenant(request: tenant_service_pb2.CreateTenantRequest) -> NewTenant:
    admin = NewPerson(request.admin.email, request.admin.display_name, (), request.admin_password)
    return NewTenant(request.tenant.slug, request.tenant.display_name, admin)


def new_person(request: user_service_pb2.CreateUserRequest) -> NewPerson:
    user = request.user
    return NewPerson(user.email, user.display_name, tuple(user.roles), request.password)


def invited_person(request: user_service_pb2.InviteUserRequest) -> NewPerson:
    user = request.user
    return NewPerson(user.email, user.display_name, tuple(user.roles))


def user_content(user: auth_pb2.User) -> UserContent:
    return UserContent(user.email, user.display_name)


def tenant_message(tenant: Tenant, deletion: Deletion | None = None) -> auth_pb2.Tenant:
    return auth_pb2.Tenant(
        tenant_id=tenant.tenant_id,
        slug=tenant.slug,
        display_name=tenant.display_name,
        create_time=timestamp(tenant.create_time),
        state=auth_pb2.TenantState.Value(f"TENANT_STATE_{tenant.state.name}"),
        purged_services=sorted(deletion.purged_services) if deletion else (),
    )


def user_message(user: User) -> auth_pb2.User:
    return auth_pb2.User(
        user_id=user.user_id,
        email=user.email,
        display_name=user.display_name,
        roles=user.roles,
        create_time=timestamp(user.create_time),
        state=auth_pb2.UserState.Value(f"USER_STATE_{user.state.name}"),
        etag=user.etag,
    )


def invitation_message(code: NewCode, link: str) -> user_service_pb2.Invitation:
    return user_service_pb2.Invitation(
        user=user_message(code.user),
        code=code.secret,
        link=link,
        expire_time=timestamp(code.expire_time),
    )


def password_reset_message(code: NewCode, link: str) -> user_service_pb2.PasswordReset:
    return user_service_pb2.PasswordReset(
        code=code.secret, link=link, expire_time=timestamp(code.expire_time)
    )


def role_of(message: auth_pb2.Role) -> Role:
    return Role(message.name, message.description, frozenset(message.permissions))


def role_message(role: Role) -> auth_pb2.Role:
    return auth_pb2.Role(
        name=role.name,
        description=role.description,
        permissions=sorted(role.permissions),
        is_standard=role.name in STANDARD_NAMES,
        etag=role.etag,
    )


def api_key_message(key: ApiKey, secret: str = "") -> api_key_service_pb2.ApiKey:
    return api_key_service_pb2.ApiKey(
        api_key_id=key.api_key_id,
        user_id=key.user_id,
        display_name=key.display_name,
        scopes=sorted(key.scope),
        secret=secret,
        create_time=timestamp(key.create_time),
        expire_time=timestamp(key.expire_time),
        revoke_time=timestamp(key.revoke_time) if key.revoke_time else None,
    )


def token_message(issued: IssuedToken) -> token_service_pb2.Token:
    return token_service_pb2.Token(
        access_token=issued.access.text,
        token_type="Bearer",  # noqa: S106 - the name of a scheme
        expire_time=timestamp(issued.access.expire_time),
        refresh_token=issued.refresh_token,
    )


def identity_message(identity: Identity) -> token_service_pb2.Identity:
    return token_service_pb2.Identity(
        user=user_message(identity.user),
        tenant=tenant_message(identity.tenant),
        permissions=sorted(identity.permissions),
    )


def signing_key_message(key: SigningKey) -> signing_key_service_pb2.SigningKey:
    return signing_key_service_pb2.SigningKey(
        key_id=key.key_id,
        create_time=timestamp(key.create_time),
        activate_time=timestamp(key.first_use),
        retire_time=timestamp(key.retire_time) if key.retire_time else None,
    )


def key_set_message(keys: Iterable[PublicKey]) -> token_service_pb2.JsonWebKeySet:
    return token_service_pb2.JsonWebKeySet(
        keys=[
            token_service_pb2.JsonWebKey(
                kty="EC", use="sig", alg="ES256", kid=key.key_id, crv="P-256", x=key.x, y=key.y
            )
            for key in keys
        ]
    )


def user_position(cursor: UserCursor) -> str:
    return json.dumps(cursor)


def user_cursor(position: str | None) -> UserCursor:
    if position is None:
        return FIRST_USER
    try:
        email, user_id = json.loads(position)
    except (ValueError, TypeError) as error:
        raise _not_ours() from error
    if not isinstance(email, str) or not isinstance(user_id, str):
        raise _not_ours()
    return email, user_id


def timestamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message


def _not_ours() -> PageTokenInvalid:
    return PageTokenInvalid("The page_token was not given out by this list.")
