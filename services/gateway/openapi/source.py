"""The descriptor set with its comments and the options that the document needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.api import annotations_pb2, field_behavior_pb2, http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from buf.validate import validate_pb2
from helpdesk.options.v1 import policy_pb2


@dataclass(frozen=True)
class Binding:
    """One way to call a method over HTTP."""

    verb: str
    path: str
    body: str


class Source:
    """Reads a serialised `FileDescriptorSet` that was made with imports and source info."""

    def __init__(self, descriptor_set: bytes) -> None:
        files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set)
        self._pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self._pool.Add(file)
        self._files = files.file
        self._comments = dict(_comments(files))

    def methods(self) -> Iterator[MethodDescriptor]:
        """Every method of our own services, in the order of the files."""
        for file in self._files:
            if file.package.startswith("helpdesk."):
                for service in self._pool.FindFileByName(file.name).services_by_name.values():
                    yield from service.methods

    def error_reasons(self) -> Iterator[EnumDescriptor]:
        for file in self._files:
            enums = self._pool.FindFileByName(file.name).enum_types_by_name
            if "ErrorReason" in enums:
                yield enums["ErrorReason"]

    def message(self, name: str) -> Descriptor:
        return self._pool.FindMessageTypeByName(name)

    def comment(self, full_name: str) -> str:
        return self._comments.get(full_name, "")


def bindings(method: MethodDescriptor) -> list[Binding]:
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    return [
        _binding(each) for each in (rule, *rule.additional_bindings) if each.WhichOneof("pattern")
    ]


def policy(method: MethodDescriptor) -> policy_pb2.Policy:
    return method.GetOptions().Extensions[policy_pb2.policy]


def behaviours(field: FieldDescriptor) -> set[str]:
    values = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return {field_behavior_pb2.FieldBehavior.Name(value) for value in values}


def rules(field: FieldDescriptor) -> validate_pb2.FieldRules:
    return field.GetOptions().Extensions[validate_pb2.field]


def is_personal(field: FieldDescriptor) -> bool:
    return field.GetOptions().Extensions[policy_pb2.personal_data]


def _binding(rule: http_pb2.HttpRule) -> Binding:
    verb = str(rule.WhichOneof("pattern"))
    return Binding(verb, getattr(rule, verb), rule.body)


def _comments(files: descriptor_pb2.FileDescriptorSet) -> Iterator[tuple[str, str]]:
    for file in files.file:
        for location in file.source_code_info.location:
            text = " ".join(line.strip() for line in location.leading_comments.splitlines())
            if text and (name := _name(file, tuple(location.path))):
                yield f"{file.package}.{name}", text.strip()


def _name(file: descriptor_pb2.FileDescriptorProto, path: tuple[int, ...]) -> str:
    """The name below the package of the element at a source path; empty for what has no name.

    A path alternates field numbers of the descriptor's own messages with indexes, as
    `google.protobuf.SourceCodeInfo.Location.path` says.
    """
    names: list[str] = []
    element: Message = file
    for number, index in zip(path[::2], path[1::2], strict=False):
        field = element.DESCRIPTOR.fields_by_number[number]
        if field.name not in ("message_type", "enum_type", "service", "field", "value", "method"):
            return ""
        element = getattr(element, field.name)[index]
        names.append(element.name)  # type: ignore[attr-defined]  # all six kinds are named
    return ".".join(names) if len(path) % 2 == 0 else ""
