"""Brings tickets in, one by one, and keeps a report of each that was left out."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc

from helpdesk.ticket.v1 import (
    import_service_pb2,
    queue_service_pb2,
    ticket_pb2,
)
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.moving.file_import import FileCounts, FileImport
from services.cli.moving.folder import FileFolder
from services.cli.moving.newcomers import Newcomers
from services.cli.moving.record import Unusable
from services.cli.moving.settling import settled
from services.cli.moving.sources import Entry
from services.cli.own_fields import fitted, list_fields, only_fitting
from services.cli.refusals import from_rpc
from services.mesh.ids import new_id

# The gateway takes no larger request.
_MOST_BYTES = 3 * 1024 * 1024 - 4096
_LONGEST_BODY = 20_000
_DEFAULT_QUEUE = "general"

# Refusals that say something about the ticket. All others would meet the next one too.
_FAULTS_OF_THE_TICKET = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.NOT_FOUND,
    }
)


@dataclass
class ImportCounts:
    imported: int = 0
    there_before: int = 0
    left_out: int = 0
    notes: int = 0
    files: FileCounts = field(default_factory=FileCounts)
    unknown_people: Counter[str] = field(default_factory=Counter)


class Report:
    """A line for each ticket that was left out, and for what was not taken over of one that was
    not."""

    def __init__(self, file: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._stream = os.fdopen(os.open(file, flags, 0o600), "w", encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"{file} cannot be written: {error.strerror}.",
                hint="helpdesk tickets import FILE --report OTHER_FILE",
                code="FILE_NOT_WRITTEN",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.close()

    def add(self, entry: Entry, outcome: str, reason: str) -> None:
        said = {
            "place": entry.place,
            "foreign_id": entry.foreign_id,
            "outcome": outcome,
            "reason": reason,
        }
        self._stream.write(f"{json.dumps(said, ensure_ascii=False)}\n")
        self._stream.flush()


class Importer:
    def __init__(
        self,
        gateway: Gateway,
        source: str,
        newcomers: Newcomers,
        report: Report,
        folder: FileFolder,
    ) -> None:
        self._gateway = gateway
        self._source = source
        self._newcomers = newcomers
        self._report = report
        self._seen: dict[str, str] = {}
        self._queues = {
            queue.name
            for queue in gateway.queues.ListQueues(queue_service_pb2.ListQueuesRequest()).queues
        }
        self._fields = list_fields(gateway)
        self._files = FileImport(gateway, folder, self._refused)
        self.counts = ImportCounts(files=self._files.counts)

    def run(self, entries: Iterable[Entry], progress: Callable[[str], None]) -> None:
        """Raises CommandError when going on makes no sense; the report holds what was done."""
        for entry in entries:
            try:
                self._bring(entry)
            except Unusable as reason:
                self.counts.left_out += 1
                self._report.add(entry, "left out", str(reason))
            progress(entry.place)

    def _bring(self, entry: Entry) -> None:
        if entry.record is None:
            raise Unusable(entry.reason)
        first = self._seen.setdefault(entry.foreign_id, entry.place)
        if first != entry.place:
            raise Unusable(f"its id is there twice, first at {first}")
        _require_lengths(entry.record.ticket, entry.record.comments)
        record, notes = settled(entry.record, self._newcomers, self.counts.unknown_people)
        notes += only_fitting(self._fields, record.ticket)
        values, unfit = fitted(self._fields, entry.fields)
        for key, value in values.items():
            record.ticket.fields[key].CopyFrom(value)
        request = import_service_pb2.ImportTicketRequest(
            source=self._source,
            foreign_id=entry.foreign_id,
            ticket=record.ticket,
            comments=record.comments,
            events=record.events,
        )
        if request.ByteSize() > _MOST_BYTES:
            raise Unusable(f"it has more than {_MOST_BYTES} bytes")
        self._make_queue(record.ticket.queue)
        answer = self._import(request)
        if answer.imported_before:
            self.counts.there_before += 1
        else:
            self.counts.imported += 1
            for note in (*entry.notes, *notes, *unfit):
                self.counts.notes += 1
                self._report.add(entry, "not taken over", note)
        # A ticket that never left has its files, or lost them on purpose.
        if answer.ticket.ticket_id != entry.foreign_id:
            for reason in self._files.run(answer.ticket.ticket_id, record):
                self._report.add(entry, "file left out", reason)

    def _import(
        self, request: import_service_pb2.ImportTicketRequest
    ) -> import_service_pb2.ImportTicketResponse:
        try:
            return self._gateway.ticket_imports.ImportTicket(request)
        except grpc.RpcError as error:
            raise self._refused(error) from None

    def _make_queue(self, name: str) -> None:
        if name in ("", _DEFAULT_QUEUE) or name in self._queues:
            return
        request = queue_service_pb2.CreateQueueRequest(
            queue=queue_service_pb2.Queue(name=name), request_id=new_id()
        )
        try:
            self._gateway.queues.CreateQueue(request)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
                raise self._refused(error) from None
        self._queues.add(name)

    def _refused(self, error: grpc.RpcError) -> Exception:
        refusal = from_rpc(error, self._gateway.address.url)
        if error.code() in _FAULTS_OF_THE_TICKET:
            return Unusable(refusal.message)
        return CommandError(
            f"The import stopped: {refusal.message}",
            hint="run the same command again; what is imported already is skipped",
            code=refusal.code,
            exit_code=refusal.exit_code,
        )


def _require_lengths(ticket: ticket_pb2.Ticket, comments: Iterable[ticket_pb2.Comment]) -> None:
    bodies = [("ticket.body", ticket.body)]
    bodies += [(f"comments[{place}].body", each.body) for place, each in enumerate(comments)]
    for name, body in bodies:
        if len(body) > _LONGEST_BODY:
            raise Unusable(f"{name}: has {len(body)} characters, {_LONGEST_BODY} are allowed")
