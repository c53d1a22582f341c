"""Serving: mutual TLS, the chain of interceptors as one list, health, and a stop that waits."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from ipaddress import ip_address
from typing import Any, cast

import grpc
import structlog

from services.mesh.audit.service import register_audit_service, service_name
from services.mesh.audit.trail import AuditTrail
from services.mesh.authority import Authority, KeepsCurrent
from services.mesh.clock import utc_now
from services.mesh.contract import Contract
from services.mesh.database import Database
from services.mesh.idempotency import RememberedReplies
from services.mesh.infrastructure import Health, register_reflection
from services.mesh.interceptors.audit import audit_inside, audit_outside
from services.mesh.interceptors.caller_identity import caller_identity
from services.mesh.interceptors.chain import Interceptor
from services.mesh.interceptors.counting import counting
from services.mesh.interceptors.deadline import deadline
from services.mesh.interceptors.errors import errors
from services.mesh.interceptors.idempotency import idempotency
from services.mesh.interceptors.parsing import parsing
from services.mesh.interceptors.permission import permission
from services.mesh.interceptors.request_log import request_log
from services.mesh.interceptors.telemetry import telemetry
from services.mesh.interceptors.token import token
from services.mesh.interceptors.validation import validation
from services.mesh.interceptors.watching import Watches
from services.mesh.metrics.calls import CallMetrics
from services.mesh.metrics.exit import MetricsExit
from services.mesh.metrics.families import Collector
from services.mesh.registration import Registration
from services.mesh.settings import MeshSettings
from services.mesh.telemetry import configure_telemetry
from services.mesh.tls import ServerIdentity, ensure_certificates

log = structlog.get_logger()

Register = Callable[[grpc.aio.Server], None]
Background = Callable[[], Awaitable[None]]

_SECONDS_BETWEEN_CERTIFICATE_CHECKS = 30.0
_SECONDS_BETWEEN_PRUNINGS = 3600.0
_SECONDS_BEFORE_RESTARTING_BACKGROUND = 1.0
# Long enough for the balancers in front to hear that we stop before connections close.
_SECONDS_BETWEEN_NOT_SERVING_AND_STOP = 0.5


async def serve(
    *,
    name: str,
    settings: MeshSettings,
    register: Register,
    services: Sequence[str],
    authority: Authority,
    database: Database | None = None,
    background: Sequence[Background] = (),
    ready: Background | None = None,
    handled_by_service: AbstractSet[str] = frozenset(),
    around: Sequence[Interceptor] = (),
    collectors: Sequence[Collector] = (),
) -> None:
    """Serves until SIGTERM or SIGINT. `ready` is awaited before health says SERVING.

    `around` are interceptors of the service's own, outside of whatever opens a transaction;
    `collectors` tell metrics of its own.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    configure_telemetry(name, settings)
    server = MeshServer(
        name=name,
        settings=settings,
        register=register,
        services=services,
        authority=authority,
        database=database,
        background=background,
        ready=ready,
        handled_by_service=handled_by_service,
        around=around,
        collectors=collectors,
    )
    port = await server.start()
    log.info("listening", port=port, metrics_port=server.metrics_port)
    await stop.wait()
    log.info("stopping")
    await server.stop(settings.stop_grace_seconds)
    log.info("stopped")


class MeshServer:
    """What `serve` runs, for tests and for processes with more than one server."""

    def __init__(
        self,
        *,
        name: str,
        settings: MeshSettings,
        register: Register,
        services: Sequence[str],
        authority: Authority,
        database: Database | None = None,
        background: Sequence[Background] = (),
        ready: Background | None = None,
        handled_by_service: AbstractSet[str] = frozenset(),
        around: Sequence[Interceptor] = (),
        collectors: Sequence[Collector] = (),
        port: int | None = None,
        drain_seconds: float = _SECONDS_BETWEEN_NOT_SERVING_AND_STOP,
    ) -> None:
        self._name = name
        self._settings = settings
        self._services = tuple(services)
        self._register = register
        self._authority = authority
        self._background = list(background)
        self._ready = ready
        self._port = settings.port(name) if port is None else port
        self._drain_seconds = drain_seconds
        self._health = Health(self._services)
        self._tasks: list[asyncio.Task[None]] = []
        self._server: grpc.aio.Server | None = None
        self.identity: ServerIdentity | None = None
        self._replies: RememberedReplies | None = None
        self._is_ready = asyncio.Event()
        self._watches = Watches()
        # Whoever announces that its audit can be read also keeps one.
        self.trail: AuditTrail | None = None
        if database is not None and service_name(name) in self._services:
            self.trail = AuditTrail(database, settings.service_folder(name), utc_now)
        self.metrics_port = settings.metrics_port(name)
        self._metrics: MetricsExit | None = None
        calls = CallMetrics()
        if self.metrics_port is not None:
            self._metrics = MetricsExit([calls.collect, *collectors], self.metrics_port)
        self.interceptors: list[Interceptor] = [
            telemetry,
            *([counting(calls)] if self._metrics else []),
            request_log,
            errors,
            self._watches.intercept,
            *around,
            *([audit_outside(self.trail)] if self.trail else []),
            deadline,
            caller_identity,
            token(authority),
            permission(authority),
            parsing,
            validation(),
            *([audit_inside(self.trail)] if self.trail else []),
        ]
        if database is not None:
            self._replies = RememberedReplies(database, utc_now)
            self.interceptors.append(idempotency(database, self._replies, handled_by_service))

    async def start(self) -> int:
        """Returns the port. Raises ContractError when a method lacks a policy."""
        registration = Registration(Contract(self._services), self.interceptors)
        as_server = cast("grpc.aio.Server", registration)
        self._register(as_server)
        if self.trail is not None:
            register_audit_service(self._name, self.trail, as_server)
        registration.check_complete(self._services)
        self._health.register(as_server)
        if ip_address(self._settings.host).is_loopback:
            register_reflection(as_server, self._services)
        self._server = grpc.aio.server(
            options=self._options(), maximum_concurrent_rpcs=self._settings.max_concurrent_rpcs
        )
        registration.add_to(self._server)
        folder = self._settings.certificates_folder
        await asyncio.to_thread(ensure_certificates, folder)
        self.identity = ServerIdentity(folder / self._name)
        host = self._settings.host
        address = f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"
        port = _listen(self._server, address, self.identity)
        if self._metrics is not None:
            self.metrics_port = await self._metrics.open()
        await self._health.say(serving=False)
        await self._server.start()
        self._start_background()
        return port

    async def wait_until_ready(self) -> None:
        """For tests; callers in other processes ask the health service."""
        await self._is_ready.wait()

    async def stop(self, grace: float | None = None) -> None:
        """Says NOT_SERVING, lets running calls end within the grace, then closes."""
        if self._server is None:
            return
        await self._health.say(serving=False)
        if grace:
            await asyncio.sleep(min(self._drain_seconds, grace))
        self._watches.end()
        await self._server.stop(grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._metrics is not None:
            await self._metrics.close()
        if self.trail is not None:
            await self.trail.close()
        if isinstance(self._authority, KeepsCurrent):
            await self._authority.close()

    async def renew_certificates(self) -> None:
        """Renews what is due and serves what is new; done by itself every half minute."""
        await asyncio.to_thread(ensure_certificates, self._settings.certificates_folder)
        if self.identity is not None and self.identity.refresh():
            log.info("new certificate")

    def _options(self) -> list[tuple[str, Any]]:
        age = self._settings.max_connection_age_seconds
        return [
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", self._settings.max_message_bytes),
            ("grpc.max_metadata_size", 16 * 1024),
            ("grpc.absolute_max_metadata_size", 16 * 1024),
            # A certificate is looked at when a connection opens, so none may stay open for long.
            ("grpc.max_connection_age_ms", age * 1000),
            ("grpc.max_connection_age_grace_ms", 60_000),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
            ("grpc.max_concurrent_streams", 1000),
        ]

    def _start_background(self) -> None:
        jobs: list[Background] = [*self._background, self._become_ready, self._follow_certificates]
        if isinstance(self._authority, KeepsCurrent):
            jobs.append(self._authority.run)
        if self._replies is not None:
            jobs.append(self._prune_replies)
        if self.trail is not None:
            jobs.append(self.trail.run)
        self._tasks = [asyncio.create_task(_keep_running(job)) for job in jobs]

    async def _become_ready(self) -> None:
        if isinstance(self._authority, KeepsCurrent):
            await self._authority.wait_until_current()
        if self._ready is not None:
            await self._ready()
        await self._health.say(serving=True)
        self._is_ready.set()

    async def _follow_certificates(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_CERTIFICATE_CHECKS)
            await self.renew_certificates()

    async def _prune_replies(self) -> None:
        while self._replies is not None:
            await self._replies.prune()
            await asyncio.sleep(_SECONDS_BETWEEN_PRUNINGS)


def _listen(server: grpc.aio.Server, address: str, identity: ServerIdentity) -> int:
    """Raises OSError when the port is taken; gRPC's own error is a bare RuntimeError."""
    try:
        return server.add_secure_port(address, identity.credentials)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}; is the port taken? ({error})") from None


async def _keep_running(job: Background) -> None:
    """A background job that fails is logged and begun again; one that returns has finished."""
    while True:
        try:
            await job()
        except Exception:
            log.exception("a background job failed")
            await asyncio.sleep(_SECONDS_BEFORE_RESTARTING_BACKGROUND)
        else:
            return
