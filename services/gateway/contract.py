"""What the gateway knows of the contract: the RPCs it may call and how REST reaches them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from buf.validate import validate_pb2
from helpdesk.options.v1 import policy_pb2

GATEWAY = "gateway"
# What stands for bytes that are no JSON.
RAW_BODY = "google.api.HttpBody"


@dataclass(frozen=True)
class Binding:
    """One way to reach an RPC over REST."""

    verb: str
    path: str
    body: str
    """The field of the request that the body stands for; `*` for what the path leaves; or empty."""
    body_message: Descriptor | None
    """The message that the body spells in JSON, if there is a body and it is JSON."""


@dataclass(frozen=True)
class Method:
    """One RPC."""

    service: str
    name: str
    streams: bool
    takes_stream: bool
    callers: frozenset[str]
    is_public: bool
    default_timeout: timedelta
    max_timeout: timedelta
    bindings: tuple[Binding, ...]
    file_bytes: int
    """The most that the request's fields of bytes may hold; 0 for the many without any."""

    @property
    def path(self) -> str:
        return f"/{self.service}/{self.name}"

    @property
    def area(self) -> str:
        """The mesh service that serves it: `ticket` of `helpdesk.ticket.v1.TicketService`."""
        return self.service.split(".")[1]

    @property
    def is_exposed(self) -> bool:
        return GATEWAY in self.callers


@dataclass(frozen=True)
class Contract:
    """Every RPC of the mesh."""

    descriptor_set: Path
    methods: tuple[Method, ...]

    @cached_property
    def exposed(self) -> tuple[Method, ...]:
        """The RPCs that name the gateway as a caller; nothing else is reachable from outside."""
        return tuple(method for method in self.methods if method.is_exposed)

    @property
    def areas(self) -> tuple[str, ...]:
        return tuple(sorted({method.area for method in self.exposed}))

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(sorted({method.service for method in self.exposed}))


def read_contract(descriptor_set: Path) -> Contract:
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    methods = tuple(
        _method(method)
        for file in files.file
        for service in file.service
        for method in pool.FindServiceByName(f"{file.package}.{service.name}").methods
    )
    return Contract(descriptor_set=descriptor_set, methods=methods)


def _method(method: MethodDescriptor) -> Method:
    # The pool's own options know nothing of our extensions; parsing them again does.
    options = descriptor_pb2.MethodOptions.FromString(method.GetOptions().SerializeToString())
    policy = options.Extensions[policy_pb2.policy]
    return Method(
        service=method.containing_service.full_name,
        name=method.name,
        streams=method.server_streaming,
        takes_stream=method.client_streaming,
        callers=frozenset(policy.callers),
        is_public=policy.public,
        default_timeout=policy.default_timeout.ToTimedelta(),
        max_timeout=policy.max_timeout.ToTimedelta(),
        bindings=tuple(_bindings(options.Extensions[annotations_pb2.http], method.input_type)),
        file_bytes=sum(map(_most_bytes, method.input_type.fields)),
    )


def _most_bytes(field: FieldDescriptor) -> int:
    options = descriptor_pb2.FieldOptions.FromString(field.GetOptions().SerializeToString())
    return options.Extensions[validate_pb2.field].bytes.max_len


def _bindings(rule: http_pb2.HttpRule, request: Descriptor) -> Iterator[Binding]:
    verb = rule.WhichOneof("pattern")
    if verb is None:
        return
    yield Binding(
        verb=verb.upper(),
        path=getattr(rule, verb),
        body=rule.body,
        body_message=_body_message(rule.body, request),
    )
    for additional in rule.additional_bindings:
        yield from _bindings(additional, request)


def _body_message(body: str, request: Descriptor) -> Descriptor | None:
    if body == "*":
        return request
    message = request.fields_by_name[body].message_type if body else None
    return None if message is not None and message.full_name == RAW_BODY else message
