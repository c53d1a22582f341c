"""AuthSettings: what the mesh reads, and the operator's first password."""

from pydantic import Field, SecretStr

from services.mesh.settings import MeshSettings


class AuthSettings(MeshSettings):
    operator_password: SecretStr | None = Field(default=None, min_length=8, max_length=256)
