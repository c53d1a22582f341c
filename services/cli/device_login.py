"""Waits for the user to log in in a browser, as RFC 8628 asks a program to wait."""

import time
from collections.abc import Callable

from services.cli.failures import AUTHENTICATION, CommandError
from services.cli.provider import DeviceLogin, Provider, ProviderRefusal, Tokens

_SLOWER_SECONDS = 5.0
_AWAY = "UNAVAILABLE"


def wait_for_login(
    provider: Provider,
    started: DeviceLogin,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Tokens:
    """Raises CommandError when the user refuses, or lets the time pass."""
    interval = started.interval
    end = clock() + started.expires_in
    while clock() < end:
        sleep(interval)
        try:
            return provider.ask_for_device(started.device_code)
        except ProviderRefusal as refusal:
            if refusal.error == "slow_down":
                interval += _SLOWER_SECONDS
            elif refusal.error == "access_denied":
                raise _ended("The login was refused in the browser.", "ACCESS_DENIED") from None
            elif refusal.error == "expired_token":
                break
            elif refusal.error != "authorization_pending":
                raise _ended(f"The login failed: {refusal}", "LOGIN_FAILED") from None
        except CommandError as error:
            if error.code != _AWAY:
                raise
            # Section 3.5: a provider that does not answer is asked less and less often.
            interval *= 2
    raise _ended("Nobody has logged in in time.", "LOGIN_EXPIRED")


def _ended(sentence: str, code: str) -> CommandError:
    return CommandError(sentence, hint="helpdesk login", code=code, exit_code=AUTHENTICATION)
