"""What a provider's word is worth: values in, values out."""

from dataclasses import replace

import pytest

from services.auth.federation import (
    AddressVerdict,
    ExternalUser,
    RoleRule,
    address_verdict,
    claim_value,
    mapped_roles,
    roles_after_login,
)
from services.auth.standard_roles import STANDARD_ROLES
from tests.auth.builders import a_tenant
from tests.auth.federation_builders import a_provider, an_external_user

PROVIDER = a_provider(a_tenant())


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({}, "ada@acme.example"),
        ({"email": " ADA@Acme.Example"}, "ada@acme.example"),
        ({"email_verified": False}, None),
        ({"email_verified": "true"}, None),
        ({"email_verified": 1}, None),
        ({"email_verified": None}, None),
        ({"email": ["ada@acme.example"]}, None),
        ({"email": "ada"}, None),
        ({"email": "ada@acme"}, None),
        ({"email": "ada@evil.example@acme.example"}, None),
        ({"email": "ada@acme.example\nbcc: x@y.example"}, None),
        ({"email": "ada@acme.example\0"}, None),
        ({"email": "ada@\u0430cme.example"}, None),
        ({"email": "ada smith@acme.example"}, None),
        ({"email": "a" * 250 + "@acme.example"}, None),
    ],
    ids=str,
)
def test_only_a_plain_address_that_was_verified_counts(
    claims: dict[str, object], email: str | None
) -> None:
    assert an_external_user(**claims).email == email


def test_a_name_is_shown_without_what_could_disturb() -> None:
    assert an_external_user(name="Ada\x1b[31m\u202e").display_name == "Ada[31m"
    assert an_external_user(name="x" * 300).display_name == "x" * 100
    assert an_external_user(name=7, preferred_username="ada").display_name == "ada"
    assert ExternalUser("i", "s", {}).display_name == ""


@pytest.mark.parametrize(
    ("links", "domains", "email", "verdict"),
    [
        (False, ("acme.example",), "ada@acme.example", AddressVerdict.NEW_USER),
        (True, ("acme.example",), "ada@acme.example", AddressVerdict.LINK_TOO),
        (True, ("acme.example",), "ada@sub.acme.example", AddressVerdict.NOTHING),
        (True, ("acme.example",), "ada@evil-acme.example", AddressVerdict.NOTHING),
        (True, ("acme.example",), "ada@evil.example", AddressVerdict.NOTHING),
        (True, ("acme.example",), None, AddressVerdict.NOTHING),
        (False, (), "ada@anywhere.example", AddressVerdict.NEW_USER),
        (True, (), "ada@anywhere.example", AddressVerdict.NEW_USER),
    ],
)
def test_an_address_is_good_for_what_the_admin_allowed(
    links: bool, domains: tuple[str, ...], email: str | None, verdict: AddressVerdict
) -> None:
    provider = replace(PROVIDER, links_users_by_email=links, email_domains=domains)
    assert address_verdict(provider, email) is verdict


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["support"], {"customer", "agent"}),
        ("support", {"customer", "agent"}),
        (["support", "it"], {"customer", "agent", "admin"}),
        (["Support"], {"customer"}),
        ("support it", {"customer"}),
        (["supporters"], {"customer"}),
        ({"support": True}, {"customer"}),
        ([["support"]], {"customer"}),
        (None, {"customer"}),
        (True, {"customer"}),
    ],
    ids=str,
)
def test_claims_give_roles_letter_by_letter(groups: object, roles: set[str]) -> None:
    assert mapped_roles(PROVIDER, {"groups": groups}, STANDARD_ROLES) == roles


def test_a_role_that_the_tenant_has_no_more_is_not_given() -> None:
    left = [role for role in STANDARD_ROLES if role.name != "agent"]
    assert mapped_roles(PROVIDER, {"groups": ["support"]}, left) == {"customer"}


def test_a_claim_may_lie_inside_another_and_its_own_name_comes_first() -> None:
    claims: dict[str, object] = {"realm": {"roles": ["a"]}, "x.y": "outer", "x": {"y": "inner"}}
    assert claim_value(claims, "realm.roles") == ["a"]
    assert claim_value(claims, "x.y") == "outer"
    assert claim_value(claims, "realm.none") is None
    assert claim_value(claims, "realm.roles.a") is None
    assert claim_value({"https://acme.example/groups": "a"}, "https://acme.example/groups") == "a"


def test_what_the_provider_governs_goes_and_what_an_admin_gave_stays() -> None:
    held = ["admin", "auditor", "customer"]
    assert roles_after_login(held, PROVIDER, (), frozenset({"customer"})) == ("auditor", "customer")


def test_a_role_of_a_rule_that_is_gone_goes_with_it() -> None:
    less = replace(PROVIDER, role_rules=(RoleRule("groups", "it", "admin"),))
    after = roles_after_login(["agent", "customer"], less, ["agent"], frozenset({"customer"}))
    assert after == ("customer",)
    kept = roles_after_login(["agent", "customer"], less, [], frozenset({"customer"}))
    assert kept == ("agent", "customer")
