"""Which id_tokens are believed: each attack names the rule that stops it, and has a control."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

import jwt
import pytest

from services.auth.errors.identity_providers import ExternalTokenInvalid
from services.auth.openid import id_token
from services.auth.openid.id_token import Expected, check
from services.auth.openid.key_set import ALGORITHMS, KeySet, key_set_from
from tests.auth.fakes import START
from tests.auth.foreign_tokens import (
    CLIENT_ID,
    ISSUER,
    NONCE,
    Issuer,
    a_key,
    encoded,
    good_claims,
    half_hash,
    signed,
    signed_with_public_key,
    unsigned,
)

EXPECTED = Expected(ISSUER, CLIENT_ID, NONCE, access_token="the-access-token")
KEYS = key_set_from(Issuer().key_set)
NOW = int(START.timestamp())


@dataclass(frozen=True)
class Attack:
    name: str
    rule: str
    make: Callable[[], str]


def claims_attack(name: str, rule: str, **changes: object) -> Attack:
    return Attack(name, rule, lambda: signed(good_claims(START, **changes)))


# Wrong claims under a right signature: what a provider, or another client's token, could bring.
CLAIMS = [
    claims_attack("another issuer", "iss", iss="https://evil.example"),
    claims_attack("an issuer with a slash more", "iss", iss=f"{ISSUER}/"),
    claims_attack("an issuer in a list", "iss", iss=[ISSUER]),
    claims_attack("no issuer", "iss", iss=None),
    claims_attack("another client's token", "aud", aud="other-client"),
    claims_attack("no audience", "aud", aud=None),
    claims_attack("an audience that begins alike", "aud", aud=f"{CLIENT_ID}-2"),
    claims_attack("several audiences and no party", "azp", aud=[CLIENT_ID, "other"]),
    claims_attack("another party", "azp", azp="other-client"),
    claims_attack("several audiences, another party", "azp", aud=[CLIENT_ID, "o"], azp="o"),
    claims_attack("no subject", "sub", sub=None),
    claims_attack("an empty subject", "sub", sub=""),
    claims_attack("a subject that is a number", "sub", sub=1),
    claims_attack("a subject without end", "sub", sub="s" * 256),
    claims_attack("a subject with a NUL", "sub", sub="subject-1\0"),
    claims_attack("expired", "exp", exp=NOW - 30),
    claims_attack("no end", "exp", exp=None),
    claims_attack("an end in words", "exp", exp=str(NOW + 300)),
    claims_attack("an end that is true", "exp", exp=True),
    claims_attack("from the future", "iat", iat=NOW + 31),
    claims_attack("no beginning", "iat", iat=None),
    claims_attack("not valid yet", "nbf", nbf=NOW + 31),
    claims_attack("a beginning in words", "nbf", nbf="now"),
    claims_attack("another login's nonce", "nonce", nonce="other"),
    claims_attack("no nonce", "nonce", nonce=None),
    claims_attack("a nonce in a list", "nonce", nonce=[NONCE]),
    claims_attack("another access token", "at_hash", at_hash=half_hash("other")),
    claims_attack("a whole hash for a half", "at_hash", at_hash=encoded(b"x" * 32)),
]
HEADERS = [
    Attack("its own key", "header", lambda: signed(good_claims(), jwk=a_key().public_jwk)),
    Attack("its own key's address", "header", lambda: signed(good_claims(), jku="https://e.x")),
    Attack("its own certificate", "header", lambda: signed(good_claims(), x5c=["MII"])),
    Attack("its certificate's address", "header", lambda: signed(good_claims(), x5u="https://e.x")),
    Attack("an extension", "header", lambda: signed(good_claims(), crit=["b64"], b64=False)),
    Attack("a key id that is a number", "header", lambda: signed(good_claims(), kid=7)),
    Attack("an access token", "typ", lambda: signed(good_claims(), typ="at+jwt")),
    Attack("a logout token", "typ", lambda: signed(good_claims(), typ="logout+jwt")),
]


def foreign_key() -> str:
    return signed(good_claims(), replace(a_key("RS256", "foreign"), key_id="k1"))


def changed_payload() -> str:
    head, _, signature = signed(good_claims()).split(".")
    payload = encoded(json.dumps(good_claims(sub="subject-2")).encode())
    return f"{head}.{payload}.{signature}"


def twice() -> str:
    text = json.dumps(good_claims())
    return signed(text[:-1] + ', "sub": "subject-2"}')


SIGNATURES = [
    Attack("no signature", "alg", lambda: unsigned(good_claims())),
    Attack("none in other letters", "alg", lambda: unsigned(good_claims(), "NoNe")),
    Attack(
        "the public key as a secret", "alg", lambda: signed_with_public_key(good_claims(), a_key())
    ),
    Attack("an algorithm that is a list", "alg", lambda: signed(good_claims(), alg=["RS256"])),
    Attack("no algorithm", "alg", lambda: signed(good_claims(), alg=None)),
    Attack("an unknown algorithm", "alg", lambda: signed(good_claims(), alg="RS1")),
    Attack("a key that is not the provider's", "signature", foreign_key),
    Attack("a changed payload", "signature", changed_payload),
    Attack("an unknown key id", "key", lambda: signed(good_claims(), kid="k2")),
    Attack("a path for a key id", "key", lambda: signed(good_claims(), kid="../../dev/null")),
    Attack("a query for a key id", "key", lambda: signed(good_claims(), kid="k1' OR '1'='1")),
    Attack("a key for another algorithm", "key", lambda: signed(good_claims(), alg="PS256")),
    Attack("a key of another kind", "key", lambda: signed(good_claims(), alg="ES256")),
    Attack("a claim that stands twice", "form", twice),
    Attack("five parts", "form", lambda: f"{signed(good_claims())}.x.y"),
    Attack("two parts", "form", lambda: signed(good_claims()).rpartition(".")[0]),
    Attack("nothing", "form", lambda: ""),
    Attack("no JSON", "form", lambda: signed("hello")),
    Attack("a list", "form", lambda: signed("[]")),
    Attack("endless nesting", "form", lambda: signed('{"a":' * 3000 + "1" + "}" * 3000)),
    Attack("infinity", "form", lambda: signed(json.dumps(good_claims(exp=float("inf"))))),
    Attack("far too long", "form", lambda: signed(good_claims(padding="x" * 17_000))),
]

ATTACKS = [*CLAIMS, *HEADERS, *SIGNATURES]
# These meet a second wall behind the first: the library, and the key set.
STOPPED_TWICE = {"an extension", "a key id that is a number"}
STOPPED_ONCE = [attack for attack in (*CLAIMS, *HEADERS) if attack.name not in STOPPED_TWICE]


def names(attacks: list[Attack]) -> list[str]:
    return [attack.name for attack in attacks]


@pytest.mark.parametrize("attack", ATTACKS, ids=names(ATTACKS))
def test_an_attack_is_stopped_by_its_rule(attack: Attack) -> None:
    with pytest.raises(ExternalTokenInvalid) as caught:
        check(attack.make(), KEYS, EXPECTED, START)
    assert caught.value.rule == attack.rule
    assert attack.rule not in caught.value.message


@pytest.mark.parametrize("attack", STOPPED_ONCE, ids=names(STOPPED_ONCE))
def test_without_its_rule_it_would_get_in(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: nothing but that rule stands in the way."""
    refuse = id_token._refuse

    def lenient(rule: str) -> NoReturn:  # type: ignore[misc]
        if rule != attack.rule:
            refuse(rule)

    monkeypatch.setattr(id_token, "_refuse", lenient)
    monkeypatch.setattr(id_token, "_number", _any_number)
    assert check(attack.make(), KEYS, EXPECTED, START)


def _any_number(claims: dict[str, object], name: str) -> float:
    value = claims.get(name)
    return value if type(value) is int else NOW


def test_without_a_signature_check_a_changed_payload_would_get_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jwt.api_jws, "decode", lambda *_, **__: b"")
    for make in (foreign_key, changed_payload):
        assert check(make(), KEYS, EXPECTED, START)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_of_the_list_works(algorithm: str) -> None:
    key = a_key(algorithm)
    keys = key_set_from(Issuer([key]).key_set)
    assert check(signed(good_claims(), key), keys, EXPECTED, START)["sub"] == "subject-1"


def test_the_list_holds_no_secret_and_no_nothing() -> None:
    assert not [name for name in ALGORITHMS if name.startswith("HS") or name.lower() == "none"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exp": NOW - 29},
        {"iat": NOW + 30},
        {"nbf": NOW + 30},
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "other"], "azp": CLIENT_ID},
        {"azp": CLIENT_ID},
        {"at_hash": half_hash("the-access-token")},
        {"exp": NOW + 300.5},
    ],
    ids=str,
)
def test_an_honest_token_is_believed(changes: dict[str, object]) -> None:
    """The control of all attacks, to the last second of the clocks' difference."""
    assert check(signed(good_claims(START, **changes)), KEYS, EXPECTED, START)


@pytest.mark.parametrize("header", [{}, {"typ": None}, {"typ": "jwt"}, {"x5t": "abc"}], ids=str)
def test_an_honest_header_is_believed(header: dict[str, object]) -> None:
    assert check(signed(good_claims(), **header), KEYS, EXPECTED, START)


def test_a_token_that_no_login_asked_for_needs_no_nonce() -> None:
    expected = Expected(ISSUER, CLIENT_ID)
    assert check(signed(good_claims(nonce=None)), KEYS, expected, START)


def test_a_token_without_a_key_id_is_checked_with_the_only_key_there_is() -> None:
    token = signed(good_claims(), kid=None)
    assert check(token, KEYS, EXPECTED, START)
    two = key_set_from(Issuer([a_key(), a_key("RS256", "k2")]).key_set)
    with pytest.raises(ExternalTokenInvalid) as caught:
        check(token, two, EXPECTED, START)
    assert caught.value.rule == "key"


def test_two_keys_with_one_id_are_none() -> None:
    twins = Issuer([a_key(), replace(a_key("RS256", "k2"), key_id="k1")])
    with pytest.raises(ExternalTokenInvalid):
        check(signed(good_claims()), key_set_from(twins.key_set), EXPECTED, START)


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"kty": "oct"},
        {"n": "AQAB"},
    ],
    ids=str,
)
def test_a_key_for_something_else_does_not_verify(change: dict[str, object]) -> None:
    keys = KeySet(({**a_key().public_jwk, **change},))
    with pytest.raises(ExternalTokenInvalid) as caught:
        check(signed(good_claims()), keys, EXPECTED, START)
    assert caught.value.rule == "key"


def test_a_short_rsa_key_does_not_verify() -> None:
    weak = a_key("RS256", "weak", 1024)
    with pytest.raises(ExternalTokenInvalid) as caught:
        check(signed(good_claims(), weak), key_set_from(Issuer([weak]).key_set), EXPECTED, START)
    assert caught.value.rule == "key"
