"""Every cell of the matrix, computed from the contract and then tried through the gateway."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from google.protobuf.message import Message

from helpdesk.auth.v1 import (
    auth_pb2,
    role_service_pb2,
    tenant_service_pb2,
    token_service_pb2,
    user_service_pb2,
)
from services.auth.standard_roles import (
    ADMIN_PERMISSIONS,
    AGENT_PERMISSIONS,
    CUSTOMER_PERMISSIONS,
    OPERATOR,
)
from tests.security.cast import Cast
from tests.security.cells import WORK_WITH_A_SECRET, Actor, Cell, cells_of
from tests.security.databases import postgresql_settings
from tests.security.digest import contents_of
from tests.security.doors import OVERLOADED, Answer, Door
from tests.security.kinds import object_field
from tests.security.mutation import Change, changed_tree
from tests.security.progress import Progress
from tests.security.requests import a_request, a_role_name
from tests.security.rpcs import exposed_rpcs, rpc
from tests.security.section import Control, Figure, Outcome, Scale, Section
from tests.security.stage import House, Stage, running_stage

FIGURE = Figure("cells of role x method x tenant x state", "100 % right", 1000)
_AT_ONCE = 24
_HOUSES = {
    "north": {
        "agent": "agent",
        "customer": "customer",
        "colleague": "customer",
        "disabled": "admin",
    },
    "south": {"customer": "customer"},
    "west": {},
}

CLERK_PERMISSIONS = frozenset(
    {
        "auth.api_keys.create",
        "auth.identity.get",
        "auth.users.get",
        "chat.messages.send",
        "chat.sessions.create",
        "chat.sessions.get",
        "chat.sessions.hand_off",
        "search.documents.get",
        "search.passages.search",
        "ticket.tickets.assign",
        "ticket.tickets.create",
        "ticket.tickets.get",
        "ticket.tickets.list",
    }
)

PERMISSION_CHECK = Change(
    "services/mesh/interceptors/permission.py",
    "            _check(current_caller(), needed)\n",
    "",
)


async def run(scale: Scale, seed: int) -> Outcome:
    outcomes = []
    for database in ("SQLite",) if scale is Scale.SHORT else ("SQLite", "PostgreSQL"):
        async with _stage_on(database) as stage:
            outcomes.append(await fill_in(stage, database))
    return Outcome(
        sum(outcome.count for outcome in outcomes),
        [failure for outcome in outcomes for failure in outcome.failures],
        await control(),
        [line for outcome in outcomes for line in outcome.details],
    )


async def control() -> Control:
    """The services without their question for the permission, asked by a customer."""
    with changed_tree(PERMISSION_CHECK) as tree:
        async with running_stage(tree=tree) as stage:
            found = await fill_in(stage, "SQLite", actors={"customer"})
    return Control("the question for the permission", caught=bool(found.failures))


async def fill_in(stage: Stage, database: str, actors: Collection[str] = ()) -> Outcome:
    houses = {name: await stage.build_house(people) for name, people in _HOUSES.items()}
    houses["north"] = await _with_clerk(stage, houses["north"])
    await _end_standing(stage, houses)
    cast = Cast(stage, houses)
    cells = [
        cell
        for actor in all_actors(cast)
        if not actors or actor.name in actors
        for each in exposed_rpcs()
        for cell in cells_of(actor, each)
    ]
    await _make_shared(cast, cells)
    before = await contents_of(stage, houses["south"], cast.of("south"))
    doors: Sequence[Door] = (stage.grpc_door, stage.rest_door)
    tries = [(door, cell) for cell in cells for door in doors if door.opens(cell.rpc)]
    progress = Progress(f"matrix on {database}", len(tries))
    free = asyncio.Semaphore(_AT_ONCE)

    async def attempt(door: Door, cell: Cell) -> str:
        async with free:
            answer = await _answer(cast, door, cell)
            if answer.code in OVERLOADED:
                answer = await _answer(cast, door, cell)
            progress.step()
        if cell.is_right(answer):
            return ""
        return f"{database}, {door.name}: {cell}: wanted {cell.wanted}, got {answer}"

    wrong = await asyncio.gather(*(attempt(*one) for one in tries))
    after = await contents_of(stage, houses["south"], cast.of("south"))
    moved = [
        f"{database}: {name} differs in the foreign house"
        for name in before
        if before[name] != after.get(name)
    ]
    verdicts = Counter(cell.wanted.split(" ")[0] for _, cell in tries)
    told = ", ".join(f"{count:,} {name}" for name, count in verdicts.most_common())
    return Outcome(
        len(tries),
        [*filter(None, wrong), *moved],
        Control("", caught=True),
        [f"{database}: {len(tries):,} cells of {len(exposed_rpcs())} RPCs; wanted {told}"],
    )


def all_actors(cast: Cast) -> list[Actor]:
    north = cast.houses["north"]
    return [
        Actor("admin", north["admin"], ADMIN_PERMISSIONS),
        Actor("agent", north["agent"], AGENT_PERMISSIONS),
        Actor("customer", north["customer"], CUSTOMER_PERMISSIONS),
        Actor("clerk", north["clerk"], CLERK_PERMISSIONS),
        Actor("operator", cast.stage.operator, OPERATOR.permissions),
        Actor("disabled", north["disabled"], ADMIN_PERMISSIONS, refusal="TOKEN_INVALID"),
        Actor("suspended", cast.houses["west"]["admin"], ADMIN_PERMISSIONS, "TOKEN_INVALID"),
        Actor("nobody", None, (), refusal="TOKEN_MISSING"),
    ]


async def _with_clerk(stage: Stage, house: House) -> House:
    """Somebody whose role the tenant has made up."""
    role = auth_pb2.Role(name=a_role_name(), permissions=sorted(CLERK_PERMISSIONS))
    made = role_service_pb2.CreateRoleRequest(role=role)
    await stage.must(house["admin"], "CreateRole", made)
    clerk = await stage.add_person(house["admin"], "clerk", role.name)
    await stage.wait_until_known(clerk)
    return replace(house, people={**house.people, "clerk": clerk})


async def _end_standing(stage: Stage, houses: Mapping[str, House]) -> None:
    """Disables somebody and suspends a tenant; the tokens that they hold stay theirs."""
    disabled, suspended = houses["north"]["disabled"], houses["west"]["admin"]
    tokens = {person.email: await stage.token(person) for person in (disabled, suspended)}
    disable = user_service_pb2.DisableUserRequest(user_id=disabled.user_id)
    await stage.must(houses["north"]["admin"], "DisableUser", disable)
    suspend = tenant_service_pb2.SuspendTenantRequest(tenant_id=houses["west"].tenant_id)
    await stage.must(stage.operator, "SuspendTenant", suspend)
    for person in (disabled, suspended):
        person.token_ends = float("inf")
        for name in ("ListUsers", "ListTickets", "ListDocuments", "CreateSession"):
            request = a_request(rpc(name), {})
            token = tokens[person.email]
            # In other processes, which tell nobody when they have heard.
            while (await stage.grpc_door.call(token, rpc(name), request)).code == "OK":  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def _answer(cast: Cast, door: Door, cell: Cell) -> Answer:
    person = cell.actor.person
    token = await cast.stage.token(person) if person else ""
    return await door.call(token, cell.rpc, await _request(cast, cell))


async def _request(cast: Cast, cell: Cell) -> Message:
    if cell.rpc.name in WORK_WITH_A_SECRET:
        return await _WITH_SECRET[cell.rpc.name](cast)
    field = object_field(cell.rpc)
    if field is None or cell.kind is None:
        return a_request(cell.rpc, {})
    object_id = cell.kind.missing()
    if cell.whose != "missing":
        house, owner = _owner(cast, cell)
        make = cast.fresh if cell.changes_something else cast.shared
        object_id = await make(cell.kind, house, owner, cell.state)
    return a_request(cell.rpc, {str(field.path): object_id})


def _owner(cast: Cast, cell: Cell) -> tuple[str, str]:
    if cell.whose == "foreign":
        return "south", "customer"
    if cell.whose == "a colleague's":
        return "north", "colleague"
    is_at_home = cell.actor.name in cast.houses["north"].people and not cell.actor.refusal
    return "north", cell.actor.name if is_at_home else "customer"


async def _make_shared(cast: Cast, cells: Sequence[Cell]) -> None:
    """Before the digest is taken, so that nothing is made in the foreign house after it."""
    for cell in cells:
        if cell.kind is not None and cell.whose == "foreign":
            await cast.shared(cell.kind, "south", "customer", cell.state)


async def _issue(cast: Cast) -> Message:
    person = cast.houses["north"]["colleague"]
    grant = token_service_pb2.PasswordGrant(
        tenant_slug=person.slug, email=person.email, password=person.password
    )
    return token_service_pb2.IssueTokenRequest(password=grant)


async def _refresh(cast: Cast) -> Message:
    token = await cast.stage.login(cast.houses["north"]["colleague"])
    return token_service_pb2.RefreshTokenRequest(refresh_token=token.refresh_token)


async def _revoke(cast: Cast) -> Message:
    token = await cast.stage.login(cast.houses["north"]["colleague"])
    return token_service_pb2.RevokeTokenRequest(refresh_token=token.refresh_token)


_WITH_SECRET = {"IssueToken": _issue, "RefreshToken": _refresh, "RevokeToken": _revoke}


@asynccontextmanager
async def _stage_on(database: str) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        settings: Mapping[str, str] = {}
        if database == "PostgreSQL":
            settings = stack.enter_context(postgresql_settings())
        yield await stack.enter_async_context(running_stage(settings))


SECTION = Section("matrix", FIGURE, run)
