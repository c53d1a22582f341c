"""What a service refuses with.

MeshError
├── InvalidArgument     the request can never succeed as it is
│   ├── InvalidRequest, PageTokenInvalid
├── NotFound            also for what another tenant has
├── AlreadyExists
├── FailedPrecondition  the state of things forbids it
│   └── RequestIdReused
├── Aborted             somebody else was faster; read again and retry
├── PermissionDenied
│   ├── PermissionMissing, CallerNotAllowed
├── Unauthenticated
│   ├── TokenMissing, TokenInvalid
├── ResourceExhausted
├── Unavailable         the same call may succeed later
│   ├── PeerUnavailable, PolicyUnavailable, StorageUnavailable
├── DeadlineExceeded
├── Unimplemented
│   └── MethodUnknown
└── Internal

A service derives its own errors from the second row and names `domain` and `reason`; the
message is for the person who calls, and never holds another tenant's data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

_NOTHING: Mapping[str, str] = MappingProxyType({})


class ErrorCode(StrEnum):
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    UNAVAILABLE = "UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True)
class FieldViolation:
    field: str
    description: str


class MeshError(Exception):
    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    domain: ClassVar[str] = "helpdesk.mesh"
    reason: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        metadata: Mapping[str, str] = _NOTHING,
        violations: Sequence[FieldViolation] = (),
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = dict(metadata)
        self.violations = tuple(violations)
        self.retry_after = retry_after


class InvalidArgument(MeshError):
    code = ErrorCode.INVALID_ARGUMENT


class NotFound(MeshError):
    code = ErrorCode.NOT_FOUND


class AlreadyExists(MeshError):
    code = ErrorCode.ALREADY_EXISTS


class FailedPrecondition(MeshError):
    code = ErrorCode.FAILED_PRECONDITION


class Aborted(MeshError):
    code = ErrorCode.ABORTED


class PermissionDenied(MeshError):
    code = ErrorCode.PERMISSION_DENIED


class Unauthenticated(MeshError):
    code = ErrorCode.UNAUTHENTICATED


class ResourceExhausted(MeshError):
    code = ErrorCode.RESOURCE_EXHAUSTED


class Unavailable(MeshError):
    code = ErrorCode.UNAVAILABLE


class DeadlineExceeded(MeshError):
    code = ErrorCode.DEADLINE_EXCEEDED
    reason = "DEADLINE_EXCEEDED"


class Unimplemented(MeshError):
    code = ErrorCode.UNIMPLEMENTED


class Internal(MeshError):
    code = ErrorCode.INTERNAL
    reason = "INTERNAL"


class InvalidRequest(InvalidArgument):
    reason = "INVALID_REQUEST"


class PageTokenInvalid(InvalidArgument):
    reason = "PAGE_TOKEN_INVALID"


class RequestIdReused(FailedPrecondition):
    reason = "REQUEST_ID_REUSED"


class PermissionMissing(PermissionDenied):
    reason = "PERMISSION_MISSING"


class CallerNotAllowed(PermissionDenied):
    reason = "CALLER_NOT_ALLOWED"


class TokenMissing(Unauthenticated):
    reason = "TOKEN_MISSING"


class TokenInvalid(Unauthenticated):
    reason = "TOKEN_INVALID"


class PeerUnavailable(Unavailable):
    reason = "PEER_UNAVAILABLE"


class PolicyUnavailable(Unavailable):
    reason = "POLICY_UNAVAILABLE"


class StorageUnavailable(Unavailable):
    reason = "STORAGE_UNAVAILABLE"


class MethodUnknown(Unimplemented):
    reason = "METHOD_UNKNOWN"
