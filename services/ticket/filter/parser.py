"""Reads the filter and the order of a list of tickets.

The grammar, a subset of AIP-160 and AIP-132:

    filter      = [ sequences ]
    sequences   = sequence { "AND" sequence }
    sequence    = factor { factor }
    factor      = term { "OR" term }
    term        = [ "NOT" | "-" ] ( "(" sequences ")" | comparison | search )
    comparison  = field comparator value | "tags" ":" value | own comparator [ "-" ] value
                | own ":" ( value | "*" )
    own         = "fields." key
    comparator  = "=" | "!=" | "<" | "<=" | ">" | ">="
    search      = word [ "*" ] | string
    value       = word | string
    word        = letters, digits, "_", "-", "." and "@", not beginning with "-"; or a time;
                  or a number such as "1e+22"
    string      = '"' any characters, with '\\"' for '"' and '\\\\' for '\\' '"'
    order_by    = [ ( "create_time" | "update_time" | "number" | "priority" ) [ "desc" ] ]

As AIP-160 has it, OR binds more tightly than AND, and what stands side by side must both hold. A
word on its own is searched for in subject and body, `print*` finds what begins so, and of a string
all words must be there. Only numbers, times (RFC 3339, or a date, which is its first moment in UTC)
and priorities can be less or greater. `me` is whoever asks; `assignee_id = ""` finds the tickets
that nobody works on; `tags = vpn` and `tags:vpn` both mean that vpn is among the tags.

The tenant's own fields are compared by their type: `fields.seats > 5`, `fields.due <= 2027-01-01`,
`fields.vip = true`, `fields.product = "X"`. Of several options each counts, as with tags;
`fields.product:*` finds what has any value.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from services.mesh.caller import UserId
from services.ticket.domain import FieldDefinition, FieldType
from services.ticket.errors.tickets import FilterInvalid
from services.ticket.filter.query import (
    EVERYTHING,
    FIELD_PREFIX,
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
)
from services.ticket.filter.tokens import Kind, Token, tokens_of
from services.ticket.filter.values import field_value_of, value_of
from services.ticket.words import words_of

# Enough for anybody, and far less than Python can call into itself.
DEEPEST = 20

_KEYWORDS = ("AND", "OR", "NOT")
_FIELDS = tuple(field.value for field in FilterField)
_ORDER_FIELDS = tuple(field.value for field in OrderField)
_ORDERED = (
    FilterField.PRIORITY,
    FilterField.NUMBER,
    FilterField.CREATE_TIME,
    FilterField.UPDATE_TIME,
)
_EQUALITY = (Comparator.EQUAL, Comparator.NOT_EQUAL)
_ORDERED_TYPES = (FieldType.NUMBER, FieldType.DATE)
_ANY_VALUE = "*"


def parse_filter(text: str, me: UserId, fields: Iterable[FieldDefinition] = ()) -> Expression:
    """Raises FilterInvalid, which says where. `fields` are those that it may name."""
    parser = _Parser(tokens_of(text), me, {field.key: field for field in fields})
    return parser.whole()


def parse_order(text: str) -> Order:
    """Returns the order, newest first when the text is empty; raises FilterInvalid."""
    words = text.split()
    if not words:
        return NEWEST_FIRST
    if words[0] not in _ORDER_FIELDS:
        position = text.index(words[0]) + 1
        raise FilterInvalid("order_by", position, f"expected one of {', '.join(_ORDER_FIELDS)}")
    if len(words) > 1 and words[1:] != ["desc"]:
        position = len(text) - len(text.lstrip()) + len(words[0]) + 1
        raise FilterInvalid("order_by", position, "expected 'desc' or the end")
    return Order(OrderField(words[0]), is_descending=len(words) > 1)


class _Parser:
    """One method for each rule of the grammar."""

    def __init__(
        self, tokens: Sequence[Token], me: UserId, fields: Mapping[str, FieldDefinition]
    ) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0
        self._me = me
        self._fields = fields

    def whole(self) -> Expression:
        if self._is_at_end():
            return EVERYTHING
        found = self._sequences()
        if not self._is_at_end():
            raise FilterInvalid("filter", self._next.position, "expected AND or the end")
        return found

    def _sequences(self) -> Expression:
        return self._joined(AllOf, "AND", self._sequence)

    def _sequence(self) -> Expression:
        parts = [self._factor()]
        while self._begins_term():
            parts.append(self._factor())
        return _all_of(parts)

    def _factor(self) -> Expression:
        return self._joined(AnyOf, "OR", self._term)

    def _term(self) -> Expression:
        if self._next.is_keyword("NOT") or self._next.is_sign("-"):
            self._take()
            return Not(self._simple())
        return self._simple()

    def _simple(self) -> Expression:
        if not self._next.is_sign("("):
            return self._restriction()
        opening = self._take()
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterInvalid("filter", opening.position, f"at most {DEEPEST} parentheses deep")
        inner = self._sequences()
        self._depth -= 1
        if not self._next.is_sign(")"):
            raise FilterInvalid("filter", self._next.position, "expected )")
        self._take()
        return inner

    def _restriction(self) -> Expression:
        if self._next.kind not in (Kind.WORD, Kind.STRING) or self._next.is_keyword(*_KEYWORDS):
            raise FilterInvalid("filter", self._next.position, "expected a field or a word")
        named = self._take()
        if not self._next.is_sign(*Comparator, ":"):
            return self._search(named)
        if named.kind is Kind.WORD and named.text.startswith(FIELD_PREFIX):
            return self._own_field(named)
        if named.kind is not Kind.WORD or named.text not in _FIELDS:
            raise FilterInvalid("filter", named.position, f"expected one of {', '.join(_FIELDS)}")
        field = FilterField(named.text)
        comparator = self._comparator(field)
        value = self._take()
        if value.kind not in (Kind.WORD, Kind.STRING):
            raise FilterInvalid("filter", value.position, "expected a value")
        return Comparison(field, comparator, value_of(field, value, self._me))

    def _own_field(self, named: Token) -> Expression:
        field = self._fields.get(named.text.removeprefix(FIELD_PREFIX))
        if field is None:
            raise FilterInvalid("filter", named.position, "there is no such field")
        sign = self._take()
        if sign.text == ":" and self._next.text == _ANY_VALUE:
            self._take()
            return HasField(field.key)
        allowed = tuple(Comparator) if field.field_type in _ORDERED_TYPES else _EQUALITY
        if sign.text not in (*allowed, ":"):
            raise FilterInvalid("filter", sign.position, f"expected {' or '.join(allowed)} or :")
        comparator = Comparator.EQUAL if sign.text == ":" else Comparator(sign.text)
        is_negative = field.field_type is FieldType.NUMBER and self._next.is_sign("-")
        if is_negative:
            self._take()
        value = self._take()
        if value.kind not in (Kind.WORD, Kind.STRING):
            raise FilterInvalid("filter", value.position, "expected a value")
        found = field_value_of(field.field_type, value)
        if is_negative and isinstance(found, float):
            found = -found
        return FieldComparison(field.key, comparator, found)

    def _comparator(self, field: FilterField) -> Comparator:
        sign = self._take()
        if sign.text == ":" and field is FilterField.TAGS:
            return Comparator.EQUAL
        allowed = tuple(Comparator) if field in _ORDERED else _EQUALITY
        if sign.text not in allowed:
            raise FilterInvalid("filter", sign.position, f"expected {' or '.join(allowed)}")
        return Comparator(sign.text)

    def _search(self, token: Token) -> Expression:
        is_prefix = token.kind is Kind.WORD and token.text.endswith("*")
        words = words_of(token.meant)
        if not words:
            raise FilterInvalid("filter", token.position, "expected a word of two signs or more")
        *whole, last = words
        return _all_of([*map(HasWord, whole), HasWord(last, is_prefix)])

    def _joined(
        self, join: type[AllOf | AnyOf], keyword: str, part: Callable[[], Expression]
    ) -> Expression:
        parts = [part()]
        while self._next.is_keyword(keyword):
            self._take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else join(tuple(parts))

    def _begins_term(self) -> bool:
        if self._next.kind is Kind.WORD:
            return not self._next.is_keyword("AND", "OR")
        return self._next.kind is Kind.STRING or self._next.is_sign("(", "-")

    def _is_at_end(self) -> bool:
        return self._next.kind is Kind.END

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        if not self._is_at_end():
            self._place += 1
        return token


def _all_of(parts: Sequence[Expression]) -> Expression:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))
