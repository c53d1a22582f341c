"""The flat fields of tickets as CSV, for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from helpdesk.ticket.v1 import attachment_pb2, ticket_pb2
from services.cli.moving.record import Person, TicketRecord, Unusable, message_of
from services.cli.own_fields import text_of

COLUMNS = (
    "number",
    "ticket_id",
    "status",
    "priority",
    "ticket_type",
    "queue",
    "subject",
    "body",
    "requester",
    "assignee",
    "followers",
    "tags",
    "create_time",
    "update_time",
    "attachments",
)

# In front of the key of one of the tenant's own fields.
_OWN = "field:"
_NEEDED = ("ticket_id", "subject", "requester", "create_time", "update_time")
_ENUMS = {
    "status": "TICKET_STATUS_",
    "priority": "TICKET_PRIORITY_",
    "ticket_type": "TICKET_TYPE_",
}

# A spreadsheet would take a cell that begins so for a formula, whoever wrote it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def head(keys: Sequence[str] = ()) -> str:
    """`keys` are those of the tenant's own fields."""
    return _row([*COLUMNS, *(f"{_OWN}{key}" for key in keys)])


def row_of(
    ticket: ticket_pb2.Ticket,
    people: Mapping[str, Person],
    keys: Sequence[str] = (),
    attachments: Iterable[attachment_pb2.Attachment] = (),
) -> str:
    """The files are named by SHA-256 and name, one on a line of their cell."""

    def email(user_id: str) -> str:
        return people[user_id].email if user_id in people else user_id

    return _row(
        _guarded(value)
        for value in (
            str(ticket.number),
            ticket.ticket_id,
            _word(ticket_pb2.TicketStatus.Name(ticket.status), "TICKET_STATUS_"),
            _word(ticket_pb2.TicketPriority.Name(ticket.priority), "TICKET_PRIORITY_"),
            _word(ticket_pb2.TicketType.Name(ticket.ticket_type), "TICKET_TYPE_"),
            ticket.queue,
            ticket.subject,
            ticket.body,
            email(ticket.requester_id),
            email(ticket.assignee_id),
            " ".join(map(email, ticket.follower_ids)),
            " ".join(ticket.tags),
            ticket.create_time.ToJsonString(),
            ticket.update_time.ToJsonString(),
            "\n".join(f"{one.sha256} {one.file_name}" for one in attachments),
            *(text_of(ticket.fields[key]) if key in ticket.fields else "" for key in keys),
        )
    )


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(cells: object) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)  # type: ignore[arg-type]
    return line.getvalue()


def _word(name: str, prefix: str) -> str:
    word = name.removeprefix(prefix).lower()
    return "" if word == "unspecified" else word


def fields_of_row(row: Mapping[str, str | None]) -> dict[str, object]:
    """What it says of the tenant's own fields."""
    return {
        name.removeprefix(_OWN): unguarded(cell)
        for name, cell in row.items()
        if isinstance(name, str) and name.startswith(_OWN) and cell
    }


def files_of_row(row: Mapping[str, str | None]) -> tuple[str, ...]:
    """What was not taken over of it: a sheet has the names of files only."""
    lines = (row.get("attachments") or "").splitlines()
    return tuple(f"the file {line.partition(' ')[2]}, which a sheet only names" for line in lines)


def record_of_row(row: Mapping[str, str | None]) -> TicketRecord:
    """Undoes `row_of`; there are no comments and no log in it. Raises Unusable."""
    cells = {name: unguarded(cell) for name, cell in row.items() if isinstance(cell, str)}
    missing = [name for name in _NEEDED if not cells.get(name)]
    if missing:
        raise Unusable(f"{missing[0]}: is missing")
    said: dict[str, object] = {
        name: cells[name]
        for name in ("ticket_id", "queue", "subject", "body", "create_time", "update_time")
        if cells.get(name)
    }
    for name, prefix in _ENUMS.items():
        if cells.get(name):
            said[name] = f"{prefix}{cells[name].upper()}"
    emails = {name: cells.get(name, "").split() for name in ("requester", "assignee", "followers")}
    said["number"] = int(cells["number"]) if cells.get("number", "").isdecimal() else 0
    said["tags"] = cells.get("tags", "").split()
    said["requester_id"] = emails["requester"][0]
    said["assignee_id"] = "".join(emails["assignee"][:1])
    said["follower_ids"] = emails["followers"]
    people = {email: Person(email) for each in emails.values() for email in each}
    return TicketRecord(message_of(ticket_pb2.Ticket, "ticket", said), people=people)
