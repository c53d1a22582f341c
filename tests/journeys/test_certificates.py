"""Who may call whom: every RPC of the contract from every identity, on the real service ports."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.gateway.openapi.source import Source, policy
from services.mesh.certificates import dns_name, ensure_certificates, make_leaf, spiffe_id
from services.mesh.clock import utc_now
from services.mesh.settings import REPOSITORY
from tests.support.installation import Installation

SOURCE = Source((REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb").read_bytes())
SERVICES = ("auth", "ticket", "search", "chat")
STRANGER = "billing"
IDENTITIES = (*SERVICES, "gateway", "bridge", "supervisor", STRANGER)

Identity = tuple[bytes, bytes]


@pytest.fixture(scope="module")
def identities(mesh: Installation) -> dict[str, Identity]:
    """Each identity's key and certificate; the stranger's is signed by the mesh's own authority."""
    folder = mesh.data / "certificates"
    known = {
        name: ((folder / name / "key.pem").read_bytes(), (folder / name / "cert.pem").read_bytes())
        for name in IDENTITIES
        if name != STRANGER
    }
    names = [x509.UniformResourceIdentifier(spiffe_id(STRANGER)), x509.DNSName(dns_name(STRANGER))]
    return {**known, STRANGER: signed_by(folder, names)}


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("area", SERVICES)
def test_only_the_callers_of_the_contract_get_past_the_door(
    mesh: Installation, identities: dict[str, Identity], area: str, identity: str
) -> None:
    with channel(mesh, area, identities[identity]) as open_channel:
        verdicts = {
            method.full_name: reason(open_channel, method)
            for method in SOURCE.methods()
            if method.full_name.split(".")[1] == area
        }

    expected_refused = {
        method.full_name
        for method in SOURCE.methods()
        if method.full_name in verdicts and identity not in policy(method).callers
    }
    refused = {name for name, verdict in verdicts.items() if verdict == "CALLER_NOT_ALLOWED"}
    assert verdicts
    assert refused == expected_refused


@pytest.mark.parametrize("area", SERVICES)
def test_no_certificate_is_refused(mesh: Installation, area: str) -> None:
    assert not answers(mesh, area, None)


@pytest.mark.parametrize("area", SERVICES)
def test_a_certificate_of_another_authority_is_refused(
    mesh: Installation, tmp_path: Path, area: str
) -> None:
    ensure_certificates(tmp_path)
    foreign = tmp_path / "gateway"
    identity = ((foreign / "key.pem").read_bytes(), (foreign / "cert.pem").read_bytes())

    assert not answers(mesh, area, identity)


@pytest.mark.parametrize("area", SERVICES)
def test_a_certificate_with_two_names_is_nobody(mesh: Installation, area: str) -> None:
    names = [
        x509.UniformResourceIdentifier(spiffe_id("gateway")),
        x509.UniformResourceIdentifier(spiffe_id("chat")),
        x509.DNSName(dns_name("gateway")),
    ]
    identity = signed_by(mesh.data / "certificates", names)

    with channel(mesh, area, identity) as open_channel:
        for method in SOURCE.methods():
            if method.full_name.split(".")[1] == area:
                assert reason(open_channel, method) == "CALLER_NOT_ALLOWED"


@pytest.mark.parametrize("area", SERVICES)
def test_the_right_certificate_is_let_in(
    mesh: Installation, identities: dict[str, Identity], area: str
) -> None:
    assert answers(mesh, area, identities["gateway"])


@pytest.mark.parametrize("name", [*SERVICES, "bridge"])
def test_plain_text_is_refused(mesh: Installation, name: str) -> None:
    port = int(mesh.environment[f"HELPDESK_{name.upper()}_PORT"])
    for opening in (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(5)
            connection.sendall(opening)
            assert b"HTTP/1.1 200" not in received(connection)


def received(connection: socket.socket) -> bytes:
    """What the other side says before it closes or resets."""

    def pieces() -> Iterator[bytes]:
        try:
            while piece := connection.recv(4096):
                yield piece
        except ConnectionResetError:
            return

    return b"".join(pieces())


def signed_by(folder: Path, names: list[x509.GeneralName]) -> Identity:
    authority = x509.load_pem_x509_certificates((folder / "ca.pem").read_bytes())[0]
    authority_key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = make_leaf(authority, authority_key, key, names=names, now=utc_now())
    return (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        leaf.public_bytes(serialization.Encoding.PEM),
    )


def channel(mesh: Installation, area: str, identity: Identity | None) -> grpc.Channel:
    authority = (mesh.data / "certificates" / "ca.pem").read_bytes()
    credentials = grpc.ssl_channel_credentials(authority, *(identity or (None, None)))
    return grpc.secure_channel(
        f"127.0.0.1:{mesh.environment[f'HELPDESK_{area.upper()}_PORT']}",
        credentials,
        (("grpc.ssl_target_name_override", dns_name(area)),),
    )


def answers(mesh: Installation, area: str, identity: Identity | None) -> bool:
    """Whether anything but a broken connection comes back."""
    method = next(m for m in SOURCE.methods() if m.full_name.split(".")[1] == area)
    with channel(mesh, area, identity) as open_channel:
        return reason(open_channel, method) != "UNREACHABLE"


def reason(open_channel: grpc.Channel, method: Any) -> str:  # noqa: ANN401  a method descriptor
    """Why a call without token and with an empty request is refused."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    kind: Any = open_channel.unary_stream if method.server_streaming else open_channel.unary_unary
    try:
        answer = kind(path)(b"", timeout=5)
        next(iter(answer)) if method.server_streaming else None
    except grpc.RpcError as error:
        status = rpc_status.from_call(cast("grpc.Call", error))
        info = error_details_pb2.ErrorInfo()
        if status is not None and any(detail.Unpack(info) for detail in status.details):
            return str(info.reason)
        code = cast("grpc.Call", error).code()
        return "UNREACHABLE" if code is grpc.StatusCode.UNAVAILABLE else str(code.name)
    return "OK"
