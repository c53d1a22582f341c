"""Every RPC that can be reached from outside, as the contract describes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.gateway.__main__ import DESCRIPTOR_SET
from services.gateway.contract import Binding, read_contract
from services.mesh.contract import MethodPolicy, find_service, full_name, read_policy, services_of


@dataclass(frozen=True)
class Rpc:
    descriptor: MethodDescriptor
    policy: MethodPolicy
    bindings: tuple[Binding, ...]

    @property
    def path(self) -> str:
        return full_name(self.descriptor)

    @property
    def name(self) -> str:
        return self.descriptor.name

    @property
    def area(self) -> str:
        return self.descriptor.containing_service.full_name.split(".")[1]

    @property
    def streams(self) -> bool:
        return self.descriptor.server_streaming

    @property
    def takes_stream(self) -> bool:
        return self.descriptor.client_streaming

    @property
    def request_type(self) -> type[Message]:
        return GetMessageClass(self.descriptor.input_type)

    @property
    def reply_type(self) -> type[Message]:
        return GetMessageClass(self.descriptor.output_type)

    @property
    def is_read(self) -> bool:
        return self.name.startswith(
            ("Get", "Download", "List", "Search", "Watch", "Verify", "Export")
        )


@cache
def exposed_rpcs() -> tuple[Rpc, ...]:
    contract = read_contract(DESCRIPTOR_SET)
    for area in contract.areas:
        services_of(area)  # brings the messages in
    found = []
    for method in contract.exposed:
        descriptor = find_service(method.service).methods_by_name[method.name]
        found.append(Rpc(descriptor, read_policy(descriptor), method.bindings))
    return tuple(sorted(found, key=lambda rpc: rpc.path))


@cache
def rpc(name: str) -> Rpc:
    """By its bare name, which is unique in the contract."""
    (found,) = (each for each in exposed_rpcs() if each.name == name)
    return found


def is_exposed(name: str) -> bool:
    return any(each.name == name for each in exposed_rpcs())


@dataclass(frozen=True)
class FieldPath:
    """A field of a request, also of a message inside it."""

    fields: tuple[FieldDescriptor, ...]

    @property
    def last(self) -> FieldDescriptor:
        return self.fields[-1]

    def __str__(self) -> str:
        return ".".join(field.name for field in self.fields)

    def read(self, request: Message) -> str:
        holder = self._holder(request)
        value = getattr(holder, self.last.name)
        return str(value[0] if self.last.is_repeated and value else value or "")

    def write(self, request: Message, value: str) -> None:
        holder = self._holder(request)
        if self.last.is_repeated:
            getattr(holder, self.last.name)[:] = [value]
        else:
            setattr(holder, self.last.name, value)

    def _holder(self, request: Message) -> Message:
        for field in self.fields[:-1]:
            inner = getattr(request, field.name)
            request = (inner[0] if inner else inner.add()) if field.is_repeated else inner
        return request


def text_fields(
    message: Descriptor, above: tuple[FieldDescriptor, ...] = ()
) -> Iterator[FieldPath]:
    """The request's text fields, depth first, in the order of the contract."""
    for field in message.fields:
        inner = field.message_type
        if field.type == FieldDescriptor.TYPE_STRING:
            yield FieldPath((*above, field))
        elif inner is not None and inner.full_name.startswith("helpdesk."):
            if inner.GetOptions().map_entry or inner in {one.containing_type for one in above}:
                continue
            yield from text_fields(inner, (*above, field))
