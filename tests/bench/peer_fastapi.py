"""The peer: `GET /v1/tickets/{id}` as a FastAPI handler over SQLAlchemy, with the same token check.

Run as `python -m tests.bench.peer_fastapi PORT DATABASE PUBLIC_KEY_PEM`.
"""

import sys
from pathlib import Path
from typing import Any

import jwt
import uvicorn
from fastapi import FastAPI, Header, HTTPException
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

ROLES_THAT_MAY_READ = {"customer", "agent", "admin"}


def make_app(database: Path, public_key: str) -> FastAPI:
    app = FastAPI()
    engine = create_async_engine(f"sqlite+aiosqlite:///{database}")

    @app.get("/v1/tickets/{ticket_id}")
    async def get_ticket(ticket_id: str, authorization: str = Header()) -> dict[str, Any]:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "),
            public_key,
            algorithms=["ES256"],
            audience="helpdesk",
        )
        if not ROLES_THAT_MAY_READ & set(claims["roles"]):
            raise HTTPException(403)
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


def main() -> None:
    port, database, key = sys.argv[1:]
    app = make_app(Path(database), Path(key).read_text())
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
