"""Everything that the verbs of auth need, made of fakes."""

from services.auth.authenticators import SealedAuthenticators
from services.auth.use_cases.login_turns import LoginTurns
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.sealed import Sealer
from tests.auth.fake_store import FakeAuthStore
from tests.auth.fakes import FakeClock, FakePasswords, FakeSigner


class Desk:
    def __init__(self) -> None:
        self.store = FakeAuthStore()
        self.passwords = FakePasswords()
        self.clock = FakeClock()
        self.signer = FakeSigner()
        self.authenticators = SealedAuthenticators(Sealer({"k": bytes(32)}))
        self.tokens = TokenDesk(
            self.store,
            self.passwords,
            self.signer,
            self.clock,
            LoginTurns(),
            self.authenticators,
        )
