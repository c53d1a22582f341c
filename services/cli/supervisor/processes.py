"""The process table: what runs, where it listens, what it waits for, how its health is asked."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from services.mesh.metrics.exit import HOST as METRICS_HOST
from services.mesh.metrics.exit import PATH as METRICS_PATH
from services.mesh.settings import MeshSettings

TEMPORAL = "temporal"
_TO_METRICS = 100
_LAST_PORT = 65_535


@dataclass(frozen=True)
class GrpcHealth:
    """Asks grpc.health.v1 over mutual TLS; `service` names the certificate that must answer."""

    target: str
    service: str


@dataclass(frozen=True)
class HttpHealth:
    """Asks for a page; any 2xx answer is health. With a `service` over mutual TLS."""

    port: int
    path: str
    service: str = ""
    host: str = "127.0.0.1"


Health = GrpcHealth | HttpHealth


@dataclass(frozen=True)
class Port:
    number: int
    variable: str


@dataclass(frozen=True)
class Process:
    """`arguments` follow the Python interpreter, as in `-m services.auth`."""

    name: str
    arguments: tuple[str, ...]
    ports: tuple[Port, ...]
    health: Health
    depends_on: tuple[str, ...] = ()
    colour: str = "white"
    environment: Mapping[str, str] = field(default_factory=dict)
    metrics_port: int | None = None

    @property
    def metrics(self) -> str:
        """Where it tells its metrics; empty when it does not."""
        port = self.metrics_port
        return f"http://{METRICS_HOST}:{port}{METRICS_PATH}" if port is not None else ""

    @property
    def address(self) -> str:
        if isinstance(self.health, GrpcHealth):
            return self.health.target.removeprefix("ipv4:")
        scheme = "https" if self.health.service else "http"
        return f"{scheme}://{self.health.host}:{self.health.port}"


def mesh_processes(settings: MeshSettings) -> tuple[Process, ...]:
    """All processes of the mesh, each behind those that it depends on."""
    temporal = [_temporal(settings)] if starts_temporal(settings) else []
    ticket = _service(settings, "ticket", "green", "auth", *(each.name for each in temporal))
    if temporal:
        address = {"HELPDESK_TEMPORAL_ADDRESS": f"127.0.0.1:{settings.temporal_port}"}
        ticket = replace(ticket, environment={**ticket.environment, **address})
    return (
        _service(settings, "auth", "cyan"),
        *temporal,
        ticket,
        _service(settings, "search", "magenta", "auth"),
        _service(settings, "chat", "yellow", "auth", "ticket", "search"),
        Process(
            name="bridge",
            arguments=("-m", "services.gateway.bridge"),
            ports=(Port(settings.bridge_port, "HELPDESK_BRIDGE_PORT"),),
            health=HttpHealth(settings.bridge_port, "/healthz", service="bridge"),
            colour="blue",
        ),
        Process(
            name="gateway",
            arguments=("-m", "services.gateway"),
            ports=(
                Port(settings.http_port, "HELPDESK_HTTP_PORT"),
                Port(settings.https_port, "HELPDESK_HTTPS_PORT"),
                Port(settings.admin_port, "HELPDESK_ADMIN_PORT"),
            ),
            health=HttpHealth(settings.http_port, "/readyz"),
            depends_on=("auth", "ticket", "search", "chat", "bridge"),
            colour="bright_red",
        ),
    )


def starts_temporal(settings: MeshSettings) -> bool:
    """Whether tickets are routed on a Temporal server that is started along with the rest."""
    return (
        settings.ticket_routing_engine != "in_process"
        and settings.temporal_address is None
        and shutil.which(TEMPORAL) is not None
        and find_spec("temporalio") is not None
    )


def stop_order(processes: Sequence[Process]) -> list[list[Process]]:
    """Groups to stop one after the other: nothing stops before what depends on it."""
    left = {process.name: process for process in processes}
    groups: list[list[Process]] = []
    while left:
        needed = {name for process in left.values() for name in process.depends_on}
        free = [process for process in left.values() if process.name not in needed]
        if not free:
            raise ValueError(f"processes depend on each other in a circle: {', '.join(left)}")
        groups.append(free)
        for process in free:
            del left[process.name]
    return groups


def _temporal(settings: MeshSettings) -> Process:
    return Process(
        name="temporal",
        arguments=("-m", "services.cli.temporal_server"),
        ports=(
            Port(settings.temporal_port, "HELPDESK_TEMPORAL_PORT"),
            Port(settings.temporal_http_port, "HELPDESK_TEMPORAL_HTTP_PORT"),
        ),
        health=HttpHealth(settings.temporal_http_port, "/api/v1/system-info"),
        colour="bright_blue",
    )


def _service(settings: MeshSettings, name: str, colour: str, *depends_on: str) -> Process:
    port, metrics_port = settings.port(name), _metrics_port(settings, name)
    variable = f"HELPDESK_{name.upper()}_METRICS_PORT"
    return Process(
        name=name,
        arguments=("-m", f"services.{name}"),
        ports=(Port(port, f"HELPDESK_{name.upper()}_PORT"), Port(metrics_port, variable)),
        health=GrpcHealth(f"ipv4:127.0.0.1:{port}", name),
        depends_on=depends_on,
        colour=colour,
        environment={variable: str(metrics_port)},
        metrics_port=metrics_port,
    )


def _metrics_port(settings: MeshSettings, name: str) -> int:
    """Beside the service's own port, unless it was given."""
    given, port = settings.metrics_port(name), settings.port(name)
    if given is not None:
        return given
    return port + _TO_METRICS if port + _TO_METRICS <= _LAST_PORT else port - _TO_METRICS
