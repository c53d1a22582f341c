"""What the verbs of the OpenID provider share, and who asks them."""

from dataclasses import dataclass

from services.auth.credentials import digest_of, secret_matches
from services.auth.errors.oauth import OAuthRefused
from services.auth.oauth_clients import OAuthClient
from services.auth.oauth_ports import AccessTokens, IdTokens
from services.auth.use_cases.token_desk import TokenDesk


@dataclass(frozen=True, slots=True)
class AuthorizationDesk:
    tokens: TokenDesk
    id_tokens: IdTokens
    access_tokens: AccessTokens
    own_clients: tuple[OAuthClient, ...]
    issuer: str


@dataclass(frozen=True, slots=True)
class ClientProof:
    """How a client says who it is; without a secret, one that has none."""

    client_id: str
    secret: str = ""


async def find_client(desk: AuthorizationDesk, client_id: str) -> OAuthClient | None:
    for client in desk.own_clients:
        if client.client_id == client_id:
            return client
    async with desk.tokens.store.reading_directory() as directory:
        return await directory.oauth_client(client_id)


async def authenticate_client(desk: AuthorizationDesk, proof: ClientProof) -> OAuthClient:
    """Raises OAuthRefused `invalid_client`, which does not tell a wrong id from a wrong secret."""
    client = await find_client(desk, proof.client_id) if proof.client_id else None
    # An unknown client costs the comparison as well.
    digest = client.secret_hash if client else digest_of("")
    is_right = not proof.secret if client and client.is_public else _matches(proof.secret, digest)
    if client is None or not is_right:
        raise OAuthRefused("invalid_client", "The client could not be authenticated.")
    return client


def _matches(secret: str, digest: str) -> bool:
    return bool(secret) and secret_matches(secret, digest)
