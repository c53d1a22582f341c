"""AuthSettings: what the mesh reads, the operator's first password, and whom auth may call."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from services.mesh.settings import MeshSettings


class AuthSettings(MeshSettings):
    operator_password: SecretStr | None = Field(default=None, min_length=8, max_length=256)

    sealing_keys: Path | None = None
    """The file with the keys that seal secrets; replicas on one database need the same."""

    outbound_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Where identity providers may be besides the open internet: `10.1.0.0/16,10.2.0.0/16`."""

    outbound_loopback: bool = False
    """Whether it may be on this machine, and without TLS there; for development only."""

    @field_validator("outbound_networks", mode="before")
    @classmethod
    def _split(cls, networks: object) -> object:
        if isinstance(networks, str):
            return tuple(network.strip() for network in networks.split(",") if network.strip())
        return networks
