"""The contract's messages and enums as JSON Schema of their protobuf JSON form."""

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from services.gateway.openapi.source import Source, behaviours, is_personal, rules

Schema = dict[str, Any]

_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?\d+(\.\d{1,9})?s$"},
    "google.protobuf.FieldMask": {
        "type": "string",
        "description": "Field names in lowerCamelCase, separated by commas.",
    },
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "required": ["@type"],
        "additionalProperties": True,
    },
}
_SCALARS: dict[int, Schema] = {
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "format": "byte"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_UINT32: {"type": "integer", "minimum": 0},
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64"},
    FieldDescriptor.TYPE_UINT64: {"type": "string", "format": "uint64"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
}


class Schemas:
    """Collects the schemas that were asked for, and those of all that they use."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._made: dict[str, Schema] = {}

    def components(self) -> dict[str, Schema]:
        return {name: self._made[name] for name in sorted(self._made)}

    def reference(self, message: Descriptor) -> Schema:
        """A `$ref` to the message's schema, or the schema itself for a well-known type."""
        if message.full_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[message.full_name])
        return self._component(message.name, lambda: self.object_of(message, message.fields))

    def object_of(self, message: Descriptor, fields: Sequence[FieldDescriptor]) -> Schema:
        """An object with some of a message's fields; the others stand in the URL."""
        schema: Schema = {"type": "object"}
        if comment := self._source.comment(message.full_name):
            schema["description"] = comment
        schema["properties"] = {field.json_name: self.field(field) for field in fields}
        if required := [f.json_name for f in fields if "REQUIRED" in behaviours(f)]:
            schema["required"] = required
        if oneofs := {o.name: [f.json_name for f in o.fields] for o in message.oneofs}:
            schema["x-oneof"] = oneofs
        return schema

    def field(self, field: FieldDescriptor) -> Schema:
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            values = self._value(entry.fields_by_name["value"])
            schema: Schema = {"type": "object", "additionalProperties": values}
        else:
            schema = self._value(field)
        if field.is_repeated and "additionalProperties" not in schema:
            schema = {
                "type": "array",
                "items": {**schema, **_text_rules(rules(field).repeated.items)},
            }
        if comment := self._source.comment(field.full_name):
            schema["description"] = comment
        return {**schema, **_field_rules(field), **_marks(field)}

    def _value(self, field: FieldDescriptor) -> Schema:
        if field.message_type is not None:
            return self.reference(field.message_type)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        return dict(_SCALARS[field.type])

    def _enum(self, enum: EnumDescriptor) -> Schema:
        def make() -> Schema:
            values = [
                f"- `{value.name}`: {self._source.comment(f'{enum.full_name}.{value.name}')}"
                for value in enum.values
            ]
            heading = self._source.comment(enum.full_name)
            return {
                "type": "string",
                "enum": [value.name for value in enum.values],
                "description": "\n".join([heading, "", *values]),
            }

        return self._component(enum.name, make)

    def _component(self, name: str, make: Callable[[], Schema]) -> Schema:
        if name not in self._made:
            self._made[name] = {}  # stands in while the message's own fields refer back to it
            self._made[name] = make()
        return {"$ref": f"#/components/schemas/{name}"}


def _field_rules(field: FieldDescriptor) -> Schema:
    rule = rules(field)
    if field.is_repeated:
        repeated = rule.repeated
        limits: Schema = {"maxItems": repeated.max_items} if repeated.HasField("max_items") else {}
        if rule.map.HasField("max_pairs"):
            limits = {"maxProperties": rule.map.max_pairs}
        return {**limits, "uniqueItems": True} if repeated.unique else limits
    if field.type == FieldDescriptor.TYPE_STRING:
        needed = {"minLength": 1} if rule.required and not rule.string.min_len else {}
        return {**needed, **_text_rules(rule)}
    if rule.int32.HasField("gte"):
        return {"minimum": rule.int32.gte}
    return {}


def _text_rules(rule: Any) -> Schema:  # noqa: ANN401  rules of a field and of its items have two types
    text = rule.string
    found = {
        "minLength": text.min_len or None,
        "maxLength": text.max_len or text.max_bytes or None,
        "pattern": text.pattern or None,
        "format": "uuid" if text.uuid else "email" if text.email else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _marks(field: FieldDescriptor) -> Schema:
    known = behaviours(field)
    marks: Schema = {}
    if "OUTPUT_ONLY" in known:
        marks["readOnly"] = True
    if "INPUT_ONLY" in known:
        marks["writeOnly"] = True
    if "IMMUTABLE" in known:
        marks["x-immutable"] = True
    if is_personal(field):
        marks["x-personal-data"] = True
    return marks
