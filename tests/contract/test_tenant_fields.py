"""No request of a tenant's user can name a tenant: no field of it is called or typed like one."""

from collections.abc import Iterator, Sequence

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from helpdesk.options.v1 import policy_pb2
from services.auth.standard_roles import OPERATOR, STANDARD_ROLES
from services.gateway.openapi.source import Source, policy
from services.mesh.settings import REPOSITORY

FieldProto = descriptor_pb2.FieldDescriptorProto
SOURCE = Source((REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb").read_bytes())
METHODS = {method.full_name: method for method in SOURCE.methods()}
WORDS = ("tenant", "organization", "organisation", "workspace", "realm")

# By name, each with its reason.
MAY_NAME_ONE = {
    "helpdesk.auth.v1.PasswordGrant.tenant_slug": "no token yet says where the user belongs",
    "helpdesk.auth.v1.TokenExchangeGrant.tenant_slug": "a foreign token says nothing of tenants",
    "helpdesk.auth.v1.BeginAuthorizationRequest.tenant_slug": "a login that begins in a browser",
    "helpdesk.auth.v1.InspectAuthorizationRequest.tenant_slug": "the same login, looked at",
    "helpdesk.auth.v1.StartFederatedLoginRequest.tenant_slug": "the same login, elsewhere",
    "helpdesk.auth.v1.LogInBrowserRequest.tenant_slug": "the same login, with a password",
}
# These serve no tenant's user at all.
SERVES_SERVICES = {
    "helpdesk.auth.v1.PurgeService.ConfirmPurge": "a service says which tenant it has purged",
}


@pytest.fixture(params=list(METHODS.values()), ids=list(METHODS))
def method(request: pytest.FixtureRequest) -> MethodDescriptor:
    found: MethodDescriptor = request.param
    return found


def tenant_fields(message: Descriptor) -> set[str]:
    """Also in messages within, maps and choices included."""
    return {
        field.full_name
        for field in fields_below(message)
        if any(word in spelled.lower() for spelled in spellings(field) for word in WORDS)
    }


def fields_below(
    message: Descriptor, seen: frozenset[str] = frozenset()
) -> Iterator[FieldDescriptor]:
    for field in message.fields:
        yield field
        inner = field.message_type
        if inner is not None and inner.full_name not in seen:
            yield from fields_below(inner, seen | {inner.full_name})


def spellings(field: FieldDescriptor) -> Iterator[str]:
    yield field.name
    yield field.json_name
    if field.containing_oneof is not None:
        yield field.containing_oneof.name
    if field.message_type is not None:
        yield field.message_type.name
    if field.enum_type is not None:
        yield field.enum_type.name


def test_its_request_names_no_tenant(method: MethodDescriptor) -> None:
    if policy(method).across_tenants or method.full_name in SERVES_SERVICES:
        return
    named = tenant_fields(method.input_type)
    assert named <= MAY_NAME_ONE.keys()
    # Whoever has a token already is asked for nothing more.
    assert not named or policy(method).public


def test_only_operators_work_across_tenants(method: MethodDescriptor) -> None:
    rule = policy(method)
    if rule.across_tenants:
        assert rule.permission in OPERATOR.permissions
        for role in STANDARD_ROLES:
            assert rule.permission not in role.permissions


def test_what_serves_services_is_out_of_reach_for_users() -> None:
    for name in SERVES_SERVICES:
        callers = set(policy(METHODS[name]).callers)
        assert callers
        assert not callers & {"gateway", "bridge"}


def test_every_exception_is_still_needed() -> None:
    used = {
        name
        for method in METHODS.values()
        if not policy(method).across_tenants
        for name in tenant_fields(method.input_type)
    }

    assert used >= MAY_NAME_ONE.keys()
    assert all(tenant_fields(METHODS[name].input_type) for name in SERVES_SERVICES)


@pytest.mark.parametrize(
    "planted",
    [
        ["tenant_id"],
        ["tenantId"],
        ["filter", "for_tenant"],
        ["filter", "deeper", "tenant_slug"],
        ["owner:TenantRef"],
        ["filter", "organization"],
    ],
    ids="/".join,
)
def test_a_planted_field_is_found(planted: Sequence[str]) -> None:
    assert tenant_fields(request_with(planted))


def test_a_request_without_one_is_let_through() -> None:
    assert tenant_fields(request_with(["filter", "deeper", "name"])) == set()


def request_with(path: Sequence[str]) -> Descriptor:
    """A message whose field at the end of the path is the planted one."""
    file = descriptor_pb2.FileDescriptorProto(name="planted.proto", package="planted")
    holder = file.message_type.add(name="Request")
    for number, step in enumerate(path):
        name, _, type_name = step.partition(":")
        is_last = number == len(path) - 1
        inner = type_name or ("" if is_last else f"Part{number}")
        field = holder.field.add(name=name, number=1, label=FieldProto.LABEL_OPTIONAL)
        field.type = FieldProto.TYPE_MESSAGE if inner else FieldProto.TYPE_STRING
        if inner:
            field.type_name = f".planted.{inner}"
            holder = file.message_type.add(name=inner)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindMessageTypeByName("planted.Request")


def test_a_policy_knows_whether_it_works_across_tenants() -> None:
    assert "across_tenants" in policy_pb2.Policy.DESCRIPTOR.fields_by_name
