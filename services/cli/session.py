"""From the options of a command to a gateway that knows who calls."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import grpc

from services.cli.failures import CommandError
from services.cli.gateway import Address, Gateway
from services.cli.profiles import OWN, Profile, ProfileFile, Profiles
from services.cli.refusals import from_rpc
from services.cli.supervisor.state import StateFile
from services.cli.tokens import TokenSource, not_logged_in
from services.mesh.settings import MeshSettings


class Role(StrEnum):
    ADMIN = "admin"
    AGENT = "agent"
    CUSTOMER = "customer"


@contextmanager
def session(
    settings: MeshSettings, tenant: str | None, role: Role | None, *, usually: Role
) -> Iterator[Gateway]:
    """A gateway that speaks for the user; refusals leave it as CommandError."""
    source = token_source(settings, tenant, role, usually=usually)
    with Gateway(gateway_address(settings), source.token) as gateway, speaking_plainly(gateway):
        yield gateway


@contextmanager
def speaking_plainly(gateway: Gateway) -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc(error, gateway.address.url) from None


def token_source(
    settings: MeshSettings, tenant: str | None, role: Role | None, *, usually: Role
) -> TokenSource:
    file = ProfileFile(settings.data)
    profiles = file.read()
    profile = choose_profile(profiles, tenant)
    name = choose_login(profile, role, usually)
    if profiles.last_used != profile.tenant:
        with file.change() as change:
            change.use(profile.tenant)
    return TokenSource(file, profile.tenant, name, gateway_address(settings))


def choose_profile(profiles: Profiles, tenant: str | None) -> Profile:
    """The named tenant's, else the last used one, else the only one."""
    known = sorted(profiles.by_tenant)
    if tenant is not None:
        if tenant not in profiles.by_tenant:
            raise not_logged_in(tenant)
        return profiles.by_tenant[tenant]
    if profiles.last_used in profiles.by_tenant:
        return profiles.by_tenant[profiles.last_used]
    if len(known) == 1:
        return profiles.by_tenant[known[0]]
    if not known:
        raise not_logged_in("")
    raise CommandError(
        "Which tenant? There are logins for " + ", ".join(known) + ".",
        hint=f"add --tenant {known[0]}",
        code="TENANT_MISSING",
    )


def choose_login(profile: Profile, role: Role | None, usually: Role) -> str:
    """The asked role's login, else the user's own one, else the usual role's."""
    wanted = [role.value] if role else [OWN, usually.value]
    for name in wanted:
        if name in profile.logins:
            return name
    if role is not None and OWN in profile.logins:
        raise CommandError(
            f"There is no login as {role.value} in {profile.tenant}; --as is for demo tenants.",
            hint=f"helpdesk login --tenant {profile.tenant}",
            code="NOT_LOGGED_IN",
            exit_code=4,
        )
    raise not_logged_in(profile.tenant)


def gateway_address(settings: MeshSettings) -> Address:
    """HELPDESK_ADDRESS, else where `helpdesk up` says that its gateway is."""
    authority = settings.certificates_folder / "ca.pem"
    named = os.environ.get("HELPDESK_ADDRESS")
    if named:
        # Another machine's certificate is for the system's authorities to vouch for.
        is_here = urlsplit(named).hostname in ("127.0.0.1", "::1", "localhost")
        return Address(named, authority if is_here else None)
    state = StateFile(settings.data).read()
    if state is not None and "https" in state.addresses:
        return Address(state.addresses["https"], Path(state.certificate_authority))
    return Address(f"https://127.0.0.1:{settings.https_port}", authority)
