"""Users, roles and API keys."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.auth.v1 import api_key_service_pb2, auth_pb2, role_service_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import Names, time_text

_STATE_COLOURS = {"active": "green", "invited": "yellow", "disabled": "red"}


def user_table(users: Sequence[auth_pb2.User]) -> RenderableType:
    table = _table("E-mail", "Name", "Roles", "State", "Made", "Id")
    for user in users:
        table.add_row(
            Text(without_controls(user.email) or "-"),
            Text(without_controls(user.display_name)),
            " ".join(user.roles) or "-",
            _state(user),
            time_text(user.create_time),
            Text(user.user_id, style="dim"),
        )
    return table


def link_text(what: str, link: str, ends: str) -> RenderableType:
    """A link that is shown once and has to be passed on whole."""
    return Group(Text(what), Text(), Text(link, style="bold cyan"), Text(), Text(ends, style="dim"))


def role_table(roles: Sequence[auth_pb2.Role]) -> RenderableType:
    table = _table("Role", "What for", "Permissions", "Made by")
    for role in roles:
        table.add_row(
            role.name,
            Text(without_controls(role.description)),
            str(len(role.permissions)),
            "the product" if role.is_standard else "you",
        )
    return table


def role_page(role: auth_pb2.Role) -> RenderableType:
    head = Text(f"{role.name} ", style="bold cyan")
    head.append(without_controls(role.description))
    return Group(head, *(Text(f"  {permission}") for permission in role.permissions))


def permission_table(permissions: Sequence[role_service_pb2.Permission]) -> RenderableType:
    table = _table("Permission", "Opens")
    for permission in permissions:
        opened = (method.rpartition(".v1.")[2] for method in permission.methods)
        table.add_row(permission.name, " ".join(opened) or "-")
    return table


def api_key_table(
    keys: Sequence[api_key_service_pb2.ApiKey], names: Names, now: datetime
) -> RenderableType:
    table = _table("Key", "For", "State", "Ends", "Scopes", "Id")
    for key in keys:
        table.add_row(
            Text(without_controls(key.display_name)),
            Text(without_controls(names.get(key.user_id, f"…{key.user_id[-8:]}"))),
            _key_state(key, now),
            time_text(key.expire_time),
            " ".join(key.scopes),
            Text(key.api_key_id, style="dim"),
        )
    return table


def _key_state(key: api_key_service_pb2.ApiKey, now: datetime) -> Text:
    if key.HasField("revoke_time"):
        return Text("revoked", style="red")
    is_over = key.expire_time.ToDatetime(UTC) <= now
    return Text("ended", style="dim") if is_over else Text("live", style="green")


def _state(user: auth_pb2.User) -> Text:
    word = auth_pb2.UserState.Name(user.state).removeprefix("USER_STATE_").lower()
    return Text(word, style=_STATE_COLOURS.get(word, ""))


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column)
    return table
