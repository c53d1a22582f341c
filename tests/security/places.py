"""Where a request takes an id: fields named so, also inside other messages, filters and tokens."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.api import field_behavior_pb2
from google.protobuf.message import Message

from tests.security.kinds import (
    FIELDS,
    NO_OBJECTS,
    TICKET,
    USER,
    Kind,
    id_fields,
)
from tests.security.rpcs import FieldPath, Rpc, text_fields


@dataclass(frozen=True)
class Place:
    rpc: Rpc
    path: FieldPath
    kind: Kind
    spelling: str = "{}"
    """How the id stands in the field."""

    @property
    def weight(self) -> float:
        """How often it is tried: less where a call is slow or the server fills the field."""
        for_the_server = any(
            field_behavior_pb2.OUTPUT_ONLY
            in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
            for field in self.path.fields
        )
        is_slow = self.rpc.name.startswith(("Watch", "Put", "Invite", "CreateUser", "Test"))
        return 0.05 if is_slow or for_the_server else 1.0

    def put(self, request: Message, value: str) -> None:
        self.path.write(request, self.spelling.format(value))

    def __str__(self) -> str:
        shown = "" if self.spelling == "{}" else f" as {self.spelling}"
        return f"{self.rpc.name}.{self.path}{shown}"


def places_of(rpc: Rpc) -> Iterator[Place]:
    for field in id_fields(rpc):
        # Whoever makes a role names it; two tenants may choose the same name.
        if rpc.name.startswith("Create") and field.path.last.name == "name":
            continue
        yield Place(rpc, field.path, field.kind)
    for path in text_fields(rpc.descriptor.input_type):
        name = path.last.name
        if name.endswith("_ids") and name not in NO_OBJECTS:
            yield Place(rpc, path, FIELDS.get((rpc.area, name[:-1]), USER))
        elif name == "filter":
            for field_name in ("requester_id", "assignee_id"):
                yield Place(rpc, path, USER, f'{field_name} = "{{}}"')
        elif name == "page_token":
            yield Place(rpc, path, TICKET)
        elif name == "etag":
            yield Place(rpc, path, TICKET, '"{}"')
