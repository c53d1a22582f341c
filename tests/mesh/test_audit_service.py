"""Reading and proving a chain through the RPCs, on both kinds of database."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from helpdesk.auth.v1 import audit_service_pb2_grpc
from helpdesk.common.v1 import audit_pb2
from services.mesh.audit.anchors import Anchors
from services.mesh.audit.chain import FaultKind
from services.mesh.audit.keys import AuditKeys
from services.mesh.audit.ledger import NOBODY
from services.mesh.audit.reading import verify_chain
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.settings import MeshSettings
from tests.mesh.audited import ACME, MAY, METHOD, Office, an_office, opened_database
from tests.mesh.scripted import Scripted, create_user
from tests.mesh.tampering import Tamper
from tests.support.mesh_server import TestUser, refused

KIND = audit_pb2.AuditFaultKind


class Reader:
    """Somebody who reads the audit through the RPCs."""

    def __init__(self, office: Office, user: TestUser) -> None:
        self._stub: Any = audit_service_pb2_grpc.AuthAuditServiceStub(office.server.channel())
        self._user = user

    async def page(self, **fields: Any) -> audit_pb2.ListAuditRecordsResponse:  # noqa: ANN401
        request = audit_pb2.ListAuditRecordsRequest(**fields)
        page: audit_pb2.ListAuditRecordsResponse = await self._stub.ListAuditRecords(
            request, metadata=self._user.metadata
        )
        return page

    async def seqs(self, **fields: Any) -> list[int]:  # noqa: ANN401
        return [record.seq for record in (await self.page(**fields)).records]

    async def verdict(self, **fields: Any) -> audit_pb2.AuditVerdict:  # noqa: ANN401
        answer = await self._stub.VerifyAudit(
            audit_pb2.VerifyAuditRequest(**fields), metadata=self._user.metadata
        )
        verdict: audit_pb2.AuditVerdict = answer.verdict
        return verdict


@pytest.fixture
async def database(database_url: AnyAddress, tmp_path: Path) -> AsyncIterator[Database]:
    async with opened_database(database_url, tmp_path) as database:
        yield database


@pytest.fixture
async def office(
    scripted: Scripted, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[Office]:
    async with an_office(scripted, database, mesh_settings) as office:
        yield office


@pytest.fixture
def tamper(database_url: AnyAddress) -> Tamper:
    return Tamper(database_url)


@pytest.fixture
async def reader(office: Office) -> Reader:
    return Reader(office, office.ann)


async def filled(office: Office, count: int = 5) -> list[str]:
    made = [(await office.create(create_user())).user_id for _ in range(count)]
    await anchored(office)
    return made


async def anchored(office: Office) -> None:
    trail = office.server.mesh_server.trail
    assert trail is not None
    await trail.anchor()


async def test_records_come_oldest_first_in_pages(office: Office, reader: Reader) -> None:
    made = await filled(office)
    first = await reader.page(page_size=3)
    rest = await reader.page(page_size=3, page_token=first.next_page_token)

    records = [*first.records, *rest.records]
    assert [record.resource_id for record in records] == made
    assert [record.seq for record in records] == [1, 2, 3, 4, 5]
    assert rest.next_page_token == ""
    assert records[0].outcome == audit_pb2.AUDIT_OUTCOME_COMMITTED
    assert records[0].user_id == office.ann.user_id


async def test_records_come_newest_first_when_asked(office: Office, reader: Reader) -> None:
    await filled(office)
    first = await reader.page(page_size=3, newest_first=True)
    rest = await reader.seqs(page_size=3, newest_first=True, page_token=first.next_page_token)

    assert [record.seq for record in first.records] == [5, 4, 3]
    assert rest == [2, 1]


async def test_records_are_filtered(office: Office, reader: Reader) -> None:
    made = await filled(office)
    bob = office.server.user(permissions=["auth.users.get"])
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await office.create(create_user(), bob)
    soon = Timestamp()
    soon.FromDatetime(utc_now() + timedelta(hours=1))

    assert await reader.seqs(user_id=bob.user_id) == [6]
    assert await reader.seqs(resource_id=made[2]) == [3]
    assert await reader.seqs(method="CreateUser", after_seq=4) == [5, 6]
    assert await reader.seqs(method=METHOD, page_size=2) == [1, 2]
    assert await reader.seqs(method="Create%") == []
    assert await reader.seqs(start_time=soon) == []
    assert len(await reader.seqs(end_time=soon)) == 6


async def test_a_page_token_of_another_list_is_refused(office: Office, reader: Reader) -> None:
    await filled(office)
    first = await reader.page(page_size=3)
    with refused(StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID"):
        await reader.page(page_size=3, page_token=first.next_page_token, method="GetUser")


async def test_another_tenant_sees_its_own_chain_only(office: Office) -> None:
    await filled(office)
    stranger = Reader(office, office.server.user(tenant_id="globex", permissions=MAY))

    assert await stranger.seqs() == []
    assert (await stranger.verdict()).sound_count == 0


async def test_reading_needs_its_permission(office: Office) -> None:
    nobody = Reader(office, office.server.user(permissions=["auth.users.create"]))
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await nobody.page()
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await nobody.verdict()


async def test_calls_without_a_tenant_are_for_operators(office: Office, reader: Reader) -> None:
    office.server.user()
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await reader.page(unattributed=True)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await reader.verdict(unattributed=True)

    may = [*MAY, "auth.audit.unattributed"]
    operator = Reader(office, office.server.user(tenant_id="platform", permissions=may))
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await Reader(office, _with_a_made_up_token(office.ann)).page()
    assert await operator.seqs(unattributed=True) == []
    assert (await operator.verdict(unattributed=True)).tenant_id == NOBODY


async def test_a_sound_chain_is_called_sound(office: Office, reader: Reader) -> None:
    await filled(office)
    verdict = await reader.verdict()

    assert not verdict.HasField("fault")
    assert (verdict.sound_count, verdict.head_seq) == (5, 5)
    assert verdict.anchor_count >= 1
    assert verdict.head_mac == (await office.records())[-1].mac


async def test_a_record_that_was_altered_is_named(
    office: Office, reader: Reader, tamper: Tamper
) -> None:
    await filled(office)
    tamper("UPDATE audit_records SET user_id = 'eve' WHERE seq = 3")

    verdict = await reader.verdict()
    assert (verdict.fault.kind, verdict.fault.seq) == (KIND.AUDIT_FAULT_KIND_ALTERED, 3)
    assert verdict.sound_count == 2


async def test_a_record_that_is_gone_is_named(
    office: Office, reader: Reader, tamper: Tamper
) -> None:
    await filled(office)
    tamper("DELETE FROM audit_records WHERE seq = 2")

    fault = (await reader.verdict()).fault
    assert (fault.kind, fault.seq) == (KIND.AUDIT_FAULT_KIND_MISSING, 2)


async def cut(office: Office, tamper: Tamper) -> None:
    """Takes the last two of five records away and sets the head back."""
    kept = (await office.records())[2]
    tamper(
        "DELETE FROM audit_records WHERE seq > 3",
        f"UPDATE audit_heads SET seq = 3, mac = '{kept.mac}'",  # noqa: S608
    )


async def test_a_cut_tail_is_found_by_its_anchor(
    office: Office, reader: Reader, tamper: Tamper
) -> None:
    await filled(office)
    await cut(office, tamper)

    fault = (await reader.verdict()).fault
    assert (fault.kind, fault.seq) == (KIND.AUDIT_FAULT_KIND_MISSING, 4)
    assert fault.description == "the chain ends at 3, but record 5 was anchored"


async def test_control_a_cut_tail_without_its_anchor_is_missed(
    office: Office, reader: Reader, tamper: Tamper
) -> None:
    for _ in range(5):
        await office.create(create_user())
    for file in (office.folder / "audit-anchors").iterdir():
        file.unlink()
    await cut(office, tamper)

    assert not (await reader.verdict()).HasField("fault")


async def test_a_chain_that_grew_again_after_a_cut_is_found(
    office: Office, reader: Reader, tamper: Tamper
) -> None:
    await filled(office)
    await cut(office, tamper)
    for _ in range(5):
        await office.create(create_user())

    fault = (await reader.verdict()).fault
    assert (fault.kind, fault.seq) == (KIND.AUDIT_FAULT_KIND_REWRITTEN, 5)


async def test_a_head_that_was_moved_is_found(
    office: Office, reader: Reader, tamper: Tamper
) -> None:
    await filled(office)
    tamper("UPDATE audit_heads SET seq = 6")

    assert (await reader.verdict()).fault.seq == 6


async def test_an_anchor_that_was_altered_is_found(office: Office, reader: Reader) -> None:
    await filled(office)
    (file,) = (office.folder / "audit-anchors").iterdir()
    file.write_text(file.read_text().replace('"seq": 5', '"seq": 4'))

    fault = (await reader.verdict()).fault
    assert fault.kind == KIND.AUDIT_FAULT_KIND_ANCHORS_ALTERED
    assert file.name in fault.description


async def test_half_a_line_of_a_killed_service_hides_no_anchor(
    office: Office, reader: Reader
) -> None:
    await filled(office)
    (file,) = (office.folder / "audit-anchors").iterdir()
    with file.open("a") as stream:
        stream.write(file.read_text()[:40])
    await filled(office)

    assert not (await reader.verdict()).HasField("fault")
    # The server anchors by itself as well, whenever its turn comes.
    assert {5, 10} <= {anchor.seq for anchor in office.anchors.of_tenant(ACME)}


async def test_a_key_that_is_gone_is_said(office: Office) -> None:
    await filled(office)
    for folder in ("audit-keys", "audit-anchors"):
        for file in (office.folder / folder).iterdir():
            file.unlink()
    # What the server becomes when it is started again.
    keys = AuditKeys(office.folder / "audit-keys")
    anchors = Anchors(office.folder / "audit-anchors", keys)

    fault = (await verify_chain(office.database, keys, anchors, utc_now, ACME)).fault
    assert fault is not None
    assert (fault.kind, fault.seq) == (FaultKind.KEY_MISSING, 1)


async def test_heads_are_anchored_when_the_server_stops(office: Office) -> None:
    await office.create(create_user())
    await office.server.mesh_server.stop(None)

    (file,) = (office.folder / "audit-anchors").iterdir()
    last = json.loads(file.read_text().splitlines()[-1])
    assert (last["tenant_id"], last["seq"]) == (ACME, 1)
    assert last["mac"] == (await office.records())[0].mac
    assert file.stat().st_mode & 0o777 == 0o600


def _with_a_made_up_token(user: TestUser) -> TestUser:
    return TestUser(user.tenant_id, user.user_id, user.permissions, user.roles, "made up")
