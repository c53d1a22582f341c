"""Where a process listens, keeps its data and finds its peers, from HELPDESK_* variables."""

import re
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.mesh.database_address import DatabaseAddress

REPOSITORY = Path(__file__).resolve().parents[2]

Port = int
AnySettings = TypeVar("AnySettings", bound="MeshSettings")


class MeshSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HELPDESK_", frozen=True, extra="ignore")

    data: Path = REPOSITORY / ".helpdesk"
    certificates: Path | None = None
    host: str = "127.0.0.1"
    public_url: str | None = None

    http_port: Port = Field(default=8080, ge=0, le=65535)
    https_port: Port = Field(default=8443, ge=0, le=65535)
    admin_port: Port = Field(default=9901, ge=0, le=65535)
    bridge_port: Port = Field(default=8081, ge=0, le=65535)
    auth_port: Port = Field(default=7101, ge=0, le=65535)
    ticket_port: Port = Field(default=7102, ge=0, le=65535)
    search_port: Port = Field(default=7103, ge=0, le=65535)
    chat_port: Port = Field(default=7104, ge=0, le=65535)

    auth_metrics_port: Port | None = Field(default=None, ge=0, le=65535)
    ticket_metrics_port: Port | None = Field(default=None, ge=0, le=65535)
    search_metrics_port: Port | None = Field(default=None, ge=0, le=65535)
    chat_metrics_port: Port | None = Field(default=None, ge=0, le=65535)

    auth_address: str | None = None
    ticket_address: str | None = None
    search_address: str | None = None
    chat_address: str | None = None

    auth_database_url: str | None = None
    ticket_database_url: str | None = None
    search_database_url: str | None = None
    chat_database_url: str | None = None

    auth_database_owner_url: str | None = None
    ticket_database_owner_url: str | None = None
    search_database_owner_url: str | None = None
    chat_database_owner_url: str | None = None

    auth_database_system_url: str | None = None
    ticket_database_system_url: str | None = None
    search_database_system_url: str | None = None
    chat_database_system_url: str | None = None

    # Without an address `helpdesk up` starts a server of its own, where there is a program for it.
    ticket_routing_engine: Literal["auto", "in_process", "temporal"] = "auto"
    temporal_address: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$",
        validation_alias=AliasChoices(
            "temporal_address", "HELPDESK_TEMPORAL_ADDRESS", "TEMPORAL_ADDRESS"
        ),
    )
    temporal_namespace: str = "default"
    temporal_port: Port = Field(default=7105, ge=0, le=65535)
    temporal_http_port: Port = Field(default=7106, ge=0, le=65535)

    otlp_endpoint: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"

    max_message_bytes: int = Field(default=4 * 1024 * 1024, ge=64 * 1024)
    max_concurrent_rpcs: int = Field(default=1000, ge=1)
    max_connection_age_seconds: int = Field(default=1800, ge=1)
    stop_grace_seconds: float = Field(default=10.0, ge=0)

    @field_validator("public_url")
    @classmethod
    def _public_url_is_an_origin(cls, url: str | None) -> str | None:
        # Tokens name it letter by letter, so one address must have one spelling.
        if url is not None and not re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", url):
            raise ValueError("give https://NAME or https://NAME:PORT, in lower case, no path")
        return url

    @field_validator("host")
    @classmethod
    def _host_is_an_address(cls, host: str) -> str:
        # A name could mean several addresses, and whether they are loopback decides what is shown.
        return str(ip_address(host))

    @field_validator(
        "auth_database_url", "ticket_database_url", "search_database_url", "chat_database_url"
    )
    @classmethod
    def _database_is_one_of_ours(cls, url: str | None) -> str | None:
        if url is not None and not re.match(r"(sqlite|postgresql)(\+\w+)?://.", url):
            # The address may hold a password, so it is not repeated.
            raise ValueError("give sqlite+aiosqlite:///FILE or postgresql+psycopg://…")
        return url

    @field_validator(
        *(
            f"{service}_database_{role}_url"
            for service in ("auth", "ticket", "search", "chat")
            for role in ("owner", "system")
        )
    )
    @classmethod
    def _roles_are_postgresqls(cls, url: str | None) -> str | None:
        if url is not None and not re.match(r"postgresql(\+\w+)?://.", url):
            raise ValueError("give postgresql+psycopg://…; SQLite knows no roles")
        return url

    @property
    def issuer(self) -> str:
        """Where browsers and clients reach the gateway; every token says that it is from there."""
        return self.public_url or f"http://127.0.0.1:{self.http_port}"

    def port(self, service: str) -> int:
        return int(str(self._named(service, "port")))

    def metrics_port(self, service: str) -> Port | None:
        """Where the service tells its metrics; None where it does not."""
        port = self._named(service, "metrics_port")
        return None if port is None else int(str(port))

    def address(self, service: str) -> str:
        return str(self._named(service, "address") or f"ipv4:127.0.0.1:{self.port(service)}")

    def database_url(self, service: str) -> str:
        file = self.service_folder(service) / f"{service}.db"
        return str(self._named(service, "database_url") or f"sqlite+aiosqlite:///{file}")

    def database_address(self, service: str) -> DatabaseAddress:
        owner_url = self._named(service, "database_owner_url")
        system_url = self._named(service, "database_system_url")
        return DatabaseAddress(
            url=self.database_url(service),
            owner_url=None if owner_url is None else str(owner_url),
            system_url=None if system_url is None else str(system_url),
            setting=f"HELPDESK_{service.upper()}_DATABASE",
        )

    def service_folder(self, service: str) -> Path:
        return self.data / service

    @property
    def certificates_folder(self) -> Path:
        return self.certificates or self.data / "certificates"

    def certificate_folder(self, service: str) -> Path:
        return self.certificates_folder / service

    def _named(self, service: str, what: str) -> object:
        field = f"{service}_{what}"
        if field not in type(self).model_fields:
            raise KeyError(f"no setting {field} for service {service!r}")
        value: object = getattr(self, field)
        return value


def read_settings(kind: type[AnySettings]) -> AnySettings:
    """Reads the environment, or ends the process with one line that names each bad variable."""
    try:
        return kind()
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        faults = "; ".join(
            f"{prefix}{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}".replace("\n", " ")
            for fault in error.errors(include_url=False, include_input=False)
        )
        sys.stderr.write(f"bad settings: {faults}\n")
        raise SystemExit(1) from None
