"""Messages in which every text is one that can be found again, and a server that takes them all."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import grpc
import protovalidate
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from buf.validate import validate_pb2
from services.mesh.audit.service import service_name
from services.mesh.caller import TenantId
from services.mesh.contract import find_service, services_of
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.interceptors.validation import dotted

AnyField = Any  # the pure and the compiled descriptors have no common type

MARK = "planted"
_DEEPEST = 5
_ROUNDS = 8

_numbers = count(1)


def planted(kind: type[Message]) -> Iterator[Message]:
    """One message for each member of the kind's oneofs, with every other field filled in."""
    members = [len(oneof.fields) for oneof in kind.DESCRIPTOR.oneofs] or [1]
    for chosen in range(max(members)):
        message = kind()
        _fill(message, chosen, _DEEPEST)
        yield message


def made_valid(message: Message) -> bool:
    """Gives the fields that break a rule other texts, still planted wherever the rule lets them."""
    validator = protovalidate.Validator()
    for attempt in range(_ROUNDS):
        broken = [dotted(each.proto.field) for each in validator.collect_violations(message)]
        if not broken:
            return True
        for path in broken:
            if path:
                _mend(message, path, attempt)
    return False


class TakesAnything:
    """Answers every RPC of an area within a transaction of the caller's tenant."""

    def __init__(self, area: str, database: Database, tenant_id: TenantId) -> None:
        self._area = area
        self._database = database
        self._tenant_id = tenant_id
        self.writes = True

    def methods(self) -> Iterator[MethodDescriptor]:
        for service in services_of(self._area):
            if service != service_name(self._area):
                yield from find_service(service).methods

    def register(self, server: grpc.aio.Server) -> None:
        by_service: dict[str, dict[str, Any]] = {}
        for method in self.methods():
            handlers = by_service.setdefault(method.containing_service.full_name, {})
            handlers[method.name] = self._handler(method)
        for service, handlers in by_service.items():
            server.add_registered_method_handlers(service, handlers)

    def _handler(self, method: MethodDescriptor) -> Any:  # noqa: ANN401
        request, reply = GetMessageClass(method.input_type), GetMessageClass(method.output_type)

        async def answer(_: object, __: object) -> Message:
            if self.writes:
                async with self._database.tenant_transaction(self._tenant_id):
                    pass
            return _with_ids(next(planted(reply)))

        async def stream(_: object, __: object) -> Any:  # noqa: ANN401
            yield next(planted(reply))

        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(
                stream,
                request_deserializer=request.FromString,
                response_serializer=reply.SerializeToString,
            )
        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=request.FromString,
            response_serializer=reply.SerializeToString,
        )


def _fill(message: Message, chosen: int, depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof is not None and len(oneof.fields) > 1:
            members = list(oneof.fields)
            if field is not members[chosen % len(members)]:
                continue
        _fill_field(message, field, chosen, depth)


def _fill_field(message: Message, field: AnyField, chosen: int, depth: int) -> None:
    if field.message_type is not None:
        if depth == 0 or field.message_type.GetOptions().map_entry:
            return
        inner = getattr(message, field.name)
        if field.message_type.full_name.startswith("google.protobuf."):
            return
        _fill(inner.add() if field.is_repeated else inner, chosen, depth - 1)
        if not field.is_repeated:
            inner.SetInParent()
    elif field.type == field.TYPE_STRING:
        _set(message, field, f"{MARK}{next(_numbers)}")
    elif field.enum_type is not None and field.containing_oneof is not None:
        setattr(message, field.name, field.enum_type.values[-1].number)
    elif field.type == field.TYPE_BYTES and not field.is_repeated:
        setattr(message, field.name, f"{MARK}{next(_numbers)}".encode())


def _set(message: Message, field: AnyField, text: str) -> None:
    if field.is_repeated:
        values = getattr(message, field.name)
        del values[:]
        values.append(text)
    else:
        setattr(message, field.name, text)


def _with_ids(reply: Message) -> Message:
    """What a service makes has ids that it made."""
    for field in reply.DESCRIPTOR.fields:
        if field.name.endswith("_id") and field.type == field.TYPE_STRING:
            _set(reply, field, new_id())
    return reply


def _mend(message: Message, path: str, attempt: int) -> None:
    *parents, name = [part.partition("[")[0] for part in path.split(".")]
    for parent in parents:
        inner = getattr(message, parent)
        message = inner[0] if hasattr(inner, "add") else inner
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        return
    number = next(_numbers)
    if field.type == field.TYPE_STRING:
        address = f"https://{MARK}{number}.example.com/back"
        domain = f"{MARK}{number}.example.com"
        rules = field.GetOptions().Extensions[validate_pb2.field].string
        allowed = [*getattr(rules, "in"), *filter(None, [rules.const])]
        texts = tuple(allowed) * _ROUNDS or (
            f"{MARK}{number}@example.com",
            address,
            domain,
            new_id(),
            "S256",
            "email",
            "2030-01-01",
        )
        _set(message, field, texts[attempt % len(texts)])
    elif field.enum_type is not None and not field.is_repeated:
        values = field.enum_type.values
        setattr(message, name, values[-1 - attempt % len(values)].number)
    elif field.message_type is not None and field.is_repeated:
        several = getattr(message, name)
        wanted = field.GetOptions().Extensions[validate_pb2.field].repeated.min_items
        several.extend([several[0]] * (wanted - len(several)))
    elif field.message_type is None and not field.is_repeated:
        setattr(message, name, 1)
