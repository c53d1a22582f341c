"""The languages of filters and orders."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.mesh.errors import FieldViolation
from services.ticket.domain import TicketPriority, TicketStatus
from services.ticket.errors import FilterInvalid
from services.ticket.filter import (
    NEWEST_FIRST,
    Comparison,
    FilterField,
    Order,
    OrderField,
    parse_filter,
    parse_order,
)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
comparisons = st.one_of(
    st.builds(
        Comparison, st.just(FilterField.STATUS), st.sampled_from(TicketStatus), st.booleans()
    ),
    st.builds(
        Comparison, st.just(FilterField.PRIORITY), st.sampled_from(TicketPriority), st.booleans()
    ),
    st.builds(
        Comparison,
        st.sampled_from([FilterField.ASSIGNEE_ID, FilterField.REQUESTER_ID, FilterField.TAGS]),
        texts,
        st.booleans(),
    ),
)


def written(comparison: Comparison) -> str:
    value = comparison.value
    if isinstance(value, TicketPriority):
        text = value.name
    elif isinstance(value, TicketStatus):
        text = value.value
    else:
        text = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{comparison.field} {'!=' if comparison.is_negated else '='} {text}"


@given(st.lists(comparisons, max_size=5), st.sampled_from([" AND ", "  AND\t"]))
def test_a_filter_that_is_written_down_reads_as_it_was_meant(
    meant: list[Comparison], joint: str
) -> None:
    assert parse_filter(joint.join(map(written, meant))) == tuple(meant)


@given(st.one_of(st.text(), st.text('satus=!:"\\ AND.', max_size=30)))
@example('status = "')
@example("tags = \0")
@example("AND")
@example("status = NEW AND")
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    for parse, field in ((parse_filter, "filter"), (parse_order, "order_by")):
        violation = _violation(parse, text)
        if violation is not None:
            assert violation.field == field
            words = violation.description.split()
            assert words[:2] == ["at", "position"]
            assert 1 <= int(words[2].rstrip(":")) <= len(text) + 1


def _violation(parse: Callable[[str], object], text: str) -> FieldViolation | None:
    try:
        parse(text)
    except FilterInvalid as refusal:
        return refusal.violations[0]
    return None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", ()),
        ("  ", ()),
        ("status=OPEN", (Comparison(FilterField.STATUS, TicketStatus.OPEN),)),
        ("tags:vpn", (Comparison(FilterField.TAGS, "vpn"),)),
        ('assignee_id != ""', (Comparison(FilterField.ASSIGNEE_ID, "", is_negated=True),)),
        ("requester_id = 0199-ab", (Comparison(FilterField.REQUESTER_ID, "0199-ab"),)),
        (
            'status = "NEW" AND priority = URGENT',
            (
                Comparison(FilterField.STATUS, TicketStatus.NEW),
                Comparison(FilterField.PRIORITY, TicketPriority.URGENT),
            ),
        ),
    ],
)
def test_a_good_filter_is_read(text: str, meant: tuple[Comparison, ...]) -> None:
    assert parse_filter(text) == meant


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("colour = RED", 1, "status, priority"),
        ("status", 7, "= or !="),
        ("status = ", 9, "a value"),
        ("status = DONE", 10, "NEW or OPEN"),
        ("status = new", 10, "NEW or OPEN"),
        ("priority = 4", 12, "LOW or NORMAL"),
        ("status:NEW", 7, "= or !="),
        ("status = NEW OR status = OPEN", 14, "AND or the end"),
        ("status = NEW AND", 17, "status, priority"),
        ("NOT status = NEW", 1, "status, priority"),
        ("(status = NEW)", 1, "a word"),
        ('subject = "x', 11, "a word"),
        ("status > NEW", 8, "a word"),
    ],
)
def test_a_bad_filter_is_refused_with_the_place(text: str, place: int, expected: str) -> None:
    with pytest.raises(FilterInvalid) as refusal:
        parse_filter(text)
    description = refusal.value.violations[0].description
    assert description.startswith(f"at position {place}: ")
    assert expected in description


def test_orders_are_read() -> None:
    assert parse_order("") == NEWEST_FIRST
    assert parse_order(" priority  desc ") == Order(OrderField.PRIORITY, is_descending=True)
    assert parse_order("number") == Order(OrderField.NUMBER, is_descending=False)


@pytest.mark.parametrize(
    ("text", "place"),
    [("subject", 1), ("number asc", 7), ("  number, priority", 3), ("number desc desc", 7)],
)
def test_a_bad_order_is_refused_with_the_place(text: str, place: int) -> None:
    with pytest.raises(FilterInvalid) as refusal:
        parse_order(text)
    assert refusal.value.violations[0].description.startswith(f"at position {place}: ")
