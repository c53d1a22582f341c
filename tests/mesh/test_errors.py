import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from google.rpc import error_details_pb2

from helpdesk.common.v1 import error_reason_pb2
from services.mesh import errors
from services.mesh.errors import FieldViolation, InvalidRequest, MeshError, PeerUnavailable
from services.mesh.interceptors.errors import to_status

# Said by the gateway, which has errors of its own making.
NOT_OURS = {"UNSPECIFIED", "GATEWAY"}


def descendants(kind: type[MeshError]) -> Iterator[type[MeshError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from descendants(child)


def test_every_reason_of_the_contract_has_its_class() -> None:
    stated = {
        name.removeprefix("ERROR_REASON_")
        for name in error_reason_pb2.ErrorReason.keys()  # noqa: SIM118
    }
    raised = {kind.reason for kind in descendants(MeshError) if hasattr(kind, "reason")}
    assert raised == stated - NOT_OURS


@pytest.mark.parametrize("module", ["errors", "caller", "ids", "clock", "paging"])
def test_what_the_inner_rooms_use_reaches_no_wire_and_no_database(module: str) -> None:
    program = (
        f"import sys, services.mesh.{module}\n"
        "print([name for name in ('grpc', 'helpdesk', 'sqlalchemy') if name in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "[]"


def test_a_status_has_one_error_info_and_the_details_that_apply() -> None:
    status = to_status(
        InvalidRequest(
            "No.",
            metadata={"a": "b"},
            violations=[FieldViolation("user.email", "must be an address")],
        )
    )
    assert [detail.TypeName() for detail in status.details] == [
        "google.rpc.ErrorInfo",
        "google.rpc.BadRequest",
    ]
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    assert (status.code, status.message) == (3, "No.")
    assert (info.domain, info.reason) == ("helpdesk.mesh", "INVALID_REQUEST")
    assert dict(info.metadata) == {"a": "b"}


def test_a_status_says_when_to_try_again() -> None:
    status = to_status(PeerUnavailable("Later.", retry_after=timedelta(seconds=1.5)))
    retry = error_details_pb2.RetryInfo()
    status.details[1].Unpack(retry)
    assert retry.retry_delay.ToTimedelta() == timedelta(seconds=1.5)
