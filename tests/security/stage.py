"""A real installation with two houses, and somebody of every role in each."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc.aio
from google.protobuf.message import Message

from helpdesk.auth.v1 import auth_pb2, tenant_service_pb2, token_service_pb2, user_service_pb2
from services.auth.standard_roles import OPERATOR_EMAIL, PLATFORM_SLUG
from services.mesh.settings import REPOSITORY
from tests.security.doors import OVERLOADED, Answer, GrpcDoor, RestDoor
from tests.security.http import HttpClient
from tests.security.requests import a_password, unique
from tests.security.rpcs import exposed_rpcs, rpc
from tests.support.installation import Installation, fresh_environment
from tests.support.mesh_server import plain_channel

SERVICES = ("auth", "ticket", "search", "chat")
_SPARE_SECONDS = 90
_LIFE_SECONDS = 300
_TRIES = 5
_PATIENCE_SECONDS = 10.0
_OPERATOR_PASSWORD = a_password()
_UNHURRIED = {
    f"HELPDESK_{who}_{what}": "1000000"
    for who in ("TENANT", "ANONYMOUS")
    for what in ("REQUESTS_PER_SECOND", "BURST")
}


@dataclass
class Person:
    slug: str
    email: str
    password: str
    user_id: str = ""
    roles: tuple[str, ...] = ()
    token: str = ""
    token_ends: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class House:
    """A tenant and its people by what they are."""

    slug: str
    tenant_id: str
    people: Mapping[str, Person]

    def __getitem__(self, name: str) -> Person:
        return self.people[name]


class Stage:
    def __init__(self, installation: Installation, rest: HttpClient) -> None:
        self.installation = installation
        self.rest = rest
        self.operator = Person(PLATFORM_SLUG, OPERATOR_EMAIL, _OPERATOR_PASSWORD)
        self.channel = grpc.aio.insecure_channel(installation.url.removeprefix("http://"))
        self.grpc_door = GrpcDoor(self.channel)
        self.rest_door = RestDoor(rest)
        settings = installation.settings
        folder = settings.certificate_folder("gateway")
        self.service_channels = {
            name: plain_channel(folder, name, settings.port(name)) for name in SERVICES
        }

    async def token(self, person: Person) -> str:
        async with person.lock:
            if time.monotonic() > person.token_ends - _SPARE_SECONDS:
                person.token = (await self.login(person)).access_token
                person.token_ends = time.monotonic() + _LIFE_SECONDS
            return person.token

    async def login(self, person: Person) -> token_service_pb2.Token:
        grant = token_service_pb2.PasswordGrant(
            tenant_slug=person.slug, email=person.email, password=person.password
        )
        return await self.issue_token(token_service_pb2.IssueTokenRequest(password=grant))

    async def issue_token(
        self, request: token_service_pb2.IssueTokenRequest
    ) -> token_service_pb2.Token:
        """Raises unless there is one."""
        answer = await patiently(lambda: self.grpc_door.call("", rpc("IssueToken"), request))
        reply = answer.reply
        assert isinstance(reply, token_service_pb2.Token), answer.body
        return reply

    async def ask(self, person: Person, name: str, request: Message) -> Answer:
        return await self.grpc_door.call(await self.token(person), rpc(name), request)

    async def must(self, person: Person, name: str, request: Message) -> Message:
        """For arranging: raises unless it was done."""
        answer = await patiently(lambda: self.ask(person, name, request))
        if answer.reply is None:
            raise AssertionError(f"{name} for {person.email}: {answer}\n{answer.body}")
        return answer.reply

    async def build_house(self, people: Mapping[str, str]) -> House:
        """A new tenant; `people` are roles by the name of who holds them."""
        admin = Person(unique("house"), f"{unique('admin')}@example.com", a_password())
        tenant = await self.must(
            self.operator,
            "CreateTenant",
            tenant_service_pb2.CreateTenantRequest(
                tenant=auth_pb2.Tenant(slug=admin.slug, display_name=admin.slug),
                admin=auth_pb2.User(email=admin.email, display_name="Admin"),
                admin_password=admin.password,
            ),
        )
        assert isinstance(tenant, auth_pb2.Tenant)
        admin.roles = ("admin",)
        found = await self.must(admin, "GetIdentity", token_service_pb2.GetIdentityRequest())
        assert isinstance(found, token_service_pb2.Identity)
        admin.user_id = found.user.user_id
        made = {name: await self.add_person(admin, name, role) for name, role in people.items()}
        house = House(admin.slug, tenant.tenant_id, {"admin": admin, **made})
        for person in house.people.values():
            await self.wait_until_known(person)
        return house

    async def add_person(self, admin: Person, name: str, *roles: str) -> Person:
        person = Person(admin.slug, f"{unique(name.replace(' ', '-'))}@example.com", a_password())
        person.roles = roles
        made = await self.must(
            admin,
            "CreateUser",
            user_service_pb2.CreateUserRequest(
                user=auth_pb2.User(email=person.email, display_name=name, roles=roles),
                password=person.password,
            ),
        )
        assert isinstance(made, auth_pb2.User)
        person.user_id = made.user_id
        return person

    async def wait_until_known(self, person: Person) -> None:
        """Until every service has heard of the person's roles, as far as a question can tell."""
        harmless = [
            each
            for each in exposed_rpcs()
            if each.policy.permission
            in ("ticket.tickets.list", "search.passages.search", "chat.sessions.create")
        ]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for each in harmless:
            request = each.request_type()
            if each.name == "SearchPassages":
                request.query = "printer"  # type: ignore[attr-defined]  # of this very type
            while (await self.ask(person, each.name, request)).code != "OK":
                assert time.monotonic() < deadline, f"{each.name} does not know {person.email}"
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        await self.channel.close()
        for channel in self.service_channels.values():
            await channel.close()


async def patiently(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Calls again while the machine is too busy; what was done late is only more of the same."""
    answer = await call()
    for _ in range(_TRIES - 1):
        if answer.code not in OVERLOADED:
            break
        await asyncio.sleep(1)
        answer = await call()
    return answer


@asynccontextmanager
async def running_stage(
    settings: Mapping[str, str] | None = None, tree: Path = REPOSITORY
) -> AsyncIterator[Stage]:
    """Starts an installation, on SQLite unless the settings name other databases."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-security-") as folder:
        environment = {
            **fresh_environment(Path(folder)),
            **_UNHURRIED,
            **(settings or {}),
            "HELPDESK_OPERATOR_PASSWORD": _OPERATOR_PASSWORD,
        }
        installation = Installation(environment, tree)
        started = await asyncio.to_thread(installation.run, "up", "--detach", "--no-demo")
        try:
            assert started.returncode == 0, started.stdout + started.stderr
            port = int(environment["HELPDESK_HTTP_PORT"])
            async with HttpClient(port, connections=24) as rest:
                stage = Stage(installation, rest)
                try:
                    yield stage
                finally:
                    await stage.close()
        finally:
            await asyncio.to_thread(installation.run, "down")
