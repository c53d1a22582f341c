"""The one error shape for what Envoy itself refuses: the `google.rpc.Status` that services answer.

REST callers get it as JSON, gRPC callers as status, message and details in the headers.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.gateway.config import Config, typed

_DOMAIN = "helpdesk.mesh"
_TYPE = "type.googleapis.com/google.rpc"
_ENVOYS_WORDS = "%LOCAL_REPLY_BODY%"


@dataclass(frozen=True)
class Refusal:
    """What one HTTP status of Envoy's means."""

    status: int
    code: int
    reason: str
    message: str
    or_more: bool = False
    """Whether it stands for all higher statuses too that are not listed before it."""
    answered_as: int | None = None
    """The HTTP status that REST callers see, where it is another one."""


_REFUSALS = (
    Refusal(400, code_pb2.INVALID_ARGUMENT, "GATEWAY", _ENVOYS_WORDS),
    Refusal(401, code_pb2.UNAUTHENTICATED, "TOKEN_INVALID", "The access token is not valid."),
    # Envoy's word for a token of another audience. To the services that is as invalid as any.
    Refusal(
        403,
        code_pb2.UNAUTHENTICATED,
        "TOKEN_INVALID",
        "The access token is not valid.",
        answered_as=401,
    ),
    Refusal(404, code_pb2.NOT_FOUND, "GATEWAY", "Nothing is bound to this method and path."),
    Refusal(405, code_pb2.NOT_FOUND, "GATEWAY", "Nothing is bound to this method and path."),
    Refusal(408, code_pb2.DEADLINE_EXCEEDED, "GATEWAY", "The request took too long to arrive."),
    Refusal(413, code_pb2.RESOURCE_EXHAUSTED, "GATEWAY", "The body is too large."),
    Refusal(415, code_pb2.INVALID_ARGUMENT, "GATEWAY", _ENVOYS_WORDS),
    Refusal(429, code_pb2.RESOURCE_EXHAUSTED, "GATEWAY", "There were too many calls. Slow down."),
    Refusal(431, code_pb2.RESOURCE_EXHAUSTED, "GATEWAY", "The headers are too large."),
    Refusal(503, code_pb2.UNAVAILABLE, "PEER_UNAVAILABLE", "The service does not answer."),
    Refusal(504, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "The time ran out."),
    Refusal(500, code_pb2.INTERNAL, "INTERNAL", "Something went wrong.", or_more=True),
    Refusal(400, code_pb2.INVALID_ARGUMENT, "GATEWAY", "The request is not valid.", or_more=True),
)
_TOKEN_MISSING = Refusal(
    401, code_pb2.UNAUTHENTICATED, "TOKEN_MISSING", "The call needs an access token."
)
_INVALID_REQUEST = Refusal(400, code_pb2.INVALID_ARGUMENT, "INVALID_REQUEST", _ENVOYS_WORDS)
# What is no HTTP, or has a bad path, is refused before it gets an id, and without a word.
_UNREADABLE = Refusal(400, code_pb2.INVALID_ARGUMENT, "GATEWAY", "The request is malformed.")
# Auth cannot be asked for its keys: the token may well be good.
_KEYS_MISSING = Refusal(
    401, code_pb2.UNAVAILABLE, "PEER_UNAVAILABLE", "The service does not answer.", answered_as=503
)
# To a gRPC caller a missing route is a missing method.
_METHOD_UNKNOWN = Refusal(
    404, code_pb2.UNIMPLEMENTED, "METHOD_UNKNOWN", "The method does not exist."
)


def local_replies() -> Config:
    """The first mapper that fits is used."""
    return {
        "mappers": [
            _rest(_INVALID_REQUEST, _REQUEST_FAULT, extra_details=[_field_violation()]),
            _rest(_KEYS_MISSING, _NO_KEYS),
            _rest(_TOKEN_MISSING, _NO_TOKEN),
            _rest(_UNREADABLE, _NO_REQUEST_ID),
            *(_rest(refusal) for refusal in _REFUSALS),
            *_rpc(_KEYS_MISSING, _NO_KEYS),
            *_rpc(_TOKEN_MISSING, _NO_TOKEN),
            *_rpc(_METHOD_UNKNOWN),
            *(mapper for refusal in _REFUSALS for mapper in _rpc(refusal)),
        ]
    }


def _rest(
    refusal: Refusal, *conditions: Config, extra_details: list[Config] | None = None
) -> Config:
    metadata = {"detail": "%RESPONSE_CODE_DETAILS%"}
    if refusal.code == code_pb2.INTERNAL:
        metadata["request_id"] = "%REQ(X-REQUEST-ID)%"
    error_info = {
        "@type": f"{_TYPE}.ErrorInfo",
        "reason": refusal.reason,
        "domain": _DOMAIN,
        "metadata": metadata,
    }
    retry = [{"@type": f"{_TYPE}.RetryInfo", "retryDelay": "1s"}] if _is_passing(refusal) else []
    body = {
        "code": refusal.code,
        "message": refusal.message,
        "details": [error_info, *(extra_details or []), *retry],
    }
    return {
        "filter": _all(_status(refusal), _IS_REST, *conditions),
        "body_format_override": {"json_format": body},
        **({"status_code": refusal.answered_as} if refusal.answered_as else {}),
    }


def _rpc(refusal: Refusal, *conditions: Config) -> tuple[Config, Config]:
    """For gRPC-Web, then for gRPC: Envoy knows how to say it in the latter only."""
    shared = {
        "grpc-status": str(refusal.code),
        "grpc-status-details-bin": _status_details(refusal),
    }
    web = {
        **shared,
        "grpc-message": _static(refusal.message),
        "content-type": "application/grpc-web+proto",
    }
    return (
        {
            "filter": _all(_status(refusal), _IS_GRPC_WEB, *conditions),
            "status_code": 200,
            "body_format_override": _text(""),
            "headers_to_add": _headers(web),
        },
        {
            "filter": _all(_status(refusal), *conditions),
            "body_format_override": _text(refusal.message),
            "headers_to_add": _headers(shared),
        },
    )


def _text(text: str) -> Config:
    return {"text_format_source": {"inline_string": text}}


def _headers(headers: Mapping[str, str]) -> list[Config]:
    return [
        {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for key, value in headers.items()
    ]


def _static(message: str) -> str:
    return "The request is not valid." if message == _ENVOYS_WORDS else message


def _status_details(refusal: Refusal) -> str:
    status = status_pb2.Status(code=refusal.code, message=_static(refusal.message))
    details = any_pb2.Any()
    details.Pack(error_details_pb2.ErrorInfo(reason=refusal.reason, domain=_DOMAIN))
    status.details.append(details)
    if _is_passing(refusal):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.seconds = 1
        status.details.add().Pack(retry)
    return base64.b64encode(status.SerializeToString()).decode().rstrip("=")


def _is_passing(refusal: Refusal) -> bool:
    return refusal.status == 429 or refusal.code == code_pb2.UNAVAILABLE


def _field_violation() -> Config:
    violation = {
        name: f"%DYNAMIC_METADATA(helpdesk.request_check:{name})%"
        for name in ("field", "description")
    }
    return {"@type": f"{_TYPE}.BadRequest", "fieldViolations": [violation]}


def _status(refusal: Refusal) -> Config:
    key = f"gateway.reply_{refusal.status}{'_or_more' if refusal.or_more else ''}"
    value = {"default_value": refusal.status, "runtime_key": key}
    operator = "GE" if refusal.or_more else "EQ"
    return {"status_code_filter": {"comparison": {"op": operator, "value": value}}}


def _header(name: str, **condition: object) -> Config:
    return {"header_filter": {"header": {"name": name, **condition}}}


def _all(*filters: Config) -> Config:
    return {"and_filter": {"filters": list(filters)}} if len(filters) > 1 else filters[0]


_NOT_GRPC = _header(
    "content-type",
    string_match={"prefix": "application/grpc"},
    treat_missing_header_as_empty=True,
    invert_match=True,
)
# Behind the transcoder a REST call looks like gRPC, but for the path that it came with.
_IS_REST: Config = {
    "or_filter": {"filters": [_NOT_GRPC, _header("x-envoy-original-path", present_match=True)]}
}
_IS_GRPC_WEB = _header("x-grpc-web", present_match=True)
_NO_KEYS: Config = {
    "extension_filter": {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": typed(
            "extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            expression="response.code_details.contains('Jwks_remote_fetch_is_failed')",
        ),
    }
}
_NO_TOKEN = _header("authorization", present_match=False)
_NO_REQUEST_ID = _header("x-request-id", present_match=False)
_REQUEST_FAULT: Config = {
    "metadata_filter": {
        "matcher": {
            "filter": "helpdesk.request_check",
            "path": [{"key": "field"}],
            "value": {"present_match": True},
        },
        "match_if_key_not_found": False,
    }
}
