"""Codes, consents and the browsers that users are logged in in."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from services.auth.authorization import AuthorizationCode, BrowserSession, BrowserSessionId
from services.auth.domain import SessionId
from services.auth.oauth_tables import AuthorizationCodeRow, BrowserSessionRow, ConsentRow
from services.auth.store.rows_of_tenant import RowsOfTenant
from services.mesh.caller import TenantId, UserId
from services.mesh.scopes import parse_scope, scope_text


class AuthorizationRows(RowsOfTenant):
    async def add_authorization_code(self, code: AuthorizationCode) -> None:
        values = {**asdict(code), "tenant_id": self._tenant_id, "scope": scope_text(code.scope)}
        await self._session.execute(insert(AuthorizationCodeRow).values(values))

    async def take_authorization_code(self, digest: str, now: datetime) -> AuthorizationCode | None:
        row = await self._session.scalar(
            select(AuthorizationCodeRow)
            .where(
                AuthorizationCodeRow.tenant_id == self._tenant_id,
                AuthorizationCodeRow.digest == digest,
            )
            .with_for_update()
        )
        if row is None:
            return None
        code = _code_from(row)
        if code.use_time is None:
            await self._change_code(digest, use_time=now)
        return code

    async def keep_session_of_code(self, digest: str, session_id: SessionId) -> None:
        await self._change_code(digest, session_id=session_id)

    async def add_browser_session(self, session: BrowserSession) -> None:
        values = {**asdict(session), "tenant_id": self._tenant_id}
        await self._session.execute(insert(BrowserSessionRow).values(values))

    async def end_browser_session(self, browser_session_id: BrowserSessionId) -> list[SessionId]:
        await self._session.execute(
            delete(BrowserSessionRow).where(
                BrowserSessionRow.tenant_id == self._tenant_id,
                BrowserSessionRow.browser_session_id == browser_session_id,
            )
        )
        opened = await self._session.scalars(
            select(AuthorizationCodeRow.session_id).where(
                AuthorizationCodeRow.tenant_id == self._tenant_id,
                AuthorizationCodeRow.browser_session_id == browser_session_id,
            )
        )
        return [SessionId(session_id) for session_id in opened if session_id is not None]

    async def forget_browsers(self, user_id: UserId | None = None) -> None:
        """Of one user or of all: no browser stays logged in, and no code is good any more."""
        logins = delete(BrowserSessionRow).where(BrowserSessionRow.tenant_id == self._tenant_id)
        unused = delete(AuthorizationCodeRow).where(
            AuthorizationCodeRow.tenant_id == self._tenant_id,
            AuthorizationCodeRow.use_time.is_(None),
        )
        if user_id is not None:
            logins = logins.where(BrowserSessionRow.user_id == user_id)
            unused = unused.where(AuthorizationCodeRow.user_id == user_id)
        await self._session.execute(logins)
        await self._session.execute(unused)

    async def granted_scope(self, user_id: UserId, client_id: str) -> frozenset[str]:
        granted = await self._session.scalar(
            select(ConsentRow.scope).where(
                ConsentRow.tenant_id == self._tenant_id,
                ConsentRow.user_id == user_id,
                ConsentRow.client_id == client_id,
            )
        )
        return parse_scope(granted) if granted else frozenset()

    async def keep_granted_scope(
        self, user_id: UserId, client_id: str, scope: frozenset[str], now: datetime
    ) -> None:
        await self._session.merge(
            ConsentRow(
                tenant_id=self._tenant_id,
                user_id=user_id,
                client_id=client_id,
                scope=scope_text(scope),
                grant_time=now,
            )
        )

    async def _change_code(self, digest: str, **values: object) -> None:
        await self._session.execute(
            update(AuthorizationCodeRow)
            .where(
                AuthorizationCodeRow.tenant_id == self._tenant_id,
                AuthorizationCodeRow.digest == digest,
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def _code_from(row: AuthorizationCodeRow) -> AuthorizationCode:
    return AuthorizationCode(
        TenantId(row.tenant_id),
        row.digest,
        row.client_id,
        UserId(row.user_id),
        row.redirect_uri,
        parse_scope(row.scope),
        row.nonce,
        row.code_challenge,
        row.auth_time,
        BrowserSessionId(row.browser_session_id),
        row.issue_time,
        row.expire_time,
        row.use_time,
        SessionId(row.session_id) if row.session_id else None,
    )
