"""A valid request for any RPC, made from its descriptor.

A new RPC needs nothing here as long as its fields say what they hold: by their rules, or by a name
that VALUES knows. Ids are written by whoever knows an object to name; see kinds.py.
"""

import itertools
import uuid
from collections.abc import Callable, Mapping
from typing import cast

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from buf.validate import validate_pb2
from tests.security.rpcs import Rpc, text_fields

_numbers = itertools.count(1)
_RUN = uuid.uuid4().hex[:8]


class CannotCall(Exception):
    """An RPC for which nobody has said how to make a request."""


def unique(prefix: str) -> str:
    return f"{prefix}-{_RUN}-{next(_numbers)}"


def a_password() -> str:
    return f"{uuid.uuid4().hex} Zv!"


def a_role_name() -> str:
    return unique("role").replace("-", "_")


def a_field_key() -> str:
    return unique("field").replace("-", "x")


# By the field's name, optionally behind the message's: what its rules do not say.
VALUES: Mapping[str, Callable[[], object]] = {
    "email": lambda: f"{unique('person')}@example.com",
    "password": a_password,
    "admin_password": a_password,
    "slug": lambda: unique("house"),
    "tenant_slug": lambda: unique("house"),
    "roles": lambda: ["customer"],
    "Role.name": a_role_name,
    "DeleteRoleRequest.name": a_role_name,
    "LinkTicketsRequest.kind": lambda: 1,
    "CannedReply.name": lambda: unique("reply"),
    "DeleteCannedReplyRequest.name": lambda: unique("reply"),
    "RenderCannedReplyRequest.name": lambda: unique("reply"),
    "Macro.name": lambda: unique("macro"),
    "GetMacroRequest.name": lambda: unique("macro"),
    "DeleteMacroRequest.name": lambda: unique("macro"),
    "ApplyMacroRequest.name": lambda: unique("macro"),
    "PreviewMacroRequest.name": lambda: unique("macro"),
    # A reply, for one of another kind quotes nothing.
    "MailTemplate.kind": lambda: 1,
    "MailTemplate.body": lambda: "{{reply.text}}",
    "TicketField.key": a_field_key,
    "CorrectTriageRequest.label": lambda: "Access",
    "Queue.name": lambda: unique("queue"),
    "DeleteQueueRequest.name": lambda: unique("queue"),
    "from_day": lambda: "2027-12-01",
    "until_day": lambda: "2027-12-31",
    "scopes": lambda: ["ticket.tickets.get"],
    "display_name": lambda: unique("Somebody"),
    "ImportTicketRequest.source": lambda: "elsewhere",
    "ImportTicketRequest.foreign_id": lambda: unique("foreign"),
    "UploadAttachmentRequest.file_name": lambda: f"{unique('notes')}.txt",
    "HttpBody.data": lambda: unique("notes").encode(),
    "HttpBody.content_type": lambda: "text/plain",
    "subject": lambda: unique("Printer"),
    "address": lambda: f"{unique('help')}@example.com",
    "Webhook.url": lambda: f"https://{unique('hook')}.example.com/helpdesk",
    "View.name": lambda: unique("view"),
    "GoldenSet.name": lambda: unique("set"),
    "source_uris": lambda: [f"security/{unique('article')}.md"],
    "source_uri": lambda: f"security/{unique('article')}.md",
    "issuer": lambda: f"https://{unique('login')}.example.com",
    "role": lambda: "customer",
    "content": lambda: f"# {unique('Article')}\n\nThe printer on floor {next(_numbers)} is out.",
    "query": lambda: "printer floor",
    "text": lambda: "Which printer is out?",
}

# What a request needs for a reason that its field's rules cannot say.
NEEDED = {
    "helpdesk.auth.v1.CreateClientRequest.roles",
    "helpdesk.ticket.v1.UploadAttachmentRequest.content",
    "google.api.HttpBody.data",
}


def a_request(rpc: Rpc, ids: Mapping[str, str]) -> Message:
    """A request whose required fields are filled; `ids` by the path of their field."""
    request = rpc.request_type()
    _fill(request, rpc)
    for path in text_fields(rpc.descriptor.input_type):
        if str(path) in ids:
            path.write(request, ids[str(path)])
    return request


def _fill(message: Message, rpc: Rpc) -> None:
    descriptor = cast("Descriptor", message.DESCRIPTOR)
    for field in descriptor.fields:
        if field.containing_oneof is None and is_required(field, rpc):
            _fill_field(message, field, rpc)
    for oneof in descriptor.oneofs:
        if oneof.GetOptions().Extensions[validate_pb2.oneof].required:
            _fill_field(message, oneof.fields[0], rpc)


def _fill_field(message: Message, field: FieldDescriptor, rpc: Rpc) -> None:
    value = _value(field)
    if field.message_type is not None:
        inner = getattr(message, field.name)
        inner = inner.add() if field.is_repeated else inner
        inner.SetInParent()
        _fill(inner, rpc)
    elif value is None:
        raise CannotCall(f"{rpc.path}: no value is known for {field.full_name}")
    elif field.is_repeated:
        getattr(message, field.name).extend(value if isinstance(value, list) else [value])
    else:
        setattr(message, field.name, value)


def is_required(field: FieldDescriptor, rpc: Rpc) -> bool:
    behaviours = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    if field_behavior_pb2.OUTPUT_ONLY in behaviours:
        return False
    if rpc.name.startswith("Update") and field_behavior_pb2.IMMUTABLE in behaviours:
        return False
    if field.full_name in NEEDED:
        return True
    rules = field.GetOptions().Extensions[validate_pb2.field]
    return field_behavior_pb2.REQUIRED in behaviours or rules.required


def _value(field: FieldDescriptor) -> object:
    assert field.containing_type is not None
    for name in (f"{field.containing_type.name}.{field.name}", field.name):
        if name in VALUES:
            return VALUES[name]()
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(rules.string)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"some bytes"
    return field.type == FieldDescriptor.TYPE_BOOL or 1


def _text(rules: validate_pb2.StringRules) -> str | None:
    if rules.uuid:
        return str(uuid.uuid4())
    if rules.uri:
        return f"https://{unique('host')}.example.com/"
    return None if rules.pattern else unique("some")
