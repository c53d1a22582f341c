"""`helpdesk login` and `helpdesk token`."""

import sys
from typing import Annotated

import typer

from services.cli.device_login import wait_for_login
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, without_controls, write, write_json
from services.cli.profiles import OWN, Login, Profile, ProfileFile
from services.cli.provider import Provider
from services.cli.session import Role, gateway_address, token_source
from services.cli.tokens import password_token, with_token, with_tokens
from services.mesh.settings import MeshSettings, read_settings


def login(
    tenant: TenantOption = None,
    *,
    password: Annotated[
        bool,
        typer.Option("--password", help="Ask for e-mail and password here, without a browser."),
    ] = False,
    email: Annotated[str, typer.Option(help="With --password: asked for if left out.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    code: Annotated[
        str, typer.Option(help="With --password: the code of your authenticator app.")
    ] = "",
    output: OutputOption = Format.TEXT,
) -> None:
    """Log in to a tenant; later commands then act as this user.

    You log in in a browser, on this machine or on any other, with the code that is shown here.
    What is kept lies in the data folder, readable by you only.
    """
    settings = read_settings(MeshSettings)
    if password or password_stdin or email:
        own = Login(email)
        tenant, own = _log_in_with_password(settings, tenant, own, code, is_piped=password_stdin)
    else:
        tenant, own = _log_in_with_browser(settings, tenant)
    with ProfileFile(settings.data).change() as change:
        profile = change.profiles.by_tenant.get(tenant, Profile(tenant))
        change.put(profile.with_login(OWN, own))
        change.use(tenant)
    if output is Format.JSON:
        write_json({"tenant": tenant, "email": own.email})
    else:
        say(f"logged in to {tenant} as {own.email}")


def _log_in_with_browser(settings: MeshSettings, tenant: str | None) -> tuple[str, Login]:
    provider = Provider(gateway_address(settings))
    started = provider.start_device()
    say(f"Open  {without_controls(started.page)}")
    say(f"Code  {without_controls(started.user_code)}", style="bold")
    say(f"\nor    {without_controls(started.page_with_code)}\n")
    say("waiting until you have logged in there; Ctrl-C gives up")
    tokens = wait_for_login(provider, started)
    who = provider.who(tokens.access_token)
    if tenant is not None and who.tenant != tenant:
        provider.revoke(tokens.refresh_token)
        raise CommandError(
            f"You have logged in to {who.tenant}, not to {tenant}.",
            hint=f"helpdesk login --tenant {who.tenant}",
            code="TENANT_DIFFERS",
        )
    return who.tenant, with_tokens(Login(who.email), tokens)


def _log_in_with_password(
    settings: MeshSettings, tenant: str | None, own: Login, code: str, *, is_piped: bool
) -> tuple[str, Login]:
    tenant = tenant or _ask("Tenant", hide=False)
    email = own.email or _ask("E-mail", hide=False)
    password = sys.stdin.readline().rstrip("\r\n") if is_piped else _ask("Password")
    with Gateway(gateway_address(settings)) as gateway:
        try:
            token = password_token(gateway, tenant, email, password, code)
        except CommandError as error:
            if error.code != "ONE_TIME_CODE_REQUIRED" or not sys.stdin.isatty():
                raise
            token = password_token(gateway, tenant, email, password, _ask("Code"))
    return tenant, with_token(Login(email), token)


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
