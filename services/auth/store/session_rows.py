"""Sessions and the chains of refresh tokens that hang from them."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, CursorResult, insert, select, update

from services.auth.domain import RefreshToken, Session, SessionId
from services.auth.store.rows import refresh_token_from, session_from
from services.auth.store.rows_of_tenant import RowsOfTenant
from services.auth.tables import RefreshTokenRow, SessionRow
from services.mesh.caller import UserId
from services.mesh.scopes import scope_text


class SessionRows(RowsOfTenant):
    async def add_session(self, session: Session) -> None:
        values = {
            **asdict(session),
            "tenant_id": self._tenant_id,
            "scope": scope_text(session.scope),
        }
        await self._session.execute(insert(SessionRow).values(values))

    async def session(self, session_id: SessionId) -> Session | None:
        row = await self._session_row(session_id)
        return session_from(row) if row else None

    async def lock_refresh_token(self, digest: str) -> tuple[RefreshToken, Session] | None:
        session_id = await self._session.scalar(
            select(RefreshTokenRow.session_id).where(
                RefreshTokenRow.tenant_id == self._tenant_id, RefreshTokenRow.digest == digest
            )
        )
        if session_id is None:
            return None
        # The session is the lock: only behind it is it certain whether the token was used.
        session = await self._session_row(SessionId(session_id), is_locked=True)
        token = await self._session.scalar(
            select(RefreshTokenRow).where(
                RefreshTokenRow.tenant_id == self._tenant_id, RefreshTokenRow.digest == digest
            )
        )
        if session is None or token is None:
            return None
        return refresh_token_from(token), session_from(session)

    async def add_refresh_token(self, token: RefreshToken) -> None:
        values = {**asdict(token), "tenant_id": self._tenant_id}
        await self._session.execute(insert(RefreshTokenRow).values(values))

    async def mark_used(self, digest: str, now: datetime) -> None:
        await self._session.execute(
            update(RefreshTokenRow)
            .where(RefreshTokenRow.tenant_id == self._tenant_id, RefreshTokenRow.digest == digest)
            .values(use_time=now)
        )

    async def end_session(self, session_id: SessionId, now: datetime) -> None:
        await self._end(now, SessionRow.session_id == session_id)

    async def end_sessions_of_user(
        self, user_id: UserId, now: datetime, but: SessionId | None = None
    ) -> None:
        is_meant = SessionRow.session_id != (but or "")
        await self._end(now, SessionRow.user_id == user_id, is_meant)

    async def end_sessions_of_client(self, client_id: str, now: datetime) -> None:
        await self._end(now, SessionRow.client_id == client_id)

    async def end_sessions_of_tenant(self, now: datetime) -> None:
        await self._end(now)

    async def _end(self, now: datetime, *conditions: ColumnElement[bool]) -> None:
        done = await self._session.execute(
            update(SessionRow)
            .where(
                SessionRow.tenant_id == self._tenant_id, SessionRow.end_time.is_(None), *conditions
            )
            .values(end_time=now)
        )
        if isinstance(done, CursorResult) and done.rowcount:
            await self.note_prohibition()

    async def _session_row(
        self, session_id: SessionId, *, is_locked: bool = False
    ) -> SessionRow | None:
        question = select(SessionRow).where(
            SessionRow.tenant_id == self._tenant_id, SessionRow.session_id == session_id
        )
        return await self._session.scalar(question.with_for_update() if is_locked else question)
