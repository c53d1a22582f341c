"""Whom the gateway believes to be a service, and which certificates it shows itself."""

import asyncio
import ssl
from pathlib import Path

import httpx2
from cryptography import x509

from tests.gateway.certificate_authority import CertificateAuthority
from tests.gateway.edge import eventually
from tests.gateway.mesh import Mesh, running_mesh
from tests.gateway.refusals import reason_of
from tests.gateway.undefended import forget_identities


async def ticket_status(mesh: Mesh) -> int:
    async with mesh.client() as client:
        return (await client.get("/v1/tickets/1")).status_code


async def is_called(mesh: Mesh) -> bool:
    return await ticket_status(mesh) == 200


async def test_a_service_under_another_ones_identity_is_not_called(tmp_path: Path) -> None:
    async with running_mesh(tmp_path) as mesh:
        assert await ticket_status(mesh) == 200
        mesh.forget()

        await mesh["ticket"].stop()
        await mesh["ticket"].start(identity="chat")
        async with mesh.client() as client:
            answer = await client.get("/v1/tickets/1")
        assert answer.status_code == 503
        assert reason_of(answer) == "PEER_UNAVAILABLE"
        await mesh.edge.wait_until("/readyz", 503)
        assert await ticket_status(mesh) == 503
        assert mesh.calls() == []

        await mesh["ticket"].stop()
        await mesh["ticket"].start()
        await eventually(lambda: is_called(mesh))


async def test_control_without_the_name_in_the_check_it_would_be(tmp_path: Path) -> None:
    async with running_mesh(tmp_path, tamper=forget_identities) as mesh:
        await mesh["ticket"].stop()
        await mesh["ticket"].start(identity="chat")
        await eventually(lambda: is_called(mesh))


async def test_a_service_of_another_authority_is_not_called(tmp_path: Path) -> None:
    mesh = Mesh(tmp_path)
    stranger = CertificateAuthority("Another authority")
    mesh["ticket"].authority = stranger
    try:
        await mesh.start_upstreams()
        await mesh.start_edge()
        await mesh.edge.wait_until("/healthz", 200)
        assert await ticket_status(mesh) == 503
        assert mesh.calls() == []
    finally:
        await mesh.stop()


async def test_without_auth_a_token_is_not_called_invalid(tmp_path: Path) -> None:
    mesh = Mesh(tmp_path)
    try:
        await mesh.start_upstreams()
        await mesh["auth"].stop()
        await mesh.start_edge()
        await mesh.edge.wait_until("/healthz", 200)
        await mesh.edge.wait_until("/readyz", 503)
        async with mesh.client() as client:
            answer = await client.get("/v1/tickets/1")

        assert answer.status_code == 503
        assert reason_of(answer) == "PEER_UNAVAILABLE"
        assert answer.json()["details"][1]["retryDelay"] == "1s"
    finally:
        await mesh.stop()


async def shown_serial(mesh: Mesh) -> int:
    """The serial number of the certificate on the TLS port."""
    trust = ssl.create_default_context(cadata=mesh.authority.certificate.decode())
    _, writer = await asyncio.open_connection(
        "localhost", mesh.edge.https_port, ssl=trust, server_hostname="localhost"
    )
    try:
        encoded = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(encoded).serial_number
    finally:
        writer.close()
        await writer.wait_closed()


async def serial_of_the_client(mesh: Mesh) -> str:
    """What the gateway shows to the services, by its own account."""
    async with httpx2.AsyncClient() as client:
        certificates = await client.get(f"http://127.0.0.1:{mesh.edge.admin_port}/certs")
    return certificates.text


def serial_in(folder: Path) -> int:
    return x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes()).serial_number


async def test_a_certificate_is_changed_by_swapping_its_folder(tmp_path: Path) -> None:
    mesh = Mesh(tmp_path)
    for name in ("edge", "gateway"):
        make_swappable(mesh.certificates / name)
    try:
        await mesh.start_upstreams()
        await mesh.start_edge()
        await mesh.edge.wait_until("/readyz", 200)
        edge, gateway = mesh.certificates / "edge", mesh.certificates / "gateway"
        assert await shown_serial(mesh) == serial_in(edge)

        for name, folder in (("edge", edge), ("gateway", gateway)):
            fresh = mesh.certificates / f"{name}-2"
            mesh.authority.write_service(fresh, name)
            swap(folder, fresh)

        async def both_are_new() -> bool:
            client_has = f"{serial_in(gateway):032x}" in await serial_of_the_client(mesh)
            return client_has and await shown_serial(mesh) == serial_in(edge)

        await eventually(both_are_new)
        assert await ticket_status(mesh) == 200
    finally:
        await mesh.stop()


def make_swappable(folder: Path) -> None:
    first = folder.with_name(f"{folder.name}-1")
    folder.rename(first)
    folder.symlink_to(first)


def swap(link: Path, target: Path) -> None:
    """Points a symbolic link elsewhere in one step."""
    fresh = link.with_name(f"{link.name}.new")
    fresh.symlink_to(target)
    fresh.replace(link)
