"""Refuses REST requests of which the transcoder would drop or override a part.

That is: unknown fields in the body, and a query or body that contradicts an id in the path.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.gateway.config import Config, typed
from services.gateway.contract import Binding, Contract

_SCRIPT = Path(__file__).with_name("request_check.lua")
_LUA = "extensions.filters.http.lua.v3"
_VARIABLE = re.compile(r"\{([^}]+)\}")
_WRITTEN_AS_STRINGS = {"google.protobuf." + name for name in ("Timestamp", "Duration", "FieldMask")}
_NUMBERS = {
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
    FieldDescriptor.CPPTYPE_FLOAT,
    FieldDescriptor.CPPTYPE_DOUBLE,
}


def request_check(contract: Contract) -> Config:
    source = f"{messages_table(contract)}\n{_SCRIPT.read_text()}"
    return typed(f"{_LUA}.Lua", default_source_code={"inline_string": source})


def request_check_of(binding: Binding) -> Config:
    """What the check must know of a route: the message in the body, and what the path says."""
    return typed(
        f"{_LUA}.LuaPerRoute",
        filter_context={
            "message": binding.body_message.full_name if binding.body_message else "",
            "body": binding.body,
            "path": _lua_pattern(binding.path),
            "variables": ",".join(_VARIABLE.findall(binding.path)),
        },
    )


def messages_table(contract: Contract) -> str:
    """The fields of every message that a body may hold, as a Lua table."""
    found: dict[str, Descriptor] = {}
    for method in contract.exposed:
        for binding in method.bindings:
            if binding.body_message is not None:
                _collect(binding.body_message, found)
    tables = (f'["{name}"] = {{{_fields(found[name])}}}' for name in sorted(found))
    return "local MESSAGES = {\n  " + ",\n  ".join(tables) + "\n}"


def _collect(message: Descriptor, found: dict[str, Descriptor]) -> None:
    if message.full_name in found:
        return
    found[message.full_name] = message
    for field in message.fields:
        if field.message_type is not None and _kind(field) == "message":
            _collect(field.message_type, found)


def _fields(message: Descriptor) -> str:
    return ", ".join(_field(field) for field in message.fields)


def _field(field: FieldDescriptor) -> str:
    """One entry per spelling, `ticket_id` and `ticketId`."""
    names = sorted({field.name, field.json_name or field.name})
    facts = "".join(f', {key} = "{value}"' for key, value in _facts(field))
    repeated = ", repeated = true" if field.is_repeated and not _is_map(field) else ""
    entry = f'{{name = "{field.json_name or field.name}"{facts}{repeated}}}'
    return ", ".join(f'["{name}"] = {entry}' for name in names)


def _facts(field: FieldDescriptor) -> Iterator[tuple[str, str]]:
    kind = _kind(field)
    yield "kind", kind
    if kind == "message" and field.message_type is not None:
        yield "message", field.message_type.full_name


def _kind(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        name = field.message_type.full_name
        if name in _WRITTEN_AS_STRINGS:
            return "string"
        return "any" if name.startswith("google.protobuf.") or _is_map(field) else "message"
    if field.cpp_type in _NUMBERS:
        return "number"
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return "enum"
    return "boolean" if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL else "string"


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _lua_pattern(template: str) -> str:
    """A pattern that captures the variables; the odd parts of the split are their names."""
    literals = [re.sub(r"(\W)", r"%\1", text) for text in _VARIABLE.split(template)[::2]]
    return f"^{'([^/]+)'.join(literals)}$"
