"""A tenant whose people have corrected enough gets a head of its own, and nobody else does."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from helpdesk.ticket.v1.queue_service_pb2 import Queue
from helpdesk.ticket.v1.triage_service_pb2 import TriageHead, TriageQueue, TriageSettings
from services.cli.screens.triage import head_line
from services.mesh.caller import TenantId, UserId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.domain import DEFAULT_QUEUE
from services.ticket.store import SqlTriageStore, SqlTriageTenants
from services.ticket.triage.desk import Desk
from services.ticket.triage.finding import Correction, Reading
from services.ticket.triage.head_keeper import HeadKeeper
from services.ticket.triage.learning import LEAST_TICKETS
from services.ticket.triage.worker import TriageWorker
from tests.ticket.builders import NOON
from tests.ticket.clients import Client, People
from tests.ticket.triage.keyword_classifier import KeywordClassifier, a_reading

BADGE = "the badge reader stays red today"


class TakesAllForHardware:
    def __init__(self, model: str = "stubborn") -> None:
        self.model = model

    async def classify(self, texts: Sequence[str]) -> list[Reading]:
        return [replace(a_reading("Hardware", 0.6), model=self.model) for _ in texts]


@pytest.fixture
def classifier() -> TakesAllForHardware:
    return TakesAllForHardware()


@pytest.fixture
def keeper(sorting_desk: Desk, database: Database) -> HeadKeeper:
    return HeadKeeper(sorting_desk, SqlTriageTenants(database))


async def turn_on(admin: Client) -> None:
    await admin.CreateQueue(queue=Queue(name="keys"))
    queues = [TriageQueue(label="Access", queue="keys")]
    settings = TriageSettings(enabled=True, threshold=0.5, queues=queues)
    await admin.SetTriageSettings(settings=settings)


async def correct(
    database: Database, tenant_id: TenantId, count: int, *, badges: str = "Access"
) -> None:
    """Badges are for Access, and printers are hardware as the model says."""
    async with SqlTriageStore(database).transaction(tenant_id) as kept:
        for number in range(count):
            thing, label = (("badge", badges), ("printer", "Hardware"))[number % 2]
            await kept.add_correction(
                Correction(
                    correction_id=new_id(),
                    ticket_id=new_id(),
                    text=f"the {thing} number {number} stays red",
                    label=label,
                    found_label="Hardware",
                    found_probability=0.6,
                    actor_id=UserId(new_id()),
                    create_time=NOON,
                )
            )


async def head_of(people: Client) -> TriageHead:
    head: TriageHead = (await people.GetTriageReport()).head
    return head


async def queue_after(people: People, worker: TriageWorker) -> str:
    ticket = await people.anna.opened(body=BADGE)
    await worker.work()
    queue: str = (await people.alex.GetTicket(ticket_id=ticket.ticket_id)).queue
    return queue


async def test_enough_corrections_make_a_head(
    people: People, worker: TriageWorker, keeper: HeadKeeper, database: Database
) -> None:
    await turn_on(people.alex)
    await turn_on(people.gerd)
    assert await queue_after(people, worker) == DEFAULT_QUEUE
    await correct(database, people.tenant_id, 60)

    await keeper.look()

    assert await queue_after(people, worker) == "keys"
    head = await head_of(people.alex)
    assert (head.corrections, head.tickets, head.model_right) == (60, 60, 30)
    assert head.head_right > 55
    assert head.in_use
    assert head_line(head).startswith("its own head is in use, learned from 60")
    newest = (await people.alex.opened(body=BADGE)).ticket_id
    found = await people.alex.ClassifyTicket(ticket_id=newest)
    assert found.model.startswith("stubborn+own-")


async def test_no_other_tenant_has_anything_of_it(
    people: People, keeper: HeadKeeper, database: Database
) -> None:
    await turn_on(people.alex)
    await turn_on(people.gerd)
    await correct(database, people.tenant_id, 60)
    await keeper.look()

    ticket = await people.gerd.opened(body=BADGE)
    found = await people.gerd.ClassifyTicket(ticket_id=ticket.ticket_id)

    assert (found.model, found.candidates[0].label) == ("stubborn", "Hardware")
    stranger = await head_of(people.gerd)
    assert (stranger.corrections, stranger.tickets, stranger.in_use) == (0, 0, False)
    assert head_line(stranger).startswith("no head of its own: 50 corrected tickets are needed")


async def test_it_is_learned_again_only_when_there_is_more(
    people: People, keeper: HeadKeeper, database: Database, classifier: TakesAllForHardware
) -> None:
    await turn_on(people.alex)
    await correct(database, people.tenant_id, LEAST_TICKETS - 2)
    assert not await keeper.learn_for(people.tenant_id)
    await correct(database, people.tenant_id, 2)
    assert await keeper.learn_for(people.tenant_id)
    await correct(database, people.tenant_id, 4)
    assert not await keeper.learn_for(people.tenant_id)
    await correct(database, people.tenant_id, 2)
    assert await keeper.learn_for(people.tenant_id)
    classifier.model = "newer"
    assert await keeper.learn_for(people.tenant_id)
    assert not await keeper.learn_for(people.tenant_id)


async def test_a_head_stands_on_the_model_it_was_learned_with(
    people: People, keeper: HeadKeeper, database: Database, classifier: TakesAllForHardware
) -> None:
    await turn_on(people.alex)
    await correct(database, people.tenant_id, 60)
    await keeper.look()
    classifier.model = "newer"

    ticket = await people.anna.opened(body=BADGE)
    found = await people.alex.ClassifyTicket(ticket_id=ticket.ticket_id)

    assert (found.model, found.candidates[0].label) == ("newer", "Hardware")


async def test_what_is_corrected_twice_counts_as_it_was_said_last(
    people: People, keeper: HeadKeeper, database: Database
) -> None:
    await turn_on(people.alex)
    ticket = await people.alex.opened(body=BADGE)
    for label in ("Storage", "Access"):
        await people.alex.CorrectTriage(ticket_id=ticket.ticket_id, label=label)
    await correct(database, people.tenant_id, 59)
    await keeper.look()
    head = await head_of(people.alex)
    assert (head.corrections, head.tickets) == (61, 60)


async def test_labels_that_a_model_had_before_are_not_learned(
    people: People, keeper: HeadKeeper, database: Database
) -> None:
    await turn_on(people.alex)
    await correct(database, people.tenant_id, 60)
    await correct(database, people.tenant_id, 60, badges="Gardening")
    assert await keeper.learn_for(people.tenant_id)
    head = await head_of(people.alex)
    assert (head.corrections, head.tickets) == (120, 90)


async def test_without_a_model_nothing_is_learned(
    people: People, sorting_desk: Desk, database: Database
) -> None:
    await turn_on(people.alex)
    await correct(database, people.tenant_id, 60)
    silent = replace(sorting_desk, classifier=KeywordClassifier())
    keeper = HeadKeeper(silent, SqlTriageTenants(database))
    assert not await keeper.learn_for(people.tenant_id)
