"""The RPCs of every area's AuditService, which differ in nothing but their names."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import grpc
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.common.v1 import audit_pb2
from services.mesh.audit.chain import Fault
from services.mesh.audit.ledger import NOBODY
from services.mesh.audit.reading import Verdict, Wanted, list_records, verify_chain
from services.mesh.audit.record import Record
from services.mesh.audit.trail import AuditTrail
from services.mesh.caller import TenantId, current_caller, current_tenant
from services.mesh.contract import find_service
from services.mesh.errors import PageTokenInvalid, PermissionMissing
from services.mesh.interceptors.chain import Context
from services.mesh.paging import decode_page_token, encode_page_token

_DEFAULT_PAGE_SIZE, _MAX_PAGE_SIZE = 50, 1000
_MICROSECONDS = 1_000_000
_OUTCOMES = dict(audit_pb2.AuditOutcome.items())


def service_name(area: str) -> str:
    return f"helpdesk.{area}.v1.{area.capitalize()}AuditService"


def register_audit_service(area: str, trail: AuditTrail, server: grpc.aio.Server) -> None:
    service = find_service(service_name(area))
    methods = {method.name: method for method in service.methods}
    servicer = AuditServicer(
        area,
        trail,
    )
    handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]] = {
        name: grpc.unary_unary_rpc_method_handler(
            getattr(servicer, name),
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=GetMessageClass(method.output_type).SerializeToString,
        )
        for name, method in methods.items()
    }
    server.add_registered_method_handlers(service.full_name, dict(handlers))


class AuditServicer:
    def __init__(self, area: str, trail: AuditTrail) -> None:
        self._trail = trail
        # Belongs to no single RPC: it opens the chain of the calls that have no tenant.
        self._unattributed_permission = f"{area}.audit.unattributed"

    async def ListAuditRecords(  # noqa: N802
        self, request: audit_pb2.ListAuditRecordsRequest, context: Context
    ) -> audit_pb2.ListAuditRecordsResponse:
        tenant_id = self._chain(unattributed=request.unattributed)
        asked = {name: str(getattr(request, name)) for name in _ASKED}
        position = _position(decode_page_token(tenant_id, asked, request.page_token))
        size = min(request.page_size or _DEFAULT_PAGE_SIZE, _MAX_PAGE_SIZE)
        found = await list_records(
            self._trail.database, tenant_id, _wanted(request, position), size + 1
        )
        page = found[:size]
        more = len(found) > size
        return audit_pb2.ListAuditRecordsResponse(
            records=map(record_message, page),
            next_page_token=encode_page_token(tenant_id, asked, str(page[-1].seq)) if more else "",
        )

    async def VerifyAudit(  # noqa: N802
        self, request: audit_pb2.VerifyAuditRequest, context: Context
    ) -> audit_pb2.VerifyAuditResponse:
        trail = self._trail
        tenant_id = self._chain(unattributed=request.unattributed)
        verdict = await verify_chain(
            trail.database, trail.keys, trail.anchors, trail.clock, tenant_id
        )
        return audit_pb2.VerifyAuditResponse(verdict=verdict_message(verdict))

    def _chain(self, *, unattributed: bool) -> TenantId:
        if not unattributed:
            return current_tenant()
        if not current_caller().may(self._unattributed_permission):
            raise PermissionMissing(
                "You lack the permission that this needs.",
                metadata={"permission": self._unattributed_permission},
            )
        return NOBODY


# What a page token belongs to: everything that was asked for but the size of the pages.
_ASKED = (
    "after_seq",
    "start_time",
    "end_time",
    "user_id",
    "method",
    "resource_id",
    "newest_first",
)


def record_message(record: Record) -> audit_pb2.AuditRecord:
    values = asdict(record)
    at_microseconds = values.pop("at_microseconds")
    outcome = values.pop("outcome")
    return audit_pb2.AuditRecord(
        **values,
        create_time=_timestamp(at_microseconds),
        outcome=_OUTCOMES.get(f"AUDIT_OUTCOME_{outcome}", audit_pb2.AUDIT_OUTCOME_UNSPECIFIED),
    )


def verdict_message(verdict: Verdict) -> audit_pb2.AuditVerdict:
    message = audit_pb2.AuditVerdict(
        tenant_id=verdict.tenant_id,
        sound_count=verdict.sound_count,
        anchor_count=len(verdict.anchors),
    )
    if verdict.head is not None:
        message.head_seq, message.head_mac = verdict.head.seq, verdict.head.mac
    if verdict.anchors:
        message.anchor_time.CopyFrom(_timestamp(verdict.anchors[-1].at_microseconds))
    if verdict.fault is not None:
        message.fault.CopyFrom(_fault_message(verdict.fault))
    return message


def _fault_message(fault: Fault) -> audit_pb2.AuditFault:
    return audit_pb2.AuditFault(
        kind=audit_pb2.AuditFaultKind.Value(f"AUDIT_FAULT_KIND_{fault.kind}"),
        seq=fault.seq,
        description=fault.description,
    )


def _wanted(request: audit_pb2.ListAuditRecordsRequest, position: int | None) -> Wanted:
    after, before = request.after_seq, 0
    if position is not None:
        after, before = (after, position) if request.newest_first else (position, 0)
    return Wanted(
        after_seq=after,
        before_seq=before,
        start_microseconds=_microseconds(request.start_time),
        end_microseconds=_microseconds(request.end_time),
        user_id=request.user_id,
        method=request.method,
        resource_id=request.resource_id,
        newest_first=request.newest_first,
    )


def _position(token: str | None) -> int | None:
    if token is None:
        return None
    if not token.isdecimal():
        raise PageTokenInvalid("The page_token was not given out by this list.")
    return int(token)


def _timestamp(microseconds: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(microseconds)
    return stamp


def _microseconds(stamp: Timestamp) -> int:
    return stamp.seconds * _MICROSECONDS + stamp.nanos // 1000
