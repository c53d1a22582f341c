"""Tokens that nobody may believe, each made from a good one; security-minded people send these.

Some are signed with the installation's own key: then only the form or one claim is wrong.
"""

import base64
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Mint:
    """Signs whatever it is given, as auth signs its tokens."""

    key_id: str
    private: ec.EllipticCurvePrivateKey
    claims: Mapping[str, object]
    """Of a token that auth gave out; times and id are made new for each one here."""

    @staticmethod
    def now() -> int:
        return int(time.time())

    def header(self, **changes: object) -> dict[str, object]:
        return _changed({"typ": "at+jwt", "alg": "ES256", "kid": self.key_id}, changes)

    def payload(self, **changes: object) -> dict[str, object]:
        now = self.now()
        return _changed({**self.claims, "iat": now, "nbf": now, "exp": now + 300}, changes)

    def token(self, header: object = None, payload: object = None) -> str:
        """Takes text as it is, so that JSON can be written which no library would write."""
        return self.signed(_json(header or self.header()), _json(payload or self.payload()))

    def signed(self, header: str | bytes, payload: str | bytes) -> str:
        signed = f"{b64(header)}.{b64(payload)}"
        return f"{signed}.{b64(self.signature(signed.encode()))}"

    def signature(self, content: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(content, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )

    def public_jwk(self) -> str:
        return jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key())


def hostile_tokens(mint: Mint) -> dict[str, str]:
    """By what is wrong with each."""
    return {
        **_headers(mint),
        **_keys(mint),
        **_signatures(mint),
        **_claims(mint),
        **_spellings(mint),
    }


FIVE = ("a claim twice", "typ ID", "exp as text", "two audiences", "more than 8 KiB")
"""What the plain recipe of PyJWT lets in."""


def plain_recipe_accepts(mint: Mint, token: str) -> bool:
    try:
        jwt.decode(
            token,
            mint.private.public_key(),
            algorithms=["ES256"],
            audience=str(mint.claims["aud"]),
            issuer=str(mint.claims["iss"]),
            leeway=30,
            options={"require": ["exp", "iat", "nbf", "aud", "iss", "sub"]},
        )
    except jwt.PyJWTError:
        return False
    return True


def _headers(mint: Mint) -> dict[str, str]:
    stranger = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(stranger.public_key()))
    own = Mint(mint.key_id, stranger, mint.claims)
    unsigned = [
        f"{b64(_json(mint.header(alg=alg)))}.{b64(_json(mint.payload()))}."
        for alg in ("none", "None", "NONE", "nOnE", "")
    ]
    return {
        "alg none": unsigned[0],
        "alg None": unsigned[1],
        "alg NONE": unsigned[2],
        "alg nOnE": unsigned[3],
        "alg empty": unsigned[4],
        "alg none, signed": mint.token(mint.header(alg="none")),
        "alg missing": mint.token(mint.header(alg=None)),
        "alg in small letters": mint.token(mint.header(alg="es256")),
        "alg as a list": mint.token(mint.header(alg=["ES256"])),
        "alg twice": mint.signed(
            f'{{"alg":"none","typ":"at+jwt","kid":"{mint.key_id}","alg":"ES256"}}',
            _json(mint.payload()),
        ),
        "typ ID": mint.token(mint.header(typ="ID")),
        "typ JWT": mint.token(mint.header(typ="JWT")),
        "typ missing": mint.token(mint.header(typ=None)),
        "typ logout": mint.token(mint.header(typ="logout+jwt")),
        "kid missing": mint.token(mint.header(kid=None)),
        "kid unknown": mint.token(mint.header(kid="another")),
        "kid a path": mint.token(mint.header(kid="../../../dev/null")),
        "kid SQL": mint.token(mint.header(kid="x' UNION SELECT 'key")),
        "kid a number": mint.token(mint.header(kid=1)),
        "kid a list": mint.token(mint.header(kid=[mint.key_id])),
        "kid of 1,000 letters": mint.token(mint.header(kid="k" * 1000)),
        "kid twice": mint.signed(
            f'{{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"{mint.key_id}"}}',
            _json(mint.payload()),
        ),
        "jwk in the header": own.token(mint.header(jwk=jwk)),
        "jwk in the header, own kid": own.token(mint.header(jwk=jwk, kid="mine")),
        "jku in the header": own.token(mint.header(jku="https://evil.example/jwks.json")),
        "x5u in the header": own.token(mint.header(x5u="https://evil.example/cert.pem")),
        "x5c in the header": own.token(mint.header(x5c=["MIIB"])),
        "crit known": mint.token(mint.header(crit=["exp"], exp=1)),
        "crit unknown": mint.token(mint.header(crit=["urn:x"], **{"urn:x": 1})),
        "crit empty": mint.token(mint.header(crit=[])),
        "b64 false": mint.token(mint.header(b64=False, crit=["b64"])),
        "cty JWT": mint.token(mint.header(cty="JWT")),
        "zip": mint.token(mint.header(zip="DEF")),
        "header a list": mint.token(["ES256"]),
        "header no JSON": mint.signed("ES256", _json(mint.payload())),
    }


def _keys(mint: Mint) -> dict[str, str]:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    p384 = ec.generate_private_key(ec.SECP384R1())
    koblitz = ec.generate_private_key(ec.SECP256K1())
    stranger = Mint(mint.key_id, ec.generate_private_key(ec.SECP256R1()), mint.claims)

    def other(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, algorithm: str) -> str:
        return jwt.encode(mint.payload(), key, algorithm, mint.header(alg=algorithm))

    return {
        "HS256 with the public key": _hmac(mint, mint.public_pem),
        "HS256 with the JWK": _hmac(mint, mint.public_jwk().encode()),
        "HS256 with the kid": _hmac(mint, mint.key_id.encode()),
        "HS256 with nothing": _hmac(mint, b""),
        "RS256": other(rsa_key, "RS256"),
        "PS256": other(rsa_key, "PS256"),
        "ES384": other(p384, "ES384"),
        "ES256K": other(koblitz, "ES256K"),
        "another key": stranger.token(),
        "another issuer and key": stranger.token(
            stranger.header(kid="idp-1"), stranger.payload(iss="https://login.example.com")
        ),
    }


def _signatures(mint: Mint) -> dict[str, str]:
    good = mint.token()
    signed, _, text = good.rpartition(".")
    raw = unb64(text)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    another = mint.token(None, mint.payload(jti="2")).rpartition(".")[2]
    der = mint.private.sign(signed.encode(), ec.ECDSA(SHA256()))

    def with_signature(content: bytes) -> str:
        return f"{signed}.{b64(content)}"

    return {
        "signature missing": f"{signed}.",
        "signature cut": with_signature(raw[:-1]),
        "signature longer": with_signature(raw + b"\0"),
        "signature of zeros": with_signature(bytes(64)),
        "signature r 0": with_signature(bytes(32) + raw[32:]),
        "signature s 0": with_signature(raw[:32] + bytes(32)),
        "signature r the order": with_signature(_P256_ORDER.to_bytes(32) + raw[32:]),
        "signature s the order": with_signature(raw[:32] + _P256_ORDER.to_bytes(32)),
        "signature r and s swapped": with_signature(s.to_bytes(32) + r.to_bytes(32)),
        "signature in DER": with_signature(der),
        "signature of another token": f"{signed}.{another}",
        "another payload": ".".join(
            [good.split(".")[0], b64(_json(mint.payload(sub="somebody"))), text]
        ),
    }


def _claims(mint: Mint) -> dict[str, str]:
    now = mint.now()
    whole = _json(mint.payload())
    changes: dict[str, dict[str, object]] = {
        "expired by 1 s": {"exp": now - 1},
        "exp missing": {"exp": None},
        "exp as text": {"exp": str(now + 300)},
        "exp a fraction": {"exp": now + 300.5},
        "exp true": {"exp": True},
        "exp far beyond time": {"exp": 10**30},
        "exp below zero": {"exp": -1},
        "nbf 31 s ahead": {"nbf": now + 33},
        "nbf missing": {"nbf": None},
        "nbf as text": {"nbf": str(now)},
        "iat an hour ahead": {"iat": now + 3600},
        "iat missing": {"iat": None},
        "aud another": {"aud": "elsewhere"},
        "aud missing": {"aud": None},
        "aud empty": {"aud": ""},
        "aud with a space": {"aud": "helpdesk "},
        "aud in capitals": {"aud": "HELPDESK"},
        "aud a list of one": {"aud": ["helpdesk"]},
        "two audiences": {"aud": ["helpdesk", "elsewhere"]},
        "iss another": {"iss": "https://elsewhere.example"},
        "iss missing": {"iss": None},
        "iss with a slash": {"iss": f"{mint.claims['iss']}/"},
        "iss a list": {"iss": [mint.claims["iss"]]},
        "sub missing": {"sub": None},
        "sub empty": {"sub": ""},
        "sub a number": {"sub": 7},
        "sub a rule of its own": {"sub": f"{mint.claims['sub']}, r:admin, t:x"},
        "sub with a line feed": {"sub": f"{mint.claims['sub']}\n"},
        "tenant missing": {"tenant_id": None},
        "tenant empty": {"tenant_id": ""},
        "tenant a star": {"tenant_id": "*"},
        "tenant a list": {"tenant_id": [mint.claims["tenant_id"]]},
        "tenant with U+0000": {"tenant_id": f"{mint.claims['tenant_id']}\0"},
        "jti missing": {"jti": None},
        "jti an object": {"jti": {}},
        "sid a number": {"sid": 5},
        "more than 8 KiB": {"more": "x" * 8200},
    }
    return {
        **{name: mint.token(None, mint.payload(**change)) for name, change in changes.items()},
        "a claim twice": mint.token(None, f'{{"tenant_id":"another",{whole[1:]}'),
        "a claim twice, the wrong one last": mint.token(
            None, f'{whole[:-1]},"tenant_id":"another"}}'
        ),
        "sub twice": mint.token(None, f'{{"sub":"another",{whole[1:]}'),
        "payload a list": mint.token(None, [mint.payload()]),
        "payload text": mint.token(None, '"helpdesk"'),
        "payload no JSON": mint.signed(_json(mint.header()), "claims"),
        "payload with a byte order mark": mint.signed(
            _json(mint.header()), b"\xef\xbb\xbf" + whole.encode()
        ),
        "payload in UTF-16": mint.signed(_json(mint.header()), whole.encode("utf-16")),
        "payload not in UTF-8": mint.signed(_json(mint.header()), whole.encode() + b"\xff"),
        "payload nested deeply": mint.token(
            None, f'{whole[:-1]},"deep":{"[" * 2000}{"]" * 2000}}}'
        ),
        "an id_token": mint.token(mint.header(typ="JWT"), mint.payload(aud="a-client", nonce="n")),
        "an id_token for us": mint.token(mint.header(typ="JWT"), mint.payload(nonce="n")),
    }


def _spellings(mint: Mint) -> dict[str, str]:
    good = mint.token()
    header, payload, signature = good.split(".")
    last = _ALPHABET.index(signature[-1])
    return {
        "padding": f"{header}.{payload}.{signature}==",
        "padding in the payload": f"{header}.{payload}=.{signature}",
        "a sign that decoders skip": f"{header}.{payload}.{signature[:9]}!{signature[9:]}",
        "unused bits of the signature": f"{header}.{payload}.{signature[:-1]}{_ALPHABET[last ^ 1]}",
        "the other base64": _with_other_alphabet(mint),
        "four parts": f"{good}.{signature}",
        "two parts": f"{header}.{payload}",
        "five parts, as if encrypted": f"{header}..{payload}.{signature}.x",
        "dots alone": "..",
        "one word": "token",
        "a second token behind it": f"{good},{good}",
        "a space inside": f"{header}. {payload}.{signature}",
        "JSON instead": _json({"protected": header, "payload": payload, "signature": signature}),
        "the scheme twice": f"Bearer {good}",
    }


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _with_other_alphabet(mint: Mint) -> str:
    while True:
        signed, _, signature = mint.token().rpartition(".")
        if "-" in signature or "_" in signature:
            return f"{signed}.{signature.replace('-', '+').replace('_', '/')}"


def _hmac(mint: Mint, secret: bytes) -> str:
    signed = f"{b64(_json(mint.header(alg='HS256')))}.{b64(_json(mint.payload()))}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), sha256))}"


def _changed(base: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def b64(content: str | bytes) -> str:
    content = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
