"""The same chain in an SQLite file, tampered with by SQL and verified as a service would."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import services.ticket
from services.mesh.audit.anchors import Anchors
from services.mesh.audit.chain import Head
from services.mesh.audit.keys import AuditKeys
from services.mesh.audit.reading import Verdict, verify_chain
from services.mesh.audit.record import COLUMNS, SEQ
from services.mesh.caller import TenantId
from services.mesh.clock import utc_now
from services.mesh.database import Database
from tests.security.chains import KEY, KEY_NAME, TENANT, Attack, Chain, Row

MIGRATIONS = Path(services.ticket.__file__).parent / "migrations"


class ChainFile:
    """Keeps the sound chain in `folder`, and a copy of it for each attack."""

    def __init__(self, folder: Path, chain: Chain) -> None:
        self._folder = folder
        self._sound = folder / "sound.db"
        keys = folder / "audit-keys"
        keys.mkdir(parents=True)
        (keys / KEY_NAME).write_text(f"{KEY.hex()}\n")
        self.keys = AuditKeys(keys)
        self.anchors = Anchors(folder / "audit-anchors", self.keys)
        for anchor in chain.anchors:
            self.anchors.write([(TENANT, anchor.seq, anchor.mac)], anchor.at_microseconds)
        self._chain = chain

    async def fill(self) -> None:
        database = Database(f"sqlite:///{self._sound}")
        await database.migrate(MIGRATIONS)
        await database.close()
        with closing(sqlite3.connect(self._sound)) as connection, connection:
            _replace(connection, self._chain.rows, self._chain.head)
        with closing(sqlite3.connect(self._sound)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def verdict_on(self, attack: Attack | None) -> Verdict:
        """What VerifyAudit finds after the attack; None leaves the file as it is."""
        file = self._folder / "attacked.db"
        await asyncio.to_thread(shutil.copyfile, self._sound, file)
        if attack is not None:
            await asyncio.to_thread(self._attack, file, attack)
        database = Database(f"sqlite:///{file}")
        try:
            return await verify_chain(database, self.keys, self.anchors, utc_now, TenantId(TENANT))
        finally:
            await database.close()
            for left in self._folder.glob("attacked.db*"):
                left.unlink()

    def _attack(self, file: Path, attack: Attack) -> None:
        with closing(sqlite3.connect(file)) as connection, connection:
            # Whoever holds the file takes the guards away first.
            connection.execute("DROP TRIGGER audit_records_stay")
            connection.execute("DROP TRIGGER audit_records_remain")
            changed = [
                row
                for row, before in zip(attack.rows, self._chain.rows, strict=False)
                if row != before
            ]
            changed += attack.rows[len(self._chain.rows) :]
            kept = {row[SEQ] for row in attack.rows}
            gone = [row[SEQ] for row in self._chain.rows if row[SEQ] not in kept]
            connection.executemany(
                "DELETE FROM audit_records WHERE tenant_id = ? AND seq = ?",
                [(TENANT, seq) for seq in [*gone, *(row[SEQ] for row in changed)]],
            )
            _add(connection, changed)
            connection.execute(
                "UPDATE audit_heads SET seq = ?, mac = ?", (attack.head.seq, attack.head.mac)
            )


def _replace(connection: sqlite3.Connection, rows: Sequence[Row], head: Head) -> None:
    _add(connection, rows)
    connection.execute("INSERT INTO audit_heads VALUES (?, ?, ?)", (TENANT, head.seq, head.mac))


def _add(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    marks = ", ".join("?" * len(COLUMNS))
    connection.executemany(
        f"INSERT INTO audit_records ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608
        rows,
    )
