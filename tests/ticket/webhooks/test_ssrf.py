"""No address that a tenant writes leads a webhook into our own network.

Whatever would be connected to is led to a listener here instead, which counts.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from services.mesh import outbound
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.outbound import Address, Outbound, OutboundRules
from services.ticket.errors.webhooks import WebhookUrlRefused
from services.ticket.webhooks import keeping
from services.ticket.webhooks.model import SealedSecrets, Webhook
from tests.support.web_server import reply
from tests.ticket.clients import SEALER
from tests.ticket.webhooks.house import House
from tests.ticket.webhooks.receiver import HOST, receiving

STRICT = OutboundRules()

_HOSTS = (
    # Spellings of addresses.
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1",
    "0x7F.0x0.0x0.0x1", "0177.0.0.1", "0177.0.0.01", "127.0.0.1.", "127.255.255.254", "0",
    "0.0.0.0",  # noqa: S104
    "10.0.0.1", "167772161", "0xa000001", "012.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "0xc0a80001", "169.254.169.254", "2852039166", "0xa9fea9fe",
    "0251.0376.0251.0376", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[::10.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]", "[fc00::1]", "[fd00:ec2::254]",
    "[fe80::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[3fff::1]",
    # Names.
    "localhost", "LocalHost", "localhost.", "localhost.localdomain", "ip6-localhost",
    "metadata.google.internal", "metadata.google.internal.", "ticket.helpdesk.internal",
    "instance-data", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
    "router.local", "intranet", "127.0.0.1.nip.example", "xn--lcalhost-54a.example",
    "both.example", "rebinding.example",
)  # fmt: skip
_URLS = (
    *(f"https://{host}/" for host in _HOSTS),
    "https://8.8.8.8@127.0.0.1/", "https://127.0.0.1@8.8.8.8/", "https://user:word@10.0.0.1/",
    "https://8.8.8.8#@127.0.0.1/", "https://8.8.8.8\\@127.0.0.1/", "https://8.8.8.8 /",
    "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://127\uff0e0\uff0e0\uff0e1/", "https://loc\u00adalhost/",
    "https://%31%32%37.0.0.1/", "https://[::1%25lo]/", "https://[fe80::1%25lo]/", "https://[::1/",
    "https://127.0.0.1\t/", "https://127.0.0.1\r\nHost: x/", "http://127.0.0.1/", "http://8.8.8.8/",
    "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "//127.0.0.1/", "https:///",
    "https:127.0.0.1", "https://8.8.8.8:22/", "https://8.8.8.8:8443/", "https://8.8.8.8:0/",
    "https://8.8.8.8:99999/", "https://127.0.0.1:50051/", "https://localhost:8443/v1/tickets",
)  # fmt: skip


@dataclass
class Listener:
    """Where every connection ends that is made; `addresses` are those it was meant for."""

    port: int
    connections: int = 0
    addresses: list[Address] = field(default_factory=list)


@pytest.fixture
async def listener(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listener]:
    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counting.connections += 1
        writer.close()

    exchange = Outbound._exchange

    async def led_here(self: Outbound, call: outbound._Call, address: Address) -> outbound.Answer:
        counting.addresses.append(address)
        url = call.url._replace(netloc=f"127.0.0.1:{counting.port}")
        here = outbound._Call(call.verb, url, call.limit, call.headers, content=call.content)
        return await exchange(self, here, ip_address("127.0.0.1"))

    async with await asyncio.start_server(count, "127.0.0.1", 0) as server:
        counting = Listener(server.sockets[0].getsockname()[1])
        monkeypatch.setattr(Outbound, "_exchange", led_here)
        yield counting


class Resolver:
    """Knows numbers as the machine does; every name leads inward, one of them every other time."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        if host == "rebinding.example":
            self.asked += 1
            return ["8.8.8.8"] if self.asked % 2 else ["127.0.0.1"]
        if host == "both.example":
            return ["8.8.8.8", "10.0.0.1"]
        try:
            return await outbound.resolve(host, port)
        except OSError:
            return ["127.0.0.1"]


@pytest.fixture
async def strict(sqlite_database: Database, tenant_id: TenantId) -> AsyncIterator[House]:
    house = House(sqlite_database, tenant_id, rules=STRICT)
    yield house
    await house.clear()


async def posted(house: House, urls: Sequence[str]) -> None:
    """Past the check of who keeps an address, for a name may lead elsewhere when it is called."""
    resolver = Resolver()
    for url in urls:
        webhook = Webhook(
            webhook_id=(made := new_id()),
            url=url,
            event_types=(),
            description="",
            include_personal_data=False,
            include_internal=False,
            create_time=house.clock(),
        )
        secret = keeping.seal(SEALER, "whsec_AAAA", house.tenant_id, made)
        async with house.desk.store.transaction(house.tenant_id) as webhooks:
            await webhooks.add(webhook, SealedSecrets(secret))
        with house.acting():
            await keeping.send_test(house.desk, made)
        assert await house.sender(resolve=resolver, seconds=5).send_due() == 1
        await house.clear()


def test_there_are_many() -> None:
    assert len(set(_URLS)) >= 100


async def test_nothing_is_connected_to(strict: House, listener: Listener) -> None:
    await posted(strict, [url for url in _URLS if "rebinding" not in url])
    assert (listener.connections, listener.addresses) == (0, [])


async def test_without_the_guard_the_listener_is_reached(
    strict: House, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    monkeypatch.setattr(OutboundRules, "allow", lambda *_: True)
    await posted(strict, _URLS)
    assert listener.connections == len(listener.addresses) > 70


async def test_a_name_that_leads_elsewhere_the_second_time_gains_nothing(
    strict: House, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = ["https://rebinding.example/"] * 4
    resolver = Resolver()
    monkeypatch.setattr(f"{__name__}.Resolver", lambda: resolver)
    await posted(strict, urls)
    # Asked once for each message: two were refused, and two went to what was checked.
    assert resolver.asked == 4
    assert [str(address) for address in listener.addresses] == ["8.8.8.8", "8.8.8.8"]


@pytest.mark.parametrize("url", [url for url in _URLS if not url.isascii() or "@" in url])
async def test_what_is_no_plain_address_is_not_kept(strict: House, url: str) -> None:
    with pytest.raises(WebhookUrlRefused):
        await strict.hooked(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "169.254.169.254"])
async def test_what_is_plainly_inside_is_not_kept(strict: House, host: str) -> None:
    with pytest.raises(WebhookUrlRefused):
        await strict.hooked(f"https://{host}/")


@pytest.mark.parametrize("status", ["301 M", "302 Found", "303 See", "307 T", "308 P"])
async def test_a_redirect_leads_nowhere(
    sqlite_database: Database, tenant_id: TenantId, tmp_path: Path, status: str
) -> None:
    house = House(sqlite_database, tenant_id)
    async with receiving(tmp_path / "a") as first, receiving(tmp_path / "a") as second:
        first.answers = [reply(b"", status, location=second.url)]
        webhook, _ = await house.hooked(first.url)
        await house.open()
        sender = house.sender(first.trust)
        await sender.spread()
        await sender.send_due()
        assert (len(first.requests), len(second.requests)) == (1, 0)
        [delivery] = await house.deliveries(webhook)
        assert delivery.status_code == int(status.split(maxsplit=1)[0])
        assert delivery.delivered_time is None
    await house.clear()


async def test_a_certificate_of_another_name_is_not_taken(
    sqlite_database: Database, tenant_id: TenantId, tmp_path: Path
) -> None:
    house = House(sqlite_database, tenant_id)
    async with receiving(tmp_path) as receiver:
        webhook, _ = await house.hooked(receiver.url.replace(HOST, "receiver.example"))
        await house.open()
        sender = house.sender(receiver.trust)
        await sender.spread()
        await sender.send_due()
        assert receiver.requests == []
        [delivery] = await house.deliveries(webhook)
        assert "certificate is not trusted" in delivery.problem
    await house.clear()


def test_only_the_operator_opens_a_network() -> None:
    rules = OutboundRules((ip_network("10.1.0.0/16"),))
    assert rules.allow(ip_address("10.1.2.3"), "hooks.corp", 8443)
    assert not rules.allow(ip_address("10.2.2.3"), "hooks.corp", 443)
    assert not rules.allow(ip_address("127.0.0.1"), "localhost", 443)
