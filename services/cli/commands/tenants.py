"""`helpdesk tenants …`, for the operator of the platform."""

import sys
from contextlib import AbstractContextManager
from typing import Annotated

import typer

from helpdesk.auth.v1 import auth_pb2, tenant_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.operator_login import operator_session
from services.cli.options import OutputOption
from services.cli.output import Format, say, show, write_json
from services.cli.screens.tenants import tenant_page, tenant_table
from services.cli.tenant_deletion import wait_until_gone
from services.cli.tenant_lookup import find_tenant, list_tenants
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="Its short name or its id.")]


@app.callback()
def tenants(context: typer.Context, output: OutputOption = Format.TEXT) -> None:
    """Make, suspend and delete tenants. Without a verb: list them."""
    if context.invoked_subcommand is None:
        list_all(output=output)


@app.command("list")
def list_all(output: OutputOption = Format.TEXT) -> None:
    """List all tenants."""
    with _gateway() as gateway:
        found = list_tenants(gateway)
    if output is Format.JSON:
        write_message(tenant_service_pb2.ListTenantsResponse(tenants=found))
    else:
        show(tenant_table(found))


@app.command("show")
def show_tenant(tenant: TenantArgument, output: OutputOption = Format.TEXT) -> None:
    """Show a tenant, and how far its deletion is."""
    with _gateway() as gateway:
        _show(find_tenant(gateway, tenant), output)


@app.command("create")
def create(
    tenant: Annotated[
        str, typer.Argument(metavar="TENANT", help="The short name that people type at login.")
    ],
    *,
    admin_email: Annotated[str, typer.Option(help="The first admin's address.")],
    name: Annotated[str, typer.Option(help="The name that people see.")] = "",
    admin_name: Annotated[str, typer.Option(help="The first admin's name.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a tenant with a first admin, whose password is asked for."""
    request = tenant_service_pb2.CreateTenantRequest(
        tenant=auth_pb2.Tenant(slug=tenant, display_name=name or tenant),
        admin=auth_pb2.User(email=admin_email, display_name=admin_name or admin_email),
        admin_password=_password(tenant, from_stdin=password_stdin),
        request_id=new_id(),
    )
    with _gateway() as gateway:
        _show(gateway.tenants.CreateTenant(request), output)


@app.command("suspend")
def suspend(tenant: TenantArgument, output: OutputOption = Format.TEXT) -> None:
    """Shut all users of a tenant out, at once; nothing is lost."""
    with _gateway() as gateway:
        tenant_id = find_tenant(gateway, tenant).tenant_id
        request = tenant_service_pb2.SuspendTenantRequest(tenant_id=tenant_id)
        _show(gateway.tenants.SuspendTenant(request), output)


@app.command("resume")
def resume(tenant: TenantArgument, output: OutputOption = Format.TEXT) -> None:
    """Let the users of a suspended tenant log in again."""
    with _gateway() as gateway:
        tenant_id = find_tenant(gateway, tenant).tenant_id
        request = tenant_service_pb2.ResumeTenantRequest(tenant_id=tenant_id)
        _show(gateway.tenants.ResumeTenant(request), output)


@app.command("delete")
def delete(
    tenant: TenantArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until every service is empty.")
    ] = True,
    output: OutputOption = Format.TEXT,
) -> None:
    """Delete a tenant with everything in it. There is no way back."""
    with _gateway() as gateway:
        found = find_tenant(gateway, tenant)
        if not yes:
            _make_sure(found)
        request = tenant_service_pb2.DeleteTenantRequest(tenant_id=found.tenant_id)
        found = gateway.tenants.DeleteTenant(request)
        is_gone = wait and wait_until_gone(gateway, found)
    if output is Format.JSON:
        state = "DELETED" if is_gone else "DELETING"
        write_json({"tenantId": found.tenant_id, "slug": found.slug, "state": state})
    elif is_gone:
        say(f"{found.slug} is gone from every service", style="green")
    else:
        say(f"{found.slug} is being deleted; `helpdesk tenants show {found.slug}` tells how far")


def _gateway() -> AbstractContextManager[Gateway]:
    return operator_session(read_settings(MeshSettings))


def _show(tenant: auth_pb2.Tenant, output: Format) -> None:
    if output is Format.JSON:
        write_message(tenant)
    else:
        show(tenant_page(tenant))


def _make_sure(tenant: auth_pb2.Tenant) -> None:
    if not sys.stdin.isatty():
        raise CommandError(
            f"Deleting {tenant.slug} is for ever, and there is no terminal to ask on.",
            hint=f"helpdesk tenants delete {tenant.slug} --yes",
            code="INPUT_MISSING",
        )
    typed = typer.prompt(f"This deletes {tenant.slug} for ever. Type its short name", err=True)
    if typed != tenant.slug:
        raise CommandError("That is another name; nothing was deleted.", code="NOT_CONFIRMED")


def _password(tenant: str, *, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandError(
            "The admin's password is missing and there is no terminal to ask on.",
            hint=f"helpdesk tenants create {tenant} --admin-email … --password-stdin < password",
            code="INPUT_MISSING",
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
