"""Records every call of a method that is `audited`, its change and its record in one commit."""

import asyncio
import hashlib
from typing import Any

import grpc
import structlog
from google.protobuf.message import Message

from services.mesh.audit.entry import Entry, begin_entry, entry_or_none
from services.mesh.audit.ledger import NOBODY
from services.mesh.audit.record import Content, Outcome
from services.mesh.audit.resources import Resource, is_told_id, resource_of
from services.mesh.audit.trail import AuditTrail
from services.mesh.call import call_or_none
from services.mesh.caller import TenantId, caller_or_none
from services.mesh.contract import find_method
from services.mesh.database import before_each_commit, tenant_of_transaction
from services.mesh.errors import MeshError
from services.mesh.ids import is_id
from services.mesh.interceptors.chain import Context, Handler, Interceptor, Method

log = structlog.get_logger()

_OK = "OK"
_HEX_LENGTH = 32


def audit_outside(trail: AuditTrail) -> Interceptor:
    """Around everything that may refuse: what was refused, and what was only read, is recorded."""

    def intercept(method: Method, proceed: Handler) -> Handler:
        if not method.policy.audited:
            return proceed
        resource = resource_of(find_method(method.full_name))

        async def handle(request: Any, context: Context) -> Message | None:
            entry = Entry(method.full_name)
            begin_entry(entry)
            try:
                reply = await proceed(request, context)
            except asyncio.CancelledError:
                entry.is_running = False
                # The task is at its end, but its record must still be written.
                await asyncio.shield(_refused(trail, resource, entry, "CANCELLED", ""))
                raise
            except Exception as error:
                entry.is_running = False
                await _refused(trail, resource, entry, *_code_and_reason(error, context))
                raise
            entry.is_running = False
            chain = _chain(entry)
            if chain not in entry.committed_in:
                _tell_from_reply(entry, resource, reply)
                answered = _content(trail, resource, entry, Outcome.ANSWERED)
                await trail.ledger.append(chain, answered)
            return reply

        return handle

    return intercept


def audit_inside(trail: AuditTrail) -> Interceptor:
    """Around what changes: each commit from here on carries a record."""

    def intercept(method: Method, proceed: Handler) -> Handler:
        if not method.policy.audited:
            return proceed
        resource = resource_of(find_method(method.full_name))

        async def handle(request: Any, context: Context) -> Message | None:
            entry = entry_or_none()
            if entry is None:
                raise LookupError("audit_inside needs audit_outside")
            entry.asked_kind = resource.asked_kind
            is_named = bool(resource.path) and not method.takes_stream
            entry.asked_id = resource.in_request(request) if is_named else ""
            if method.streams:
                started = _content(trail, resource, entry, Outcome.STARTED)
                await trail.ledger.append(_chain(entry), started)

            async def record_commit() -> None:
                if not entry.is_running or entry.is_bookkeeping:
                    return
                outcome = Outcome.COMMITTED
                if entry.replayed is not None:
                    outcome = Outcome.REPLAYED
                    _tell_from_reply(entry, resource, entry.replayed)
                # A tenant's transaction reaches no other's chain; the call's own tenant, if it is
                # another one, gets a record when the call ends.
                chain = tenant_of_transaction() or _chain(entry)
                await trail.ledger.append(chain, _content(trail, resource, entry, outcome))
                entry.committed_in.add(chain)

            entry.is_running = True
            with before_each_commit(record_commit):
                return await proceed(request, context)

        return handle

    return intercept


async def _refused(
    trail: AuditTrail, resource: Resource, entry: Entry, code: str, reason: str
) -> None:
    content = _content(trail, resource, entry, Outcome.REFUSED, (code, reason))
    try:
        if _chain(entry) == NOBODY:
            await trail.unattributed.add(content)
        else:
            await trail.ledger.append(_chain(entry), content)
    except Exception:
        # Nothing was changed, and the caller should learn of the first trouble, not the second.
        log.exception("a refusal could not be recorded", method=entry.method, code=code)


def _chain(entry: Entry) -> TenantId:
    caller = caller_or_none()
    return entry.tenant_id or (caller.tenant_id if caller else None) or NOBODY


def _content(
    trail: AuditTrail,
    resource: Resource,
    entry: Entry,
    outcome: Outcome,
    ended: tuple[str, str] = (_OK, ""),
) -> Content:
    code, reason = ended
    call, caller = call_or_none(), caller_or_none()
    kind, resource_id = _subject(entry, resource)
    return Content(
        at_microseconds=trail.now_microseconds(),
        user_id=entry.user_id or (caller.user_id if caller else None) or "",
        session_id=entry.session_id or (caller.session_id if caller else None) or "",
        client_id=entry.client_id or (getattr(caller, "client_id", None) if caller else None) or "",
        calling_service=(call.caller_service if call else None) or "",
        method=entry.method,
        resource_kind=kind,
        resource_id=resource_id,
        outcome=outcome,
        code=code,
        reason=reason,
        count=1,
        request_id=_request_id(call.request_id if call else ""),
        trace_id=(call.trace_id if call else None) or "",
    )


def _subject(entry: Entry, resource: Resource) -> tuple[str, str]:
    told = next(reversed(entry.told.items()), None)
    if told is not None and is_told_id(told[1]):
        return told
    if entry.asked_id:
        return entry.asked_kind, entry.asked_id
    return resource.told_kind or resource.asked_kind, ""


def _tell_from_reply(entry: Entry, resource: Resource, reply: Any) -> None:
    found = resource.in_reply(reply) if reply is not None else ""
    if found:
        entry.told = {resource.told_kind: found}


def _code_and_reason(error: Exception, context: Context) -> tuple[str, str]:
    if isinstance(error, MeshError):
        return error.code.value, error.reason
    if isinstance(error, grpc.aio.AbortError):
        return grpc.StatusCode(context.code()).name, ""
    return "INTERNAL", "INTERNAL"


def _request_id(text: str) -> str:
    """Callers may choose it, and could choose a name: what is no UUID is kept as a digest."""
    if not text or is_id(text):
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:_HEX_LENGTH]
