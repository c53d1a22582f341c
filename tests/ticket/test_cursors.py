"""Places in lists survive the way through a page token; forged ones are refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mesh.errors import PageTokenInvalid
from services.mesh.ids import new_id
from services.ticket.filter.query import NEWEST_FIRST, Order, OrderField
from services.ticket.ports.tickets import CommentCursor, TicketCursor
from services.ticket.use_cases.cursors import (
    comment_cursor,
    comment_position,
    event_seq,
    ticket_cursor,
    ticket_position,
)
from tests.ticket.builders import NOON

BY_NUMBER = Order(OrderField.NUMBER, is_descending=False)


def test_a_place_is_read_as_it_was_written() -> None:
    time = NOON.replace(microsecond=7)
    for cursor, order in (
        (TicketCursor(time, new_id()), NEWEST_FIRST),
        (TicketCursor(12, new_id()), BY_NUMBER),
        (TicketCursor(3, new_id()), replace(BY_NUMBER, field=OrderField.PRIORITY)),
    ):
        assert ticket_cursor(ticket_position(cursor), order) == cursor
    place = CommentCursor(time, new_id())
    assert comment_cursor(comment_position(place)) == place
    assert event_seq("12") == 12


FORGED = [
    "",
    "x",
    "[]",
    "{}",
    '["1"]',
    f'["2147483648", "{new_id()}"]',
    f'["-1", "{new_id()}"]',
    f'["²", "{new_id()}"]',
    f'["2030-01-01T12:00:00", "{new_id()}"]',
    f'["2030-01-01T12:00:00+01:00", "{new_id()}"]',
    '["1", "x\\u0000"]',
    "9" * 30,
    "[" * 100_000,
]


@pytest.mark.parametrize("position", FORGED)
def test_a_forged_place_is_refused(position: str) -> None:
    for read in (
        lambda: ticket_cursor(position, NEWEST_FIRST),
        lambda: ticket_cursor(position, BY_NUMBER),
        lambda: comment_cursor(position),
        lambda: event_seq(position),
    ):
        with pytest.raises(PageTokenInvalid):
            read()


@given(st.text())
def test_no_text_breaks_the_reader(position: str) -> None:
    with pytest.raises(PageTokenInvalid):
        ticket_cursor(position, NEWEST_FIRST)
