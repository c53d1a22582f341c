"""`helpdesk logout`."""

from dataclasses import replace

from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.options import OutputOption, TenantOption
from services.cli.output import Format, say, write_json
from services.cli.profiles import OWN, Login, ProfileFile
from services.cli.session import choose_profile, gateway_address
from services.cli.tokens import end_session, not_logged_in
from services.mesh.settings import MeshSettings, read_settings


def logout(tenant: TenantOption = None, output: OutputOption = Format.TEXT) -> None:
    """End your own login; its tokens are good nowhere any more.

    The logins of a demo tenant's made-up users stay.
    """
    settings = read_settings(MeshSettings)
    file = ProfileFile(settings.data)
    profile = choose_profile(file.read(), tenant)
    login = profile.logins.get(OWN)
    if login is None:
        raise not_logged_in(profile.tenant)
    fault = _end(settings, login)
    with file.change() as change:
        kept = change.profiles.by_tenant[profile.tenant]
        others = {name: other for name, other in kept.logins.items() if name != OWN}
        change.put(replace(kept, logins=others))
    if fault is not None:
        say("the helpdesk could not be told; what was kept here is gone all the same")
        raise fault
    if output is Format.JSON:
        write_json({"tenant": profile.tenant, "email": login.email})
    else:
        say(f"logged out of {profile.tenant}")


def _end(settings: MeshSettings, login: Login) -> CommandError | None:
    """Forgetting the login must not depend on whether the helpdesk answers."""
    try:
        with Gateway(gateway_address(settings)) as gateway:
            end_session(gateway, login)
    except CommandError as error:
        return error
    return None
