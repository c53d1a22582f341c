"""`helpdesk webhooks …`."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Annotated

import typer
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import webhook_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import LimitOption, OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show
from services.cli.screens.people import link_text
from services.cli.screens.webhooks import delivery_table, webhook_facts, webhook_table
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

_MOST_HOURS = 168
_SECONDS_PER_HOUR = 3600

app = typer.Typer(no_args_is_help=True)

WebhookArgument = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id, or its address.")]


@app.command("list")
def list_webhooks(
    tenant: TenantOption = None, role: RoleOption = None, output: OutputOption = Format.TEXT
) -> None:
    """List who else is told what happens to tickets."""
    with _gateway(tenant, role) as gateway:
        found = gateway.webhooks.ListWebhooks(webhook_service_pb2.ListWebhooksRequest())
    if output is Format.JSON:
        write_message(found)
    else:
        show(webhook_table(found.webhooks))


@app.command("show")
def show_webhook(
    webhook: WebhookArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show a webhook, and what goes wrong with it."""
    with _gateway(tenant, role) as gateway:
        request = webhook_service_pb2.GetWebhookRequest(webhook_id=_find(gateway, webhook))
        _show(gateway.webhooks.GetWebhook(request), output)


@app.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(metavar="URL", help="https://example.com/helpdesk")],
    *,
    events: Annotated[
        list[str] | None,
        typer.Option("--event", "-e", help="ticket.opened, …; repeat it. All when left out."),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    personal_data: Annotated[
        bool, typer.Option("--personal-data", help="Post what people wrote, too.")
    ] = False,
    internal: Annotated[
        bool, typer.Option("--internal", help="Post what only agents see, too.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Post what happens to an address. The secret that signs it is shown once."""
    webhook = webhook_service_pb2.Webhook(
        url=url,
        event_types=events or [],
        description=description,
        include_personal_data=personal_data,
        include_internal=internal,
    )
    with _gateway(tenant, role) as gateway:
        request = webhook_service_pb2.CreateWebhookRequest(webhook=webhook)
        _show_secret(gateway.webhooks.CreateWebhook(request), output)


@app.command("update")
def update_webhook(
    webhook: WebhookArgument,
    *,
    url: Annotated[str | None, typer.Option(help="Another address; the secret stays.")] = None,
    events: Annotated[
        list[str] | None, typer.Option("--event", "-e", help="In place of those before; repeat it.")
    ] = None,
    all_events: Annotated[bool, typer.Option("--all-events", help="All of tickets.")] = False,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    personal_data: Annotated[
        bool | None, typer.Option(help="Whether what people wrote is posted.")
    ] = None,
    internal: Annotated[
        bool | None, typer.Option(help="Whether what only agents see is posted.")
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Change what is said, and leave the rest."""
    if events and all_events:
        raise CommandError("Name events, or all.", hint="--event ticket.opened, or --all-events")
    said = {
        "url": url,
        "event_types": all_events or events or None,
        "description": description,
        "include_personal_data": personal_data,
        "include_internal": internal,
    }
    paths = [name for name, value in said.items() if value is not None]
    if not paths:
        raise CommandError("Say what to change.", hint="helpdesk webhooks update -h")
    with _gateway(tenant, role) as gateway:
        changed = webhook_service_pb2.Webhook(
            webhook_id=_find(gateway, webhook),
            url=url or "",
            event_types=events or [],
            description=description or "",
            include_personal_data=bool(personal_data),
            include_internal=bool(internal),
        )
        request = webhook_service_pb2.UpdateWebhookRequest(
            webhook=changed, update_mask=FieldMask(paths=paths)
        )
        _show(gateway.webhooks.UpdateWebhook(request), output)


@app.command("rotate")
def rotate_secret(
    webhook: WebhookArgument,
    *,
    overlap: Annotated[
        int, typer.Option("--overlap", min=0, max=_MOST_HOURS, help="Hours that both sign.")
    ] = 24,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a new secret; the old one signs as well for a while."""
    with _gateway(tenant, role) as gateway:
        request = webhook_service_pb2.RotateWebhookSecretRequest(webhook_id=_find(gateway, webhook))
        request.overlap.FromSeconds(overlap * _SECONDS_PER_HOUR)
        _show_secret(gateway.webhooks.RotateWebhookSecret(request), output)


@app.command("disable")
def disable_webhook(
    webhook: WebhookArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Stop posting; what happens meanwhile is kept for a replay."""
    with _gateway(tenant, role) as gateway:
        request = webhook_service_pb2.DisableWebhookRequest(webhook_id=_find(gateway, webhook))
        _show(gateway.webhooks.DisableWebhook(request), output)


@app.command("enable")
def enable_webhook(
    webhook: WebhookArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Post again, after it was stopped."""
    with _gateway(tenant, role) as gateway:
        request = webhook_service_pb2.EnableWebhookRequest(webhook_id=_find(gateway, webhook))
        _show(gateway.webhooks.EnableWebhook(request), output)


@app.command("delete")
def delete_webhook(
    webhook: WebhookArgument, tenant: TenantOption = None, role: RoleOption = None
) -> None:
    """Delete a webhook with its secrets and deliveries."""
    with _gateway(tenant, role) as gateway:
        request = webhook_service_pb2.DeleteWebhookRequest(webhook_id=_find(gateway, webhook))
        gateway.webhooks.DeleteWebhook(request)
    say("The webhook is gone.")


@app.command("deliveries")
def list_deliveries(
    webhook: WebhookArgument,
    *,
    limit: LimitOption = 50,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List what was posted and what waits, newest first."""
    with _gateway(tenant, role) as gateway:
        found: list[webhook_service_pb2.WebhookDelivery] = []
        request = webhook_service_pb2.ListWebhookDeliveriesRequest(
            webhook_id=_find(gateway, webhook), page_size=min(limit, 100)
        )
        while len(found) < limit:
            page = gateway.webhooks.ListWebhookDeliveries(request)
            found += page.deliveries
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    deliveries = found[:limit]
    if output is Format.JSON:
        write_message(webhook_service_pb2.ListWebhookDeliveriesResponse(deliveries=deliveries))
    else:
        show(delivery_table(deliveries))


@app.command("replay")
def replay_deliveries(
    webhook: WebhookArgument,
    delivery: Annotated[
        str, typer.Argument(metavar="[DELIVERY]", help="One delivery; left out, all that failed.")
    ] = "",
    *,
    from_time: Annotated[
        datetime | None, typer.Option("--from", help="Of events from then on, in UTC.")
    ] = None,
    until_time: Annotated[
        datetime | None, typer.Option("--until", help="Of events before then, in UTC.")
    ] = None,
    delivered: Annotated[
        bool, typer.Option("--delivered", help="Those that were delivered, too.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Post deliveries again, with the ids that they had."""
    if delivery and (from_time or until_time):
        raise CommandError(
            "Name one delivery, or a time.",
            hint="helpdesk webhooks replay WEBHOOK --from 2027-12-01",
        )
    with _gateway(tenant, role) as gateway:
        request = webhook_service_pb2.ReplayWebhookDeliveriesRequest(
            webhook_id=_find(gateway, webhook),
            delivery_id=delivery,
            from_time=_stamp(from_time),
            until_time=_stamp(until_time),
            include_delivered=delivered,
        )
        replayed = gateway.webhooks.ReplayWebhookDeliveries(request)
    if output is Format.JSON:
        write_message(replayed)
    else:
        say(f"{replayed.deliveries} are posted again.")


@app.command("test")
def try_webhook(
    webhook: WebhookArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Post a message that speaks of no ticket."""
    with _gateway(tenant, role) as gateway:
        request = webhook_service_pb2.TestWebhookRequest(webhook_id=_find(gateway, webhook))
        delivery = gateway.webhooks.TestWebhook(request)
    if output is Format.JSON:
        write_message(delivery)
    else:
        say(f"It is on its way; helpdesk webhooks deliveries {webhook} tells what came of it.")


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN)


def _find(gateway: Gateway, word: str) -> str:
    """An address stands for its webhook, where only one has it."""
    if "://" not in word:
        return word
    found = gateway.webhooks.ListWebhooks(webhook_service_pb2.ListWebhooksRequest()).webhooks
    named = [each.webhook_id for each in found if each.url == word]
    if len(named) != 1:
        raise CommandError(
            f"{len(named)} webhooks have this address; say the id of one.",
            hint="helpdesk webhooks list",
        )
    return named[0]


def _show(webhook: webhook_service_pb2.Webhook, output: Format) -> None:
    if output is Format.JSON:
        write_message(webhook)
    else:
        show(webhook_facts(webhook))


def _show_secret(webhook: webhook_service_pb2.Webhook, output: Format) -> None:
    if output is Format.JSON:
        write_message(webhook)
        return
    show(
        webhook_facts(webhook),
        link_text("The secret, shown this once:", webhook.secret, "Keep it like a password."),
        soft_wrap=True,
    )


def _stamp(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(time.replace(tzinfo=UTC))
    return stamp
