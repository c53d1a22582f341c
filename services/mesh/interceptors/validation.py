"""Refuses requests that break the rules written beside their fields."""

from collections.abc import Iterator, Mapping
from typing import Any

import protovalidate
from google.protobuf.message import Message

from services.mesh.errors import FieldViolation, InvalidRequest
from services.mesh.interceptors.chain import Context, Handler, Interceptor, Method, each


def validation() -> Interceptor:
    validator = protovalidate.Validator()

    def intercept(method: Method, proceed: Handler) -> Handler:
        if method.is_infrastructure:
            return proceed

        def check(request: Message) -> Message:
            violations = [
                FieldViolation(
                    field=dotted(violation.proto.field),
                    description=violation.proto.message or violation.proto.rule_id,
                )
                for violation in validator.collect_violations(request)
            ]
            violations += [
                FieldViolation(field=field, description="must not contain the character U+0000")
                for field in fields_with_nul(request)
            ]
            if violations:
                raise InvalidRequest(
                    "The request breaks a rule of the contract.", violations=violations
                )
            return request

        async def handle(request: Any, context: Context) -> Message | None:
            checked = each(request, check) if method.takes_stream else check(request)
            return await proceed(checked, context)

        return handle

    return intercept


def fields_with_nul(message: Message, path: str = "") -> Iterator[str]:
    """The text fields that hold U+0000, which no text column of PostgreSQL takes."""
    for field, value in message.ListFields():
        name = f"{path}{field.name}"
        if isinstance(value, str):
            if "\0" in value:
                yield name
        elif isinstance(value, Message):
            yield from fields_with_nul(value, f"{name}.")
        elif field.message_type is not None and field.message_type.GetOptions().map_entry:
            yield from _entries_with_nul(value, name)
        elif field.is_repeated and field.message_type is not None:
            for index, item in enumerate(value):
                yield from fields_with_nul(item, f"{name}[{index}].")
        elif field.is_repeated and field.type == field.TYPE_STRING:
            yield from (f"{name}[{index}]" for index, item in enumerate(value) if "\0" in item)


def _entries_with_nul(entries: Mapping[Any, Any], name: str) -> Iterator[str]:
    for key, value in entries.items():
        texts = [text for text in (key, value) if isinstance(text, str)]
        if any("\0" in text for text in texts):
            yield name
        if isinstance(value, Message):
            yield from fields_with_nul(value, f"{name}.{key}.")


def dotted(field: Any) -> str:
    """`items[2].name`, and nothing for a rule about the message as a whole."""
    path = ""
    for element in field.elements if field is not None else ():
        path += f".{element.field_name}" if path else element.field_name
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    return path
