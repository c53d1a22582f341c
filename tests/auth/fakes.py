"""A clock, passwords, a signer and an operator's secret that do as tests say."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.auth.domain import ACCESS_TOKEN_LIFE, Session, User
from services.auth.ports import AccessToken

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, time: timedelta) -> None:
        self.now += time


class FakePasswords:
    """Keeps what it was asked, so that a test sees whether a password was looked at at all."""

    def __init__(self, scheme: str = "plain") -> None:
        self.scheme = scheme
        self.checked: list[str | None] = []
        self.hashed = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return f"{self.scheme}:{password}"

    async def matches(self, password: str, secret_hash: str | None) -> bool:
        self.checked.append(secret_hash)
        await asyncio.sleep(0)
        return secret_hash is not None and secret_hash.partition(":")[2] == password

    def is_common(self, password: str) -> bool:
        return password.lower() in {"password", "password1", "iloveyou"}

    def is_outdated(self, secret_hash: str) -> bool:
        return secret_hash.partition(":")[0] != self.scheme


class FakeSigner:
    def __init__(self) -> None:
        self.scopes: list[frozenset[str]] = []

    async def sign(
        self, user: User, session: Session, scope: frozenset[str], now: datetime
    ) -> AccessToken:
        self.scopes.append(scope)
        return AccessToken(f"{user.user_id} in {session.session_id}", now + ACCESS_TOKEN_LIFE)


class FakeOperatorSecret:
    def __init__(self) -> None:
        self.password = "operator's password"
        self.times_asked = 0

    def obtain(self) -> str:
        self.times_asked += 1
        return self.password
