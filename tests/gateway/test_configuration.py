"""The rendered configuration, where running it would not show more."""

import json
from pathlib import Path

import pytest

from services.gateway.__main__ import DESCRIPTOR_SET
from services.gateway.clusters import endpoints
from services.gateway.contract import read_contract
from services.gateway.envoy import bootstrap
from services.gateway.request_check import messages_table
from services.gateway.settings import GatewaySettings

CONTRACT = read_contract(DESCRIPTOR_SET)


def rendered(**settings: object) -> str:
    return json.dumps(bootstrap(CONTRACT, GatewaySettings.model_validate(settings)))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("ipv4:127.0.0.1:7101", [("127.0.0.1", 7101)]),
        ("ipv4:10.0.0.1:1,10.0.0.2:2", [("10.0.0.1", 1), ("10.0.0.2", 2)]),
        ("ipv6:[::1]:7101", [("::1", 7101)]),
        ("dns:///auth.helpdesk:7101", [("auth.helpdesk", 7101)]),
        ("auth:7101", [("auth", 7101)]),
    ],
)
def test_addresses_are_those_of_grpc(target: str, expected: list[tuple[str, int]]) -> None:
    assert endpoints(target) == expected


@pytest.mark.parametrize("target", ["auth", "auth:", ":7101", "auth:port", ""])
def test_a_bad_address_is_named(target: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        endpoints(target)


def test_several_endpoints_of_a_service_share_its_calls() -> None:
    configuration = json.loads(rendered(ticket_address="ipv4:10.0.0.1:1,10.0.0.2:2"))
    (ticket,) = [
        cluster
        for cluster in configuration["static_resources"]["clusters"]
        if cluster["name"] == "ticket"
    ]

    assert ticket["lb_policy"] == "ROUND_ROBIN"
    assert ticket["type"] == "STATIC"
    assert len(ticket["load_assignment"]["endpoints"][0]["lb_endpoints"]) == 2


def test_a_service_by_name_is_looked_up() -> None:
    assert '"STRICT_DNS"' in rendered(ticket_address="dns:///ticket:7102")


def test_traces_are_sent_only_where_they_are_wanted() -> None:
    assert "OpenTelemetry" not in rendered()
    assert "OpenTelemetryConfig" in rendered(otlp_endpoint="http://127.0.0.1:4317")


def test_only_rpcs_that_name_the_gateway_have_a_route() -> None:
    configuration = rendered()

    assert "PolicyService" not in configuration
    assert all(f'"{method.path}"' in configuration for method in CONTRACT.exposed)


def test_the_body_check_knows_both_spellings_of_every_field() -> None:
    table = messages_table(CONTRACT)

    assert '["tenant_slug"] = {name = "tenantSlug", kind = "string"}' in table
    assert '["tenantSlug"] = {name = "tenantSlug", kind = "string"}' in table
    assert '["tags"] = {name = "tags", kind = "string", repeated = true}' in table
    assert '["fields"] = {name = "fields", kind = "any"}' in table
    assert '["createTime"] = {name = "createTime", kind = "string"}' in table


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELPDESK_CORS_ORIGINS", "https://a.example, https://b.example")

    assert GatewaySettings(data=tmp_path).cors_origins == ("https://a.example", "https://b.example")
