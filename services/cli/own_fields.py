"""Values of a tenant's own fields out of what people and files say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from helpdesk.ticket.v1 import field_pb2, field_service_pb2, ticket_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway

LONGEST_TEXT = 500
SEPARATOR = "; "

_WORDS = MappingProxyType(
    {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
)

Values = dict[str, field_pb2.TicketFieldValue]


class Unfit(Exception):
    """Why something is no value of a field."""


def list_fields(gateway: Gateway) -> list[field_pb2.TicketField]:
    return [*gateway.fields.ListFields(field_service_pb2.ListFieldsRequest()).fields]


def values_of(gateway: Gateway, said: Iterable[str]) -> Values:
    """Of `key=value`; several options are divided by semicolons, and nothing takes a value away."""
    words = [*said]
    if not words:
        return {}
    by_key = {field.key: field for field in list_fields(gateway)}
    values = {}
    for word in words:
        key, sign, text = word.partition("=")
        if not sign or key not in by_key:
            raise CommandError(
                f"'{word}' names no field of this tenant." if sign else f"'{word}' sets nothing.",
                hint="helpdesk fields list; then KEY=VALUE, or KEY= to take the value away",
                code="FIELD_UNKNOWN",
            )
        try:
            values[key] = value_of(by_key[key], text) if text else field_pb2.TicketFieldValue()
        except Unfit as reason:
            raise CommandError(
                f"{key}: {reason}", hint="helpdesk fields list", code="FIELD_TYPE_WRONG"
            ) from None
    return values


def value_of(field: field_pb2.TicketField, said: object) -> field_pb2.TicketFieldValue:
    """Raises Unfit."""
    return _READ[field.field_type](field, said)


def text_of(value: field_pb2.TicketFieldValue) -> str:
    """Undoes `value_of`."""
    match value.WhichOneof("kind"):
        case "number":
            return (
                f"{value.number:g}"
                if float(f"{value.number:g}") == value.number
                else repr(value.number)
            )
        case "boolean":
            return "true" if value.boolean else "false"
        case "choices":
            return SEPARATOR.join(value.choices.options)
        case None:
            return ""
        case kind:
            return str(getattr(value, kind))


def why_unfit(field: field_pb2.TicketField | None, value: field_pb2.TicketFieldValue) -> str:
    """Why a value of another tenant's field is none of this one; empty when it is."""
    if field is None:
        return "there is no such field"
    kind = value.WhichOneof("kind")
    if kind != _KINDS[field.field_type]:
        return "the field is of another type"
    options = [value.choice] if kind == "choice" else [*value.choices.options]
    missing = [option for option in options if option not in field.options]
    return f"there is no option '{missing[0]}'" if field.options and missing else ""


def fitted(
    fields: Sequence[field_pb2.TicketField], told: Mapping[str, object]
) -> tuple[Values, list[str]]:
    """The values of a file by the keys or the labels of this tenant's fields, and notes on what
    has no place."""
    by_name: dict[str, field_pb2.TicketField] = {}
    for field in fields:
        by_name.setdefault(field.label.casefold(), field)
    by_name |= {field.key: field for field in fields}
    values: Values = {}
    notes = []
    for name, said in told.items():
        found = by_name.get(name) or by_name.get(name.casefold())
        if found is None and said is False:
            continue
        if found is None:
            notes.append(f"the custom field {name[:40]}")
            continue
        try:
            values[found.key] = value_of(found, said)
        except Unfit as reason:
            notes.append(f"the custom field {name[:40]}: {reason}")
    return values, notes


def only_fitting(fields: Iterable[field_pb2.TicketField], ticket: ticket_pb2.Ticket) -> list[str]:
    """Takes away what has no place here, and returns notes on it."""
    by_key = {field.key: field for field in fields}
    notes = []
    for key, value in sorted(ticket.fields.items()):
        reason = why_unfit(by_key.get(key), value)
        if reason:
            del ticket.fields[key]
            notes.append(f"the field {key}: {reason}")
    return notes


def _text(field: field_pb2.TicketField, said: object) -> field_pb2.TicketFieldValue:
    text = _plain(said)
    if len(text) > LONGEST_TEXT:
        raise Unfit(f"has more than {LONGEST_TEXT} characters")
    return field_pb2.TicketFieldValue(text=text)


def _number(field: field_pb2.TicketField, said: object) -> field_pb2.TicketFieldValue:
    try:
        return field_pb2.TicketFieldValue(number=float(_plain(said)))
    except ValueError:
        raise Unfit(f"'{_plain(said)[:40]}' is no number") from None


def _boolean(field: field_pb2.TicketField, said: object) -> field_pb2.TicketFieldValue:
    word = str(said).casefold()
    if word not in _WORDS:
        raise Unfit(f"'{word[:40]}' is neither true nor false")
    return field_pb2.TicketFieldValue(boolean=_WORDS[word])


def _date(field: field_pb2.TicketField, said: object) -> field_pb2.TicketFieldValue:
    text = _plain(said)
    day = text.partition("T")[0]
    try:
        return field_pb2.TicketFieldValue(date=date.fromisoformat(day).isoformat())
    except ValueError:
        raise Unfit(f"'{text[:40]}' is no date as 2027-12-01") from None


def _choice(field: field_pb2.TicketField, said: object) -> field_pb2.TicketFieldValue:
    return field_pb2.TicketFieldValue(choice=_option(field, _plain(said)))


def _choices(field: field_pb2.TicketField, said: object) -> field_pb2.TicketFieldValue:
    parts = said if isinstance(said, list) else str(said).split(SEPARATOR.strip())
    options = [_option(field, _plain(part).strip()) for part in parts]
    choices = field_pb2.TicketFieldChoices(options=sorted(set(options)))
    return field_pb2.TicketFieldValue(choices=choices)


def _option(field: field_pb2.TicketField, said: str) -> str:
    """Also where it is written as other helpdesks write their tags."""
    for option in field.options:
        if option == said or _bare(option) == _bare(said):
            return option
    raise Unfit(f"there is no option '{said[:40]}'")


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _plain(said: object) -> str:
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        raise Unfit("is neither a text nor a number")
    return str(said)


_READ: Mapping[
    field_pb2.TicketFieldType.ValueType,
    Callable[[field_pb2.TicketField, object], field_pb2.TicketFieldValue],
] = MappingProxyType(
    {
        field_pb2.TICKET_FIELD_TYPE_TEXT: _text,
        field_pb2.TICKET_FIELD_TYPE_NUMBER: _number,
        field_pb2.TICKET_FIELD_TYPE_BOOLEAN: _boolean,
        field_pb2.TICKET_FIELD_TYPE_DATE: _date,
        field_pb2.TICKET_FIELD_TYPE_CHOICE: _choice,
        field_pb2.TICKET_FIELD_TYPE_MULTI_CHOICE: _choices,
    }
)
_KINDS: Mapping[field_pb2.TicketFieldType.ValueType, str] = MappingProxyType(
    {
        field_pb2.TICKET_FIELD_TYPE_TEXT: "text",
        field_pb2.TICKET_FIELD_TYPE_NUMBER: "number",
        field_pb2.TICKET_FIELD_TYPE_BOOLEAN: "boolean",
        field_pb2.TICKET_FIELD_TYPE_DATE: "date",
        field_pb2.TICKET_FIELD_TYPE_CHOICE: "choice",
        field_pb2.TICKET_FIELD_TYPE_MULTI_CHOICE: "choices",
    }
)
