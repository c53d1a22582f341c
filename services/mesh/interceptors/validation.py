"""Refuses requests that break the rules written beside their fields."""

from typing import Any

import protovalidate
from google.protobuf.message import Message

from services.mesh.errors import FieldViolation, InvalidRequest
from services.mesh.interceptors.chain import Context, Handler, Interceptor, Method


def validation() -> Interceptor:
    validator = protovalidate.Validator()

    def intercept(method: Method, proceed: Handler) -> Handler:
        if method.is_infrastructure:
            return proceed

        async def handle(request: Any, context: Context) -> Message | None:
            violations = validator.collect_violations(request)
            if violations:
                raise InvalidRequest(
                    "The request breaks a rule of the contract.",
                    violations=[
                        FieldViolation(
                            field=dotted(violation.proto.field),
                            description=violation.proto.message or violation.proto.rule_id,
                        )
                        for violation in violations
                    ],
                )
            return await proceed(request, context)

        return handle

    return intercept


def dotted(field: Any) -> str:
    """`items[2].name`, and nothing for a rule about the message as a whole."""
    path = ""
    for element in field.elements if field is not None else ():
        path += f".{element.field_name}" if path else element.field_name
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    return path
