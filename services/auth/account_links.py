"""The pages on which the codes that auth gives out are redeemed."""

from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True)
class AccountLinks:
    origin: str

    def invitation(self, code: str) -> str:
        return self._link("invitation", code)

    def password_reset(self, code: str) -> str:
        return self._link("password-reset", code)

    def _link(self, page: str, code: str) -> str:
        return f"{self.origin}/account/{page}?{urlencode({'code': code})}"
