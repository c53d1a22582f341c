import pytest

from services.mesh.caller import (
    Caller,
    TenantId,
    UserId,
    acting_as,
    current_caller,
    current_tenant,
    current_user,
)
from services.mesh.errors import TokenMissing, Unauthenticated

ANN = Caller(
    service="gateway",
    tenant_id=TenantId("acme"),
    user_id=UserId("ann"),
    permissions=frozenset({"ticket.tickets.get"}),
)


def test_acting_as_somebody_ends_with_the_block() -> None:
    with acting_as(ANN):
        assert (current_caller(), current_tenant(), current_user()) == (ANN, "acme", "ann")
    with pytest.raises(TokenMissing):
        current_caller()


def test_a_public_call_has_no_tenant_and_no_user() -> None:
    with acting_as(Caller(service="gateway")):
        assert current_caller().service == "gateway"
        with pytest.raises(Unauthenticated):
            current_tenant()
        with pytest.raises(Unauthenticated):
            current_user()


def test_a_caller_may_what_the_policy_grants_and_no_more() -> None:
    assert ANN.may("ticket.tickets.get")
    assert not ANN.may("ticket.tickets")
    assert not ANN.may("ticket.tickets.get ")
