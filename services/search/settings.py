"""Settings of search."""

from pydantic import Field

from services.mesh.settings import MeshSettings


class SearchSettings(MeshSettings):
    qdrant_url: str | None = None
    qdrant_api_key: str | None = Field(default=None, repr=False)
    encoder_threads: int = Field(default=2, ge=1)
