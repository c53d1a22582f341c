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
    # What answers out of the index that it has made, until another encoder has made its own. The
    # one that is built in needs no setting.
    previous_encoder: Literal["builtin", "ollama", "openai"] = "builtin"
    previous_encoder_url: str | None = None
    previous_encoder_model: str | None = None
    previous_encoder_api_key: str | None = Field(default=None, repr=False)
    previous_encoder_question_prefix: str = ""
    previous_encoder_passage_prefix: str = ""

    @model_validator(mode="after")
    def _a_server_has_an_address(self) -> Self:
        _require_address("HELPDESK_ENCODER", self.encoder, self.encoder_url, self.encoder_model)
        _require_address(
            "HELPDESK_PREVIOUS_ENCODER",
            self.previous_encoder,
            self.previous_encoder_url,
            self.previous_encoder_model,
        )
        return self


def _require_address(name: str, kind: str, url: str | None, model: str | None) -> None:
    if kind == "builtin":
        return
    if not url or not model:
        raise ValueError(f"{name}={kind} needs {name}_URL and {name}_MODEL")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{name}_URL: give http://HOST:PORT or https://HOST")
