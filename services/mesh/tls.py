"""Mutual TLS: credentials from files that may change, and the peer's name in its certificate."""

import re
from collections import deque
from functools import lru_cache
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509

from services.mesh.certificates import TRUST_DOMAIN, dns_name, ensure_certificates
from services.mesh.errors import CallerNotAllowed

__all__ = [
    "ServerIdentity",
    "channel_credentials",
    "channel_target_options",
    "ensure_certificates",
    "identity_version",
    "peer_service",
    "server_credentials",
]

Files = tuple[bytes, bytes, bytes]
_SPIFFE_NAME = re.compile(rf"spiffe://{re.escape(TRUST_DOMAIN)}/svc/([a-z][a-z0-9-]{{0,62}})\Z")


class ServerIdentity:
    """Server credentials that follow the files; `refresh` looks at them again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._version = identity_version(folder)
        # A deque hands the new configuration over in one step: gRPC asks on threads of its own.
        self._unseen: deque[grpc.ServerCertificateConfiguration] = deque(maxlen=1)
        self.credentials: grpc.ServerCredentials = grpc.dynamic_ssl_server_credentials(
            _configuration(read_identity(folder)),
            self._newest_configuration,  # type: ignore[arg-type]  # None means unchanged
            require_client_authentication=True,
        )

    def refresh(self) -> bool:
        """Whether new files were found; connections from now on see them."""
        try:
            version = identity_version(self._folder)
            if version == self._version:
                return False
            self._unseen.append(_configuration(read_identity(self._folder)))
        except OSError:
            # Whoever replaces the files by hand may leave a gap; what we hold is good until then.
            return False
        self._version = version
        return True

    def _newest_configuration(self) -> grpc.ServerCertificateConfiguration | None:
        try:
            return self._unseen.pop()
        except IndexError:
            return None


def server_credentials(folder: Path) -> grpc.ServerCredentials:
    return ServerIdentity(folder).credentials


def channel_credentials(folder: Path) -> grpc.ChannelCredentials:
    authority, key, certificate = read_identity(folder)
    return grpc.ssl_channel_credentials(authority, key, certificate)


def channel_target_options(peer: str) -> list[tuple[str, str]]:
    # gRPC's own check knows DNS names only; the SPIFFE name stands beside it in the certificate.
    return [("grpc.ssl_target_name_override", dns_name(peer))]


def identity_version(folder: Path) -> tuple[object, ...]:
    """Differs after the files were replaced."""
    files = (folder / "cert.pem", folder / "key.pem", folder.parent / "ca.pem")
    stats = [file.stat() for file in files]
    return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)


def read_identity(folder: Path) -> Files:
    return (
        (folder.parent / "ca.pem").read_bytes(),
        (folder / "key.pem").read_bytes(),
        (folder / "cert.pem").read_bytes(),
    )


def peer_service(context: "grpc.aio.ServicerContext[Any, Any]") -> str:
    """The calling service's name. Raises CallerNotAllowed unless there is exactly one."""
    found = list(context.auth_context().get("x509_pem_cert", ()))
    name = service_in(found[0]) if len(found) == 1 else None
    if name is None:
        raise CallerNotAllowed("The certificate does not name one service of this mesh.")
    return name


@lru_cache(maxsize=256)
def service_in(certificate: bytes) -> str | None:
    """The service that a certificate names, if its only URI is one of our SPIFFE names.

    Read from the certificate, because gRPC's `peer_spiffe_id` ends at a NUL byte in the name.
    """
    try:
        names = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (ValueError, x509.ExtensionNotFound):
        return None
    addresses = names.value.get_values_for_type(x509.UniformResourceIdentifier)
    name = _SPIFFE_NAME.match(addresses[0]) if len(addresses) == 1 else None
    return None if name is None else name[1]


def _configuration(files: Files) -> grpc.ServerCertificateConfiguration:
    authority, key, certificate = files
    return grpc.ssl_server_certificate_configuration([(key, certificate)], authority)
