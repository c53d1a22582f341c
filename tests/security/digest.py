"""Everything that a house can read of itself, as one text to compare before and after."""

import asyncio
from collections.abc import Iterable, Mapping

from google.protobuf.message import Message

from tests.security.cast import Known
from tests.security.doors import Answer
from tests.security.kinds import object_field
from tests.security.requests import a_request
from tests.security.rpcs import Rpc, exposed_rpcs
from tests.security.stage import House, Stage

# What grows by itself while the house is left alone: its people log in again now and then. And
# what is asked for a file that nobody has, which is another one each time.
_RESTLESS = ("Session", "Audit", "Watch", "SigningKeys", "Download")


async def contents_of(stage: Stage, house: House, known: Iterable[Known]) -> Mapping[str, str]:
    """What each reading RPC answers to those who may ask it, by a name for the question."""
    readers = [rpc for rpc in exposed_rpcs() if _is_steady(rpc)]
    questions: dict[str, asyncio.Task[Answer]] = {}
    objects = list(known)
    for rpc in readers:
        field = object_field(rpc)
        if field is None:
            request = a_request(rpc, {})
            questions[rpc.name] = asyncio.create_task(_ask(stage, house, rpc, request))
            continue
        for one in objects:
            if one.kind == field.kind:
                request = a_request(rpc, {str(field.path): one.object_id})
                person = one.owner if one.kind.is_personal else house["admin"]
                name = f"{rpc.name} {one.kind.name} {one.object_id}"
                questions[name] = asyncio.create_task(
                    stage.grpc_door.call(await stage.token(person), rpc, request)
                )
    return {name: (await task).body for name, task in questions.items()}


async def _ask(stage: Stage, house: House, rpc: Rpc, request: Message) -> Answer:
    return await stage.grpc_door.call(await stage.token(house["admin"]), rpc, request)


def _is_steady(rpc: Rpc) -> bool:
    is_chat = rpc.area == "chat"
    return (
        rpc.is_read
        and not rpc.policy.public
        and (is_chat or not any(word in rpc.name for word in _RESTLESS))
    )
