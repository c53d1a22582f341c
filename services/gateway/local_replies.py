"""The one error shape for what Envoy itself refuses: the `google.rpc.Status` that services answer.

REST callers get it as JSON, gRPC callers as status, message and details in the headers.
"""

import base64
from collections.abc import Mapping
from http import HTTPStatus

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.gateway.config import Config, typed
from services.gateway.refusals import (
    ENVOYS_WORDS,
    INVALID_REQUEST,
    KEYS_MISSING,
    METHOD_UNKNOWN,
    REFUSALS,
    TOKEN_MISSING,
    UNREADABLE,
    Refusal,
)

_DOMAIN = "helpdesk.mesh"
_TYPE = "type.googleapis.com/google.rpc"


def local_replies() -> Config:
    """The first mapper that fits is used."""
    return {
        "mappers": [
            _rest(INVALID_REQUEST, _REQUEST_FAULT, extra_details=[_field_violation()]),
            _rest(KEYS_MISSING, _NO_KEYS),
            _rest(TOKEN_MISSING, _NO_TOKEN),
            _rest(UNREADABLE, _NO_REQUEST_ID),
            *(_rest(refusal) for refusal in REFUSALS),
            *_rpc(KEYS_MISSING, _NO_KEYS),
            *_rpc(TOKEN_MISSING, _NO_TOKEN),
            *_rpc(METHOD_UNKNOWN),
            *(mapper for refusal in REFUSALS for mapper in _rpc(refusal)),
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
    return "The request is not valid." if message == ENVOYS_WORDS else message


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
    return refusal.status == HTTPStatus.TOO_MANY_REQUESTS or refusal.code == code_pb2.UNAVAILABLE


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
