"""Rows to domain values."""

from services.auth.domain import (
    AccountCode,
    ApiKey,
    ApiKeyId,
    CodePurpose,
    LoginFailures,
    RefreshToken,
    Session,
    SessionId,
    SigningKey,
    Tenant,
    TenantState,
    User,
    UserKind,
)
from services.auth.tables import (
    AccountCodeRow,
    ApiKeyRow,
    LoginFailureRow,
    RefreshTokenRow,
    SessionRow,
    SigningKeyRow,
    TenantRow,
    UserRow,
)
from services.mesh.caller import TenantId, UserId
from services.mesh.scopes import parse_scope


def tenant_from(row: TenantRow) -> Tenant:
    return Tenant(
        TenantId(row.tenant_id),
        row.slug,
        row.display_name,
        row.create_time,
        TenantState(row.state),
    )


def user_from(row: UserRow, roles: list[str]) -> User:
    return User(
        TenantId(row.tenant_id),
        UserId(row.user_id),
        UserKind(row.kind),
        row.email,
        row.display_name,
        tuple(sorted(roles)),
        row.create_time,
        row.is_invited,
        row.disable_time,
        row.revision,
    )


def api_key_from(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        TenantId(row.tenant_id),
        ApiKeyId(row.api_key_id),
        UserId(row.user_id),
        row.display_name,
        parse_scope(row.scope),
        row.digest,
        row.create_time,
        row.expire_time,
        row.revoke_time,
    )


def account_code_from(row: AccountCodeRow) -> AccountCode:
    return AccountCode(
        row.digest,
        CodePurpose(row.purpose),
        UserId(row.user_id),
        row.create_time,
        row.expire_time,
    )


def session_from(row: SessionRow) -> Session:
    return Session(
        TenantId(row.tenant_id),
        SessionId(row.session_id),
        UserId(row.user_id),
        row.client_id,
        parse_scope(row.scope),
        row.create_time,
        row.expire_time,
        row.end_time,
    )


def refresh_token_from(row: RefreshTokenRow) -> RefreshToken:
    return RefreshToken(
        row.digest, SessionId(row.session_id), row.issue_time, row.expire_time, row.use_time
    )


def login_failures_from(row: LoginFailureRow) -> LoginFailures:
    return LoginFailures(row.count, row.last_time, row.wait_until)


def signing_key_from(row: SigningKeyRow) -> SigningKey:
    return SigningKey(
        row.key_id, row.private_pem, row.create_time, row.retire_time, row.activate_time
    )
