import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2

from helpdesk.options.v1 import policy_pb2
from services.mesh.contract import Contract, ContractError, read_policy, services_of

SOUND = policy_pb2.Policy(
    permission="a.b.c",
    callers=["gateway"],
    default_timeout=duration_pb2.Duration(seconds=1),
    max_timeout=duration_pb2.Duration(seconds=2),
)


def method_with(policy: policy_pb2.Policy | None) -> object:
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    file.message_type.add(name="M")
    service = file.service.add(name="S")
    method = service.method.add(name="Do", input_type=".t.M", output_type=".t.M")
    if policy is not None:
        method.options.Extensions[policy_pb2.policy].CopyFrom(policy)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindMethodByName("t.S.Do")


def read(policy: policy_pb2.Policy | None) -> object:
    return read_policy(method_with(policy))  # type: ignore[arg-type]


def test_a_policy_is_read_from_the_method() -> None:
    policy = Contract(["helpdesk.auth.v1.TokenService"]).policy(
        "/helpdesk.auth.v1.TokenService/GetSigningKeys"
    )
    assert policy.public
    assert policy.idempotent
    assert policy.callers == {"gateway", "ticket", "search", "chat"}
    assert (policy.default_timeout_seconds, policy.max_timeout_seconds) == (2.0, 10.0)


@pytest.mark.parametrize("area", ["auth", "ticket", "search", "chat"])
def test_every_method_of_every_area_has_a_usable_policy(area: str) -> None:
    assert list(Contract(services_of(area)).methods())


def test_a_sound_policy_is_read() -> None:
    assert read(SOUND) is not None


def changed(**fields: object) -> policy_pb2.Policy:
    policy = policy_pb2.Policy()
    policy.CopyFrom(SOUND)
    for name, value in fields.items():
        policy.ClearField(name)  # type: ignore[arg-type]
        if value is not None:
            setattr(policy, name, value)
    return policy


@pytest.mark.parametrize(
    "policy",
    [
        None,
        changed(callers=None),
        changed(permission=None),
        changed(public=True),
        changed(default_timeout=None),
        changed(max_timeout=None),
    ],
    ids=["none", "no caller", "no permission", "public too", "no default", "no maximum"],
)
def test_an_unusable_policy_is_refused(policy: policy_pb2.Policy | None) -> None:
    with pytest.raises(ContractError):
        read(policy)


def test_an_unknown_method_has_no_policy() -> None:
    with pytest.raises(ContractError):
        Contract(["helpdesk.auth.v1.TokenService"]).policy("/helpdesk.auth.v1.TokenService/Steal")


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(ContractError):
        Contract(["helpdesk.auth.v1.Nowhere"])
