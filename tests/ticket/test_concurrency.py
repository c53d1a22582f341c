"""Many at once: what the etag is for."""

import asyncio
from collections import Counter

import grpc

from helpdesk.ticket.v1 import ticket_pb2
from tests.ticket.clients import People


async def test_of_fifty_updates_of_one_revision_one_is_done(people: People) -> None:
    ticket = await people.anna.opened()

    async def update(place: int) -> str:
        content = ticket_pb2.Ticket(
            ticket_id=ticket.ticket_id, subject="x", body=str(place), etag=ticket.etag
        )
        try:
            return str((await people.alex.UpdateTicket(ticket=content)).body)
        except grpc.aio.AioRpcError as error:
            return error.code().name

    outcomes = Counter(await asyncio.gather(*map(update, range(50))))
    after = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert outcomes == {after.body: 1, "ABORTED": 49}
    assert after.etag == '"2"'


async def test_when_all_read_again_no_update_is_lost(people: People) -> None:
    """Each adds one to what it read, and reads again when somebody else was faster."""
    ticket = await people.anna.opened(body="0")

    async def add_one() -> None:
        while True:
            read = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
            read.body = str(int(read.body) + 1)
            try:
                await people.alex.UpdateTicket(ticket=read)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.ABORTED:
                    raise
            else:
                return

    await asyncio.gather(*(add_one() for _ in range(15)))
    after = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert (after.body, after.etag) == ("15", '"16"')


async def test_without_etags_updates_are_lost(people: People) -> None:
    """The control: the same without the etag forgets what others wrote."""
    ticket = await people.anna.opened(body="0")
    read = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    read.etag = ""
    read.body = "1"
    await asyncio.gather(*(people.alex.UpdateTicket(ticket=read) for _ in range(5)))
    after = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert after.body == "1"
