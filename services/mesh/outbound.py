"""HTTP to addresses that users have written: never into our own network, never for long.

The name is resolved once, every address it has must be allowed, and the connection goes to the
address that was checked, while TLS and the Host header keep the name. There are no redirects, no
proxies and no connections kept for later.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

import httpx2 as httpx

from services.mesh.public_addresses import is_public

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

SECONDS = 5.0
HTTPS_PORT = 443
_REDIRECTS = range(300, 400)
_LONGEST_URL = 2048


class OutboundRefused(Exception):
    """`problem` says in plain words, for who wrote the address, what was wrong with it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class OutboundRules:
    """Exceptions from: https, port 443, public addresses."""

    networks: tuple[Network, ...] = ()
    allows_loopback: bool = False

    @property
    def has_exceptions(self) -> bool:
        return bool(self.networks) or self.allows_loopback

    def allow_plain(self, host: str) -> bool:
        return self.allows_loopback and is_loopback_name(host)

    def allow(self, address: Address, host: str, port: int) -> bool:
        if any(address in network for network in self.networks):
            return True
        if address.is_loopback:
            # Only where the address itself says so: a name of the outside that leads to loopback
            # is an attack also on a developer's machine.
            return self.allow_plain(host)
        return is_public(address) and port == HTTPS_PORT


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    retry_after: str = ""


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True, slots=True)
class _Call:
    verb: str
    url: SplitResult
    limit: int
    headers: Mapping[str, str]
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    takes_any_answer: bool = False

    @property
    def host(self) -> str:
        return str(self.url.hostname)

    @property
    def port(self) -> int:
        return port_of(self.url)


class Outbound:
    def __init__(
        self,
        rules: OutboundRules,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._rules = rules
        self._resolve = resolve
        self._tls = tls or ssl.create_default_context()
        self._seconds = seconds

    async def get(self, url: str, limit: int, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises OutboundRefused; also for answers that are longer than `limit` bytes."""
        return await self._send(_Call("GET", checked_url(url, self._rules), limit, headers or {}))

    async def post(
        self,
        url: str,
        form: Mapping[str, str],
        limit: int,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raises OutboundRefused; also for answers that are longer than `limit` bytes."""
        parts = checked_url(url, self._rules)
        return await self._send(_Call("POST", parts, limit, headers or {}, form))

    async def push(
        self, url: str, content: bytes, limit: int, headers: Mapping[str, str]
    ) -> Answer:
        """Returns whatever is answered, be it a redirect, with its first `limit` bytes at most.

        Raises OutboundRefused.
        """
        parts = checked_url(url, self._rules)
        call = _Call("POST", parts, limit, headers, content=content, takes_any_answer=True)
        return await self._send(call)

    async def _send(self, call: _Call) -> Answer:
        try:
            # One clock for all of it: an answer that drips keeps every single read short.
            async with asyncio.timeout(self._seconds):
                return await self._exchange(call, await self._address(call.host, call.port))
        except TimeoutError as error:
            raise OutboundRefused(f"did not answer within {self._seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise OutboundRefused(_reason(error)) from error

    async def _address(self, host: str, port: int) -> Address:
        try:
            found = [ip_address(text) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise OutboundRefused(f"the name {host} cannot be resolved") from error
        except ValueError as error:
            raise OutboundRefused(f"{host} has an address that is not allowed") from error
        if not found:
            raise OutboundRefused(f"the name {host} cannot be resolved")
        # All of them: a name with one good and one bad address is made to slip through.
        if not all(self._rules.allow(address, host, port) for address in found):
            raise OutboundRefused(
                f"{host} port {port} is not a public address with port 443, and not allowed here"
            )
        return found[0]

    async def _exchange(self, call: _Call, address: Address) -> Answer:
        netloc = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        target = call.url._replace(netloc=f"{netloc}:{call.port}").geturl()
        headers = {
            "accept": "application/json",
            # A compressed answer could be a thousand times longer than what was counted.
            "accept-encoding": "identity",
            "user-agent": "helpdesk",
            **call.headers,
            "host": call.url.netloc,
        }
        # A client for each call: a connection kept for one name must not serve another name that
        # happens to live at the same address.
        async with (
            httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=self._seconds) as client,
            client.stream(
                call.verb,
                target,
                headers=headers,
                data=call.form,
                content=call.content,
                follow_redirects=False,
                extensions={"sni_hostname": call.host},
            ) as response,
        ):
            if not call.takes_any_answer:
                _require_plain(response)
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > call.limit:
                    if call.takes_any_answer:
                        break
                    _refuse(f"answers with more than {call.limit} bytes")
            retry_after = response.headers.get("retry-after", "")
            return Answer(response.status_code, bytes(body[: call.limit]), retry_after)


def checked_url(url: str, rules: OutboundRules) -> SplitResult:
    """Raises OutboundRefused for all but a plain https address in its plain spelling."""
    if (
        len(url) > _LONGEST_URL
        or not url.isascii()
        or not url.isprintable()
        or set(url) & set(' \\"<>^`{|}')
    ):
        _refuse("the address holds characters that an address cannot hold")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", port_of(parts)
    except ValueError as error:
        raise OutboundRefused("this is not an address") from error
    if not host or "@" in parts.netloc or "#" in url or "%" in parts.netloc or not port:
        _refuse("the address must be https://NAME/…, without a user and without a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and rules.allow_plain(host)):
        _refuse("the address must begin with https://")
    return parts


def require_outward(url: str, rules: OutboundRules) -> None:
    """Looks up no name: what a name leads to is looked at before each call.

    Raises OutboundRefused for an address that no call would go to, however it is spelled.
    """
    parts = checked_url(url, rules)
    host, port = str(parts.hostname), port_of(parts)
    numeric = _numeric(host, port)
    if numeric is None and (port == HTTPS_PORT or rules.has_exceptions):
        return
    if numeric is None or not rules.allow(numeric, host, port):
        _refuse(f"{host} port {port} is not a public address with port 443, and not allowed here")


def is_loopback_name(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


def port_of(parts: SplitResult) -> int:
    """Raises ValueError."""
    if parts.port is not None:
        return parts.port
    return HTTPS_PORT if parts.scheme == "https" else 80


def _numeric(host: str, port: int) -> Address | None:
    try:
        [*_, (*_, found)] = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    except OSError:
        return None
    return ip_address(found[0])


def _require_plain(response: httpx.Response) -> None:
    if response.status_code in _REDIRECTS:
        _refuse("answers with a redirect, which is not followed")
    if response.headers.get("content-encoding", "identity") != "identity":
        _refuse("answers with compressed content")


def _reason(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return f"cannot be reached ({type(error).__name__})"


def _refuse(problem: str) -> NoReturn:
    raise OutboundRefused(problem)
