"""Who gets through to a handler, by certificate alone. The first test is the others' control."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from grpc import StatusCode

from helpdesk.auth.v1 import token_service_pb2, token_service_pb2_grpc
from services.mesh.certificates import ensure_certificates, make_leaf
from services.mesh.clock import utc_now
from services.mesh.interceptors.caller_identity import caller_identity
from services.mesh.server import MeshServer
from services.mesh.settings import MeshSettings
from services.mesh.tls import ServerIdentity, channel_target_options, identity_version
from tests.mesh.scripted import SERVICES, Scripted
from tests.support.mesh_server import (
    FakeAuthority,
    RunningServer,
    plain_channel,
    refused,
    running_server,
)

KEYS = token_service_pb2.GetSigningKeysRequest()
GOOD_URI = x509.UniformResourceIdentifier("spiffe://helpdesk.internal/svc/gateway")
GOOD_DNS = x509.DNSName("gateway.helpdesk.internal")


async def ask(channel: grpc.aio.Channel) -> None:
    stub: Any = token_service_pb2_grpc.TokenServiceStub(channel)
    try:
        await stub.GetSigningKeys(KEYS, timeout=5)
    finally:
        await channel.close()


def forged(
    authority: Path,
    target: Path,
    names: Sequence[x509.GeneralName],
    *,
    begins: timedelta = timedelta(),
    life: timedelta = timedelta(hours=1),
) -> Path:
    """A folder with a certificate of the given authority that says whatever we like."""
    issuer = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    issuer_key = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = make_leaf(issuer, issuer_key, key, names=names, now=utc_now() + begins, life=life)
    folder = target / "forged"
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder


def with_trust(folder: Path, trusted: Path) -> Path:
    (folder.parent / "ca.pem").write_bytes((trusted / "ca.pem").read_bytes())
    return folder


async def test_a_certificate_with_our_names_is_let_in(
    server: RunningServer, mesh_certificates: Path, tmp_path: Path
) -> None:
    folder = forged(mesh_certificates, tmp_path, [GOOD_URI, GOOD_DNS])
    await ask(plain_channel(with_trust(folder, mesh_certificates), "auth", server.port))


@pytest.mark.parametrize(
    "names",
    [
        [GOOD_URI, x509.UniformResourceIdentifier("spiffe://helpdesk.internal/svc/chat"), GOOD_DNS],
        [GOOD_URI, GOOD_URI],
        [GOOD_DNS],
        [x509.UniformResourceIdentifier("spiffe://helpdesk.internal/svc/Gateway"), GOOD_DNS],
        [x509.UniformResourceIdentifier("spiffe://helpdesk.internal/svc/gateway/"), GOOD_DNS],
        [x509.UniformResourceIdentifier("spiffe://helpdesk.internal/svc/*"), GOOD_DNS],
        [x509.UniformResourceIdentifier("spiffe://helpdesk.internal/svc/x/gateway"), GOOD_DNS],
        [x509.UniformResourceIdentifier("spiffe://elsewhere.example/svc/gateway"), GOOD_DNS],
        [x509.UniformResourceIdentifier("https://helpdesk.internal/svc/gateway"), GOOD_DNS],
        [x509.UniformResourceIdentifier("spiffe://helpdesk.internal/svc/gateway\x00.x"), GOOD_DNS],
    ],
    ids=[
        "two services",
        "twice the same",
        "no SPIFFE name",
        "upper case",
        "trailing slash",
        "wildcard",
        "deeper path",
        "other trust domain",
        "other scheme",
        "NUL byte",
    ],
)
async def test_a_certificate_of_ours_without_one_plain_name_is_refused(
    server: RunningServer,
    mesh_certificates: Path,
    tmp_path: Path,
    names: Sequence[x509.GeneralName],
) -> None:
    folder = with_trust(forged(mesh_certificates, tmp_path, names), mesh_certificates)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ask(plain_channel(folder, "auth", server.port))
    assert caught.value.code() in {StatusCode.PERMISSION_DENIED, StatusCode.UNAVAILABLE}


async def test_another_services_certificate_does_not_open_what_is_not_its_own(
    server: RunningServer,
) -> None:
    with refused(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
        stub: Any = token_service_pb2_grpc.TokenServiceStub(server.channel("bridge"))
        await stub.GetSigningKeys(KEYS)


async def test_the_edge_certificate_opens_nothing(
    server: RunningServer, mesh_certificates: Path
) -> None:
    with refused(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
        await ask(plain_channel(mesh_certificates / "edge", "auth", server.port))


@pytest.mark.parametrize(
    ("begins", "life"),
    [(timedelta(hours=-2), timedelta(hours=1)), (timedelta(hours=1), timedelta(hours=1))],
    ids=["expired", "not yet valid"],
)
async def test_a_certificate_out_of_its_time_is_refused(
    server: RunningServer,
    mesh_certificates: Path,
    tmp_path: Path,
    begins: timedelta,
    life: timedelta,
) -> None:
    folder = forged(mesh_certificates, tmp_path, [GOOD_URI, GOOD_DNS], begins=begins, life=life)
    await refuses(plain_channel(with_trust(folder, mesh_certificates), "auth", server.port))


async def test_a_foreign_authoritys_certificate_is_refused(
    server: RunningServer, mesh_certificates: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    ensure_certificates(foreign)
    folder = forged(foreign, tmp_path / "mine", [GOOD_URI, GOOD_DNS])
    await refuses(plain_channel(with_trust(folder, mesh_certificates), "auth", server.port))


async def test_no_certificate_is_refused(server: RunningServer, mesh_certificates: Path) -> None:
    credentials = grpc.ssl_channel_credentials((mesh_certificates / "ca.pem").read_bytes())
    await refuses(
        grpc.aio.secure_channel(
            f"127.0.0.1:{server.port}", credentials, options=channel_target_options("auth")
        )
    )


async def test_plain_text_is_refused(server: RunningServer) -> None:
    await refuses(grpc.aio.insecure_channel(f"127.0.0.1:{server.port}"))


async def test_a_client_refuses_a_server_of_another_name(
    server: RunningServer, mesh_certificates: Path
) -> None:
    await refuses(plain_channel(mesh_certificates / "gateway", "ticket", server.port))


async def test_new_files_are_served_to_new_connections(scripted: Scripted, tmp_path: Path) -> None:
    certificates = tmp_path / "certificates"
    settings = MeshSettings(data=tmp_path, certificates=certificates)
    async with running_server("auth", scripted.register, SERVICES, settings) as server:
        old = certificates.with_name("old")
        old.mkdir()
        (old / "ca.pem").write_bytes((certificates / "ca.pem").read_bytes())
        (old / "gateway").mkdir()
        for file in ("cert.pem", "key.pem"):
            (old / "gateway" / file).write_bytes((certificates / "gateway" / file).read_bytes())
        # Nobody is trusted any more who was before, so that the outcome shows which files count.
        (certificates / "ca.key").unlink()
        (certificates / "ca.pem").unlink()
        ensure_certificates(certificates)
        await ask(plain_channel(old / "gateway", "auth", server.port))
        assert server.mesh_server.identity is not None
        assert server.mesh_server.identity.refresh()
        assert not server.mesh_server.identity.refresh()
        await ask(plain_channel(certificates / "gateway", "auth", server.port))
        await refuses(plain_channel(old / "gateway", "auth", server.port))


async def test_an_identity_that_is_missing_for_a_moment_stays_as_it_was(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    identity = ServerIdentity(tmp_path / "auth")
    version = identity_version(tmp_path / "auth")
    (tmp_path / "auth").rename(tmp_path / "elsewhere")
    assert not await asyncio.to_thread(identity.refresh)
    (tmp_path / "elsewhere").rename(tmp_path / "auth")
    assert identity_version(tmp_path / "auth") == version


async def refuses(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ask(channel)
    assert caught.value.code() is StatusCode.UNAVAILABLE


async def test_control_grpcs_own_reading_of_the_name_ends_at_a_nul_byte(
    scripted: Scripted, mesh_settings: MeshSettings, mesh_certificates: Path, tmp_path: Path
) -> None:
    seen: list[bytes] = []

    async def look(_: object, context: Any) -> token_service_pb2.JsonWebKeySet:  # noqa: ANN401
        seen.extend(context.auth_context()["peer_spiffe_id"])
        return token_service_pb2.JsonWebKeySet()

    scripted.answers["GetSigningKeys"] = look
    trusting = MeshServer(
        name="auth",
        settings=mesh_settings,
        register=scripted.register,
        services=SERVICES,
        authority=FakeAuthority(),
        port=0,
    )
    trusting.interceptors.remove(caller_identity)
    port = await trusting.start()
    uri = x509.UniformResourceIdentifier("spiffe://helpdesk.internal/svc/gateway\x00.x")
    folder = with_trust(forged(mesh_certificates, tmp_path, [uri, GOOD_DNS]), mesh_certificates)
    await ask(plain_channel(folder, "auth", port))
    await trusting.stop(None)
    assert seen == [b"spiffe://helpdesk.internal/svc/gateway"]
