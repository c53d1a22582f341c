"""Refusals as the mesh sends them."""

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status


def refusal(
    code: int, reason: str = "", message: str = "", *details: Message, **metadata: str
) -> grpc.Status:
    """What the mesh puts into a call that it refuses."""
    status = status_pb2.Status(code=code, message=message)
    info = error_details_pb2.ErrorInfo(reason=reason, domain="helpdesk.mesh", metadata=metadata)
    for detail in ((info,) if reason else ()) + details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return rpc_status.to_status(status)
