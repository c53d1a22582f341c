"""Macros: kept by admins, applied as a whole or not at all, by whom may take each action."""

from typing import Any

import grpc
import pytest

from helpdesk.ticket.v1 import bulk_service_pb2, field_pb2, ticket_pb2
from helpdesk.ticket.v1.canned_reply_service_pb2 import CannedReply
from helpdesk.ticket.v1.field_pb2 import TicketField, TicketFieldValue
from helpdesk.ticket.v1.macro_service_pb2 import (
    Macro,
    MacroAction,
    MacroAssignment,
    MacroComment,
    MacroField,
    MacroTags,
)
from helpdesk.ticket.v1.queue_service_pb2 import Queue
from services.mesh.caller import TenantId
from services.ticket.convert.macros import action_message, action_of
from services.ticket.domain import TicketPriority, TicketType, Verb, fold
from services.ticket.domain.macros import (
    MOST_MACROS,
    AssigneeAction,
    CommentAction,
    FieldAction,
    MoveAction,
    PriorityAction,
    QueueAction,
    TagsAction,
    TypeAction,
)
from services.ticket.ports.tickets import EventQuery
from services.ticket.store import SqlTicketStore
from services.ticket.store.macro_rows import action_from, action_json
from tests.support.mesh_server import refused
from tests.ticket.builders import ALEX
from tests.ticket.clients import AGENT_PERMISSIONS, People
from tests.ticket.own_fields import a_value

INVALID = grpc.StatusCode.INVALID_ARGUMENT
FAILED = grpc.StatusCode.FAILED_PRECONDITION
NOT_FOUND = grpc.StatusCode.NOT_FOUND
DENIED = grpc.StatusCode.PERMISSION_DENIED

RESOLVE = MacroAction(step=bulk_service_pb2.TICKET_STEP_RESOLVE)
CLOSE = MacroAction(step=bulk_service_pb2.TICKET_STEP_CLOSE)
HIGH = MacroAction(priority=ticket_pb2.TICKET_PRIORITY_HIGH)
TO_NETWORK = MacroAction(queue="network")
TO_ME = MacroAction(assignment=MacroAssignment(assignee_id="me"))
TAGS = MacroAction(tags=MacroTags(added=["vpn"], removed=["wifi"]))
SEATS = MacroAction(field=MacroField(key="seats", value=TicketFieldValue(number=5)))
REPLY = MacroAction(comment=MacroComment(canned_reply="welcome"))
NOTE = MacroAction(comment=MacroComment(text="From {{ticket.queue}}: owes us.", internal=True))


async def prepared(people: People) -> ticket_pb2.Ticket:
    await people.alex.CreateQueue(queue=Queue(name="network"))
    await people.alex.CreateField(
        field=TicketField(key="seats", label="Seats", field_type=field_pb2.TICKET_FIELD_TYPE_NUMBER)
    )
    await people.alex.CreateCannedReply(
        canned_reply=CannedReply(name="welcome", body="Dear {{requester.name}}, {{ticket.number}}.")
    )
    return await people.anna.opened(tags=["wifi"])


async def put(who: Any, *actions: MacroAction, name: str = "move") -> Macro:  # noqa: ANN401
    kept: Macro = await who.PutMacro(macro=Macro(name=name, actions=actions))
    return kept


async def log_of(people: People, ticket_id: str) -> list[tuple[str, str]]:
    events = (await people.alex.ListTicketEvents(ticket_id=ticket_id)).events
    kinds = ticket_pb2.TicketEventKind
    return [
        (kinds.Name(event.kind).removeprefix("TICKET_EVENT_KIND_"), event.cause) for event in events
    ]


@pytest.mark.parametrize(
    "action",
    [
        MoveAction(Verb.RESOLVE),
        PriorityAction(TicketPriority.HIGH),
        PriorityAction(None),
        QueueAction("network"),
        AssigneeAction(ALEX),
        AssigneeAction(None),
        TypeAction(TicketType.TASK),
        TypeAction(None),
        TagsAction(("a",), ("b", "c")),
        FieldAction("number", a_value("number", 2.5)),
        FieldAction("multi_choice", a_value("multi_choice", ("Fax", "Phone"))),
        FieldAction("number", None),
        CommentAction("Hi.", is_internal=True),
        CommentAction(canned_reply="welcome"),
    ],
)
def test_an_action_comes_back_from_the_wire_and_from_the_table(action: Any) -> None:  # noqa: ANN401
    assert action_of(action_message(action)) == action
    assert action_from(action_json(action)) == action


async def test_all_is_done_and_told_one_by_one(
    people: People, sql_store: SqlTicketStore, tenant_id: TenantId
) -> None:
    ticket = await prepared(people)
    await put(people.alex, TO_NETWORK, HIGH, TO_ME, TAGS, SEATS, NOTE, REPLY, RESOLVE)
    now = await people.alex.ApplyMacro(
        ticket_id="#1", name="move", etag=ticket.etag, requester_name="Anna"
    )
    assert (now.queue, now.priority, [*now.tags]) == ("network", HIGH.priority, ["vpn"])
    assert now.assignee_id == people.alex.user_id
    assert now.fields["seats"].number == 5
    assert now.status == ticket_pb2.TICKET_STATUS_RESOLVED
    assert now == await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert (await log_of(people, ticket.ticket_id))[1:] == [
        ("UPDATED", "macro move"),
        ("UPDATED", "macro move"),
        ("ASSIGNED", "macro move"),
        ("UPDATED", "macro move"),
        ("FIELDS_SET", "macro move"),
        ("COMMENTED", "macro move"),
        ("COMMENTED", "macro move"),
        ("RESOLVED", "macro move"),
    ]
    async with sql_store.reading(tenant_id) as tickets:
        events = await tickets.list_events(EventQuery(limit=99, with_internal=True))
        assert fold(events) == await tickets.find(ticket.ticket_id)
    assert {event.actor_id for event in events[1:]} == {people.alex.user_id}


async def test_an_internal_note_stays_internal(people: People) -> None:
    ticket = await prepared(people)
    await put(people.alex, NOTE, REPLY)
    await people.alex.ApplyMacro(ticket_id="1", name="move", requester_name="Anna")
    ours = (await people.alex.ListComments(ticket_id=ticket.ticket_id)).comments
    assert [(each.body, each.internal) for each in ours] == [
        ("From general: owes us.", True),
        ("Dear Anna, #1.", False),
    ]
    told = await people.anna.ListComments(ticket_id=ticket.ticket_id)
    assert [each.body for each in told.comments] == ["Dear Anna, #1."]
    events = await people.anna.ListTicketEvents(ticket_id=ticket.ticket_id)
    assert ours[0].comment_id not in str(events)


async def test_what_changes_nothing_is_not_told(people: People) -> None:
    ticket = await prepared(people)
    await put(
        people.alex, MacroAction(queue="general"), MacroAction(tags=MacroTags(added=["wifi"]))
    )
    assert await people.alex.ApplyMacro(ticket_id="1", name="move") == ticket
    assert len(await log_of(people, ticket.ticket_id)) == 1


@pytest.mark.parametrize("refusal", ["transition", "etag", "queue", "field", "retired", "reply"])
async def test_a_refused_action_takes_all_others_back(people: People, refusal: str) -> None:
    ticket = await prepared(people)
    await put(people.alex, HIGH, NOTE, *([CLOSE] if refusal == "transition" else []))
    etag = '"7"' if refusal == "etag" else ""
    code, reason = FAILED, "TRANSITION_NOT_ALLOWED"
    match refusal:
        case "etag":
            code, reason = grpc.StatusCode.ABORTED, "TICKET_CHANGED"
        case "queue":
            await put(people.alex, HIGH, NOTE, TO_NETWORK)
            await people.alex.DeleteQueue(name="network")
            code, reason = NOT_FOUND, "QUEUE_NOT_FOUND"
        case "field":
            await put(people.alex, HIGH, NOTE, RESOLVE)
            field = TicketField(key="seats", required=True)
            await people.alex.UpdateField(field=field)
            code, reason = FAILED, "FIELDS_REQUIRED"
        case "retired":
            await put(people.alex, HIGH, NOTE, SEATS)
            await people.alex.UpdateField(field=TicketField(key="seats", retired=True))
            code, reason = FAILED, "FIELD_RETIRED"
        case "reply":
            await put(people.alex, HIGH, NOTE, REPLY)
            await people.alex.DeleteCannedReply(name="welcome")
            code, reason = NOT_FOUND, "CANNED_REPLY_NOT_FOUND"
    with refused(code, reason):
        await people.alex.ApplyMacro(ticket_id="1", name="move", etag=etag)
    assert await people.alex.GetTicket(ticket_id="1") == ticket
    assert not (await people.alex.ListComments(ticket_id="1")).comments
    assert len(await log_of(people, ticket.ticket_id)) == 1
    if refusal != "etag":
        with refused(code, reason):
            await people.alex.PreviewMacro(ticket_id="1", name="move")


async def test_a_preview_tells_what_would_be_and_keeps_nothing(people: People) -> None:
    ticket = await prepared(people)
    await put(people.alex, TO_NETWORK, NOTE, RESOLVE)
    told = await people.alex.PreviewMacro(ticket_id="1", name="move")
    assert (told.ticket.queue, told.ticket.status) == (
        "network",
        ticket_pb2.TICKET_STATUS_RESOLVED,
    )
    assert [each.body for each in told.comments] == ["From network: owes us."]
    assert len(told.events) == 3
    assert await people.alex.GetTicket(ticket_id="1") == ticket
    assert len(await log_of(people, ticket.ticket_id)) == 1


async def test_macros_are_kept_replaced_and_deleted(people: People) -> None:
    await prepared(people)
    first = await put(people.alex, HIGH)
    second = await put(people.alex, TO_NETWORK, NOTE)
    assert second.create_time == first.create_time
    assert second.update_time != first.update_time
    assert await people.alex.GetMacro(name="move") == second
    assert [*(await people.alex.ListMacros()).macros] == [second]
    assert not (await people.gerd.ListMacros()).macros
    for who in (people.gerd, people.alex):
        if who is people.alex:
            await who.DeleteMacro(name="move")
        for call in (who.GetMacro(name="move"), who.DeleteMacro(name="move")):
            with refused(NOT_FOUND, "MACRO_NOT_FOUND"):
                await call
    with refused(NOT_FOUND, "MACRO_NOT_FOUND"):
        await people.alex.ApplyMacro(ticket_id="1", name="move")


@pytest.mark.parametrize(
    ("action", "code", "reason"),
    [
        (MacroAction(), INVALID, "INVALID_REQUEST"),
        (MacroAction(queue="nowhere"), NOT_FOUND, "QUEUE_NOT_FOUND"),
        (MacroAction(queue="No Queue"), INVALID, "INVALID_REQUEST"),
        (MacroAction(tags=MacroTags(added=["Not A Tag"])), INVALID, "INVALID_REQUEST"),
        (MacroAction(field=MacroField(key="colour")), INVALID, "FIELD_UNKNOWN"),
        (
            MacroAction(field=MacroField(key="seats", value=TicketFieldValue(text="5"))),
            INVALID,
            "FIELD_TYPE_WRONG",
        ),
        (MacroAction(comment=MacroComment()), INVALID, "MACRO_ACTION_INVALID"),
        (
            MacroAction(comment=MacroComment(text="x", canned_reply="welcome")),
            INVALID,
            "MACRO_ACTION_INVALID",
        ),
        (MacroAction(comment=MacroComment(text=" ")), INVALID, "INVALID_REQUEST"),
        (MacroAction(comment=MacroComment(text="{{x}}")), INVALID, "VARIABLE_UNKNOWN"),
        (
            MacroAction(comment=MacroComment(canned_reply="gone")),
            NOT_FOUND,
            "CANNED_REPLY_NOT_FOUND",
        ),
    ],
)
async def test_a_macro_that_cannot_be_is_not_kept(
    people: People, action: MacroAction, code: grpc.StatusCode, reason: str
) -> None:
    await prepared(people)
    with refused(code, reason):
        await put(people.alex, HIGH, action)
    with refused(INVALID, "INVALID_REQUEST"):
        await put(people.alex)
    with refused(INVALID, "INVALID_REQUEST"):
        await put(people.alex, *[HIGH] * 21)
    assert not (await people.alex.ListMacros()).macros


async def test_a_tenant_has_only_so_many_macros(people: People) -> None:
    for number in range(MOST_MACROS):
        await put(people.alex, HIGH, name=f"m{number}")
    await put(people.alex, CLOSE, name="m0")
    with refused(FAILED, "TOO_MANY_MACROS"):
        await put(people.alex, HIGH, name="more")
    assert len((await people.alex.ListMacros()).macros) == MOST_MACROS


async def test_a_ticket_has_only_so_many_tags(people: People) -> None:
    await people.anna.opened(tags=[f"t{number}" for number in range(20)])
    await put(people.alex, MacroAction(tags=MacroTags(added=["more"])))
    with refused(FAILED, "TOO_MANY_TAGS"):
        await people.alex.ApplyMacro(ticket_id="1", name="move")
    await put(people.alex, MacroAction(tags=MacroTags(added=["more"], removed=["t0"])))
    now = await people.alex.ApplyMacro(ticket_id="1", name="move")
    assert len(now.tags) == 20


async def test_a_comment_without_the_requesters_name_is_refused(people: People) -> None:
    await prepared(people)
    await put(people.alex, REPLY)
    with refused(FAILED, "VARIABLE_NOT_GIVEN"):
        await people.alex.ApplyMacro(ticket_id="1", name="move")


@pytest.mark.parametrize(
    ("action", "permission"),
    [
        (RESOLVE, "ticket.tickets.resolve"),
        (HIGH, "ticket.tickets.update"),
        (TO_NETWORK, "ticket.tickets.update"),
        (TAGS, "ticket.tickets.update"),
        (SEATS, "ticket.tickets.update"),
        (TO_ME, "ticket.tickets.assign"),
        (REPLY, "ticket.comments.create"),
    ],
)
async def test_nobody_does_by_a_macro_what_they_may_not_do(
    people: People, action: MacroAction, permission: str
) -> None:
    ticket = await prepared(people)
    await put(people.alex, action)
    lacking = people.colleague(AGENT_PERMISSIONS - {permission})
    bulk_macro = bulk_service_pb2.BulkMacro(name="move")
    for call in (
        lacking.ApplyMacro(ticket_id="1", name="move", requester_name="Anna"),
        lacking.PreviewMacro(ticket_id="1", name="move", requester_name="Anna"),
        lacking.BulkUpdateTickets(ticket_ids=["1"], macro=bulk_macro),
    ):
        with refused(DENIED, "PERMISSION_MISSING") as refusals:
            await call
        assert refusals[0].metadata == {"permission": permission}
    assert await people.alex.GetTicket(ticket_id="1") == ticket
    # The control: with it, it is done.
    await people.colleague(AGENT_PERMISSIONS).ApplyMacro(
        ticket_id="1", name="move", requester_name="Anna"
    )


async def test_customers_apply_none_and_write_no_notes(people: People) -> None:
    ticket = await prepared(people)
    await put(people.alex, NOTE)
    for call in (
        people.anna.ListMacros(),
        people.anna.ApplyMacro(ticket_id="1", name="move"),
        people.anna.PutMacro(macro=Macro(name="x", actions=[HIGH])),
    ):
        with refused(DENIED, "PERMISSION_MISSING"):
            await call
    allowed = people.colleague(AGENT_PERMISSIONS - {"ticket.tickets.handle"})
    with refused(DENIED, "INTERNAL_COMMENT_NOT_ALLOWED"):
        await allowed.ApplyMacro(ticket_id="1", name="move")
    assert await people.alex.GetTicket(ticket_id="1") == ticket


async def test_another_tenants_ticket_is_not_there(people: People) -> None:
    ticket = await prepared(people)
    await put(people.gerd, HIGH)
    for call in (
        people.gerd.ApplyMacro(ticket_id=ticket.ticket_id, name="move"),
        people.gerd.PreviewMacro(ticket_id=ticket.ticket_id, name="move"),
    ):
        with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
            await call


async def test_many_tickets_take_a_macro_each_for_itself(people: People) -> None:
    await prepared(people)
    second = await people.ben.opened()
    await people.alex.ResolveTicket(ticket_id=second.ticket_id)
    await put(people.alex, HIGH, RESOLVE)
    macro = bulk_service_pb2.BulkMacro(name="move")
    done = await people.alex.BulkUpdateTickets(ticket_ids=["1", "2", "99"], macro=macro)
    first, refusal, missing = done.results
    assert first.ticket.status == ticket_pb2.TICKET_STATUS_RESOLVED
    assert "TRANSITION_NOT_ALLOWED" in str(refusal.error.details)
    assert "TICKET_NOT_FOUND" in str(missing.error.details)
    assert (await people.alex.GetTicket(ticket_id="2")).priority != HIGH.priority
    with refused(NOT_FOUND, "MACRO_NOT_FOUND"):
        await people.alex.BulkUpdateTickets(
            ticket_ids=["1"], macro=bulk_service_pb2.BulkMacro(name="none")
        )
