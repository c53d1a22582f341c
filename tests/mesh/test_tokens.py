"""Hostile tokens. PyJWT's usual recipe is the control: it believes the five marked forms."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from services.mesh.clock import utc_now
from services.mesh.errors import TokenInvalid
from services.mesh.tokens import TokenVerifier

ISSUER = "https://helpdesk.internal"
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
NOW = int(utc_now().timestamp())
CLAIMS: Mapping[str, Any] = {
    "iss": ISSUER,
    "sub": "ann",
    "aud": "helpdesk",
    "exp": NOW + 3600,
    "iat": NOW,
    "nbf": NOW,
    "jti": "token-1",
    "sid": "session-1",
    "tenant_id": "acme",
    "client_id": "helpdesk",
    "scope": "helpdesk",
    "roles": ["agent"],
}
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "key-1"}
VERIFIER = TokenVerifier(ISSUER, {"key-1": KEY.public_key()}.get)


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def signed(header: str | Mapping[str, object], payload: str | Mapping[str, object]) -> str:
    """A token with exactly these texts and a good signature."""
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, payload)]
    body = ".".join(encoded(part.encode()) for part in parts)
    algorithm = jwt.get_algorithm_by_name("ES256")
    return f"{body}.{encoded(algorithm.sign(body.encode(), KEY))}"


def with_claims(**changed: object) -> str:
    return signed(HEADER, {**CLAIMS, **changed})


def with_header(**changed: object) -> str:
    return signed({**HEADER, **changed}, CLAIMS)


def without(*names: str) -> str:
    return signed(HEADER, {name: value for name, value in CLAIMS.items() if name not in names})


def test_a_good_token_says_who_it_is() -> None:
    claims = VERIFIER.verify(signed(HEADER, CLAIMS))
    assert (claims.tenant_id, claims.user_id, claims.session_id) == ("acme", "ann", "session-1")
    assert (claims.client_id, claims.scope) == ("helpdesk", frozenset({"helpdesk"}))
    assert (claims.roles, claims.token_id) == (frozenset({"agent"}), "token-1")
    assert claims.expires_at == datetime.fromtimestamp(NOW + 3600, UTC)


DUPLICATE = json.dumps(CLAIMS)[:-1] + ', "tenant_id": "globex"}'

BELIEVED_BY_THE_PLAIN_RECIPE = {
    "duplicate claim": signed(HEADER, DUPLICATE),
    "type of an ID token": with_header(typ="ID"),
    "time as text": with_claims(exp=str(NOW + 3600)),
    "several audiences": with_claims(aud=["helpdesk", "elsewhere"]),
    "one megabyte": with_claims(padding="x" * 1_000_000),
}

REFUSED = {
    **BELIEVED_BY_THE_PLAIN_RECIPE,
    "8 KB and a bit": with_claims(padding="x" * 8192),
    "nothing": "",
    "not a token": "made-up",
    "two segments": signed(HEADER, CLAIMS).rpartition(".")[0],
    "four segments": f"{signed(HEADER, CLAIMS)}.x",
    "encrypted form": f"{signed(HEADER, CLAIMS)}.x.y",
    "no signature": f"{signed(HEADER, CLAIMS).rpartition('.')[0]}.",
    "alg none": jwt.encode(dict(CLAIMS), "", "none", headers=HEADER | {"alg": "none"}),
    "alg None": with_header(alg="None"),
    "alg ES384": with_header(alg="ES384"),
    "RS256": jwt.encode(dict(CLAIMS), RSA_KEY, "RS256", headers={"typ": "at+jwt", "kid": "key-1"}),
    "another key": jwt.encode(
        dict(CLAIMS), OTHER_KEY, "ES256", headers={"typ": "at+jwt", "kid": "key-1"}
    ),
    "unknown kid": with_header(kid="key-2"),
    "kid with a path": with_header(kid="../../dev/null"),
    "kid with a quote": with_header(kid="key-1' OR '1'='1"),
    "kid a number": with_header(kid=1),
    "kid too long": with_header(kid="k" * 65),
    "kid with a line feed": with_header(kid="key-1\n"),
    "no kid": signed({"alg": "ES256", "typ": "at+jwt"}, CLAIMS),
    "no typ": signed({"alg": "ES256", "kid": "key-1"}, CLAIMS),
    "jku": with_header(jku="https://evil.example/keys"),
    "jwk": with_header(jwk={"kty": "EC"}),
    "x5u": with_header(x5u="https://evil.example/certificate"),
    "x5c": with_header(x5c=["AAAA"]),
    "crit": with_header(crit=["b64"], b64=False),
    "duplicate header": signed(
        '{"alg":"ES256","alg":"ES256","typ":"at+jwt","kid":"key-1"}', CLAIMS
    ),
    "header a list": signed("[]", CLAIMS),
    "payload a list": signed(HEADER, "[]"),
    "payload no JSON": signed(HEADER, "tenant"),
    "payload not UTF-8": ".".join(
        [signed(HEADER, CLAIMS).split(".", 1)[0], encoded(b"\xff\xfe"), "AAAA"]
    ),
    "expired": with_claims(exp=NOW - 1),
    "time a fraction": with_claims(exp=NOW + 3600.5),
    "time a truth": with_claims(exp=True),
    "time out of range": with_claims(exp=10**30),
    "not yet valid": with_claims(nbf=NOW + 86_400),
    "issued in the future": with_claims(iat=NOW + 86_400),
    "another issuer": with_claims(iss="https://evil.example"),
    "another audience": with_claims(aud="elsewhere"),
    "roles a text": with_claims(roles="admin"),
    "role a number": with_claims(roles=[1]),
    "tenant with a comma": with_claims(tenant_id="acme, admin"),
    "tenant empty": with_claims(tenant_id=""),
    "tenant a list": with_claims(tenant_id=["acme"]),
    "client with a space": with_claims(client_id="help desk"),
    "client a number": with_claims(client_id=7),
    "scope a list": with_claims(scope=["helpdesk"]),
    "scope empty": with_claims(scope=""),
    "scope of two spaces": with_claims(scope="openid  helpdesk"),
    "scope with a space before": with_claims(scope=" helpdesk"),
    "scope with a tab": with_claims(scope="openid\thelpdesk"),
    "scope with a line feed": with_claims(scope="helpdesk\n"),
    "scope twice the same": with_claims(scope="helpdesk helpdesk"),
    "scope of another product": with_claims(scope="admin"),
    "scope in upper case": with_claims(scope="HELPDESK"),
    "scope with a star": with_claims(scope="ticket.*"),
    "scope too long": with_claims(scope=" ".join(f"a.b{number}" for number in range(900))),
    "user with a line feed": with_claims(sub="ann\n"),
    "session a number": with_claims(sid=7),
    "padding in base64": signed(HEADER, CLAIMS).replace(".", "=.", 1),
    "padding behind the signature": f"{signed(HEADER, CLAIMS)}==",
    "spaces around": f" {signed(HEADER, CLAIMS)} ",
    **{f"without {name}": without(name) for name in CLAIMS},
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
def test_a_hostile_token_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        VERIFIER.verify(token)


def test_the_public_key_is_no_shared_secret() -> None:
    # PyJWT will not sign with a PEM, so this is put together by hand.
    body = signed({**HEADER, "alg": "HS256"}, CLAIMS).rpartition(".")[0]
    algorithm = jwt.get_algorithm_by_name("HS256")
    token = f"{body}.{encoded(algorithm.sign(body.encode(), PEM))}"
    with pytest.raises(TokenInvalid):
        VERIFIER.verify(token)


@pytest.mark.parametrize(
    "token", BELIEVED_BY_THE_PLAIN_RECIPE.values(), ids=BELIEVED_BY_THE_PLAIN_RECIPE.keys()
)
def test_control_the_plain_recipe_believes_it(token: str) -> None:
    assert jwt.decode(
        token,
        KEY.public_key(),
        algorithms=["ES256"],
        audience="helpdesk",
        issuer=ISSUER,
        leeway=30,
        options={"require": ["exp", "iat", "nbf", "aud", "iss", "sub"]},
    )


def test_every_flipped_bit_of_the_signature_or_the_claims_is_noticed() -> None:
    token = signed(HEADER, CLAIMS)
    for place in range(token.index("."), len(token), 7):
        flipped = token[:place] + chr(ord(token[place]) ^ 1) + token[place + 1 :]
        with pytest.raises(TokenInvalid):
            VERIFIER.verify(flipped)


def test_time_is_the_clocks_not_the_machines() -> None:
    later = TokenVerifier(
        ISSUER, {"key-1": KEY.public_key()}.get, lambda: utc_now() + timedelta(minutes=66)
    )
    with pytest.raises(TokenInvalid):
        later.verify(signed(HEADER, CLAIMS))


def test_clocks_may_differ_a_little() -> None:
    soon = int(utc_now().timestamp()) + 20
    assert VERIFIER.verify(with_claims(iat=soon, nbf=soon))


def test_a_refusal_does_not_say_which_rule_was_broken() -> None:
    messages = set()
    for token in REFUSED.values():
        with pytest.raises(TokenInvalid) as caught:
            VERIFIER.verify(token)
        messages.add(caught.value.message)
    assert len(messages) == 1
