"""The fields that tenants give their tickets: kept by admins, set on tickets, seen by whom they
are for."""

from typing import Any, cast

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import bulk_service_pb2, field_pb2, ticket_pb2
from helpdesk.ticket.v1.field_pb2 import TicketField, TicketFieldChoices, TicketFieldValue
from services.mesh.caller import TenantId, acting_as
from services.ticket.convert import tickets as convert
from services.ticket.domain import MOST_FIELDS, FieldType, FieldValue, checked, fold
from services.ticket.errors.fields import FieldTypeWrong, TooManyFields
from services.ticket.ports.tickets import EventQuery, TicketStore
from services.ticket.store import SqlTicketStore
from services.ticket.use_cases import fielding
from tests.support.mesh_server import refused
from tests.ticket.builders import an_agent
from tests.ticket.clients import People
from tests.ticket.own_fields import DEFINITIONS, a_field

INVALID = grpc.StatusCode.INVALID_ARGUMENT
FAILED = grpc.StatusCode.FAILED_PRECONDITION
X = TicketFieldValue(choice="X")
FIVE = TicketFieldValue(number=5)
SECRET = TicketFieldValue(text="owes us money")


async def with_fields(people: People) -> None:
    for field in (
        TicketField(
            key="product",
            label="Product",
            field_type=field_pb2.TICKET_FIELD_TYPE_CHOICE,
            options=["X", "Y"],
            for_customers=True,
        ),
        TicketField(key="seats", label="Seats", field_type=field_pb2.TICKET_FIELD_TYPE_NUMBER),
        TicketField(key="note_of_ours", label="Note"),
        TicketField(
            key="places",
            label="Places",
            field_type=field_pb2.TICKET_FIELD_TYPE_MULTI_CHOICE,
            options=["A", "B"],
        ),
    ):
        await people.alex.CreateField(field=field)


async def updated(who: Any, ticket_id: str, *paths: str, **fields: Any) -> ticket_pb2.Ticket:  # noqa: ANN401
    ticket = ticket_pb2.Ticket(ticket_id=ticket_id, fields=fields)
    changed: ticket_pb2.Ticket = await who.UpdateTicket(
        ticket=ticket, update_mask=FieldMask(paths=paths)
    )
    return changed


async def found(who: Any, wanted: str) -> list[int]:  # noqa: ANN401 - a client
    listed = await who.ListTickets(filter=wanted, order_by="number")
    return [ticket.number for ticket in listed.tickets]


async def test_fields_are_made_listed_and_changed(people: People) -> None:
    await with_fields(people)
    listed = (await people.alex.ListFields()).fields
    assert [field.key for field in listed] == ["note_of_ours", "places", "product", "seats"]
    changed = await people.alex.UpdateField(
        field=TicketField(key="product", label="Ware", options=["Y", "Z"], required=True),
        update_mask=FieldMask(paths=["options", "required"]),
    )
    assert (changed.label, [*changed.options], changed.required) == ("Product", ["Y", "Z"], True)
    assert not (await people.gerd.ListFields()).fields


@pytest.mark.parametrize(
    ("field", "code", "reason"),
    [
        (TicketField(key="seats", label="Again"), grpc.StatusCode.ALREADY_EXISTS, "FIELD_EXISTS"),
        (TicketField(key="a", label=" "), INVALID, "INVALID_REQUEST"),
        (TicketField(key="A", label="a"), INVALID, "INVALID_REQUEST"),
        (TicketField(key="a__b", label="a"), INVALID, "INVALID_REQUEST"),
        (TicketField(key="a", label="a\0"), INVALID, "INVALID_REQUEST"),
        (TicketField(key="a", label="a", options=["x"]), INVALID, "FIELD_OPTIONS_INVALID"),
        (
            TicketField(key="a", label="a", field_type=field_pb2.TICKET_FIELD_TYPE_CHOICE),
            INVALID,
            "FIELD_OPTIONS_INVALID",
        ),
        (
            TicketField(
                key="a", label="a", field_type=field_pb2.TICKET_FIELD_TYPE_CHOICE, options=["a;b"]
            ),
            INVALID,
            "INVALID_REQUEST",
        ),
        (TicketField(key="a", label="a", field_type=cast("Any", 9)), INVALID, "INVALID_REQUEST"),
    ],
)
async def test_a_bad_field_is_refused(
    people: People, field: TicketField, code: grpc.StatusCode, reason: str
) -> None:
    await with_fields(people)
    with refused(code, reason):
        await people.alex.CreateField(field=field)
    assert len((await people.alex.ListFields()).fields) == 4


async def test_a_bad_change_of_a_field_is_refused(people: People) -> None:
    await with_fields(people)
    for field, paths, reason in (
        (TicketField(key="seats"), ["label"], "INVALID_REQUEST"),
        (TicketField(key="seats"), ["field_type"], "FIELD_NOT_UPDATABLE"),
        (TicketField(key="product"), ["for_customers"], "FIELD_NOT_UPDATABLE"),
        (TicketField(key="product"), ["options"], "FIELD_OPTIONS_INVALID"),
        (TicketField(key="seats", options=["1"]), ["options"], "FIELD_OPTIONS_INVALID"),
    ):
        with refused(INVALID, reason):
            await people.alex.UpdateField(field=field, update_mask=FieldMask(paths=paths))
    for who, key in ((people.alex, "colour"), (people.gerd, "seats")):
        with refused(grpc.StatusCode.NOT_FOUND, "FIELD_NOT_FOUND"):
            await who.UpdateField(field=TicketField(key=key, label="x"))


async def test_customers_keep_no_fields_and_see_those_for_them(people: People) -> None:
    await with_fields(people)
    for call in (
        people.anna.CreateField(field=TicketField(key="a", label="a")),
        people.anna.UpdateField(field=TicketField(key="product", retired=True)),
    ):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call
    assert [field.key for field in (await people.anna.ListFields()).fields] == ["product"]


async def test_a_tenant_has_only_so_many_fields(store: TicketStore, tenant_id: TenantId) -> None:
    with acting_as(an_agent(tenant_id=tenant_id)):
        for number in range(MOST_FIELDS):
            await fielding.create_field(store, a_field(key=f"f{number}"))
        with pytest.raises(TooManyFields):
            await fielding.create_field(store, a_field(key="more"))
        assert len(await fielding.list_fields(store)) == MOST_FIELDS


async def test_values_are_set_found_and_told_in_the_log(people: People) -> None:
    await with_fields(people)
    first = await people.anna.opened(fields={"product": X})
    await people.anna.opened()
    await updated(people.alex, first.ticket_id, seats=FIVE, note_of_ours=SECRET)
    places = TicketFieldValue(choices=TicketFieldChoices(options=["B", "A", "B"]))
    now = await updated(people.alex, first.ticket_id, places=places)
    assert dict(now.fields) == {
        "product": X,
        "seats": FIVE,
        "note_of_ours": SECRET,
        "places": TicketFieldValue(choices=TicketFieldChoices(options=["A", "B"])),
    }
    for wanted, numbers in (
        ('fields.product = "X"', [1]),
        ('fields.product != "X"', [2]),
        ("fields.seats > 4.5", [1]),
        ("fields.seats > 5", []),
        ("NOT fields.seats > 5", [1, 2]),
        ("fields.places:B", [1]),
        ("fields.places:*", [1]),
        ("-fields.note_of_ours:*", [2]),
        ('fields.note_of_ours = "owes us money" AND fields.places = A', [1]),
    ):
        assert await found(people.alex, wanted) == numbers, wanted
    events = (await people.alex.ListTicketEvents(ticket_id=first.ticket_id)).events
    assert events[0].changes.fields == {"product": X}
    assert [*events[1].changed_fields] == ["fields.note_of_ours", "fields.seats"]
    assert events[1].actor_id == people.alex.user_id
    assert events[1].changes.fields == {"seats": FIVE, "note_of_ours": SECRET}


async def test_a_mask_may_name_one_field_or_all(people: People) -> None:
    await with_fields(people)
    ticket = await people.anna.opened()
    await updated(people.alex, ticket.ticket_id, product=X, seats=FIVE)
    one = await updated(people.alex, ticket.ticket_id, "fields.seats", product=X)
    assert dict(one.fields) == {"product": X}
    merged = await updated(people.alex, ticket.ticket_id, seats=FIVE)
    assert merged.fields.keys() == {"product", "seats"}
    emptied = await updated(people.alex, ticket.ticket_id, product=TicketFieldValue())
    assert emptied.fields.keys() == {"seats"}
    replaced = await updated(people.alex, ticket.ticket_id, "fields", product=X)
    assert dict(replaced.fields) == {"product": X}
    same = await updated(people.alex, ticket.ticket_id, "fields", product=X)
    assert same.etag == replaced.etag


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"colour": X}, INVALID, "FIELD_UNKNOWN"),
        ({"product": FIVE}, INVALID, "FIELD_TYPE_WRONG"),
        ({"product": TicketFieldValue(text="X")}, INVALID, "FIELD_TYPE_WRONG"),
        ({"seats": TicketFieldValue(number=float("inf"))}, INVALID, "INVALID_REQUEST"),
        ({"seats": TicketFieldValue(number=float("nan"))}, INVALID, "INVALID_REQUEST"),
        ({"product": TicketFieldValue(choice="Fax")}, INVALID, "FIELD_OPTION_UNKNOWN"),
        (
            {"places": TicketFieldValue(choices=TicketFieldChoices(options=["A", "C"]))},
            INVALID,
            "FIELD_OPTION_UNKNOWN",
        ),
        ({"note_of_ours": TicketFieldValue(text="x" * 501)}, INVALID, "FIELD_TEXT_TOO_LONG"),
        ({"note_of_ours": TicketFieldValue(text="x\0")}, INVALID, "INVALID_REQUEST"),
        ({"old": TicketFieldValue(text="x")}, FAILED, "FIELD_RETIRED"),
    ],
)
async def test_a_bad_value_is_refused_wherever_it_is_given(
    people: People, fields: dict[str, TicketFieldValue], code: grpc.StatusCode, reason: str
) -> None:
    await with_fields(people)
    await people.alex.CreateField(field=TicketField(key="old", label="Old", retired=True))
    ticket = await people.anna.opened()
    with refused(code, reason):
        await people.alex.opened(fields=fields)
    with refused(code, reason):
        await updated(people.alex, ticket.ticket_id, **fields)
    content = bulk_service_pb2.BulkContent(fields=fields)
    if reason != "INVALID_REQUEST":
        [result] = (
            await people.alex.BulkUpdateTickets(ticket_ids=[ticket.ticket_id], content=content)
        ).results
        assert reason in str(result.error.details)
    assert await people.anna.GetTicket(ticket_id=ticket.ticket_id) == ticket


@pytest.mark.parametrize("day", ["2027-02-30", "20270201", "tomorrow", "2027-2-1"])
def test_a_day_that_is_in_no_calendar_is_refused(day: str) -> None:
    with pytest.raises(FieldTypeWrong):
        checked(DEFINITIONS, {"date": FieldValue(FieldType.DATE, day)})


async def test_the_longest_text_is_kept_and_found(people: People) -> None:
    await with_fields(people)
    text = "\U0001f5a8" * 500
    ticket = await people.alex.opened(fields={"note_of_ours": TicketFieldValue(text=text)})
    assert ticket.fields["note_of_ours"].text == text
    assert await found(people.alex, f'fields.note_of_ours = "{text}"') == [1]


async def test_what_became_of_a_field_leaves_values_as_they_are(people: People) -> None:
    await with_fields(people)
    ticket = await people.alex.opened(fields={"product": X, "seats": FIVE})
    await people.alex.UpdateField(field=TicketField(key="seats", retired=True))
    await people.alex.UpdateField(field=TicketField(key="product", options=["Y"]))
    whole = ticket_pb2.Ticket(ticket_id=ticket.ticket_id, subject="New", fields=ticket.fields)
    again = await people.alex.UpdateTicket(ticket=whole, update_mask=FieldMask(paths=["*"]))
    assert again.fields == ticket.fields
    with refused(FAILED, "FIELD_RETIRED"):
        await updated(people.alex, ticket.ticket_id, seats=TicketFieldValue(number=6))
    assert await found(people.alex, "fields.seats = 5 AND fields.product = X") == [1]
    gone = await updated(people.alex, ticket.ticket_id, "fields.seats")
    assert gone.fields.keys() == {"product"}


async def test_a_ticket_is_resolved_with_its_required_fields_alone(people: People) -> None:
    await with_fields(people)
    ticket = await people.anna.opened()
    for key in ("product", "seats"):
        await people.alex.UpdateField(field=TicketField(key=key, required=True))
    with refused(FAILED, "FIELDS_REQUIRED") as refusals:
        await people.alex.ResolveTicket(ticket_id=ticket.ticket_id)
    assert refusals[0].metadata == {"fields": "product,seats"}
    [result] = (
        await people.alex.BulkUpdateTickets(
            ticket_ids=["1"], step=bulk_service_pb2.TICKET_STEP_RESOLVE
        )
    ).results
    assert "FIELDS_REQUIRED" in str(result.error.details)
    await updated(people.alex, ticket.ticket_id, product=X)
    await people.alex.UpdateField(field=TicketField(key="seats", retired=True))
    done = await people.alex.ResolveTicket(ticket_id=ticket.ticket_id)
    assert done.status == ticket_pb2.TICKET_STATUS_RESOLVED


async def test_many_tickets_get_values_at_once(people: People) -> None:
    await with_fields(people)
    ids = [(await people.anna.opened()).ticket_id for _ in range(3)]
    content = bulk_service_pb2.BulkContent(fields={"product": X, "seats": FIVE})
    done = await people.alex.BulkUpdateTickets(ticket_ids=ids, content=content)
    assert all(one.ticket.fields == {"product": X, "seats": FIVE} for one in done.results)


async def seen_by_anna(people: People) -> str:
    """All that a customer is told of a ticket that has a value for agents alone."""
    await with_fields(people)
    ticket = await people.anna.opened(fields={"product": X})
    ticket_id = ticket.ticket_id
    before = await people.anna.GetTicket(ticket_id=ticket_id)
    await updated(people.alex, ticket_id, note_of_ours=SECRET)
    after = await people.anna.GetTicket(ticket_id=ticket_id)
    assert (before.etag, before.update_time) == (after.etag, after.update_time)
    listed = await people.anna.ListTickets()
    events = await people.anna.ListTicketEvents(ticket_id=ticket_id)
    changed = await updated(people.anna, ticket_id, "fields", product=X)
    steps = people.anna.WatchTickets(after_seq=1, ticket_id=ticket_id, timeout=1.5)
    watched = [step async for step in steps]
    return f"{after}{listed}{events}{changed}{watched}"


async def test_customers_never_see_what_is_for_agents(people: People) -> None:
    told = await seen_by_anna(people)
    assert "note_of_ours" not in told
    assert "owes us" not in told
    assert "product" in told
    # Replacing all that they see took nothing away from behind their back.
    assert (await people.alex.GetTicket(ticket_id="1")).fields["note_of_ours"] == SECRET


async def test_the_test_would_see_it(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where all values are visible, they are told."""
    monkeypatch.setattr(
        convert, "visible_values", lambda ticket: {**ticket.fields, **ticket.internal_fields}
    )
    assert "owes us" in await seen_by_anna(people)


async def test_customers_cannot_ask_for_or_set_what_is_for_agents(people: People) -> None:
    await with_fields(people)
    ticket = await people.anna.opened()
    await updated(people.alex, ticket.ticket_id, note_of_ours=SECRET)
    for wanted in ('fields.note_of_ours = "x"', "fields.note_of_ours:*", "fields.nothing:*"):
        with refused(INVALID, "FILTER_INVALID") as refusals:
            await people.anna.ListTickets(filter=wanted)
        assert "there is no such field" in str(refusals[0].violations)
    for fields, paths in (({"note_of_ours": SECRET}, ()), ({}, ("fields.note_of_ours",))):
        with refused(INVALID, "FIELD_UNKNOWN"):
            await updated(people.anna, ticket.ticket_id, *paths, **fields)
    with refused(INVALID, "FIELD_UNKNOWN"):
        await people.anna.opened(fields={"note_of_ours": SECRET})


async def test_another_tenants_fields_mean_nothing(people: People) -> None:
    await with_fields(people)
    await people.anna.opened(fields={"product": X})
    theirs = await people.gerd.opened()
    with refused(INVALID, "FILTER_INVALID"):
        await people.gerd.ListTickets(filter="fields.product = X")
    with refused(INVALID, "FIELD_UNKNOWN"):
        await updated(people.gerd, theirs.ticket_id, product=X)
    await with_fields_of(people.gerd)
    assert await found(people.gerd, "fields.product:*") == []
    assert await found(people.gerd, "NOT fields.product:*") == [1]


async def with_fields_of(who: Any) -> None:  # noqa: ANN401 - a client
    await who.CreateField(field=TicketField(key="product", label="Product"))


async def test_what_is_kept_is_the_fold_of_the_log(
    people: People, sql_store: SqlTicketStore, tenant_id: TenantId
) -> None:
    await with_fields(people)
    ticket = await people.alex.opened(fields={"product": X, "note_of_ours": SECRET})
    await updated(people.alex, ticket.ticket_id, "fields", seats=FIVE)
    async with sql_store.reading(tenant_id) as tickets:
        events = await tickets.list_events(EventQuery(limit=99, with_internal=True))
        assert fold(events) == await tickets.find(ticket.ticket_id)
    kinds = [(event.kind.value, event.is_internal) for event in events]
    assert kinds == [
        ("OPENED", False),
        ("FIELDS_SET", True),
        ("UPDATED", False),
        ("FIELDS_SET", True),
    ]


async def test_imported_values_find_their_audience(people: People) -> None:
    await with_fields(people)
    opening = ticket_pb2.TicketEvent(
        kind=ticket_pb2.TICKET_EVENT_KIND_OPENED,
        status=ticket_pb2.TICKET_STATUS_NEW,
        create_time=Timestamp(seconds=10**9),
        changed_fields=["fields.product", "fields.note_of_ours", "fields.colour"],
        changes=ticket_pb2.Ticket(fields={"product": X, "note_of_ours": SECRET, "colour": X}),
    )
    noted = ticket_pb2.TicketEvent(
        kind=ticket_pb2.TICKET_EVENT_KIND_FIELDS_SET,
        status=ticket_pb2.TICKET_STATUS_NEW,
        create_time=Timestamp(seconds=10**9),
        changed_fields=["fields.note_of_ours"],
        changes=ticket_pb2.Ticket(fields={"note_of_ours": SECRET}),
    )
    given = ticket_pb2.Ticket(
        subject="Old",
        requester_id=people.anna.user_id,
        fields={"product": X, "note_of_ours": SECRET},
    )
    for foreign_id, events in (("1", [opening, noted]), ("2", [])):
        came = await people.alex.ImportTicket(
            source="elsewhere", foreign_id=foreign_id, ticket=given, events=events
        )
        assert came.ticket.fields == given.fields
        ticket_id = came.ticket.ticket_id
        told = f"{await people.anna.ListTicketEvents(ticket_id=ticket_id)}"
        assert "owes us" not in told
        assert "product" in told
        ours = (await people.alex.ListTicketEvents(ticket_id=ticket_id)).events
        assert "owes us" in f"{ours[-1]}"
    with refused(INVALID, "FIELD_UNKNOWN"):
        await people.alex.ImportTicket(
            source="elsewhere",
            foreign_id="3",
            ticket=ticket_pb2.Ticket(subject="Old", fields={"colour": X}),
        )
