"""The tables of the OpenID provider."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.tables import AuthTable, Sorted
from services.mesh.database import UtcDateTime
from services.mesh.row_security import SYSTEM_ONLY

_OF_NOBODY = {"comment": SYSTEM_ONLY}


class OAuthClientRow(AuthTable):
    """What a client may do beyond logging in by itself; one address per line."""

    __tablename__ = "oauth_clients"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["users.tenant_id", "users.user_id"], ondelete="CASCADE"
        ),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    client_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    is_public: Mapped[bool]
    redirect_uris: Mapped[str]
    logout_redirect_uris: Mapped[str]
    delete_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuthorizationRequestRow(AuthTable):
    """Of nobody's tenant yet."""

    __tablename__ = "authorization_requests"
    __table_args__ = _OF_NOBODY

    digest: Mapped[str] = mapped_column(String, primary_key=True)
    browser_digest: Mapped[str]
    client_id: Mapped[str]
    redirect_uri: Mapped[str]
    scope: Mapped[str]
    state: Mapped[str]
    nonce: Mapped[str]
    code_challenge: Mapped[str]
    prompts: Mapped[str]
    max_age: Mapped[int | None]
    tenant_slug: Mapped[str]
    device_digest: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AuthorizationCodeRow(AuthTable):
    __tablename__ = "authorization_codes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], ondelete="CASCADE"
        ),
        Index("ix_authorization_codes_by_digest", "digest"),
        Index("ix_authorization_codes_by_browser", "tenant_id", "browser_session_id"),
        Index("ix_authorization_codes_by_issue", "issue_time"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    digest: Mapped[str] = mapped_column(String, primary_key=True)
    client_id: Mapped[str]
    user_id: Mapped[str] = mapped_column(Sorted)
    redirect_uri: Mapped[str]
    scope: Mapped[str]
    nonce: Mapped[str]
    code_challenge: Mapped[str]
    auth_time: Mapped[datetime] = mapped_column(UtcDateTime)
    browser_session_id: Mapped[str]
    issue_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)
    use_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session_id: Mapped[str | None]


class BrowserSessionRow(AuthTable):
    __tablename__ = "browser_sessions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], ondelete="CASCADE"
        ),
        Index("ix_browser_sessions_by_digest", "digest"),
        Index("ix_browser_sessions_by_user", "tenant_id", "user_id"),
        Index("ix_browser_sessions_by_expiry", "expire_time"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    browser_session_id: Mapped[str] = mapped_column(String, primary_key=True)
    digest: Mapped[str]
    user_id: Mapped[str] = mapped_column(Sorted)
    auth_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)


class ConsentRow(AuthTable):
    __tablename__ = "consents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], ondelete="CASCADE"
        ),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    client_id: Mapped[str] = mapped_column(String, primary_key=True)
    scope: Mapped[str]
    grant_time: Mapped[datetime] = mapped_column(UtcDateTime)


class DeviceAuthorizationRow(AuthTable):
    """Of nobody's tenant: once approved, a code of the same digest says whose it is."""

    __tablename__ = "device_authorizations"
    __table_args__ = _OF_NOBODY

    digest: Mapped[str] = mapped_column(String, primary_key=True)
    user_code_digest: Mapped[str] = mapped_column(String, unique=True)
    client_id: Mapped[str]
    scope: Mapped[str]
    interval_seconds: Mapped[int]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    poll_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[bool | None]
