"""`helpdesk account …`: one's own password and authenticator app."""

from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Annotated

import typer

from helpdesk.auth.v1 import account_service_pb2, totp_service_pb2
from services.cli.asking import ask_secret, next_line
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, write, write_json
from services.cli.screens.authenticator import qr_code, recovery_codes
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=True)

StdinOption = Annotated[
    bool, typer.Option("--stdin", help="Read what is asked for from standard input, line by line.")
]


class Switch(StrEnum):
    STATUS = "status"
    ON = "on"
    OFF = "off"


@app.command("password")
def password(
    stdin: StdinOption = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Change your password. All your other logins end."""
    old, new = (
        (next_line(), next_line())
        if stdin
        else (_ask("Old password"), _ask("New password", is_new=True))
    )
    request = account_service_pb2.ChangePasswordRequest(old_password=old, new_password=new)
    with _gateway(tenant, role) as gateway:
        gateway.account.ChangePassword(request)
    if output is Format.JSON:
        write_json({"changed": True})
    else:
        say("the password is changed; all your other logins have ended")


@app.command("totp")
def totp(
    switch: Annotated[Switch, typer.Argument(help="What to do with it.")] = Switch.STATUS,
    stdin: StdinOption = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show whether your logins need the code of an authenticator app, or turn it on or off."""
    with _gateway(tenant, role) as gateway:
        if switch is Switch.ON:
            _turn_on(gateway, stdin, output)
        elif switch is Switch.OFF:
            code = next_line() if stdin else _ask("Code")
            gateway.totp.DisableTotp(totp_service_pb2.DisableTotpRequest(code=code))
        if switch is not Switch.ON:
            _say_state(gateway, output)


def _turn_on(gateway: Gateway, stdin: bool, output: Format) -> None:
    password = next_line() if stdin else _ask("Password")
    made = gateway.totp.EnrolTotp(totp_service_pb2.EnrolTotpRequest(password=password))
    if output is Format.JSON:
        write_message(made)
    else:
        say("Scan this with an authenticator app, or type the secret into it.")
        write(qr_code(made.uri))
        write(f"{made.secret}\n")
    code = next_line() if stdin else _ask("Code that the app shows")
    confirmed = gateway.totp.ConfirmTotp(totp_service_pb2.ConfirmTotpRequest(code=code))
    if output is Format.JSON:
        write_message(confirmed)
    else:
        show(recovery_codes(confirmed.recovery_codes))


def _say_state(gateway: Gateway, output: Format) -> None:
    state = gateway.totp.GetTotp(totp_service_pb2.GetTotpRequest())
    if output is Format.JSON:
        write_message(state)
    elif state.is_enrolled:
        say(f"your logins need a code; {state.recovery_codes_left} recovery codes are left")
    else:
        say("your logins need the password only")


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.AGENT)


def _ask(what: str, *, is_new: bool = False) -> str:
    return ask_secret(what, "add --stdin, and write a line for each answer", is_new=is_new)
