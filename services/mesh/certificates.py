"""A development certificate authority and one certificate per service, made and renewed on disk.

    <certificates>/ca.pem, ca.key       the authority; ca.pem may hold an old one beside the new
    <certificates>/<service>            link to .versions/<service>-…/, swapped in one step
    <certificates>/edge                 what the gateway shows to clients: localhost

An installation that brings its own certificates has no ca.key, and nothing here touches it.
"""

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.mesh.clock import Clock, utc_now
from services.mesh.ids import new_id

TRUST_DOMAIN = "helpdesk.internal"
SERVICES = ("auth", "ticket", "search", "chat", "gateway", "bridge", "supervisor")
EDGE = "edge"
AUTHORITY_LIFE = timedelta(days=5 * 365)
LEAF_LIFE = timedelta(hours=24)
_CLOCK_SKEW = timedelta(minutes=5)


def spiffe_id(service: str) -> str:
    return f"spiffe://{TRUST_DOMAIN}/svc/{service}"


def dns_name(service: str) -> str:
    return f"{service}.{TRUST_DOMAIN}"


def ensure_certificates(
    folder: Path, services: Sequence[str] = SERVICES, clock: Clock = utc_now
) -> None:
    """Makes what is missing and renews what has less than a third of its life left.

    Cheap when there is nothing to do, safe when several processes call it at once.
    """
    if (folder / "ca.pem").exists() and not (folder / "ca.key").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder):
        authority = _ensure_authority(folder, clock())
        trusted = {one.subject for one in _authorities(folder)}
        for name in (*services, EDGE):
            _ensure_leaf(folder, name, authority, trusted, clock())


class _Authority:
    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self.key = key


def _ensure_authority(folder: Path, now: datetime) -> _Authority:
    bundle, key_file = folder / "ca.pem", folder / "ca.key"
    known = _authorities(folder)
    if known and not _is_old(known[0], now):
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and (
            key.public_key() == known[0].public_key()
        ):
            return _Authority(known[0], key)
    made = _make_authority(now)
    still_valid = [old for old in known if old.not_valid_after_utc > now]
    # The key first: a crash between the two leaves a pair that does not match and is made anew.
    _write(key_file, _pem_key(made.key), 0o600)
    _write(bundle, b"".join(_pem(one) for one in (made.certificate, *still_valid)), 0o644)
    return made


def _authorities(folder: Path) -> list[x509.Certificate]:
    bundle = folder / "ca.pem"
    return x509.load_pem_x509_certificates(bundle.read_bytes()) if bundle.exists() else []


def _make_authority(now: datetime) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    # Two generations with one name and no key identifiers make verifiers pick the wrong one.
    common_name = f"Helpdesk development CA {new_id()}"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(subject_key, critical=False)
        .add_extension(_issued_by(subject_key), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Authority(certificate, key)


def _ensure_leaf(
    folder: Path, name: str, authority: _Authority, trusted: AbstractSet[x509.Name], now: datetime
) -> None:
    link = folder / name
    if link.exists() and not link.is_symlink():
        return
    file = link / "cert.pem"
    if file.exists():
        leaf = x509.load_pem_x509_certificate(file.read_bytes())
        # A leaf of the last authority stays: its peers may not have read the new ca.pem yet.
        if not _is_old(leaf, now) and leaf.issuer in trusted:
            return
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = make_leaf(authority.certificate, authority.key, key, names=_names(name), now=now)
    versions = folder / ".versions"
    version = versions / f"{name}-{new_id()}"
    version.mkdir(parents=True)
    _write(version / "key.pem", _pem_key(key), 0o600)
    _write(version / "cert.pem", _pem(leaf), 0o644)
    _point(link, version)
    _drop_all_but_last_two(versions, name)


def make_leaf(
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    *,
    names: Sequence[x509.GeneralName],
    now: datetime,
    life: timedelta = LEAF_LIFE,
) -> x509.Certificate:
    authority_key = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now - _CLOCK_SKEW + life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        # Critical, because the subject is empty (RFC 5280, section 4.2.1.6).
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issued_by(authority_key), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _names(name: str) -> list[x509.GeneralName]:
    if name == EDGE:
        addresses = [x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")]
        return [x509.DNSName("localhost"), *addresses]
    return [x509.UniformResourceIdentifier(spiffe_id(name)), x509.DNSName(dns_name(name))]


def _issued_by(subject_key: x509.SubjectKeyIdentifier) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _is_old(certificate: x509.Certificate, now: datetime) -> bool:
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return certificate.not_valid_after_utc - now < life / 3


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(file: Path, content: bytes, mode: int) -> None:
    draft = file.with_name(f".{file.name}-{new_id()}")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    draft.replace(file)


def _point(link: Path, version: Path) -> None:
    draft = link.with_name(f".{link.name}-{new_id()}")
    draft.symlink_to(version.relative_to(link.parent))
    draft.replace(link)


def _drop_all_but_last_two(versions: Path, name: str) -> None:
    # A reader may still hold the last version's name while the link moves on.
    for old in sorted(versions.glob(f"{name}-*"))[:-2]:
        shutil.rmtree(old)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
