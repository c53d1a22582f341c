"""Settings of search."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from services.mesh.settings import MeshSettings


class SearchSettings(MeshSettings):
    qdrant_url: str | None = None
    qdrant_api_key: str | None = Field(default=None, repr=False)
    encoder: Literal["builtin", "ollama", "openai"] = "builtin"
    # Room for a file of the largest size that can be imported.
    max_message_bytes: int = Field(default=9 * 1024 * 1024, ge=64 * 1024)
    encoder_threads: int = Field(default=2, ge=1)
    encoder_url: str | None = None
    encoder_model: str | None = None
    encoder_api_key: str | None = Field(default=None, repr=False)
    encoder_question_prefix: str = ""
    encoder_passage_prefix: str = ""

    @model_validator(mode="after")
    def _a_server_has_an_address(self) -> Self:
        if self.encoder == "builtin":
            return self
        if not self.encoder_url or not self.encoder_model:
            raise ValueError(
                f"HELPDESK_ENCODER={self.encoder} needs HELPDESK_ENCODER_URL and "
                "HELPDESK_ENCODER_MODEL"
            )
        parts = urlsplit(self.encoder_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("HELPDESK_ENCODER_URL: give http://HOST:PORT or https://HOST")
        return self
