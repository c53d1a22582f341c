"""`helpdesk keys …`, for the operator of the platform."""

from contextlib import AbstractContextManager

import typer

from helpdesk.auth.v1 import signing_key_service_pb2
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.operator_login import operator_session
from services.cli.options import OutputOption
from services.cli.output import Format, say, show
from services.cli.screens.signing_keys import key_table
from services.cli.screens.tickets import time_text
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)


@app.callback()
def keys(context: typer.Context, output: OutputOption = Format.TEXT) -> None:
    """The keys that sign tokens. Without a verb: list them."""
    if context.invoked_subcommand is None:
        list_all(output=output)


@app.command("list")
def list_all(output: OutputOption = Format.TEXT) -> None:
    """List the keys that tokens are verified with."""
    with _gateway() as gateway:
        found = gateway.signing_keys.ListSigningKeys(
            signing_key_service_pb2.ListSigningKeysRequest()
        )
    if output is Format.JSON:
        write_message(found)
    else:
        show(key_table(found.signing_keys))


@app.command("rotate")
def rotate(output: OutputOption = Format.TEXT) -> None:
    """Make a new key, which signs as soon as everyone knows it. No login ends by this."""
    with _gateway() as gateway:
        key = gateway.signing_keys.RotateSigningKeys(
            signing_key_service_pb2.RotateSigningKeysRequest()
        )
    if output is Format.JSON:
        write_message(key)
    else:
        say(f"the key {key.key_id} signs from {time_text(key.activate_time)} on")


def _gateway() -> AbstractContextManager[Gateway]:
    return operator_session(read_settings(MeshSettings))
