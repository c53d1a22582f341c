"""A statement that could touch another tenant's rows is refused before the database sees it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    and_,
    delete,
    exists,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

from services.mesh.database import Database
from services.mesh.tenant_guard import TenantForgotten
from tests.mesh.notes import ACME, GLOBEX
from tests.support.unguarded import unguarded

metadata = MetaData()
notes = Table(
    "notes",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("size", Integer, default=0),
)
tags = Table(
    "tags",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("tag", String, primary_key=True),
)
clocks = Table("clocks", metadata, Column("name", String, primary_key=True))


class Rows(DeclarativeBase):
    metadata = metadata


class NoteRow(Rows):
    __table__ = notes
    tenant_id: Mapped[str]
    name: Mapped[str]


class PageRow(Rows):
    __tablename__ = "pages"
    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


OWN = notes.c.tenant_id == ACME
SAME = tags.c.tenant_id == notes.c.tenant_id
SAME_NAME = tags.c.name == notes.c.name
other = notes.alias("other")
Other = aliased(NoteRow)

GOOD: dict[str, Any] = {
    "a point": select(notes).where(OWN, notes.c.name == "a"),
    "the other way round": select(notes).where(notes.c.tenant_id == ACME),
    "in brackets": select(notes).where(and_(and_(OWN), notes.c.name == "a")),
    "by keyword": select(notes).filter_by(tenant_id=ACME),
    "with an OR beside it": select(notes).where(OWN, or_(notes.c.name == "a", true())),
    "a join": select(notes).join(tags, and_(SAME, SAME_NAME)).where(OWN),
    "a join that is bound at its other end": select(notes)
    .join(tags, SAME)
    .where(tags.c.tenant_id == ACME),
    "an outer join": select(notes).outerjoin(tags, SAME).where(OWN),
    "two tables without a join": select(notes, tags).where(OWN, SAME),
    "an alias": select(other).where(other.c.tenant_id == ACME),
    "an alias of a row": select(Other).where(Other.tenant_id == ACME),
    "rows": select(NoteRow).where(NoteRow.tenant_id == ACME),
    "a column of a scalar": select(
        notes, select(func.count()).where(SAME).select_from(tags).scalar_subquery()
    ).where(OWN),
    "not exists": select(notes).where(OWN, ~exists().where(SAME, SAME_NAME)),
    "in a select": select(notes).where(
        OWN, notes.c.name.in_(select(tags.c.name).where(tags.c.tenant_id == ACME))
    ),
    "a select as a table": select(select(notes).where(OWN).subquery()),
    "a common table": select(select(notes).where(OWN).cte()),
    "a union": union_all(select(notes).where(OWN), select(notes).where(OWN)),
    "what belongs to no tenant": select(clocks),
    "no table at all": select(func.count()),
    "a count": select(func.count()).select_from(notes).where(OWN),
    "an update": update(notes).where(OWN).values(name="b"),
    "an update of rows": update(NoteRow).where(NoteRow.tenant_id == ACME).values(name="b"),
    "a delete": delete(notes).where(OWN),
    "a delete by a select": delete(notes).where(
        OWN, notes.c.name.in_(select(tags.c.name).where(tags.c.tenant_id == ACME))
    ),
    "an insert": insert(notes).values(tenant_id=ACME, name="c"),
    "an insert of rows": insert(PageRow).values(tenant_id=ACME, name="c", text=""),
    "an insert of many": insert(notes).values(
        [{"tenant_id": ACME, "name": "d"}, {"tenant_id": ACME, "name": "e"}]
    ),
    "an insert that may update": sqlite_insert(notes)
    .values(tenant_id=ACME, name="c")
    .on_conflict_do_update(index_elements=["tenant_id", "name"], set_={"size": 1}),
    "an insert into what belongs to no tenant": insert(clocks).values(name="noon"),
}

BAD: dict[str, Any] = {
    "no condition": select(notes),
    "a condition on something else": select(notes).where(notes.c.name == "a"),
    "another tenant": select(notes).where(notes.c.tenant_id == GLOBEX),
    "one of several tenants": select(notes).where(notes.c.tenant_id.in_([ACME])),
    "another tenant beside the own": select(notes).where(OWN, notes.c.tenant_id == GLOBEX),
    "not this tenant": select(notes).where(notes.c.tenant_id != ACME),
    "below an OR": select(notes).where(or_(OWN, notes.c.name == "a")),
    "below a NOT": select(notes).where(~and_(OWN, notes.c.name == "a")),
    "with itself": select(notes).where(notes.c.tenant_id == notes.c.tenant_id),
    "with a text": select(notes).where(notes.c.tenant_id == literal_column("'acme'")),
    "a join by name alone": select(notes).join(tags, SAME_NAME).where(OWN),
    "a join on anything": select(notes).join(tags, true()).where(OWN),
    "an outer join that keeps the left side": select(notes).outerjoin(
        tags, and_(SAME, tags.c.tenant_id == ACME)
    ),
    "a full join": select(notes).join(tags, and_(OWN, SAME), full=True),
    "an alias beside the table": select(notes).join(other, other.c.name == notes.c.name).where(OWN),
    "an alias of a row": select(Other).where(Other.name == "a"),
    "rows": select(NoteRow),
    "a free scalar": select(
        notes, select(func.count()).select_from(tags).where(SAME_NAME).scalar_subquery()
    ).where(OWN),
    "a free exists": select(notes).where(OWN, exists().where(SAME_NAME)),
    "a free select of an IN": select(notes).where(OWN, notes.c.name.in_(select(tags.c.name))),
    "a free select as a table": select(select(notes).subquery()),
    "a condition outside of the select": select(
        inner := select(notes).subquery(), literal_column("1")
    ).where(inner.c.tenant_id == ACME),
    "a free common table": select(select(notes).cte()),
    "a free half of a union": union_all(select(notes).where(OWN), select(notes)),
    "a free count": select(func.count()).select_from(notes),
    "an ordering by what others have": select(notes)
    .where(OWN)
    .order_by(select(func.max(tags.c.tag)).scalar_subquery()),
    "a free update": update(notes).values(name="b"),
    "an update of others": update(notes).where(notes.c.tenant_id == GLOBEX).values(name="b"),
    "an update that gives away": update(notes).where(OWN).values(tenant_id=GLOBEX),
    "an update by a free select": update(notes)
    .where(OWN)
    .values(name=select(func.max(tags.c.tag)).scalar_subquery()),
    "a free update of rows": update(NoteRow).values(name="b"),
    "a free delete": delete(notes),
    "an insert for another": insert(notes).values(tenant_id=GLOBEX, name="c"),
    "an insert of many, one for another": insert(notes).values(
        [{"tenant_id": ACME, "name": "d"}, {"tenant_id": GLOBEX, "name": "e"}]
    ),
    "an insert from a select": insert(notes).from_select(
        ["tenant_id", "name"], select(notes.c.tenant_id, notes.c.name).where(OWN)
    ),
    "a text": text("SELECT * FROM notes WHERE tenant_id = 'acme'"),
    "columns of a text": text("SELECT name FROM notes").columns(notes.c.name),
    "an impossible one": select(notes).where(or_(OWN, false(), notes.c.name == "a")),
}


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    async with database.system_transaction() as session:
        await (await session.connection()).run_sync(metadata.create_all)
        await session.execute(
            insert(notes), [{"tenant_id": ACME, "name": "a"}, {"tenant_id": GLOBEX, "name": "a"}]
        )
    yield database
    await database.close()


@pytest.mark.parametrize("name", GOOD)
async def test_a_statement_that_names_its_tenant_is_carried_out(
    database: Database, name: str
) -> None:
    async with database.tenant_transaction(ACME) as session:
        await session.execute(GOOD[name])


@pytest.mark.parametrize("name", BAD)
async def test_a_statement_that_could_reach_further_is_refused(
    database: Database, name: str
) -> None:
    with pytest.raises(TenantForgotten):
        async with database.tenant_transaction(ACME) as session:
            await session.execute(BAD[name])


@pytest.mark.parametrize("name", [name for name in BAD if isinstance(BAD[name], Select)])
async def test_the_system_may_reach_everything(database: Database, name: str) -> None:
    async with database.system_transaction() as session:
        await session.execute(BAD[name])


async def test_driver_sql_is_refused(database: Database) -> None:
    with pytest.raises(TenantForgotten):
        async with database.tenant_transaction(ACME) as session:
            await (await session.connection()).exec_driver_sql("SELECT * FROM notes")


async def test_many_rows_at_once_are_all_looked_at(database: Database) -> None:
    rows = [{"tenant_id": ACME, "name": f"n{n}", "tag": ""} for n in range(9)]
    async with database.tenant_transaction(ACME) as session:
        await session.execute(insert(tags), rows)
    with pytest.raises(TenantForgotten):
        async with database.tenant_transaction(ACME) as session:
            await session.execute(insert(tags), [*rows, {**rows[0], "tenant_id": GLOBEX}])


async def test_a_row_that_the_session_writes_by_itself_is_looked_at(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        session.add(PageRow(tenant_id=ACME, name="ours", text=""))
        await session.flush()
        page = await session.get_one(PageRow, (ACME, "ours"), populate_existing=True)
        page.text = "changed"
        await session.flush()
        await session.delete(page)
    with pytest.raises(TenantForgotten):
        async with database.tenant_transaction(ACME) as session:
            session.add(PageRow(tenant_id=GLOBEX, name="theirs", text=""))
    with pytest.raises(TenantForgotten):
        async with database.tenant_transaction(ACME) as session:
            await session.get(PageRow, (GLOBEX, "theirs"))


async def test_a_part_of_a_transaction_can_be_undone(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        async with session.begin_nested() as kept:
            await session.execute(insert(notes).values(tenant_id=ACME, name="kept"))
            assert kept.is_active
        async with session.begin_nested() as undone:
            await session.execute(delete(notes).where(OWN))
            await undone.rollback()
        assert len((await session.execute(select(notes).where(OWN))).all()) == 2


async def test_the_same_statement_for_another_tenant_is_judged_anew(database: Database) -> None:
    def point(tenant: str) -> Any:  # noqa: ANN401
        return select(notes.c.name).where(notes.c.tenant_id == tenant)

    for tenant in (ACME, GLOBEX):
        async with database.tenant_reading(tenant) as session:
            assert list(await session.scalars(point(tenant))) == ["a"]
    with pytest.raises(TenantForgotten):
        async with database.tenant_reading(ACME) as session:
            await session.scalars(point(GLOBEX))


async def test_a_system_transaction_is_looked_at_while_it_works_for_a_tenant(
    database: Database,
) -> None:
    async with database.system_transaction() as session:
        assert len((await session.execute(select(notes))).all()) == 2
        async with database.tenant_transaction(ACME):
            await session.execute(GOOD["a point"])
        assert len((await session.execute(select(notes))).all()) == 2
    with pytest.raises(TenantForgotten):
        async with database.system_transaction() as session, database.tenant_transaction(ACME):
            await session.execute(select(notes))


async def test_without_the_guard_the_forgetful_statement_sees_everybody(
    database: Database,
) -> None:
    """The control of this file."""
    everything = select(notes.c.tenant_id)
    with unguarded(database):
        async with database.tenant_reading(ACME) as session:
            assert set(await session.scalars(everything)) == {ACME, GLOBEX}
    with pytest.raises(TenantForgotten):
        async with database.tenant_reading(ACME) as session:
            await session.scalars(everything)
