"""What the edge may be asked to do differently."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from services.mesh.settings import MeshSettings


class GatewaySettings(MeshSettings):
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """The web origins that a browser may call from, comma-separated: `https://desk.example`."""

    max_body_bytes: int = Field(default=3 * 1024 * 1024, ge=1024)
    """The largest request body. A document may have 2 MiB, which JSON's escapes make longer."""

    tenant_requests_per_second: int = Field(default=200, ge=1)
    tenant_burst: int = Field(default=400, ge=1)
    anonymous_requests_per_second: int = Field(default=50, ge=1)
    """For calls that need no token, per client address."""
    anonymous_burst: int = Field(default=100, ge=1)

    signing_keys_age_seconds: int = Field(default=10, ge=1, le=60)
    """How old the gateway's copy of auth's signing keys may grow."""

    gateway_threads: int = Field(default=2, ge=1)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, origins: object) -> object:
        if isinstance(origins, str):
            return tuple(origin.strip() for origin in origins.split(",") if origin.strip())
        return origins
