"""Access tokens of a profile: kept while they last, renewed before they end."""

import time
from collections.abc import Callable
from dataclasses import replace

import grpc

from helpdesk.auth.v1 import token_service_pb2
from services.cli.failures import AUTHENTICATION, CommandError
from services.cli.gateway import Address, Gateway
from services.cli.profiles import Login, Profile, ProfileFile
from services.cli.provider import CLIENT_ID, Provider, ProviderRefusal, Tokens
from services.cli.refusals import from_rpc, reason_of, status_of

_SPARE_SECONDS = 30.0


class TokenSource:
    """Gives one login's access token, from the file, by its refresh token, or by its password."""

    def __init__(
        self,
        file: ProfileFile,
        tenant: str,
        login_name: str,
        address: Address,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._tenant = tenant
        self._login_name = login_name
        self._address = address
        self._clock = clock
        self._current: Login | None = None

    def token(self, refused: bool = False) -> str:
        if self._current is None or refused or not self._lasts(self._current):
            self._current = self._renewed(self._current.access_token if self._current else "")
        return self._current.access_token

    def _lasts(self, login: Login) -> bool:
        return bool(login.access_token) and login.expires_at - _SPARE_SECONDS > self._clock()

    def _renewed(self, refused_token: str) -> Login:
        with self._file.change() as change:
            profile = change.profiles.by_tenant.get(self._tenant, Profile(self._tenant))
            login = profile.logins.get(self._login_name)
            if login is None:
                raise not_logged_in(self._tenant)
            # Another command may have renewed it while this one waited for the lock.
            if self._lasts(login) and login.access_token != refused_token:
                return login
            fresh = self._ask(login)
            change.put(profile.with_login(self._login_name, fresh))
            return fresh

    def _ask(self, login: Login) -> Login:
        if login.client_id:
            return self._ask_provider(login)
        with Gateway(self._address) as gateway:
            try:
                if login.refresh_token:
                    return with_token(login, _refresh(gateway, login.refresh_token))
            except grpc.RpcError as error:
                is_dead = reason_of(status_of(error)) == "REFRESH_TOKEN_INVALID"
                if not (is_dead and login.password):
                    raise from_rpc(error, self._address.url) from None
            if not login.password:
                raise not_logged_in(self._tenant)
            return with_token(
                login, password_token(gateway, self._tenant, login.email, login.password)
            )

    def _ask_provider(self, login: Login) -> Login:
        try:
            return with_tokens(login, Provider(self._address).refresh(login.refresh_token))
        except ProviderRefusal:
            raise CommandError(
                "Your login has ended.",
                hint=f"helpdesk login --tenant {self._tenant}",
                code="REFRESH_TOKEN_INVALID",
                exit_code=AUTHENTICATION,
            ) from None


def password_token(
    gateway: Gateway, tenant: str, email: str, password: str, one_time_code: str = ""
) -> token_service_pb2.Token:
    grant = token_service_pb2.PasswordGrant(
        tenant_slug=tenant, email=email, password=password, one_time_code=one_time_code
    )
    try:
        return gateway.tokens.IssueToken(token_service_pb2.IssueTokenRequest(password=grant))
    except grpc.RpcError as error:
        raise from_rpc(error, gateway.address.url) from None


def with_token(login: Login, token: token_service_pb2.Token) -> Login:
    return replace(
        login,
        access_token=token.access_token,
        refresh_token=token.refresh_token,
        expires_at=token.expire_time.seconds,
    )


def with_tokens(login: Login, tokens: Tokens) -> Login:
    return replace(
        login,
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_at=tokens.expires_at,
        client_id=CLIENT_ID,
    )


def end_session(gateway: Gateway, login: Login) -> None:
    """No error where it has ended already."""
    if not login.refresh_token:
        return
    if login.client_id:
        Provider(gateway.address).revoke(login.refresh_token)
        return
    try:
        gateway.tokens.RevokeToken(
            token_service_pb2.RevokeTokenRequest(refresh_token=login.refresh_token)
        )
    except grpc.RpcError as error:
        raise from_rpc(error, gateway.address.url) from None


def not_logged_in(tenant: str) -> CommandError:
    return CommandError(
        f"You are not logged in to {tenant}." if tenant else "You are not logged in.",
        hint=f"helpdesk login --tenant {tenant or 'TENANT'}",
        code="NOT_LOGGED_IN",
        exit_code=AUTHENTICATION,
    )


def _refresh(gateway: Gateway, refresh_token: str) -> token_service_pb2.Token:
    return gateway.tokens.RefreshToken(
        token_service_pb2.RefreshTokenRequest(refresh_token=refresh_token)
    )
