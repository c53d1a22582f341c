"""Gateways for many users at once, each logged in with a password when first needed."""

import time
from types import TracebackType
from typing import Self

from services.cli.gateway import Address, Gateway
from services.cli.tokens import password_token

OPERATOR_TENANT = "platform"
OPERATOR_EMAIL = "operator@platform.internal"
_TOKEN_SECONDS = 120.0


class Switchboard:
    """Use as a context manager; it closes what it has opened."""

    def __init__(self, address: Address, operator_password: str) -> None:
        self._address = address
        self._operator_password = operator_password
        self._gateways: dict[tuple[str, str], Gateway] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for gateway in self._gateways.values():
            gateway.close()

    def operator(self) -> Gateway:
        return self.user(OPERATOR_TENANT, OPERATOR_EMAIL, self._operator_password)

    def user(self, tenant: str, email: str, password: str) -> Gateway:
        known = self._gateways.get((tenant, email))
        if known is None:
            token = _PasswordToken(self._address, tenant, email, password)
            known = self._gateways[(tenant, email)] = Gateway(self._address, token.get)
        return known


class _PasswordToken:
    def __init__(self, address: Address, tenant: str, email: str, password: str) -> None:
        self._address = address
        self._credentials = (tenant, email, password)
        self._token = ""
        self._ends = 0.0

    def get(self, refused: bool = False) -> str:
        if refused or time.monotonic() > self._ends:
            with Gateway(self._address) as gateway:
                self._token = password_token(gateway, *self._credentials).access_token
            self._ends = time.monotonic() + _TOKEN_SECONDS
        return self._token
