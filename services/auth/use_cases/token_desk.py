"""What the verbs around sessions and tokens share."""

from dataclasses import dataclass

from services.auth.ports import Authenticators, AuthStore, Passwords, TokenSigner
from services.auth.use_cases.login_turns import LoginTurns
from services.mesh.clock import Clock


@dataclass(frozen=True, slots=True)
class TokenDesk:
    store: AuthStore
    passwords: Passwords
    signer: TokenSigner
    clock: Clock
    turns: LoginTurns
    authenticators: Authenticators
