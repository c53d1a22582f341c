"""Argon2id for people's passwords, off the event loop and only a few at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from services.auth.errors.credentials import LoginThrottled

# OWASP's first choice for Argon2id; about 20 ms on one core.
MEMORY_KIB = 19_456
PASSES = 2
LANES = 1

# Each hash holds MEMORY_KIB while it runs and one core: more at once would only queue elsewhere.
HASHES_AT_ONCE = 2
# About 1.5 s of work. Whoever comes later is sent away, before memory and patience are used up.
MOST_WAITING = 128


class Argon2Passwords:
    def __init__(self, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(passes, memory_kib, LANES, type=Type.ID)
        self._free = asyncio.Semaphore(HASHES_AT_ONCE)
        self._waiting = 0
        self._common = frozenset(FREQUENCY_LISTS["passwords"])
        self._nobodys_hash = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, secret_hash: str | None) -> bool:
        async with self._turn():
            is_same = await asyncio.to_thread(
                self._verify, secret_hash or self._nobodys_hash, password
            )
        # A user without a password is no user with an empty one.
        return is_same and bool(secret_hash)

    def is_common(self, password: str) -> bool:
        return password.lower() in self._common

    def count_common(self, length: int) -> int:
        return sum(len(password) >= length for password in self._common)

    def is_outdated(self, secret_hash: str) -> bool:
        return self._hasher.check_needs_rehash(secret_hash)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= MOST_WAITING:
            raise LoginThrottled(timedelta(seconds=1))
        self._waiting += 1
        try:
            async with self._free:
                yield
        finally:
            self._waiting -= 1

    def _verify(self, secret_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(secret_hash, password)
        except (VerificationError, InvalidHashError):
            return False
