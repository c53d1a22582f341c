"""Routing asks triage before it gives a ticket to anybody."""

from services.ticket.triage.desk import Desk
from services.ticket.triage.judging import TriageJudge
from services.ticket.triage.worker import TriageWorker
from tests.ticket.clients import People
from tests.ticket.triage.test_sorting import SURE, UNSURE, turn_on


async def judged(desk: Desk, people: People, ticket_id: str) -> str:
    async with desk.store.reading(people.tenant_id) as tickets:
        ticket = await tickets.find(ticket_id)
    assert ticket is not None
    settling = await TriageJudge(desk).judge(people.tenant_id, ticket)
    async with desk.store.transaction(people.tenant_id):
        return await settling()


async def test_it_moves_the_ticket_and_says_why(
    people: People, sorting_desk: Desk, worker: TriageWorker
) -> None:
    await turn_on(people.alex)
    sure = await people.anna.opened(body=SURE)
    unsure = await people.anna.opened(body=UNSURE)

    said = [await judged(sorting_desk, people, each.ticket_id) for each in (sure, unsure)]

    assert said == [
        "triage: classified, Access at 0.93; it is in the queue keys",
        "triage: unsure, Access at 0.41; it is in the queue general; a person is asked",
    ]
    assert (await people.alex.GetTicket(ticket_id=sure.ticket_id)).queue == "keys"
    assert await worker.work() == 0


async def test_what_does_not_wait_for_it_stays(people: People, sorting_desk: Desk) -> None:
    await turn_on(people.alex)
    ticket = await people.alex.opened(body=SURE, queue="general")

    said = await judged(sorting_desk, people, ticket.ticket_id)

    assert said == "it stays in the queue in which it was opened"
