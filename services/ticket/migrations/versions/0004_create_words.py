"""Creates the words by which tickets are found to be alike, and takes down those of all tickets."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.row_security import enable_row_security
from services.ticket.words import weights_of

revision = "0004"
down_revision = "0003"

_ID = sa.String(64)
# By code point on both, so that all words which begin alike stand together.
_WORD = _ID.with_variant(sa.String(64, collation="C"), "postgresql")
_BATCH = 500

_TICKETS = sa.table(
    "tickets", *(sa.column(name) for name in ("tenant_id", "number", "subject", "body"))
)
_WORDS = sa.table(
    "ticket_words", *(sa.column(name) for name in ("tenant_id", "word", "number", "weight"))
)
_COUNTS = sa.table(
    "ticket_word_counts", *(sa.column(name) for name in ("tenant_id", "word", "tickets"))
)


def upgrade() -> None:
    op.create_table(
        "ticket_words",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("word", _WORD, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("weight", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "word", "number", name="pk_ticket_words"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ticket_word_counts",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("word", _WORD, nullable=False),
        sa.Column("tickets", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "word", name="pk_ticket_word_counts"),
        sqlite_with_rowid=False,
    )
    # Before the walls stand, for the owner has no tenant.
    take_down_words(op.get_bind())
    for table in ("ticket_words", "ticket_word_counts"):
        enable_row_security(Operations(op.get_context()), table)


def take_down_words(connection: sa.Connection) -> None:
    after = sa.tuple_(sa.literal(""), sa.literal(0))
    place = sa.tuple_(_TICKETS.c.tenant_id, _TICKETS.c.number)
    page = sa.select(_TICKETS).order_by(_TICKETS.c.tenant_id, _TICKETS.c.number).limit(_BATCH)
    while tickets := connection.execute(page.where(place > after)).all():
        rows = [
            {"tenant_id": ticket.tenant_id, "word": word, "number": ticket.number, "weight": weight}
            for ticket in tickets
            for word, weight in weights_of(ticket.subject, ticket.body).items()
        ]
        if rows:
            connection.execute(sa.insert(_WORDS), rows)
        after = sa.tuple_(sa.literal(tickets[-1].tenant_id), sa.literal(tickets[-1].number))
    counted = sa.select(_WORDS.c.tenant_id, _WORDS.c.word, sa.func.count())
    names = ["tenant_id", "word", "tickets"]
    connection.execute(
        sa.insert(_COUNTS).from_select(names, counted.group_by(_WORDS.c.tenant_id, _WORDS.c.word))
    )
