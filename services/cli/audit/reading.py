"""Records of the tenant's chains, page by page and service by service."""

from collections.abc import Iterator
from typing import NamedTuple

from helpdesk.common.v1 import audit_pb2
from services.cli.gateway import Gateway

_LARGEST_PAGE = 1000


class Read(NamedTuple):
    service: str
    record: audit_pb2.AuditRecord


def newest(gateway: Gateway, service: str, count: int) -> list[Read]:
    """The newest records of one service, oldest first."""
    found: list[Read] = []
    request = audit_pb2.ListAuditRecordsRequest(newest_first=True)
    while len(found) < count:
        request.page_size = min(count - len(found), _LARGEST_PAGE)
        page = gateway.audits[service].ListAuditRecords(request)
        found += [Read(service, record) for record in page.records]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    return found[::-1]


def records_after(gateway: Gateway, service: str, seq: int) -> Iterator[Read]:
    """All records behind one, oldest first."""
    while True:
        page = gateway.audits[service].ListAuditRecords(
            audit_pb2.ListAuditRecordsRequest(after_seq=seq, page_size=_LARGEST_PAGE)
        )
        for record in page.records:
            yield Read(service, record)
            seq = record.seq
        if not page.next_page_token:
            return
