"""Every RPC says who may call it."""

from datetime import timedelta

import pytest
from google.protobuf.descriptor import MethodDescriptor

from helpdesk.options.v1 import policy_pb2
from services.gateway.openapi.source import Source, bindings, policy
from services.mesh.settings import REPOSITORY

SOURCE = Source((REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb").read_bytes())
METHODS = {method.full_name: method for method in SOURCE.methods()}
SERVICES = {"auth", "ticket", "search", "chat", "gateway", "bridge"}


@pytest.fixture(params=list(METHODS.values()), ids=list(METHODS))
def method(request: pytest.FixtureRequest) -> MethodDescriptor:
    found: MethodDescriptor = request.param
    return found


def test_it_carries_a_policy_that_is_whole(method: MethodDescriptor) -> None:
    assert faults(policy(method)) == []


def test_a_policy_with_holes_is_noticed() -> None:
    assert faults(policy_pb2.Policy()) == [
        "neither a permission nor public",
        "no callers",
        "no default time",
        "the maximum time is below the default",
    ]


def test_its_permission_belongs_to_its_area(method: MethodDescriptor) -> None:
    permission = policy(method).permission
    area = method.full_name.split(".")[1]

    assert not permission or permission.split(".")[0] == area
    assert not permission or len(permission.split(".")) == 3


def test_what_the_gateway_may_call_is_reachable_over_http(method: MethodDescriptor) -> None:
    assert bool(bindings(method)) == ("gateway" in policy(method).callers)


def test_a_method_read_by_get_is_idempotent(method: MethodDescriptor) -> None:
    if any(binding.verb == "get" for binding in bindings(method)):
        assert policy(method).idempotent


def faults(rule: policy_pb2.Policy) -> list[str]:
    found = []
    if bool(rule.permission) == rule.public:
        found.append("neither a permission nor public" if not rule.public else "both")
    if not rule.callers:
        found.append("no callers")
    found += [f"unknown caller {caller}" for caller in rule.callers if caller not in SERVICES]
    default, most = rule.default_timeout.ToTimedelta(), rule.max_timeout.ToTimedelta()
    if default <= timedelta(0):
        found.append("no default time")
    if most < default or most <= timedelta(0):
        found.append("the maximum time is below the default")
    return found
