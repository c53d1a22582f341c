"""The fields that a tenant gives its tickets ↔ messages."""

from datetime import datetime

from helpdesk.ticket.v1 import field_pb2
from services.ticket.domain import FieldDefinition, FieldType


def definition_of(message: field_pb2.TicketField, now: datetime) -> FieldDefinition:
    """Without a type it is text."""
    return FieldDefinition(
        key=message.key,
        label=message.label.strip(),
        field_type=FieldType(message.field_type or FieldType.TEXT),
        create_time=now,
        options=tuple(message.options),
        is_required=message.required,
        is_for_customers=message.for_customers,
        is_retired=message.retired,
    )


def definition_message(field: FieldDefinition) -> field_pb2.TicketField:
    message = field_pb2.TicketField(
        key=field.key,
        label=field.label,
        field_type=field_pb2.TicketFieldType.ValueType(field.field_type),
        options=field.options,
        required=field.is_required,
        for_customers=field.is_for_customers,
        retired=field.is_retired,
    )
    message.create_time.FromDatetime(field.create_time)
    return message
