"""AuthSettings: what the mesh reads, the first password, whom auth may call, where the web is."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from services.mesh.settings import MeshSettings


class AuthSettings(MeshSettings):
    operator_password: SecretStr | None = Field(default=None, min_length=8, max_length=256)

    signing_key_days: float = Field(default=30, gt=0)
    """How old the key that signs tokens may become; then a new one takes its place."""

    sealing_keys: Path | None = None
    """The file with the keys that seal secrets; replicas on one database need the same."""

    reseal_policy: bool = False
    """Whether this start trusts the rules in the database, whatever the seal over them says."""

    outbound_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Where identity providers may be besides the open internet: `10.1.0.0/16,10.2.0.0/16`."""

    outbound_loopback: bool = False
    """Whether it may be on this machine, and without TLS there; for development only."""

    web_redirect_uris: Annotated[tuple[str, ...], NoDecode] = ()
    """Where the client `helpdesk-web` may be answered, comma-separated."""

    web_logout_redirect_uris: Annotated[tuple[str, ...], NoDecode] = ()
    """Where `helpdesk-web` may send its users after they have logged out, comma-separated."""

    @field_validator(
        "outbound_networks", "web_redirect_uris", "web_logout_redirect_uris", mode="before"
    )
    @classmethod
    def _split(cls, entries: object) -> object:
        if isinstance(entries, str):
            return tuple(entry.strip() for entry in entries.split(",") if entry.strip())
        return entries
