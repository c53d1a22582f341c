import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from helpdesk.auth.v1 import error_reason_pb2 as auth_reasons
from helpdesk.chat.v1 import error_reason_pb2 as chat_reasons
from helpdesk.common.v1 import error_reason_pb2 as common_reasons
from helpdesk.search.v1 import error_reason_pb2 as search_reasons
from helpdesk.ticket.v1 import error_reason_pb2 as ticket_reasons
from services.cli.refusals import from_status

RAW = "StatusCode.INTERNAL {grpc_message: boom}"
AREAS = (auth_reasons, chat_reasons, common_reasons, search_reasons, ticket_reasons)
REASONS = [
    name.removeprefix("ERROR_REASON_")
    for area in AREAS
    for name in area.ErrorReason.keys()  # noqa: SIM118 - an enum of protobuf, not a dict
    if not name.endswith("UNSPECIFIED")
]


def status(code: int, message: str, *details: Message) -> status_pb2.Status:
    made = status_pb2.Status(code=code, message=message)
    for detail in details:
        packed = Any()
        packed.Pack(detail)
        made.details.append(packed)
    return made


def info(reason: str, **metadata: str) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain="helpdesk.x", metadata=metadata)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_the_contract_becomes_a_sentence(reason: str) -> None:
    error = from_status(status(code_pb2.FAILED_PRECONDITION, "In words.", info(reason)))
    assert error.message
    assert error.code == reason
    assert "{" not in error.message + error.hint


@pytest.mark.parametrize("code", [code for code in code_pb2.Code.values() if code])
def test_a_bare_code_never_shows_its_own_text(code: int) -> None:
    error = from_status(status(code, RAW), "http://here")
    assert error.message
    assert RAW not in error.message + error.hint


def test_an_internal_error_names_the_request() -> None:
    error = from_status(status(code_pb2.INTERNAL, RAW, info("INTERNAL", request_id="6e0f")))
    assert error.message == "Something failed inside the helpdesk. Request 6e0f."


def test_broken_fields_are_named() -> None:
    bad = error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field="text", description="too {long}")
        ]
    )
    error = from_status(status(code_pb2.INVALID_ARGUMENT, "x", info("INVALID_REQUEST"), bad))
    assert error.message == "text: too {long}"


def test_the_metadata_fills_the_sentence() -> None:
    error = from_status(
        status(
            code_pb2.FAILED_PRECONDITION,
            "x",
            info("TRANSITION_NOT_ALLOWED", status="CLOSED", verb="resolve"),
        )
    )
    assert error.message == "A ticket that is CLOSED cannot be changed by resolve."


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [(code_pb2.UNAUTHENTICATED, 4), (code_pb2.PERMISSION_DENIED, 1), (code_pb2.NOT_FOUND, 1)],
)
def test_only_a_missing_login_ends_with_four(code: int, exit_code: int) -> None:
    assert from_status(status(code, "x")).exit_code == exit_code
