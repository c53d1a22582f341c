"""A receiver that dies between the commit and its answer: `python … FOLDER ADDRESS [dying]`."""

import asyncio
import os
import sys
from pathlib import Path

from services.mesh.caller import TenantId
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.ticket.mail import intake
from services.ticket.mail.filing import file_mail
from services.ticket.mail.intake import Intake
from services.ticket.mail.ports import MailAddress
from services.ticket.mail.receiver import Receiver
from services.ticket.server import MIGRATIONS
from services.ticket.store import SqlMailAddresses, SqlMailStore, SqlTicketStore

TENANT = TenantId("01a211e1-b833-7a11-8d52-3f1f6f0e2f6a")


async def serve(folder: Path, address: str) -> None:
    database = Database(f"sqlite:///{folder / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    addresses = SqlMailAddresses(database)
    await addresses.add(MailAddress(TENANT, address, "general", utc_now()))
    mails = Intake(addresses, SqlTicketStore(database), SqlMailStore(database), utc_now)
    taking = Receiver(mails, protocol="smtp", host="127.0.0.1", port=0, most_bytes=1_000_000)
    running = asyncio.create_task(taking.run())
    await taking.wait_until_listening()
    sys.stdout.write(f"port {taking.port}\n")
    sys.stdout.flush()
    await running


async def file_and_die(*arguments: object, **more: object) -> None:
    await file_mail(*arguments, **more)  # type: ignore[arg-type]
    os._exit(9)


if __name__ == "__main__":
    if sys.argv[3:] == ["dying"]:
        intake.file_mail = file_and_die  # type: ignore[assignment,attr-defined]
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
