"""`helpdesk roles …`."""

from contextlib import AbstractContextManager
from typing import Annotated

import typer

from helpdesk.auth.v1 import auth_pb2, role_service_pb2, user_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, write_json
from services.cli.screens.people import permission_table, role_page, role_table
from services.cli.session import Role, session
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)

NameArgument = Annotated[str, typer.Argument(metavar="ROLE", help="The role's name.")]
DescriptionOption = Annotated[str, typer.Option(help="What the role is for.")]
PermissionsOption = Annotated[
    list[str] | None,
    typer.Option("--permission", "-p", help="All that the role gives; repeat it."),
]


@app.callback()
def roles(
    context: typer.Context,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make roles out of permissions. Without a verb: list them."""
    verb = context.invoked_subcommand
    if verb is None:
        list_all(tenant=tenant, role=role, output=output)
    elif tenant or role or output is not Format.TEXT:
        raise CommandError(
            "The options belong behind the verb.",
            hint=f"helpdesk roles {verb} --tenant TENANT",
        )


@app.command("list")
def list_all(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the roles of the tenant."""
    with _gateway(tenant, role) as gateway:
        found = gateway.users.ListRoles(user_service_pb2.ListRolesRequest())
    if output is Format.JSON:
        write_message(found)
    else:
        show(role_table(found.roles))


@app.command("show")
def show_role(
    name: NameArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show what a role may do."""
    with _gateway(tenant, role) as gateway:
        _show(_find(gateway, name), output)


@app.command("permissions")
def permissions(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the permissions that roles and API keys can be made of."""
    with _gateway(tenant, role) as gateway:
        found = gateway.roles.ListPermissions(role_service_pb2.ListPermissionsRequest())
    if output is Format.JSON:
        write_message(found)
    else:
        show(permission_table(found.permissions))


@app.command("create")
def create(
    name: NameArgument,
    *,
    permissions: PermissionsOption = None,
    description: DescriptionOption = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a role. You can give what you hold yourself."""
    request = role_service_pb2.CreateRoleRequest(
        role=auth_pb2.Role(name=name, description=description, permissions=permissions),
        request_id=new_id(),
    )
    with _gateway(tenant, role) as gateway:
        _show(gateway.roles.CreateRole(request), output)


@app.command("update")
def update(
    name: NameArgument,
    *,
    permissions: PermissionsOption = None,
    add: Annotated[list[str] | None, typer.Option(help="One permission more; repeat it.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="One permission less; repeat it.")
    ] = None,
    description: DescriptionOption = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Change a role; in force within a second."""
    with _gateway(tenant, role) as gateway:
        found = _find(gateway, name)
        request = role_service_pb2.UpdateRoleRequest(role=found)
        if permissions or add or remove:
            kept = set(permissions or found.permissions) | set(add or ())
            request.role.permissions[:] = sorted(kept - set(remove or ()))
            request.update_mask.paths.append("permissions")
        if description:
            request.role.description = description
            request.update_mask.paths.append("description")
        if not request.update_mask.paths:
            raise CommandError("Nothing to change.", hint="add --add, --remove or --description")
        _show(gateway.roles.UpdateRole(request), output)


@app.command("delete")
def delete(
    name: NameArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Delete a role that nobody holds."""
    with _gateway(tenant, role) as gateway:
        gateway.roles.DeleteRole(role_service_pb2.DeleteRoleRequest(name=name))
    if output is Format.JSON:
        write_json({"name": name, "deleted": True})
    else:
        say(f"the role {name} is gone")


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN)


def _find(gateway: Gateway, name: str) -> auth_pb2.Role:
    for found in gateway.users.ListRoles(user_service_pb2.ListRolesRequest()).roles:
        if found.name == name:
            return found
    raise CommandError(
        f"There is no role {name}.", hint="helpdesk roles list", code="ROLE_NOT_FOUND"
    )


def _show(role: auth_pb2.Role, output: Format) -> None:
    if output is Format.JSON:
        write_message(role)
    else:
        show(role_page(role))
