"""The languages of filters and orders."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.mesh.caller import UserId
from services.mesh.errors import FieldViolation
from services.ticket.domain import TicketPriority, TicketStatus, TicketType
from services.ticket.errors.tickets import FilterInvalid
from services.ticket.filter.parser import parse_filter, parse_order
from services.ticket.filter.query import (
    EVERYTHING,
    NEWEST_FIRST,
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Expression,
    FieldComparison,
    FilterField,
    HasField,
    HasWord,
    Not,
    Order,
    OrderField,
    Value,
)
from tests.ticket.own_fields import DEFINITIONS, leaves

ME = UserId("maria")
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
equality = st.sampled_from([Comparator.EQUAL, Comparator.NOT_EQUAL])
comparators = st.sampled_from(Comparator)
moments = st.sampled_from([FilterField.CREATE_TIME, FilterField.UPDATE_TIME])
people = st.sampled_from(
    [FilterField.ASSIGNEE_ID, FilterField.REQUESTER_ID, FilterField.TAGS, FilterField.QUEUE]
)
simple = st.one_of(
    st.builds(Comparison, st.just(FilterField.STATUS), equality, st.sampled_from(TicketStatus)),
    st.builds(
        Comparison, st.just(FilterField.PRIORITY), comparators, st.sampled_from(TicketPriority)
    ),
    st.builds(Comparison, people, equality, texts),
    st.builds(Comparison, st.just(FilterField.NUMBER), comparators, st.integers(0, 2**31 - 1)),
    st.builds(Comparison, moments, comparators, st.datetimes(timezones=st.just(UTC))),
    st.builds(Comparison, st.just(FilterField.TICKET_TYPE), equality, st.sampled_from(TicketType)),
    leaves(),
    st.builds(HasWord, st.text("printer0", min_size=2, max_size=8), st.booleans()),
)


def joined(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return st.one_of(st.builds(Not, parts), st.builds(AllOf, several), st.builds(AnyOf, several))


expressions = st.recursive(simple, joined, max_leaves=8)


def written(expression: Expression) -> str:
    match expression:
        case Comparison(field, comparator, value):
            return f"{field} {comparator} {_value(value)}"
        case HasField(key):
            return f"fields.{key}:*"
        case FieldComparison(key, comparator, own):
            text = f'"{own}"' if isinstance(own, str) else str(own).lower()
            return f"fields.{key} {comparator} {text}"
        case HasWord(word, is_prefix):
            return f"{word}*" if is_prefix else word
        case Not(part):
            return f"NOT ({written(part)})"
        case AllOf(parts) | AnyOf(parts):
            joint = " AND " if isinstance(expression, AllOf) else " OR "
            return joint.join(f"({written(part)})" for part in parts)


def _value(value: Value) -> str:
    match value:
        case TicketPriority() | TicketType():
            return value.name
        case datetime():
            return value.isoformat()
        case int():
            return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read(text: str) -> Expression:
    return parse_filter(text, ME, DEFINITIONS)


@given(expressions)
@example(FieldComparison("number", Comparator.EQUAL, 1e22))
def test_a_filter_that_is_written_down_reads_as_it_was_meant(meant: Expression) -> None:
    assert read(written(meant)) == meant


@given(st.one_of(st.text(), st.text('satus=!:"\\ ANDORT.()-<>*#', max_size=30)))
@example('status = "')
@example("tags = \0")
@example("AND")
@example("status = NEW AND")
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    for parse, field in ((read, "filter"), (parse_order, "order_by")):
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


def equal(field: FilterField, value: Value) -> Comparison:
    return Comparison(field, Comparator.EQUAL, value)


NEW, OPEN = (equal(FilterField.STATUS, one) for one in (TicketStatus.NEW, TicketStatus.OPEN))
VPN = equal(FilterField.TAGS, "vpn")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", EVERYTHING),
        ("  ", EVERYTHING),
        ("status=OPEN", OPEN),
        ('status = "NEW"', NEW),
        ("tags:vpn", VPN),
        ("tags = AND", equal(FilterField.TAGS, "AND")),
        (
            'assignee_id != ""',
            Comparison(FilterField.ASSIGNEE_ID, Comparator.NOT_EQUAL, ""),
        ),
        ("assignee_id = me", equal(FilterField.ASSIGNEE_ID, ME)),
        ('assignee_id = "me"', equal(FilterField.ASSIGNEE_ID, "me")),
        ("requester_id = 0199-ab", equal(FilterField.REQUESTER_ID, "0199-ab")),
        ("status = NEW AND tags:vpn", AllOf((NEW, VPN))),
        ("status = NEW tags:vpn", AllOf((NEW, VPN))),
        # OR binds more tightly than AND, as AIP-160 has it.
        ("tags:vpn AND status = NEW OR status = OPEN", AllOf((VPN, AnyOf((NEW, OPEN))))),
        ("(tags:vpn AND status = NEW) OR status = OPEN", AnyOf((AllOf((VPN, NEW)), OPEN))),
        ("NOT tags:vpn", Not(VPN)),
        ("-tags:vpn status = NEW", AllOf((Not(VPN), NEW))),
        ("-(tags:vpn)", Not(VPN)),
        ("Printer", HasWord("printer")),
        ("print*", HasWord("print", is_prefix=True)),
        ("wi-fi", AllOf((HasWord("wi"), HasWord("fi")))),
        ('"Paper jam!"', AllOf((HasWord("paper"), HasWord("jam")))),
        ("printer -status = NEW", AllOf((HasWord("printer"), Not(NEW)))),
        ("number = #12", equal(FilterField.NUMBER, 12)),
        ('fields.text = "X"', FieldComparison("text", Comparator.EQUAL, "X")),
        ("fields.text:X", FieldComparison("text", Comparator.EQUAL, "X")),
        ("fields.number > -5", FieldComparison("number", Comparator.GREATER, -5.0)),
        ("-fields.boolean = true", Not(FieldComparison("boolean", Comparator.EQUAL, True))),
        (
            "fields.date <= 2027-01-01",
            FieldComparison("date", Comparator.LESS_OR_EQUAL, "2027-01-01"),
        ),
        ("fields.multi_choice:Fax", FieldComparison("multi_choice", Comparator.EQUAL, "Fax")),
        ("fields.our_choice:*", HasField("our_choice")),
        (
            "create_time >= 2026-05-17",
            Comparison(
                FilterField.CREATE_TIME,
                Comparator.GREATER_OR_EQUAL,
                datetime(2026, 5, 17, tzinfo=UTC),
            ),
        ),
        (
            "update_time < 2026-05-17T09:30:00+02:00",
            Comparison(
                FilterField.UPDATE_TIME, Comparator.LESS, datetime(2026, 5, 17, 7, 30, tzinfo=UTC)
            ),
        ),
    ],
)
def test_a_good_filter_is_read(text: str, meant: Expression) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("colour = RED", 1, "status, priority"),
        ("status = ", 9, "a value"),
        ("status = DONE", 10, "NEW or OPEN"),
        ("status = new", 10, "NEW or OPEN"),
        ("priority = 4", 12, "LOW or NORMAL"),
        ("status:NEW", 7, "= or !="),
        ("status = NEW AND", 17, "a field or a word"),
        ("OR status = NEW", 1, "a field or a word"),
        ("NOT", 4, "a field or a word"),
        ("NOT NOT tags:vpn", 5, "a field or a word"),
        ("(status = NEW", 14, ")"),
        ("status = NEW)", 13, "AND or the end"),
        ("()", 2, "a field or a word"),
        ('subject = "x', 11, "a word"),
        ("subject = x", 1, "status, priority"),
        ("status > NEW", 8, "= or !="),
        ("tags < vpn", 6, "= or !="),
        ("number = twelve", 10, "a number such as"),
        ("number = 99999999999", 10, "a number such as"),
        ("create_time < tomorrow", 15, "a time such as"),
        ("create_time < 2026-02-30", 15, "a time such as"),
        ("x", 1, "two signs or more"),
        ("*", 1, "two signs or more"),
        ("fields.colour = RED", 1, "no such field"),
        ("fields. = RED", 1, "no such field"),
        ("fields.number =", 16, "a value"),
        ("fields.number = many", 17, "a number such as"),
        ("fields.number = nan", 17, "a number such as"),
        ("fields.number = 1e999", 17, "a number such as"),
        ("fields.number = -", 18, "a value"),
        ("fields.boolean = yes", 18, "true or false"),
        ("fields.boolean < true", 16, "= or !="),
        ("fields.date > 2027-02-30", 15, "a date such as"),
        ("fields.date > 20270201", 15, "a date such as"),
        ("fields.text > X", 13, "= or !="),
        ("fields.text = -X", 15, "a value"),
        ('"?"', 1, "two signs or more"),
        ("(" * 21 + "printer" + ")" * 21, 21, "20 parentheses deep"),
    ],
)
def test_a_bad_filter_is_refused_with_the_place(text: str, place: int, expected: str) -> None:
    with pytest.raises(FilterInvalid) as refusal:
        read(text)
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
