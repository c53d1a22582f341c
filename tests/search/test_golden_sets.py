"""The same questions to the fake and to both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.search.golden_sets import GoldenQuestion, GoldenSet, GoldenSetStore
from services.search.server import MIGRATIONS
from services.search.store import SqlGoldenSetStore
from tests.search.builders import ACME, GLOBEX, NOON
from tests.search.fake_golden_sets import FakeGoldenSetStore

LATER = NOON + timedelta(hours=1)
VPN = GoldenQuestion("How do I get in from home?", frozenset({"vpn.md", "remote.md"}))
INK = GoldenQuestion("Who changes the toner?", frozenset({"printers.md"}))


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[GoldenSetStore]:
    if request.param == "fake":
        yield FakeGoldenSetStore()
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    await database.migrate(MIGRATIONS)
    yield SqlGoldenSetStore(database)
    await database.close()


async def put(
    store: GoldenSetStore, name: str, *questions: GoldenQuestion, tenant_id: TenantId = ACME
) -> GoldenSet:
    async with store.transaction(tenant_id) as golden_sets:
        return await golden_sets.put(name, questions, new_id(), NOON)


async def found(
    store: GoldenSetStore, golden_set_id: str, tenant_id: TenantId = ACME
) -> GoldenSet | None:
    async with store.reading(tenant_id) as golden_sets:
        return await golden_sets.find(golden_set_id)


async def test_questions_come_back_in_the_order_in_which_they_were_put(
    store: GoldenSetStore,
) -> None:
    kept = await put(store, "mine", VPN, INK)
    back = await found(store, kept.golden_set_id)
    assert back is not None
    assert (back.name, back.question_count, back.update_time) == ("mine", 2, NOON)
    assert [*back.questions] == [VPN, INK]


async def test_another_set_of_the_same_name_takes_its_place_and_its_id(
    store: GoldenSetStore,
) -> None:
    before = await put(store, "mine", VPN, INK)
    async with store.transaction(ACME) as golden_sets:
        after = await golden_sets.put("mine", [INK], new_id(), LATER)
    assert after.golden_set_id == before.golden_set_id
    back = await found(store, after.golden_set_id)
    assert back is not None
    assert [*back.questions] == [INK]
    assert (back.question_count, back.update_time) == (1, LATER)


async def test_a_list_is_in_the_order_of_names_and_goes_on_behind_one(
    store: GoldenSetStore,
) -> None:
    for name in ("b", "a", "c", "B"):
        await put(store, name, VPN)
    async with store.reading(ACME) as golden_sets:
        first = await golden_sets.list_all(limit=2, after="")
        rest = await golden_sets.list_all(limit=9, after=first[-1].name)
    assert [one.name for one in first] == ["B", "a"]
    assert [one.name for one in rest] == ["b", "c"]
    assert [*rest[0].questions] == []
    assert rest[0].question_count == 1


async def test_a_removed_set_is_gone_once(store: GoldenSetStore) -> None:
    kept = await put(store, "mine", VPN)
    async with store.transaction(ACME) as golden_sets:
        assert await golden_sets.remove(kept.golden_set_id)
        assert not await golden_sets.remove(kept.golden_set_id)
    assert await found(store, kept.golden_set_id) is None


async def test_another_tenant_neither_sees_nor_removes_nor_overwrites_it(
    store: GoldenSetStore,
) -> None:
    kept = await put(store, "mine", VPN)
    assert await found(store, kept.golden_set_id, GLOBEX) is None
    async with store.transaction(GLOBEX) as golden_sets:
        assert await golden_sets.list_all(limit=9, after="") == []
        assert not await golden_sets.remove(kept.golden_set_id)
        theirs = await golden_sets.put("mine", [INK], new_id(), NOON)
    assert theirs.golden_set_id != kept.golden_set_id
    back = await found(store, kept.golden_set_id)
    assert back is not None
    assert [*back.questions] == [VPN]
