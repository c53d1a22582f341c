"""Turns whatever was raised into the one error shape of the contract; unknown text stays inside."""

from typing import Any, NoReturn

import grpc
import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from services.mesh.call import Call, call_or_none
from services.mesh.errors import Internal, MeshError
from services.mesh.interceptors.chain import Context, Handler, Method

log = structlog.get_logger()


def errors(method: Method, proceed: Handler) -> Handler:
    del method

    async def handle(request: Any, context: Context) -> Message | None:
        try:
            return await proceed(request, context)
        except MeshError as error:
            await _abort(context, error)
        except grpc.aio.AbortError:
            _note(call_or_none(), grpc.StatusCode(context.code()).name, None)
            raise
        except Exception as error:
            log.exception("a handler failed", error=type(error).__name__)
            await _abort(context, _internal())

    return handle


def to_status(error: MeshError) -> status_pb2.Status:
    """A status with exactly one ErrorInfo, and BadRequest and RetryInfo where they apply."""
    details: list[Message] = [
        error_details_pb2.ErrorInfo(
            reason=error.reason, domain=error.domain, metadata=error.metadata
        )
    ]
    if error.violations:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field=violation.field, description=violation.description
                    )
                    for violation in error.violations
                ]
            )
        )
    if error.retry_after is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromTimedelta(error.retry_after)
        details.append(retry)
    packed = []
    for detail in details:
        packed.append(AnyMessage())
        packed[-1].Pack(detail)
    code = grpc.StatusCode[error.code].value[0]
    return status_pb2.Status(code=code, message=error.message, details=packed)


async def _abort(context: Context, error: MeshError) -> NoReturn:
    call = call_or_none()
    _note(call, error.code.value, error.reason)
    trailing: list[tuple[str, str | bytes]] = [
        *(context.trailing_metadata() or ()),
        ("grpc-status-details-bin", to_status(error).SerializeToString()),
    ]
    if error.retry_after is not None:
        trailing.append(("retry-after", str(max(1, round(error.retry_after.total_seconds())))))
    await context.abort(grpc.StatusCode[error.code], error.message, tuple(trailing))
    raise AssertionError("abort always raises")


def _note(call: Call | None, code: str, reason: str | None) -> None:
    if call is not None:
        call.code = code
        call.reason = reason


def _internal() -> Internal:
    call = call_or_none()
    request_id = call.request_id if call else ""
    return Internal(
        "Something failed on our side. The request id finds it in our logs.",
        metadata={"request_id": request_id},
    )
