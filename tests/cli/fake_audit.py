"""The audit of one service, over a chain that is really signed."""

# ruff: noqa: N802 - RPC methods carry the contract's names

from dataclasses import replace
from pathlib import Path

import grpc
from google.protobuf.message_factory import GetMessageClass

from helpdesk.common.v1 import audit_pb2
from services.mesh.audit.record import FIRST_PREVIOUS_MAC, Content, MacKey, Outcome, Record, linked
from services.mesh.audit.service import record_message, service_name
from services.mesh.contract import find_service
from services.mesh.ids import new_id

AREAS = ("auth", "ticket", "search", "chat")
TENANT = new_id()
_KEY = bytes(range(32))


class FakeAudit:
    def __init__(self, area: str) -> None:
        self.area = area
        self.key_id = new_id()
        self.records: list[Record] = []
        self.verdict = audit_pb2.AuditVerdict(tenant_id=TENANT)

    def add(self, method: str, user_id: str = "", *, at: int = 0, reason: str = "") -> Record:
        content = Content(
            at_microseconds=1_795_595_934_000_000 + at * 1_000_000,
            user_id=user_id,
            session_id=new_id(),
            client_id="helpdesk",
            calling_service="gateway",
            method=f"/helpdesk.{self.area}.v1.Service/{method}",
            resource_kind="ticket",
            resource_id=new_id(),
            outcome=Outcome.REFUSED if reason else Outcome.COMMITTED,
            code="NOT_FOUND" if reason else "OK",
            reason=reason,
            count=1,
            request_id=new_id(),
            trace_id="",
        )
        before = self.records[-1].mac if self.records else FIRST_PREVIOUS_MAC
        seq = len(self.records) + 1
        record = linked(TENANT, seq, before, content, (self.key_id, MacKey(_KEY)))
        self.records.append(record)
        self.verdict.sound_count = seq
        return record

    def alter(self, seq: int) -> None:
        self.records[seq - 1] = replace(self.records[seq - 1], user_id=new_id())

    def keep_key(self, folder: Path) -> None:
        """As the service does, in its own folder."""
        keys = folder / self.area / "audit-keys"
        keys.mkdir(parents=True)
        (keys / self.key_id).write_text(f"{_KEY.hex()}\n")

    def register(self, server: grpc.Server) -> None:
        service = find_service(service_name(self.area))
        handlers = {
            method.name: grpc.unary_unary_rpc_method_handler(
                getattr(self, method.name),
                request_deserializer=GetMessageClass(method.input_type).FromString,
                response_serializer=GetMessageClass(method.output_type).SerializeToString,
            )
            for method in service.methods
        }
        generic = grpc.method_handlers_generic_handler(service.full_name, handlers)
        server.add_generic_rpc_handlers([generic])

    def ListAuditRecords(
        self, request: audit_pb2.ListAuditRecordsRequest, context: object
    ) -> audit_pb2.ListAuditRecordsResponse:
        found = [record for record in self.records if record.seq > request.after_seq]
        if request.newest_first:
            found.reverse()
        start = int(request.page_token or 0)
        end = start + (request.page_size or 50)
        return audit_pb2.ListAuditRecordsResponse(
            records=map(record_message, found[start:end]),
            next_page_token=str(end) if end < len(found) else "",
        )

    def VerifyAudit(
        self, request: audit_pb2.VerifyAuditRequest, context: object
    ) -> audit_pb2.VerifyAuditResponse:
        return audit_pb2.VerifyAuditResponse(verdict=self.verdict)
