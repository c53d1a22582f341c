"""Calls to addresses that users wrote: to the open internet, and never around the corner."""

import asyncio
import ssl
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from services.mesh import outbound as outbound_module
from services.mesh.certificates import ensure_certificates
from services.mesh.outbound import Outbound, OutboundRefused, OutboundRules
from services.mesh.public_addresses import is_public
from tests.support.web_server import Request, reply, web_server

STRICT = OutboundRules()
DEVELOPMENT = OutboundRules(allows_loopback=True)
LIMIT = 1000

# Every spelling that has led a checker and a connector to different places.
INWARD_URLS = [
    *(f"https://{host}/" for host in (
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1",
        "0177.0.0.1", "127.0.0.1.", "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.",  # noqa: S104
        "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "100.64.0.1",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[::10.0.0.1]",
        "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[2002:808:808::1]",
        "[2001:0:7f00:1::]", "[fc00::1]", "[fd00::1]", "[fd00:ec2::254]", "[fe80::1]",
        "[fe80::1%25lo]", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[3fff::1]", "[5f00::1]",
    )),
    "http://8.8.8.8/", "https://8.8.8.8:80/", "https://8.8.8.8:8443/", "https://8.8.8.8:22/",
    "https://8.8.8.8:0/", "ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "//8.8.8.8/",
    "https://", "https:///", "https://8.8.8.8@127.0.0.1/", "https://127.0.0.1@8.8.8.8/",
    "https://8.8.8.8#@127.0.0.1/", "https://8.8.8.8\\@127.0.0.1/", "https://8.8.8.8\t.evil/",
    "https://8.8.8.8 /", "https://8.8.8.8\r\nHost: x/", "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/",
    "https://%31%32%37.0.0.1/", "https://[::1/", "https://8.8.8.8:443443/",
]  # fmt: skip


class Connected(Exception):
    """A call got as far as the network."""


def sealed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(*_: object, **__: object) -> None:
        raise Connected

    monkeypatch.setattr(Outbound, "_exchange", connect)


@pytest.mark.parametrize("url", INWARD_URLS)
async def test_no_spelling_leads_inward(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed_network(monkeypatch)
    with pytest.raises(OutboundRefused):
        await Outbound(STRICT).get(url, LIMIT)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111"])
async def test_a_public_address_is_reached(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""
    sealed_network(monkeypatch)
    with pytest.raises(Connected):
        await Outbound(STRICT, answering(address)).get("https://idp.example/", LIMIT)


async def test_without_the_check_inward_spellings_are_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its other control: most of the spellings are real addresses, not mere nonsense."""
    sealed_network(monkeypatch)
    monkeypatch.setattr(OutboundRules, "allow", lambda *_: True)
    reached = 0
    for url in INWARD_URLS:
        try:
            await Outbound(STRICT).get(url, LIMIT)
        except Connected:
            reached += 1
        except OutboundRefused:
            continue
    assert reached > 50


def test_python_calls_addresses_public_that_are_not() -> None:
    """Why `is_global` alone would not do."""
    for address in ("64:ff9b::a9fe:a9fe", "2002:7f00:1::", "224.0.0.1", "168.63.129.16"):
        assert ip_address(address).is_global
        assert not is_public(ip_address(address))


def answering(*addresses: str) -> outbound_module.Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8"), ("::1",), ()]
)
async def test_a_name_with_one_bad_address_is_refused_as_a_whole(
    addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_network(monkeypatch)
    with pytest.raises(OutboundRefused):
        await Outbound(STRICT, answering(*addresses)).get("https://idp.example/", LIMIT)


async def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_called() -> None:
    """A name whose second answer leads elsewhere has no second answer."""
    asked = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with web_server(_hello) as server:
        rules = OutboundRules(networks=(ip_network("127.0.0.0/8"),), allows_loopback=True)
        answer = await Outbound(rules, rebinding).get(f"http://localhost:{server.port}/x", LIMIT)
    assert (answer.status, answer.body) == (200, b"hello")
    assert asked == ["localhost"]
    assert server.requests[0].headers["host"] == f"localhost:{server.port}"


async def test_loopback_is_for_addresses_that_say_so_and_only_in_development() -> None:
    async with web_server(_hello) as server:
        assert (await Outbound(DEVELOPMENT).get(server.url, LIMIT)).body == b"hello"
        with pytest.raises(OutboundRefused):
            await Outbound(STRICT).get(server.url, LIMIT)
        url = f"https://idp.example:{server.port}/"
        with pytest.raises(OutboundRefused):
            await Outbound(DEVELOPMENT, answering("127.0.0.1")).get(url, LIMIT)


async def test_networks_of_ones_own_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed_network(monkeypatch)
    rules = OutboundRules(networks=(ip_network("10.1.0.0/16"),))
    with pytest.raises(Connected):
        await Outbound(rules, answering("10.1.2.3")).get("https://idp.corp:8443/", LIMIT)
    with pytest.raises(OutboundRefused):
        await Outbound(rules, answering("10.2.2.3")).get("https://idp.corp:8443/", LIMIT)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 P"])
async def test_a_redirect_is_not_followed(status: str) -> None:
    async def redirect(request: Request) -> bytes:
        return reply(b"", status, location="http://127.0.0.1/inside")

    async with web_server(redirect) as server:
        with pytest.raises(OutboundRefused, match="redirect"):
            await Outbound(DEVELOPMENT).get(server.url, LIMIT)
    assert len(server.requests) == 1


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_an_answer_may_be_so_long_and_no_longer(is_chunked: bool) -> None:
    async def long(request: Request) -> bytes:
        body = b"x" * int(request.path[1:])
        if not is_chunked:
            return reply(body)
        head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        return head + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"

    async with web_server(long) as server:
        assert len((await Outbound(DEVELOPMENT).get(f"{server.url}/1000", LIMIT)).body) == LIMIT
        with pytest.raises(OutboundRefused, match="more than 1000 bytes"):
            await Outbound(DEVELOPMENT).get(f"{server.url}/1001", LIMIT)


async def test_a_compressed_answer_is_refused() -> None:
    async def compressed(request: Request) -> bytes:
        assert request.headers["accept-encoding"] == "identity"
        return reply(b"\x1f\x8b", content_encoding="gzip")

    async with web_server(compressed) as server:
        with pytest.raises(OutboundRefused, match="compressed"):
            await Outbound(DEVELOPMENT).get(server.url, LIMIT)


async def test_a_server_that_drips_is_left_after_the_whole_time() -> None:
    until = asyncio.Event()

    async def never(request: Request) -> bytes:
        await until.wait()
        return b""

    async with web_server(never) as server:
        with pytest.raises(OutboundRefused, match=r"within 0\.2 s"):
            await Outbound(DEVELOPMENT, seconds=0.2).get(server.url, LIMIT)
        until.set()


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with web_server(_hello) as server:
        assert (await Outbound(DEVELOPMENT).get(server.url, LIMIT)).body == b"hello"


async def test_a_server_that_is_not_there_is_named_plainly() -> None:
    async with web_server(_hello) as server:
        url = server.url
    with pytest.raises(OutboundRefused, match="cannot be reached"):
        await Outbound(DEVELOPMENT).get(url, LIMIT)
    with pytest.raises(OutboundRefused, match="cannot be resolved"):
        await Outbound(STRICT, _unknown).get("https://nobody.example/", LIMIT)


async def test_tls_is_held_to_the_name_and_not_to_the_address(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(tmp_path / "auth" / "cert.pem", tmp_path / "auth" / "key.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    rules = OutboundRules(networks=(ip_network("127.0.0.0/8"),))
    async with web_server(_hello, server_side) as server:
        own = Outbound(rules, answering("127.0.0.1"), trusting)
        url = f"https://auth.helpdesk.internal:{server.port}/"
        assert (await own.get(url, LIMIT)).body == b"hello"
        with pytest.raises(OutboundRefused, match="certificate is not trusted"):
            await own.get(f"https://other.example:{server.port}/", LIMIT)
        with pytest.raises(OutboundRefused, match="certificate is not trusted"):
            await Outbound(rules, answering("127.0.0.1")).get(url, LIMIT)


async def test_a_form_is_posted() -> None:
    async with web_server(_hello) as server:
        await Outbound(DEVELOPMENT).post(server.url, {"a": "b c"}, LIMIT, {"authorization": "x"})
    [request] = server.requests
    assert (request.verb, request.body, request.headers["authorization"]) == ("POST", b"a=b+c", "x")


async def _hello(request: Request) -> bytes:
    return reply(b"hello")


async def _unknown(host: str, port: int) -> Sequence[str]:
    raise OSError("no such name")
