"""Methods of the contract as operations: one per HTTP binding."""

import re
from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from services.gateway.openapi.schemas import Schema, Schemas
from services.gateway.openapi.source import Binding, Source, bindings, policy

_VARIABLE = re.compile(r"\{([a-z_.]+)\}")
_ERROR = {"$ref": "#/components/responses/Error"}
_RAW_BODY = "google.api.HttpBody"
_BYTES: Schema = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


def paths(source: Source, schemas: Schemas) -> dict[str, Schema]:
    """Every path with its operations, in the order of the contract."""
    found: dict[str, Schema] = {}
    for method in source.methods():
        for index, binding in enumerate(bindings(method)):
            operation = _operation(source, schemas, method, binding, index)
            found.setdefault(_template(binding.path), {})[binding.verb] = operation
    return found


def _operation(
    source: Source, schemas: Schemas, method: MethodDescriptor, binding: Binding, index: int
) -> Schema:
    comment = source.comment(method.full_name)
    service = method.containing_service.name
    rule = policy(method)
    operation: Schema = {
        "operationId": f"{service}_{method.name}" + (f"_{index + 1}" if index else ""),
        "tags": [service],
        "summary": comment.split(". ")[0].rstrip("."),
        "description": comment,
    }
    if parameters := [
        *_path_parameters(schemas, method, binding),
        *_query(schemas, method, binding),
    ]:
        operation["parameters"] = parameters
    if binding.body:
        operation["requestBody"] = _body(schemas, method, binding)
    operation["responses"] = {"200": _answer(schemas, method), "default": _ERROR}
    operation["security"] = [] if rule.public else [{"bearer": []}]
    if rule.permission:
        operation["x-required-permission"] = rule.permission
    operation["x-idempotent"] = rule.idempotent
    return operation


def _template(path: str) -> str:
    """The path with the variables' JSON names: `{ticket.ticket_id}` becomes `{ticketId}`."""
    return _VARIABLE.sub(lambda match: "{" + _camel(match[1].split(".")[-1]) + "}", path)


def _path_parameters(
    schemas: Schemas, method: MethodDescriptor, binding: Binding
) -> Iterator[Schema]:
    for name in _VARIABLE.findall(binding.path):
        field = _resolve(method.input_type, name)
        schema = schemas.field(field)
        schema.pop("readOnly", None)  # the field of a resource that names it in the URL
        yield {
            "name": field.json_name,
            "in": "path",
            "required": True,
            "description": schema.pop("description", ""),
            "schema": schema,
        }


def _query(schemas: Schemas, method: MethodDescriptor, binding: Binding) -> Iterator[Schema]:
    if binding.body == "*":
        return
    for field in _fields_beside_the_path(method, binding):
        if field.name == binding.body:
            continue
        if field.message_type is not None and "$ref" in schemas.reference(field.message_type):
            raise ValueError(f"{field.full_name}: a message cannot stand in a query")
        schema = schemas.field(field)
        yield {
            "name": field.json_name,
            "in": "query",
            "required": False,
            "description": schema.pop("description", ""),
            "schema": schema,
        }


def _body(schemas: Schemas, method: MethodDescriptor, binding: Binding) -> Schema:
    if binding.body != "*":
        body = method.input_type.fields_by_name[binding.body]
        if body.message_type is not None and body.message_type.full_name == _RAW_BODY:
            return {"required": True, "content": _BYTES}
        schema = _resource(schemas, body, binding)
    elif _VARIABLE.search(binding.path):
        schema = schemas.object_of(method.input_type, _fields_beside_the_path(method, binding))
    else:
        schema = schemas.reference(method.input_type)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _resource(schemas: Schemas, field: FieldDescriptor, binding: Binding) -> Schema:
    """A resource as the whole body; an update may leave out what a new one must have."""
    schema = schemas.field(field)
    schema.pop("description", None)
    if binding.verb == "patch" and field.message_type is not None:
        schema = schemas.object_of(field.message_type, field.message_type.fields)
        schema.pop("required", None)
    return schema


def _answer(schemas: Schemas, method: MethodDescriptor) -> Schema:
    if method.output_type.full_name == _RAW_BODY:
        return {"description": "The bytes.", "content": _BYTES}
    schema = schemas.reference(method.output_type)
    if not method.server_streaming:
        return {"description": "Success.", "content": {"application/json": {"schema": schema}}}
    return {
        "description": "A stream of server-sent events; the data of each is one item as JSON. "
        "It is complete only when its last item holds `done` or `error`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "x-stream-item": schema}},
    }


def _fields_beside_the_path(method: MethodDescriptor, binding: Binding) -> list[FieldDescriptor]:
    in_path = set(_VARIABLE.findall(binding.path))
    return [field for field in method.input_type.fields if field.name not in in_path]


def _resolve(message: Descriptor, path: str) -> FieldDescriptor:
    *parents, name = path.split(".")
    for parent in parents:
        inner = message.fields_by_name[parent].message_type
        if inner is None:
            raise ValueError(f"{message.full_name}.{parent}: not a message, so not part of a path")
        message = inner
    return message.fields_by_name[name]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
