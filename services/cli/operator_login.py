"""Speaks for the operator of the platform: logged in, or on the machine that runs the mesh."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from services.cli.calls import Token
from services.cli.failures import AUTHENTICATION, CommandError
from services.cli.gateway import Gateway
from services.cli.profiles import OWN, ProfileFile
from services.cli.session import gateway_address, speaking_plainly
from services.cli.tokens import TokenSource, password_token
from services.mesh.settings import MeshSettings

TENANT = "platform"
EMAIL = "operator@platform.internal"


@contextmanager
def operator_session(settings: MeshSettings) -> Iterator[Gateway]:
    """Leaves alone which tenant was used last: that one is for everybody else's commands."""
    address = gateway_address(settings)
    with Gateway(address, _token(settings)) as gateway, speaking_plainly(gateway):
        yield gateway


def _token(settings: MeshSettings) -> Token:
    file = ProfileFile(settings.data)
    profile = file.read().by_tenant.get(TENANT)
    if profile is not None and OWN in profile.logins:
        return TokenSource(file, TENANT, OWN, gateway_address(settings)).token
    password = _first_password(settings)
    known: list[str] = []

    def token(refused: bool = False) -> str:
        if refused or not known:
            with Gateway(gateway_address(settings)) as gateway:
                known[:] = [password_token(gateway, TENANT, EMAIL, password).access_token]
        return known[0]

    return token


def _first_password(settings: MeshSettings) -> str:
    """As the settings say, or as auth has left it for whoever may read its folder."""
    chosen = os.environ.get("HELPDESK_OPERATOR_PASSWORD")
    if chosen:
        return chosen
    try:
        file = settings.service_folder("auth") / "operator-password"
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        raise CommandError(
            "Tenants are the operator's business, and you are not logged in as one.",
            hint=f"helpdesk login --tenant {TENANT} --email {EMAIL}",
            code="NOT_LOGGED_IN",
            exit_code=AUTHENTICATION,
        ) from None
