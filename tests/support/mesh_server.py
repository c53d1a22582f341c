"""A real server in this process: temporary certificates, every interceptor, a made-up authority.

async with running_server(
    "ticket", register, ["helpdesk.ticket.v1.TicketService"], mesh_settings, database=database
) as server:
    stub = ticket_service_pb2_grpc.TicketServiceStub(server.channel("gateway"))
    ann = server.user(tenant_id="acme", permissions={"ticket.tickets.get"})
    with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
        await stub.GetTicket(request, metadata=ann.metadata)
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from services.mesh.caller import Caller, TenantId, UserId
from services.mesh.certificates import ensure_certificates
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.errors import TokenInvalid
from services.mesh.ids import new_id
from services.mesh.metrics.families import Collector
from services.mesh.scopes import FULL_SCOPE, within_scope
from services.mesh.server import Background, MeshServer
from services.mesh.settings import MeshSettings
from services.mesh.tls import channel_credentials, channel_target_options
from services.mesh.tokens import TokenClaims


@dataclass(frozen=True)
class TestUser:
    """Somebody with a token that the fake authority believes."""

    __test__ = False

    tenant_id: TenantId
    user_id: UserId
    permissions: frozenset[str]
    roles: frozenset[str]
    token: str
    scope: frozenset[str] = FULL_SCOPE

    @property
    def session_id(self) -> str:
        return f"session-of-{self.token}"

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token}"),)

    def caller(self, service: str = "gateway") -> Caller:
        """For use cases called without a server: `acting_as(ann.caller())`."""
        return Caller(
            service=service,
            tenant_id=self.tenant_id,
            user_id=self.user_id,
            session_id=self.session_id,
            client_id="test",
            scope=self.scope,
            roles=self.roles,
            permissions=within_scope(self.permissions, self.scope),
        )


@dataclass
class FakeAuthority:
    """Believes the tokens that it made and grants what they were made with."""

    users: dict[str, TestUser] = field(default_factory=dict)
    ended_sessions: set[str] = field(default_factory=set)

    def user(
        self,
        *,
        tenant_id: str = "acme",
        user_id: str | None = None,
        permissions: Collection[str] = (),
        roles: Collection[str] = ("agent",),
        scope: Collection[str] = FULL_SCOPE,
    ) -> TestUser:
        user = TestUser(
            tenant_id=TenantId(tenant_id),
            user_id=UserId(user_id or new_id()),
            permissions=frozenset(permissions),
            roles=frozenset(roles),
            token=new_id(),
            scope=frozenset(scope),
        )
        self.users[user.token] = user
        return user

    async def verify(self, token: str) -> TokenClaims:
        user = self.users.get(token)
        if user is None or user.session_id in self.ended_sessions:
            raise TokenInvalid("The access token is not valid.")
        return TokenClaims(
            tenant_id=user.tenant_id,
            user_id=user.user_id,
            session_id=user.session_id,
            client_id="test",
            scope=user.scope,
            roles=user.roles,
            expires_at=utc_now() + timedelta(minutes=5),
            token_id=token,
        )

    def permissions(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return frozenset(
            permission
            for user in self.users.values()
            if (user.tenant_id, user.user_id) == (tenant_id, user_id)
            for permission in user.permissions
        )

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return frozenset(
            role
            for user in self.users.values()
            if (user.tenant_id, user.user_id) == (tenant_id, user_id)
            for role in user.roles
        )

    def session_check(self, tenant_id: TenantId, session_id: str) -> Callable[[], None]:
        del tenant_id

        def check() -> None:
            if session_id in self.ended_sessions:
                raise TokenInvalid("The session of this token has ended.")

        return check


@dataclass(frozen=True)
class RunningServer:
    name: str
    port: int
    settings: MeshSettings
    authority: FakeAuthority
    mesh_server: MeshServer
    _channels: dict[str, grpc.aio.Channel] = field(default_factory=dict)

    def channel(self, service: str = "gateway") -> grpc.aio.Channel:
        """A plain gRPC channel with the certificate of any service; closed with the server."""
        if service not in self._channels:
            self._channels[service] = plain_channel(
                self.settings.certificate_folder(service), self.name, self.port
            )
        return self._channels[service]

    def user(
        self,
        *,
        tenant_id: str = "acme",
        user_id: str | None = None,
        permissions: Collection[str] = (),
        roles: Collection[str] = ("agent",),
        scope: Collection[str] = FULL_SCOPE,
    ) -> TestUser:
        return self.authority.user(
            tenant_id=tenant_id,
            user_id=user_id,
            permissions=permissions,
            roles=roles,
            scope=scope,
        )

    def settings_with_peer(self) -> MeshSettings:
        """Settings with which `connect` finds this server."""
        return self.settings.model_copy(
            update={f"{self.name}_address": f"ipv4:127.0.0.1:{self.port}"}
        )

    async def close_channels(self) -> None:
        for channel in self._channels.values():
            await channel.close()


def plain_channel(folder: Path, server: str, port: int) -> grpc.aio.Channel:
    return grpc.aio.secure_channel(
        f"ipv4:127.0.0.1:{port}",
        channel_credentials(folder),
        # Connections are shared between channels in one process unless this says otherwise.
        options=[*channel_target_options(server), ("grpc.use_local_subchannel_pool", 1)],
    )


@asynccontextmanager
async def running_server(
    name: str,
    register: Callable[[grpc.aio.Server], None],
    services: Sequence[str],
    settings: MeshSettings,
    *,
    database: Database | None = None,
    authority: FakeAuthority | None = None,
    background: Sequence[Background] = (),
    handled_by_service: AbstractSet[str] = frozenset(),
    collectors: Sequence[Collector] = (),
) -> AsyncIterator[RunningServer]:
    authority = authority or FakeAuthority()
    server = MeshServer(
        name=name,
        settings=settings,
        register=register,
        services=services,
        authority=authority,
        database=database,
        background=background,
        handled_by_service=handled_by_service,
        collectors=collectors,
        port=0,
    )
    port = await server.start()
    running = RunningServer(name, port, settings, authority, server)
    try:
        yield running
    finally:
        await running.close_channels()
        await server.stop(None)


@pytest.fixture(scope="session")
def mesh_certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    ensure_certificates(folder)
    return folder


@pytest.fixture
def mesh_settings(mesh_certificates: Path, tmp_path: Path) -> MeshSettings:
    return MeshSettings(data=tmp_path, certificates=mesh_certificates)


@dataclass(frozen=True)
class Refusal:
    """What a client can read out of an error."""

    code: grpc.StatusCode
    message: str
    reason: str
    domain: str
    metadata: dict[str, str]
    violations: dict[str, str]
    retry_after: timedelta | None


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    status = status_pb2.Status()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            status.ParseFromString(value)
    info = error_details_pb2.ErrorInfo()
    infos = [detail for detail in status.details if detail.Unpack(info)]
    assert len(infos) == 1, f"{len(infos)} ErrorInfo in {error!r}"
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    has_retry = any(detail.Unpack(retry) for detail in status.details)
    _ = any(detail.Unpack(bad_request) for detail in status.details)
    return Refusal(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason,
        domain=info.domain,
        metadata=dict(info.metadata),
        violations={one.field: one.description for one in bad_request.field_violations},
        retry_after=retry.retry_delay.ToTimedelta() if has_retry else None,
    )


@contextmanager
def refused(code: grpc.StatusCode, reason: str) -> Iterator[list[Refusal]]:
    """Expects a call to be refused so. The list holds the refusal after the block."""
    found: list[Refusal] = []
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        yield found
    found.append(refusal_of(caught.value))
    assert (found[0].code, found[0].reason) == (code, reason), caught.value
