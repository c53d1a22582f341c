"""A tenant whose tickets have become others is told of, and one whose tickets have not is not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

import pytest
import structlog

from helpdesk.ticket.v1.queue_service_pb2 import Queue
from helpdesk.ticket.v1.triage_service_pb2 import TriageDrift, TriageQueue, TriageSettings
from services.cli.screens.triage import drift_lines
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.metrics.families import text_of
from services.ticket.metrics import drift_metrics
from services.ticket.store import SqlTicketStore, SqlTriageStore, SqlTriageTenants
from services.ticket.triage.desk import Desk
from services.ticket.triage.drift import LEAST_INDEX, Drift, Found, drift_of
from services.ticket.triage.drift_watch import DriftWatch
from services.ticket.triage.finding import Finding, outcome_of
from tests.ticket.builders import NOON
from tests.ticket.clients import Client, People
from tests.ticket.triage.keyword_classifier import KeywordClassifier, a_reading

LATELY, BEFORE = NOON - timedelta(days=3), NOON - timedelta(days=20)
ASKED = ""
Mix = Mapping[str, int]
USUAL: Mix = {"general": 60, "vpn": 60, ASKED: 30}


def found(mix: Mix, time: datetime) -> list[Found]:
    return [Found(time, queue or None) for queue, count in mix.items() for _ in range(count)]


def drift(before: Mix, lately: Mix) -> Drift:
    return drift_of([*found(before, BEFORE), *found(lately, LATELY)], NOON)


def test_the_same_mix_does_not_drift() -> None:
    same = drift({queue: 4 * count for queue, count in USUAL.items()}, USUAL)
    assert same.is_enough
    assert (same.z, same.index) == pytest.approx((0.0, 0.0), abs=1e-3)
    assert not same.is_accepted_drifting
    assert not same.are_queues_drifting


def test_fewer_or_more_of_which_it_is_sure_are_a_drift() -> None:
    fewer = drift(USUAL, {"general": 40, "vpn": 40, ASKED: 70})
    assert fewer.is_accepted_drifting
    assert fewer.z == pytest.approx(-4.90, abs=0.01)
    assert not fewer.are_queues_drifting
    assert drift({"general": 40, "vpn": 40, ASKED: 70}, USUAL).z == -fewer.z


def test_another_mix_of_queues_is_a_drift() -> None:
    other = drift(USUAL, {"general": 15, "vpn": 105, ASKED: 30})
    assert other.are_queues_drifting
    assert other.index > other.index_limit == LEAST_INDEX
    assert not other.is_accepted_drifting
    assert drift(USUAL, {"general": 60, "cables": 60, ASKED: 30}).are_queues_drifting


def test_of_few_tickets_nothing_is_said() -> None:
    few = drift(USUAL, {"general": 1, ASKED: 98})
    assert not few.is_enough
    assert not few.is_accepted_drifting
    assert not drift(USUAL, {"vpn": 99, ASKED: 30}).are_queues_drifting
    assert not drift({}, {}).is_accepted_drifting
    assert drift({}, USUAL).z == 0.0


def test_what_is_certain_and_small_is_no_drift() -> None:
    many = drift({"general": 80_000, ASKED: 20_000}, {"general": 78_000, ASKED: 22_000})
    assert abs(many.z) > 10
    assert not many.is_accepted_drifting


def test_what_is_older_or_still_to_come_of_neither_window_counts() -> None:
    old = found(USUAL, NOON - timedelta(days=36))
    assert drift_of(old, NOON).reference_tickets == 0


def test_chance_alone_makes_hardly_any_drift() -> None:
    dice, warned = Random(7), 0  # noqa: S311  the same chances each time
    queues = ["general", "vpn", "mail", "hr", "hardware", "purchase", "storage", ASKED]
    for _ in range(300):
        mixes = [dice.choices(queues, k=130), dice.choices(queues, k=130)]
        before, lately = ({queue: mix.count(queue) for queue in queues} for mix in mixes)
        seen = drift(before, lately)
        warned += seen.is_accepted_drifting or seen.are_queues_drifting
    assert warned <= 3


async def looked_at(database: Database, tenant_id: TenantId, mix: Mix, age: timedelta) -> None:
    """By label; what is not a label was not sure enough."""
    async with SqlTriageStore(database).transaction(tenant_id) as kept:
        for label, count in mix.items():
            reading = a_reading(label or "Access", 0.9 if label else 0.5)
            for _ in range(count):
                outcome = outcome_of(reading, 0.8)
                await kept.keep(Finding(new_id(), outcome, reading, 0.8, NOON - age))


async def turned_on(admin: Client) -> None:
    await admin.CreateQueue(queue=Queue(name="keys"))
    queues = [TriageQueue(label="Access", queue="keys")]
    await admin.SetTriageSettings(settings=TriageSettings(enabled=True, queues=queues))


MIX: Mix = {"Access": 70, "Storage": 70, ASKED: 10}
OTHER: Mix = {"Access": 15, "Storage": 105, ASKED: 80}


async def test_the_report_and_the_watch_tell_of_the_one_that_drifts(
    people: People, database: Database, sql_store: SqlTicketStore
) -> None:
    await turned_on(people.alex)
    await turned_on(people.gerd)
    for tenant_id, lately in ((people.tenant_id, OTHER), (people.stranger_id, MIX)):
        await looked_at(database, tenant_id, MIX, timedelta(days=20))
        await looked_at(database, tenant_id, lately, timedelta(days=2))

    drifting: TriageDrift = (await people.alex.GetTriageReport()).drift
    steady: TriageDrift = (await people.gerd.GetTriageReport()).drift

    assert (drifting.accepted_drifting, drifting.queues_drifting) == (True, True)
    shares = [(each.queue, each.reference, each.recent) for each in drifting.queues]
    assert shares == [("general", 70, 105), ("keys", 70, 15)]
    assert (drifting.reference_tickets, drifting.recent_tickets) == (150, 200)
    assert sum(line.startswith("DRIFT: ") for line in drift_lines(drifting)) == 2
    assert (steady.accepted_drifting, steady.queues_drifting, steady.enough) == (False, False, True)
    assert not any("DRIFT" in line for line in drift_lines(steady))

    desk = Desk(sql_store, SqlTriageStore(database), KeywordClassifier(), lambda: NOON)
    watch = DriftWatch(desk, SqlTriageTenants(database))
    with structlog.testing.capture_logs() as logs:
        await watch.look()
        await watch.look()
    warned = [
        (each["tenant_id"], each["measure"])
        for each in logs
        if each["tenant_id"] in (people.tenant_id, people.stranger_id)
    ]
    assert warned == [(people.tenant_id, "accepted"), (people.tenant_id, "queues")]
    told = text_of(await drift_metrics(watch)())
    assert 'helpdesk_ticket_triage_drifting_tenants{measure="accepted"} 0' not in told
    assert people.tenant_id not in told


async def test_a_tenant_that_is_new_is_told_that_it_is_too_early(people: People) -> None:
    new = (await people.alex.GetTriageReport()).drift
    assert not new.enough
    assert next(drift_lines(new)).startswith("too few tickets")
