"""What the gateway logs: a JSON line for each failed call, without queries or personal data."""

from services.gateway.config import Config, typed
from services.gateway.settings import GatewaySettings

_LINE = {
    "timestamp": "%START_TIME%",
    "level": "info",
    "service": "gateway",
    "event": "call",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "trace_id": "%TRACE_ID%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ:ORIG_OR_PATH)%",
    "status": "%RESPONSE_CODE%",
    "grpc_status": "%GRPC_STATUS%",
    "detail": "%RESPONSE_CODE_DETAILS%",
    "flags": "%RESPONSE_FLAGS%",
    "milliseconds": "%DURATION%",
    "upstream": "%UPSTREAM_CLUSTER%",
}


def access_log(settings: GatewaySettings) -> list[Config]:
    log: Config = {
        "name": "envoy.access_loggers.stderr",
        "typed_config": typed(
            "extensions.access_loggers.stream.v3.StderrAccessLog",
            log_format={"json_format": _LINE},
        ),
    }
    return [log if settings.log_level == "debug" else {**log, "filter": _failures()}]


def _failures() -> Config:
    at_least_400 = {"op": "GE", "value": {"default_value": 400, "runtime_key": "gateway.log_from"}}
    is_grpc = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    failed_rpc = [
        {"header_filter": {"header": is_grpc}},
        {"grpc_status_filter": {"statuses": ["OK"], "exclude": True}},
    ]
    failed = {
        "or_filter": {
            "filters": [
                {"status_code_filter": {"comparison": at_least_400}},
                {"and_filter": {"filters": failed_rpc}},
            ]
        }
    }
    # Whoever waits for the mesh asks this many times a second, and "not yet" is no failure.
    is_probe = {"name": ":path", "string_match": {"exact": "/readyz"}, "invert_match": True}
    return {"and_filter": {"filters": [failed, {"header_filter": {"header": is_probe}}]}}
