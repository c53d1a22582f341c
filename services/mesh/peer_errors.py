"""A peer's refusal as our own error: passed on where it is meant for the user, else kept in."""

from datetime import timedelta
from functools import lru_cache

import grpc
from google.rpc import error_details_pb2, status_pb2

from services.mesh import errors
from services.mesh.errors import ErrorCode, FieldViolation, MeshError

_MESH = "helpdesk.mesh"
# A peer that says one of these about our call found a mistake of ours, not of the user.
_OUR_MISTAKES = {"CALLER_NOT_ALLOWED", "METHOD_UNKNOWN", "INTERNAL", "INVALID_REQUEST"}
_RETRY_AFTER = timedelta(seconds=1)
_KINDS: dict[ErrorCode, type[MeshError]] = {
    kind.code: kind
    for kind in (
        errors.InvalidArgument,
        errors.NotFound,
        errors.AlreadyExists,
        errors.FailedPrecondition,
        errors.Aborted,
        errors.PermissionDenied,
        errors.Unauthenticated,
        errors.ResourceExhausted,
    )
}


class PeerError(MeshError):
    """What a peer refused with, for the user to see: domain and reason are the peer's.

    Also an instance of its kind: `except NotFound` catches a peer's NOT_FOUND.
    """


def from_peer(error: grpc.aio.AioRpcError, peer: str) -> MeshError:
    code = error.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return errors.DeadlineExceeded("The time for this call has run out.")
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}:
        return errors.PeerUnavailable(
            f"The {peer} service does not answer at the moment.",
            metadata={"peer": peer},
            retry_after=_RETRY_AFTER,
        )
    status = _status(error)
    info = error_details_pb2.ErrorInfo()
    kind = _KINDS.get(ErrorCode[code.name]) if code.name in ErrorCode.__members__ else None
    if kind is None or not _unpack(status, info) or _is_our_mistake(info):
        return errors.Internal(f"A call to the {peer} service failed.", metadata={"peer": peer})
    bad_request = error_details_pb2.BadRequest()
    _unpack(status, bad_request)
    retry = error_details_pb2.RetryInfo()
    return _peer_error(kind.code, info.domain, info.reason)(
        status.message,
        metadata=dict(info.metadata),
        violations=[
            FieldViolation(violation.field, violation.description)
            for violation in bad_request.field_violations
        ],
        retry_after=retry.retry_delay.ToTimedelta() if _unpack(status, retry) else None,
    )


def _is_our_mistake(info: error_details_pb2.ErrorInfo) -> bool:
    return info.domain == _MESH and info.reason in _OUR_MISTAKES


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return status_pb2.Status()


def _unpack(
    status: status_pb2.Status,
    detail: error_details_pb2.ErrorInfo
    | error_details_pb2.BadRequest
    | error_details_pb2.RetryInfo,
) -> bool:
    return any(packed.Unpack(detail) for packed in status.details)


@lru_cache(maxsize=256)
def _peer_error(code: ErrorCode, domain: str, reason: str) -> type[PeerError]:
    names = {"code": code, "domain": domain, "reason": reason}
    return type("PeerError", (PeerError, _KINDS[code]), names)
