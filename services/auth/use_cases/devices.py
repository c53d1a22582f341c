"""Devices without a browser: they show a code, ask again and again, and wait in between."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.auth.authorization import (
    DEVICE_INTERVAL,
    DEVICE_LIFE,
    USER_CODE_ALPHABET,
    USER_CODE_LENGTH,
    DeviceAuthorization,
    shown_user_code,
)
from services.auth.authorization_parameters import scope_of
from services.auth.credentials import digest_of, new_secret
from services.auth.errors.oauth import OAuthRefused
from services.auth.oauth_clients import GrantType, OAuthClient
from services.auth.use_cases.authorization_desk import (
    AuthorizationDesk,
    ClientProof,
    authenticate_client,
)
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import bookkeeping


@dataclass(frozen=True, slots=True)
class StartedDevice:
    device_code: str
    user_code: str
    life: timedelta
    interval: timedelta


async def start_device(
    desk: AuthorizationDesk, proof: ClientProof, scope_text: str
) -> StartedDevice:
    client = await authenticate_client(desk, proof)
    if GrantType.DEVICE_CODE not in client.grants:
        raise OAuthRefused("unauthorized_client", "This client may not use the device grant.")
    scope = scope_of(scope_text, client)
    device_code, user_code = new_secret(), _new_user_code()
    now = desk.tokens.clock()
    device = DeviceAuthorization(
        digest_of(device_code),
        digest_of(user_code),
        client.client_id,
        scope,
        DEVICE_INTERVAL,
        now,
        now + DEVICE_LIFE,
    )
    async with desk.tokens.store.directory() as directory:
        await directory.add_device_authorization(device)
    return StartedDevice(device_code, shown_user_code(user_code), DEVICE_LIFE, DEVICE_INTERVAL)


async def poll(desk: TokenDesk, client: OAuthClient, device_code: str) -> None:
    """Returns once the user has agreed; until then raises what RFC 8628, section 3.5, says."""
    now = desk.clock()
    # That a device waits is nothing that anybody would ask about later.
    with bookkeeping():
        async with desk.store.directory() as directory:
            device = await directory.lock_device_authorization(digest_of(device_code))
            if device is None or device.client_id != client.client_id:
                raise OAuthRefused("invalid_grant", "The device_code is not valid.")
            is_too_soon = _is_too_soon(device, now)
            # Whoever asks too soon waits longer from then on.
            interval = device.interval + (DEVICE_INTERVAL if is_too_soon else timedelta())
            await directory.keep_device_poll(device.digest, now, interval)
    if device.decision is False:
        raise OAuthRefused("access_denied", "The user has refused.")
    if now >= device.expire_time:
        raise OAuthRefused("expired_token", "The device_code has expired; begin again.")
    if device.decision is None:
        if is_too_soon:
            raise OAuthRefused("slow_down", "Wait five seconds longer between two questions.")
        raise OAuthRefused("authorization_pending", "The user has not decided yet.")


def _is_too_soon(device: DeviceAuthorization, now: datetime) -> bool:
    return device.poll_time is not None and now - device.poll_time < device.interval


def _new_user_code() -> str:
    return "".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(USER_CODE_LENGTH))
