"""The peer: reading and creating a ticket in FastAPI handlers over SQLAlchemy, with the same token
check. What it creates goes into a database of its own, with one row for each ticket.

Run as `python -m tests.bench.peer_fastapi PORT DATABASE PUBLIC_KEY_PEM`.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import uvicorn
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

COLUMNS = ("ticket_id", "tenant_id", "subject", "body", "status", "requester_id", "create_time")
TABLE = f"CREATE TABLE IF NOT EXISTS tickets ({', '.join(COLUMNS)}, PRIMARY KEY (ticket_id))"
INSERT = f"INSERT INTO tickets VALUES ({', '.join(f':{name}' for name in COLUMNS)})"  # noqa: S608
# `busy_timeout` first: changing the journal may have to wait, too.
PRAGMAS = {"busy_timeout": 60_000, "journal_mode": "WAL"}
ROLES_THAT_MAY_READ = {"customer", "agent", "admin"}


class NewTicket(BaseModel):
    subject: str
    body: str = ""


def make_app(database: Path, public_key: str) -> FastAPI:
    own = engine_of(database.with_name("peer.db"))

    @asynccontextmanager
    async def with_table(_: FastAPI) -> AsyncIterator[None]:
        async with own.begin() as connection:
            await connection.execute(text(TABLE))
        yield

    app = FastAPI(lifespan=with_table)
    engine = engine_of(database)

    def claims_of(authorization: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            authorization.removeprefix("Bearer "),
            public_key,
            algorithms=["ES256"],
            audience="helpdesk",
        )
        if not ROLES_THAT_MAY_READ & set(claims["roles"]):
            raise HTTPException(403)
        return claims

    @app.post("/v1/tickets")
    async def create_ticket(new: NewTicket, authorization: str = Header()) -> dict[str, Any]:
        claims = claims_of(authorization)
        ticket = {
            "ticket_id": uuid4().hex,
            "tenant_id": claims["tenant_id"],
            "subject": new.subject,
            "body": new.body,
            "status": "NEW",
            "requester_id": claims["sub"],
            "create_time": datetime.now(UTC).isoformat(),
        }
        async with own.begin() as connection:
            await connection.execute(text(INSERT), ticket)
        return ticket

    @app.get("/v1/tickets/{ticket_id}")
    async def get_ticket(ticket_id: str, authorization: str = Header()) -> dict[str, Any]:
        claims = claims_of(authorization)
        async with engine.connect() as connection:
            found = await connection.execute(
                text("select * from tickets where tenant_id = :tenant and ticket_id = :ticket"),
                {"tenant": claims["tenant_id"], "ticket": ticket_id},
            )
            row = found.mappings().one_or_none()
        if row is None:
            raise HTTPException(404)
        return dict(row)

    return app


def engine_of(database: Path) -> AsyncEngine:
    """Readers beside a writer, and writers that wait for one another instead of failing."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{database}")

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:  # noqa: ANN401  the adapter of a driver
        cursor = connection.cursor()
        for name, value in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    return engine


def main() -> None:
    port, database, key = sys.argv[1:]
    app = make_app(Path(database), Path(key).read_text())
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
