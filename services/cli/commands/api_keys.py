"""`helpdesk api-keys …`."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from helpdesk.auth.v1 import api_key_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, show
from services.cli.people import names_of_users
from services.cli.screens.people import api_key_table, link_text
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)


@app.callback()
def api_keys(
    context: typer.Context,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Keys by which programs act for you. Without a verb: list them."""
    verb = context.invoked_subcommand
    if verb is None:
        list_all(tenant=tenant, role=role, output=output)
    elif tenant or role or output is not Format.TEXT:
        raise CommandError(
            "The options belong behind the verb.",
            hint=f"helpdesk api-keys {verb} --tenant TENANT",
        )


@app.command("list")
def list_all(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List your keys; as an admin, those of everybody."""
    with _gateway(tenant, role) as gateway:
        found = _list(gateway)
        if output is Format.JSON:
            write_message(api_key_service_pb2.ListApiKeysResponse(api_keys=found))
        else:
            show(api_key_table(found, names_of_users(gateway), datetime.now(UTC)))


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    *,
    scopes: Annotated[
        list[str], typer.Option("--scope", "-s", help="A permission of its tokens; repeat it.")
    ],
    days: Annotated[int, typer.Option(min=1, max=365, help="How long the key is good.")] = 90,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a key that acts for you. It is shown once."""
    request = api_key_service_pb2.CreateApiKeyRequest(display_name=name, scopes=scopes)
    # A minute to spare, for the year is counted by the clock of the helpdesk.
    end = datetime.now(UTC) + timedelta(days=days) - timedelta(minutes=1)
    request.expire_time.FromDatetime(end)
    with _gateway(tenant, role) as gateway:
        made = gateway.api_keys.CreateApiKey(request)
        if output is Format.JSON:
            write_message(made)
            return
        show(
            api_key_table([made], names_of_users(gateway), datetime.now(UTC)),
            link_text("The key, shown this once:", made.secret, "Keep it like a password."),
            soft_wrap=True,
        )


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, or its name.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Revoke a key. Its tokens end within a second."""
    with _gateway(tenant, role) as gateway:
        request = api_key_service_pb2.RevokeApiKeyRequest(api_key_id=_find(gateway, key))
        revoked = gateway.api_keys.RevokeApiKey(request)
        if output is Format.JSON:
            write_message(revoked)
        else:
            show(api_key_table([revoked], names_of_users(gateway), datetime.now(UTC)))


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.AGENT)


def _list(gateway: Gateway) -> list[api_key_service_pb2.ApiKey]:
    keys: list[api_key_service_pb2.ApiKey] = []
    token = ""
    while True:
        request = api_key_service_pb2.ListApiKeysRequest(page_size=100, page_token=token)
        page = gateway.api_keys.ListApiKeys(request)
        keys += page.api_keys
        token = page.next_page_token
        if not token:
            return keys


def _find(gateway: Gateway, word: str) -> str:
    live = [key for key in _list(gateway) if not key.HasField("revoke_time")]
    named = [key.api_key_id for key in live if key.display_name == word]
    if len(named) > 1:
        raise CommandError(
            f"{len(named)} keys are called {word}; give the id.", hint="helpdesk api-keys list"
        )
    return named[0] if named else word
