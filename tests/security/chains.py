"""A long chain made from a seed, and what somebody with the database in hand can do to it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.mesh.audit.anchors import Anchor
from services.mesh.audit.chain import Fault, Head
from services.mesh.audit.record import (
    COLUMNS,
    FIRST_PREVIOUS_MAC,
    KEY_ID,
    MAC,
    SEQ,
    Content,
    MacKey,
    Outcome,
    as_row,
    linked,
)

TENANT = "01a211e1-b832-7f3e-aa33-8e37299bd410"
KEY_NAME = "01a211e1-b83b-7c4d-9a3f-0c6a5f1f7d11"
KEY = bytes(range(32))
_RECORDS_BETWEEN_ANCHORS = 997
_METHODS = ("CreateTicket", "AssignTicket", "CreateComment", "ResolveTicket", "CloseTicket")

Row = tuple[object, ...]


@dataclass(frozen=True)
class Chain:
    rows: Sequence[Row]
    head: Head
    anchors: Sequence[Anchor]


@dataclass(frozen=True)
class Attack:
    """A tampered chain, and the record at which the first fault is."""

    kind: str
    what: str
    rows: Sequence[Row]
    head: Head
    first_bad: int


def a_chain(seed: int, length: int) -> Chain:
    dice = random.Random(seed)
    users = [_uuid(dice) for _ in range(40)]
    key = MacKey(KEY)
    rows: list[Row] = []
    previous_mac = FIRST_PREVIOUS_MAC
    anchors = []
    for seq in range(1, length + 1):
        record = linked(TENANT, seq, previous_mac, _content(dice, users, seq), (KEY_NAME, key))
        previous_mac = record.mac
        rows.append(as_row(record))
        if seq % _RECORDS_BETWEEN_ANCHORS == 0 or seq == length:
            anchors.append(Anchor(record.at_microseconds, TENANT, seq, record.mac, KEY_NAME))
    return Chain(rows, Head(length, previous_mac), anchors)


def attack(chain: Chain, kind: str, dice: random.Random) -> Attack:
    return ATTACKS[kind](chain, dice)


def _mutated(chain: Chain, dice: random.Random) -> Attack:
    """One value of one record is another."""
    at = dice.randrange(len(chain.rows))
    column = dice.randrange(len(COLUMNS))
    rows = list(chain.rows)
    rows[at] = _with(rows[at], column, _another(rows[at][column], column, len(rows), dice))
    if column == SEQ:
        rows.sort(key=_seq)
    return Attack("mutate", COLUMNS[column], rows, chain.head, at + 1)


def _deleted(chain: Chain, dice: random.Random) -> Attack:
    """One record is gone, and sometimes the rest is numbered anew."""
    at = dice.randrange(len(chain.rows) - 1)
    rows = [*chain.rows[:at], *chain.rows[at + 1 :]]
    is_closed = dice.random() < 0.5
    if is_closed:
        rows[at:] = _numbered(rows[at:], at + 1)
    what = "and the gap closed" if is_closed else "and the gap left"
    return Attack("delete", what, rows, _head_of(rows), at + 1)


def _swapped(chain: Chain, dice: random.Random) -> Attack:
    """Two records have changed places."""
    first, second = sorted(dice.sample(range(len(chain.rows)), 2))
    if dice.random() < 0.3:
        second = first + 1 if first + 1 < len(chain.rows) else second
    rows = list(chain.rows)
    rows[first] = _with(chain.rows[second], SEQ, first + 1)
    rows[second] = _with(chain.rows[first], SEQ, second + 1)
    return Attack("swap", f"over {second - first}", rows, _head_of(rows), first + 1)


def _truncated(chain: Chain, dice: random.Random) -> Attack:
    """The last records are gone, and the head is set back to what is the last one now."""
    count = dice.choice((1, 2, dice.randrange(1, 100), dice.randrange(1, len(chain.rows))))
    rows = chain.rows[:-count]
    return Attack("truncate", f"{count} records", rows, _head_of(rows), len(rows) + 1)


def _inserted(chain: Chain, dice: random.Random) -> Attack:
    """A record too many: an old one again, or one with a MAC of another key."""
    at = dice.choice((len(chain.rows), dice.randrange(1, len(chain.rows))))
    is_forged = dice.random() < 0.5
    if is_forged:
        previous_mac = str(chain.rows[at - 1][MAC])
        content = _content(dice, [_uuid(dice)], at + 1)
        key = MacKey(dice.randbytes(32))
        new = as_row(linked(TENANT, at + 1, previous_mac, content, (KEY_NAME, key)))
    else:
        new = _with(chain.rows[dice.randrange(at)], SEQ, at + 1)
    rows = [*chain.rows[:at], new, *_numbered(chain.rows[at:], at + 2)]
    what = "forged" if is_forged else "an old one"
    return Attack("insert", what, rows, _head_of(rows), at + 1)


ATTACKS: dict[str, Callable[[Chain, random.Random], Attack]] = {
    "mutate": _mutated,
    "delete": _deleted,
    "swap": _swapped,
    "truncate": _truncated,
    "insert": _inserted,
}


def is_named_right(fault: Fault | None, made: Attack) -> bool:
    return fault is not None and fault.seq == made.first_bad


def _content(dice: random.Random, users: Sequence[str], seq: int) -> Content:
    return Content(
        at_microseconds=1_795_595_934_287_930 + seq * 1000,
        user_id=dice.choice(users),
        session_id=_uuid(dice),
        client_id="helpdesk",
        calling_service=dice.choice(("gateway", "chat")),
        method=f"/helpdesk.ticket.v1.TicketService/{dice.choice(_METHODS)}",
        resource_kind="ticket",
        resource_id=_uuid(dice),
        outcome=dice.choice((Outcome.COMMITTED, Outcome.REFUSED)),
        code=dice.choice(("OK", "NOT_FOUND")),
        reason=dice.choice(("", "TICKET_NOT_FOUND")),
        count=1,
        request_id=_uuid(dice),
        trace_id=f"{dice.getrandbits(128):032x}",
    )


def _another(value: object, column: int, length: int, dice: random.Random) -> object:
    if column == SEQ:
        return length + dice.randrange(1, 1000)
    if isinstance(value, int):
        return value + dice.choice((-1, 1))
    text = str(value)
    if column == KEY_ID or not text:
        return _uuid(dice)
    at = dice.randrange(len(text))
    other = dice.choice([sign for sign in "0123456789abcdef-" if sign != text[at]])
    return text[:at] + other + text[at + 1 :]


def _numbered(rows: Sequence[Row], first: int) -> list[Row]:
    return [_with(row, SEQ, number) for number, row in enumerate(rows, first)]


def _with(row: Row, column: int, value: object) -> Row:
    return (*row[:column], value, *row[column + 1 :])


def _head_of(rows: Sequence[Row]) -> Head:
    """What a careful attacker leaves behind."""
    return Head(len(rows), str(rows[-1][MAC])) if rows else Head(0, FIRST_PREVIOUS_MAC)


def _seq(row: Row) -> int:
    return int(str(row[SEQ]))


def _uuid(dice: random.Random) -> str:
    return str(UUID(int=dice.getrandbits(128), version=4))
