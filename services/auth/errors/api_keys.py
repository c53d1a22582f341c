"""Refusals that are about API keys."""

from services.auth.errors import DOMAIN
from services.mesh.errors import FieldViolation, InvalidRequest, NotFound


class ApiKeyNotFound(NotFound):
    domain = DOMAIN
    reason = "API_KEY_NOT_FOUND"

    def __init__(self, api_key_id: str) -> None:
        super().__init__("There is no such API key.", metadata={"api_key_id": api_key_id})


class ApiKeyLifeRefused(InvalidRequest):
    """Breaks a rule that counts from now, which the field rules of the contract cannot say."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            "The API key cannot be made.", violations=(FieldViolation("expire_time", problem),)
        )
