"""The whole OpenAPI document."""

import json
import re

from google.protobuf.descriptor import EnumDescriptor

from services.gateway.openapi.operations import paths
from services.gateway.openapi.schemas import Schema, Schemas
from services.gateway.openapi.source import Source, bindings

_DESCRIPTION = """\
Answers questions from your own knowledge base with citations, and keeps the tickets for the rest.

Send an access token as `authorization: Bearer …`; `POST /v1/tokens` issues one. The token says \
the tenant: no request names it. Field names are lowerCamelCase, 64-bit numbers are strings, \
times are RFC 3339.

Every refusal is a `google.rpc.Status` with exactly one `ErrorInfo`, whose `reason` is listed \
under `x-error-reasons`. Quote the `x-request-id` header when you report a problem."""

_EXAMPLE = re.compile(r"\s*Example: (\{.*\})$")


def openapi_text(descriptor_set: bytes) -> str:
    """The document as JSON text; the same descriptor set gives the same bytes."""
    return json.dumps(openapi(Source(descriptor_set)), indent=2, ensure_ascii=False) + "\n"


def openapi(source: Source) -> Schema:
    schemas = Schemas(source)
    operations = paths(source, schemas)
    for detail in ("ErrorInfo", "BadRequest", "RetryInfo"):
        schemas.reference(source.message(f"google.rpc.{detail}"))
    error = schemas.reference(source.message("google.rpc.Status"))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Helpdesk",
            "version": "v1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": _tags(source),
        "paths": operations,
        "components": {
            "schemas": schemas.components(),
            "responses": {
                "Error": {
                    "description": "The request was refused or failed.",
                    "content": {"application/json": {"schema": error}},
                }
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
        "x-error-reasons": [
            reason for enum in source.error_reasons() for reason in _reasons(source, enum)
        ],
    }


def _tags(source: Source) -> list[Schema]:
    services = {
        method.containing_service.full_name for method in source.methods() if bindings(method)
    }
    return [
        {"name": name.rsplit(".", 1)[1], "description": source.comment(name)}
        for name in sorted(services)
    ]


def _reasons(source: Source, enum: EnumDescriptor) -> list[Schema]:
    area = enum.full_name.split(".")[1]
    return [
        {
            "reason": value.name.removeprefix("ERROR_REASON_"),
            "domain": "helpdesk.mesh" if area == "common" else f"helpdesk.{area}",
            **_meaning(source.comment(f"{enum.full_name}.{value.name}")),
        }
        for value in enum.values
        if value.number != 0
    ]


def _meaning(comment: str) -> Schema:
    example = _EXAMPLE.search(comment)
    if example is None:
        return {"description": comment}
    return {"description": comment[: example.start()], "example": json.loads(example[1])}
