"""What every refusal looks like, over REST and over gRPC."""

import grpc.aio
import httpx2
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2

GATEWAY = "GATEWAY"


def reason_of(answer: httpx2.Response) -> str:
    """Holds the answer against the one error shape and returns its reason."""
    assert answer.headers["content-type"] == "application/json", answer.text
    assert not {"grpc-status", "grpc-message"} & set(answer.headers)
    status = json_format.Parse(answer.content, status_pb2.Status())
    assert status.code != 0
    assert status.message
    return _reason(status)


def grpc_reason_of(error: grpc.aio.AioRpcError) -> str:
    details = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    assert isinstance(details, bytes)
    status = status_pb2.Status.FromString(details)
    assert status.code == error.code().value[0]
    assert error.details()
    assert "{" not in (error.details() or "")
    return _reason(status)


def _reason(status: status_pb2.Status) -> str:
    found = []
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            assert info.domain == "helpdesk.mesh"
            found.append(info.reason)
    (reason,) = found
    return str(reason)
