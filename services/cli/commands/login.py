"""`helpdesk login` and `helpdesk token`."""

import sys
from typing import Annotated

import typer

from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, write, write_json
from services.cli.profiles import OWN, Login, Profile, ProfileFile
from services.cli.session import Role, gateway_address, token_source
from services.cli.tokens import password_token, with_token
from services.mesh.settings import MeshSettings, read_settings


def login(
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="The tenant's short name.")],
    email: Annotated[str, typer.Option(help="Asked for if left out.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    output: OutputOption = Format.TEXT,
) -> None:
    """Log in to a tenant; later commands then act as this user.

    The password is not kept. What is kept lies in the data folder, readable by you only.
    """
    settings = read_settings(MeshSettings)
    email = email or _ask("E-mail", hide=False)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _ask("Password")
    with Gateway(gateway_address(settings)) as gateway:
        token = password_token(gateway, tenant, email, password)
    with ProfileFile(settings.data).change() as change:
        profile = change.profiles.by_tenant.get(tenant, Profile(tenant))
        change.put(profile.with_login(OWN, with_token(Login(email), token)))
        change.use(tenant)
    if output is Format.JSON:
        write_json({"tenant": tenant, "email": email})
    else:
        say(f"logged in to {tenant} as {email}")


def token(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Print an access token, for `curl -H "Authorization: Bearer $(helpdesk token)"`."""
    settings = read_settings(MeshSettings)
    access_token = token_source(settings, tenant, role, usually=Role.AGENT).token()
    if output is Format.JSON:
        write_json({"accessToken": access_token})
    else:
        write(f"{access_token}\n")


def _ask(what: str, *, hide: bool = True) -> str:
    if not sys.stdin.isatty():
        raise CommandError(
            f"{what} is missing and there is no terminal to ask on.",
            hint="helpdesk login --tenant TENANT --email E-MAIL --password-stdin < password",
            code="INPUT_MISSING",
        )
    return str(typer.prompt(what, hide_input=hide, err=True))
