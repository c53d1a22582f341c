"""`helpdesk users …`."""

from contextlib import AbstractContextManager
from typing import Annotated

import typer

from helpdesk.auth.v1 import auth_pb2, user_service_pb2
from services.cli.asking import ask_secret, next_line
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, show
from services.cli.people import find_user, list_users
from services.cli.screens.people import link_text, user_table
from services.cli.screens.tickets import time_text
from services.cli.session import Role, session
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="An e-mail address or an id.")]
EmailArgument = Annotated[str, typer.Argument(metavar="E-MAIL", help="The address to log in with.")]
NameOption = Annotated[str, typer.Option(help="The name that others see.")]
RolesOption = Annotated[
    list[str] | None, typer.Option("--role", help="A role that the user holds; repeat it.")
]


@app.callback()
def users(
    context: typer.Context,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Invite, change and disable users. Without a verb: list them."""
    verb = context.invoked_subcommand
    if verb is None:
        list_all(tenant=tenant, role=role, output=output)
    elif tenant or role or output is not Format.TEXT:
        raise CommandError(
            "The options belong behind the verb.",
            hint=f"helpdesk users {verb} --tenant TENANT",
        )


@app.command("list")
def list_all(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the users of the tenant, and its programs."""
    with _gateway(tenant, role) as gateway:
        found = list_users(gateway)
    if output is Format.JSON:
        write_message(user_service_pb2.ListUsersResponse(users=found))
    else:
        show(user_table(found))


@app.command("create")
def create(
    email: EmailArgument,
    *,
    name: NameOption = "",
    roles: RolesOption = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a user whose password you choose. To let the user choose it: `invite`."""
    hint = f"helpdesk users create {email} --password-stdin < password"
    password = next_line() if password_stdin else ask_secret("Password", hint, is_new=True)
    request = user_service_pb2.CreateUserRequest(
        user=_new_user(email, name, roles), password=password, request_id=new_id()
    )
    with _gateway(tenant, role) as gateway:
        _show(gateway.users.CreateUser(request), output)


@app.command("invite")
def invite(
    email: EmailArgument,
    *,
    name: NameOption = "",
    roles: RolesOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="A new link for a user who was invited before.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a user, and a link by which the user chooses a password. The link is shown once."""
    with _gateway(tenant, role) as gateway:
        if again:
            user_id = find_user(gateway, email).user_id
            renewal = user_service_pb2.RenewInvitationRequest(user_id=user_id)
            invitation = gateway.users.RenewInvitation(renewal)
        else:
            request = user_service_pb2.InviteUserRequest(user=_new_user(email, name, roles))
            invitation = gateway.users.InviteUser(request)
    if output is Format.JSON:
        write_message(invitation)
        return
    ends = f"It works once, until {time_text(invitation.expire_time)}."
    show(
        user_table([invitation.user]),
        link_text(f"Send this link to {email}:", invitation.link, ends),
        soft_wrap=True,
    )


@app.command("update")
def update(
    user: UserArgument,
    *,
    name: NameOption = "",
    email: Annotated[str, typer.Option(help="The address to log in with from now on.")] = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Change a user's name or address."""
    with _gateway(tenant, role) as gateway:
        changed = find_user(gateway, user)
        changed.email = email or changed.email
        changed.display_name = name or changed.display_name
        request = user_service_pb2.UpdateUserRequest(user=changed)
        request.update_mask.paths.extend(
            [field for field, wish in (("email", email), ("display_name", name)) if wish]
        )
        if not request.update_mask.paths:
            raise CommandError("Nothing to change.", hint="add --name or --email")
        _show(gateway.users.UpdateUser(request), output)


@app.command("disable")
def disable(
    user: UserArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Shut a user out. Every session ends within a second."""
    with _gateway(tenant, role) as gateway:
        user_id = find_user(gateway, user).user_id
        request = user_service_pb2.DisableUserRequest(user_id=user_id)
        _show(gateway.users.DisableUser(request), output)


@app.command("enable")
def enable(
    user: UserArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Let a disabled user in again."""
    with _gateway(tenant, role) as gateway:
        user_id = find_user(gateway, user).user_id
        request = user_service_pb2.EnableUserRequest(user_id=user_id)
        _show(gateway.users.EnableUser(request), output)


@app.command("reset-password")
def reset_password(
    user: UserArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a link by which a user chooses a new password. The link is shown once."""
    with _gateway(tenant, role) as gateway:
        found = find_user(gateway, user)
        request = user_service_pb2.CreatePasswordResetRequest(user_id=found.user_id)
        reset = gateway.users.CreatePasswordReset(request)
    if output is Format.JSON:
        write_message(reset)
        return
    ends = f"It works once, until {time_text(reset.expire_time)}. Until then the old one is good."
    show(link_text(f"Send this link to {found.email}:", reset.link, ends), soft_wrap=True)


@app.command("remove-totp")
def remove_totp(
    user: UserArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Turn off the authenticator app of a user who has lost it."""
    with _gateway(tenant, role) as gateway:
        user_id = find_user(gateway, user).user_id
        request = user_service_pb2.RemoveTotpRequest(user_id=user_id)
        _show(gateway.users.RemoveTotp(request), output)


@app.command("set-roles")
def set_roles(
    user: UserArgument,
    roles: Annotated[
        list[str] | None, typer.Argument(metavar="ROLE…", help="All that the user then holds.")
    ] = None,
    *,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Replace the roles of a user; in force within a second."""
    with _gateway(tenant, role) as gateway:
        user_id = find_user(gateway, user).user_id
        request = user_service_pb2.SetUserRolesRequest(user_id=user_id, roles=roles or [])
        _show(gateway.users.SetUserRoles(request), output)


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN)


def _new_user(email: str, name: str, roles: list[str] | None) -> auth_pb2.User:
    return auth_pb2.User(email=email, display_name=name or email.partition("@")[0], roles=roles)


def _show(user: auth_pb2.User, output: Format) -> None:
    if output is Format.JSON:
        write_message(user)
    else:
        show(user_table([user]))
