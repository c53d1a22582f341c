"""Authorizations before anybody knows the tenant."""

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Delete, delete, insert, select, update

from services.auth.authorization import (
    AuthorizationRequest,
    BrowserSession,
    BrowserSessionId,
    DeviceAuthorization,
    Prompt,
)
from services.auth.domain import UserKind
from services.auth.oauth_clients import OAuthClient, TenantClient, oauth_client_of
from services.auth.oauth_tables import (
    AuthorizationCodeRow,
    AuthorizationRequestRow,
    BrowserSessionRow,
    DeviceAuthorizationRow,
    OAuthClientRow,
)
from services.auth.store.client_rows import settings_from
from services.auth.store.rows import user_from
from services.auth.tables import UserRow
from services.mesh.caller import TenantId, UserId
from services.mesh.scopes import parse_scope, scope_text
from services.mesh.session import Session


class AuthorizationDirectoryRows:
    _session: Session

    async def oauth_client(self, client_id: str) -> OAuthClient | None:
        user = await self._session.scalar(
            select(UserRow).where(
                UserRow.user_id == client_id, UserRow.kind == UserKind.CLIENT.value
            )
        )
        if user is None:
            return None
        own = await self._session.get(OAuthClientRow, (user.tenant_id, client_id))
        client = TenantClient(user_from(user, []), settings_from(own))
        return oauth_client_of(client, user.secret_hash)

    async def add_authorization_request(self, request: AuthorizationRequest) -> None:
        values = {
            **asdict(request),
            "scope": scope_text(request.scope),
            "prompts": " ".join(sorted(request.prompts)),
        }
        await self._session.execute(insert(AuthorizationRequestRow).values(values))

    async def authorization_request(self, digest: str) -> AuthorizationRequest | None:
        row = await self._session.get(AuthorizationRequestRow, digest)
        return _request_from(row) if row else None

    async def take_authorization_request(self, digest: str) -> bool:
        taken = await self._delete(
            delete(AuthorizationRequestRow).where(AuthorizationRequestRow.digest == digest)
        )
        return taken == 1

    async def tenant_of_authorization_code(self, digest: str) -> TenantId | None:
        found = await self._session.scalar(
            select(AuthorizationCodeRow.tenant_id).where(AuthorizationCodeRow.digest == digest)
        )
        return TenantId(found) if found else None

    async def browser_session(self, digest: str) -> BrowserSession | None:
        row = await self._session.scalar(
            select(BrowserSessionRow).where(BrowserSessionRow.digest == digest)
        )
        return _browser_session_from(row) if row else None

    async def add_device_authorization(self, device: DeviceAuthorization) -> None:
        values = asdict(device)
        values["scope"] = scope_text(device.scope)
        values["interval_seconds"] = int(values.pop("interval").total_seconds())
        await self._session.execute(insert(DeviceAuthorizationRow).values(values))

    async def lock_device_authorization(self, digest: str) -> DeviceAuthorization | None:
        row = await self._session.scalar(
            select(DeviceAuthorizationRow)
            .where(DeviceAuthorizationRow.digest == digest)
            .with_for_update()
        )
        return _device_from(row) if row else None

    async def device_with_user_code(self, user_code_digest: str) -> DeviceAuthorization | None:
        row = await self._session.scalar(
            select(DeviceAuthorizationRow).where(
                DeviceAuthorizationRow.user_code_digest == user_code_digest
            )
        )
        return _device_from(row) if row else None

    async def keep_device_poll(self, digest: str, time: datetime, interval: timedelta) -> None:
        await self._session.execute(
            update(DeviceAuthorizationRow)
            .where(DeviceAuthorizationRow.digest == digest)
            .values(poll_time=time, interval_seconds=int(interval.total_seconds()))
            .execution_options(synchronize_session=False)
        )

    async def decide_device(self, digest: str, *, approved: bool) -> bool:
        done = await self._session.execute(
            update(DeviceAuthorizationRow)
            .where(
                DeviceAuthorizationRow.digest == digest,
                DeviceAuthorizationRow.decision.is_(None),
            )
            .values(decision=approved)
            .execution_options(synchronize_session=False)
        )
        return isinstance(done, CursorResult) and done.rowcount == 1

    async def delete_expired_authorizations(self, now: datetime, codes_before: datetime) -> int:
        return sum(
            [
                await self._delete(statement)
                for statement in (
                    delete(AuthorizationRequestRow).where(
                        AuthorizationRequestRow.expire_time < now
                    ),
                    delete(DeviceAuthorizationRow).where(DeviceAuthorizationRow.expire_time < now),
                    delete(BrowserSessionRow).where(BrowserSessionRow.expire_time < now),
                    delete(AuthorizationCodeRow).where(
                        AuthorizationCodeRow.issue_time < codes_before
                    ),
                )
            ]
        )

    async def _delete(self, statement: Delete) -> int:
        done = await self._session.execute(statement)
        return done.rowcount if isinstance(done, CursorResult) else 0


def _request_from(row: AuthorizationRequestRow) -> AuthorizationRequest:
    return AuthorizationRequest(
        row.digest,
        row.browser_digest,
        row.client_id,
        row.redirect_uri,
        parse_scope(row.scope),
        row.state,
        row.nonce,
        row.code_challenge,
        frozenset(map(Prompt, row.prompts.split())),
        row.max_age,
        row.tenant_slug,
        row.device_digest,
        row.create_time,
        row.expire_time,
    )


def _browser_session_from(row: BrowserSessionRow) -> BrowserSession:
    return BrowserSession(
        TenantId(row.tenant_id),
        BrowserSessionId(row.browser_session_id),
        row.digest,
        UserId(row.user_id),
        row.auth_time,
        row.expire_time,
    )


def _device_from(row: DeviceAuthorizationRow) -> DeviceAuthorization:
    return DeviceAuthorization(
        row.digest,
        row.user_code_digest,
        row.client_id,
        parse_scope(row.scope),
        timedelta(seconds=row.interval_seconds),
        row.create_time,
        row.expire_time,
        row.poll_time,
        row.decision,
    )
