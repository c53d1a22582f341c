"""A certificate authority for tests, which issues what it is asked for: also what it should not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM


class CertificateAuthority:
    def __init__(self, name: str = "Test authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = (
            _builder(name, self._key.public_key())
            .issuer_name(_name(name))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> bytes:
        return self._certificate.public_bytes(_PEM)

    def issue(self, service: str) -> tuple[bytes, bytes]:
        """The certificate and the key of a service, with its SPIFFE and its DNS name."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [
            x509.UniformResourceIdentifier(f"spiffe://helpdesk.internal/svc/{service}"),
            x509.DNSName(f"{service}.helpdesk.internal"),
            x509.DNSName("localhost"),
        ]
        certificate = (
            _builder(service, key.public_key())
            .issuer_name(self._certificate.subject)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(_PEM), key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def write(self, folder: Path, *services: str) -> None:
        """Lays certificates out as the services of the mesh expect them."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_bytes(self.certificate)
        for service in services:
            self.write_service(folder / service, service)

    def write_service(self, folder: Path, service: str) -> None:
        certificate, key = self.issue(service)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cert.pem").write_bytes(certificate)
        (folder / "key.pem").write_bytes(key)


def _builder(name: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
