"""The OpenAPI document against the contract."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import Parse
from google.protobuf.message_factory import GetMessageClass
from openapi_spec_validator import validate

from services.gateway.openapi.document import openapi_text
from services.gateway.openapi.source import Source, bindings, policy

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTORS = (ROOT / "gen" / "descriptors" / "helpdesk.binpb").read_bytes()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(openapi_text(DESCRIPTORS))
    return loaded


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    validate(document)


def test_the_same_contract_gives_the_same_bytes() -> None:
    assert openapi_text(DESCRIPTORS) == openapi_text(DESCRIPTORS)


def test_every_http_binding_is_an_operation(document: dict[str, Any]) -> None:
    expected = sum(len(bindings(method)) for method in Source(DESCRIPTORS).methods())

    assert len(operations(document)) == expected > 40


def test_every_operation_says_which_permission_it_needs(document: dict[str, Any]) -> None:
    found = operations(document)
    for method in Source(DESCRIPTORS).methods():
        operation = found.get(f"{method.containing_service.name}_{method.name}")
        if operation is None:
            continue  # not reachable over HTTP
        assert operation.get("x-required-permission", "") == policy(method).permission
        assert (operation["security"] == []) == policy(method).public


def test_no_two_messages_share_a_schema_name() -> None:
    source = Source(DESCRIPTORS)
    names: dict[str, str] = {}
    for method in source.methods():
        for message in (method.input_type, method.output_type):
            assert names.setdefault(message.name, message.full_name) == message.full_name


def test_every_tag_has_an_operation(document: dict[str, Any]) -> None:
    used = {tag for operation in operations(document).values() for tag in operation["tags"]}

    assert {tag["name"] for tag in document["tags"]} == used


def test_path_variables_and_parameters_agree(document: dict[str, Any]) -> None:
    for path, verbs in document["paths"].items():
        wanted = {part.split("}")[0] for part in path.split("{")[1:]}
        for operation in verbs.values():
            given = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert given == wanted, path


def test_a_limit_of_the_contract_is_in_the_schema(document: dict[str, Any]) -> None:
    body = document["components"]["schemas"]["Comment"]["properties"]["body"]

    assert body["maxLength"] == 20000
    assert body["minLength"] == 1
    assert body["x-personal-data"] is True


def test_an_update_may_leave_out_what_a_new_resource_needs(document: dict[str, Any]) -> None:
    update = operations(document)["TicketService_UpdateTicket"]["requestBody"]
    schema = update["content"]["application/json"]["schema"]

    assert document["components"]["schemas"]["Ticket"]["required"] == ["subject"]
    assert "required" not in schema
    assert "subject" in schema["properties"]


def test_a_stream_names_its_items(document: dict[str, Any]) -> None:
    answer = operations(document)["ChatService_StreamMessage"]["responses"]["200"]

    assert answer["content"]["text/event-stream"]["x-stream-item"] == {
        "$ref": "#/components/schemas/StreamMessageResponse"
    }


def test_every_refusal_of_the_contract_is_listed_with_an_example(document: dict[str, Any]) -> None:
    for reason in document["x-error-reasons"]:
        assert reason["description"], reason
        assert reason["example"]["reason"] == reason["reason"]


def test_a_body_made_from_the_schema_is_what_protobuf_reads(document: dict[str, Any]) -> None:
    """Property names and enum values of each request schema parse as protobuf's own JSON."""
    source = Source(DESCRIPTORS)
    for name, schema in document["components"]["schemas"].items():
        for area in ("auth", "ticket", "search", "chat"):
            try:
                message = source.message(f"helpdesk.{area}.v1.{name}")
            except KeyError:
                continue
            known = {field.json_name for field in message.fields}
            assert set(schema["properties"]) == known
    ticket = source.message("helpdesk.ticket.v1.Ticket")
    priorities = document["components"]["schemas"]["TicketPriority"]["enum"]
    for priority in priorities:
        Parse(json.dumps({"priority": priority}), GetMessageClass(ticket)())
