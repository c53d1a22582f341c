"""What the parts of the store share."""

from collections.abc import Callable, Collection

from sqlalchemy import ARRAY, JSON, ColumnElement, Integer, any_, func, literal, select
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import InstrumentedAttribute

from services.mesh.session import Session
from services.ticket.tables.mail import (
    MailAddressRow,
    MailboxRow,
    MailboxWaitingRow,
    MailMessageRow,
    MailOutboxRow,
    MailTemplateRow,
)
from services.ticket.tables.routing import RoutingPolicyRow, RoutingRow, RoutingTurnRow
from services.ticket.tables.tickets import (
    AttachmentRow,
    CannedReplyRow,
    CommentRow,
    CounterRow,
    EventRow,
    FieldRow,
    FieldValueRow,
    LinkRow,
    MacroRow,
    OriginRow,
    PresenceRow,
    QueueRow,
    SlaDueRow,
    SlaPolicyRow,
    TagRow,
    TicketRow,
    ViewRow,
    WordCountRow,
    WordRow,
)
from services.ticket.tables.triage import TriageHeadRow, TriageRow, TriageSettingsRow

AnyRow = (
    TicketRow
    | AttachmentRow
    | TagRow
    | CommentRow
    | EventRow
    | CounterRow
    | FieldRow
    | FieldValueRow
    | LinkRow
    | OriginRow
    | PresenceRow
    | QueueRow
    | SlaDueRow
    | WordRow
    | WordCountRow
)

Upserted = (
    AttachmentRow
    | CannedReplyRow
    | CounterRow
    | FieldRow
    | LinkRow
    | MacroRow
    | MailAddressRow
    | MailboxRow
    | MailboxWaitingRow
    | MailMessageRow
    | MailOutboxRow
    | MailTemplateRow
    | OriginRow
    | PresenceRow
    | QueueRow
    | RoutingPolicyRow
    | RoutingRow
    | RoutingTurnRow
    | SlaDueRow
    | SlaPolicyRow
    | TriageHeadRow
    | TriageRow
    | TriageSettingsRow
    | ViewRow
    | WordCountRow
)

Own = Callable[[type[AnyRow]], ColumnElement[bool]]
"""Makes the condition that a row is the tenant's."""


def upsert(session: Session, table: type[Upserted]) -> SqliteInsert | PostgresqlInsert:
    """An INSERT in the words of the session's database, which can say what to do instead."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite_insert(table) if is_sqlite else postgresql_insert(table)


def is_among(
    session: Session, column: InstrumentedAttribute[int], numbers: Collection[int]
) -> ColumnElement[bool]:
    """As `column IN (…)`, but all numbers are one value, however many they are."""
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal([*numbers], ARRAY(Integer())))
    each = func.json_each(literal([*numbers], JSON())).table_valued("value")
    return column.in_(select(each.c.value))
