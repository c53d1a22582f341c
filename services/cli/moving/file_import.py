"""Brings the files of a ticket in, each once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import grpc
from google.api import httpbody_pb2

from helpdesk.ticket.v1 import attachment_pb2, attachment_service_pb2, ticket_pb2
from services.cli import ticket_lookup
from services.cli.attachments.transfer import list_attachments, send_stream
from services.cli.gateway import Gateway
from services.cli.moving.folder import FileFolder
from services.cli.moving.record import TicketRecord, Unusable


@dataclass
class FileCounts:
    imported: int = 0
    there_before: int = 0
    left_out: int = 0


class FileImport:
    def __init__(
        self, gateway: Gateway, folder: FileFolder, refused: Callable[[grpc.RpcError], Exception]
    ) -> None:
        """`refused` makes Unusable of what is said of one file alone."""
        self._gateway = gateway
        self._folder = folder
        self._refused = refused
        self.counts = FileCounts()

    def run(self, ticket_id: str, record: TicketRecord) -> Iterator[str]:
        """Yields why a file was left out, for each that was."""
        if not record.attachments:
            return
        comment_ids = self._comment_ids(ticket_id, record.comments)
        there = {_essence(one) for one in list_attachments(self._gateway, ticket_id)}
        for attachment in record.attachments:
            try:
                wanted = _here(attachment, comment_ids)
                if _essence(wanted) in there:
                    self.counts.there_before += 1
                    continue
                self._send(ticket_id, wanted)
            except Unusable as reason:
                self.counts.left_out += 1
                yield f"the file {attachment.file_name}: {reason}"
            else:
                self.counts.imported += 1

    def _send(self, ticket_id: str, wanted: attachment_pb2.Attachment) -> None:
        first = attachment_service_pb2.UploadAttachmentRequest(
            ticket_id=ticket_id,
            file_name=wanted.file_name,
            internal=wanted.internal,
            content=httpbody_pb2.HttpBody(content_type=wanted.media_type),
            past_author_id=wanted.author_id,
            past_create_time=wanted.create_time,
            past_comment_id=wanted.comment_id,
        )
        with self._folder.opened(wanted.sha256) as stream:
            try:
                send_stream(self._gateway, stream, first)
            except grpc.RpcError as error:
                raise self._refused(error) from None

    def _comment_ids(
        self, ticket_id: str, comments: Iterable[ticket_pb2.Comment]
    ) -> dict[str, str]:
        """What the comments are called here, by their ids in the file."""
        here = defaultdict(list)
        for comment in ticket_lookup.list_comments(self._gateway, ticket_id):
            here[_words(comment)].append(comment.comment_id)
        ids = {}
        for comment in comments:
            if same := here[_words(comment)]:
                ids[comment.comment_id] = same.pop(0)
        return ids


def _here(
    attachment: attachment_pb2.Attachment, comment_ids: dict[str, str]
) -> attachment_pb2.Attachment:
    if not attachment.author_id:
        raise Unusable("it was put there by no user of this tenant")
    wanted = attachment_pb2.Attachment()
    wanted.CopyFrom(attachment)
    if attachment.comment_id:
        if attachment.comment_id not in comment_ids:
            raise Unusable("it is one of a comment that did not come along")
        wanted.comment_id = comment_ids[attachment.comment_id]
    return wanted


def _words(comment: ticket_pb2.Comment) -> tuple[object, ...]:
    time = comment.create_time.ToMicroseconds()
    return comment.author_id, comment.internal, comment.body, time


def _essence(one: attachment_pb2.Attachment) -> tuple[object, ...]:
    time = one.create_time.ToMicroseconds()
    return one.sha256, one.file_name, one.internal, one.author_id, one.comment_id, time
