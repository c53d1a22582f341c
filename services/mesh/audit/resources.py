"""What an audited call acts on, read from the contract: a kind, and where its id is found."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from helpdesk.options.v1 import policy_pb2
from services.mesh.ids import is_id

_SUFFIX = "_id"
_NOT_A_RESOURCE = {"request_id"}
_TOLD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

Path = tuple[str, ...]


@dataclass(frozen=True)
class Resource:
    """`told_kind` is what the service or the reply names, `path` where the request names it."""

    told_kind: str = ""
    path: Path = ()
    none_because: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.told_kind or self.path or self.none_because)

    @property
    def asked_kind(self) -> str:
        return self.path[-1].removesuffix(_SUFFIX) if self.path else ""

    def in_request(self, request: Any) -> str:  # noqa: ANN401  any message
        """The id, if it has the form of one: anything else could be somebody's name."""
        value = request
        for name in self.path:
            value = getattr(value, name)
        return value if isinstance(value, str) and is_id(value) else ""

    def in_reply(self, reply: Any) -> str:  # noqa: ANN401  any message
        value = getattr(reply, f"{self.told_kind}{_SUFFIX}", "") if self.told_kind else ""
        return value if isinstance(value, str) and is_told_id(value) else ""


def is_told_id(text: str) -> bool:
    return _TOLD_ID.match(text) is not None


def resource_of(method: MethodDescriptor) -> Resource:
    stated = method.GetOptions().Extensions[policy_pb2.policy].audit_resource
    kind = stated.WhichOneof("resource")
    if kind == "none_because":
        return Resource(none_because=stated.none_because)
    if kind == "request_field":
        return Resource(path=tuple(stated.request_field.split(".")))
    named = _first_id(method.input_type)
    if kind == "told_kind":
        return Resource(told_kind=stated.told_kind, path=named)
    made = re.match(r"Create([A-Z]\w*)\Z", method.name)
    return Resource(told_kind=_snake(made[1]) if made else "", path=named)


def _first_id(request: Descriptor) -> Path:
    """The first id among the request's own fields, else among those of its messages."""
    own = _matching(request, _is_id_field)
    if own is not None:
        return (own.name,)
    for field in request.fields:
        if field.message_type is not None and not field.is_repeated:
            inner = _matching(field.message_type, _is_id_field)
            if inner is not None:
                return (field.name, inner.name)
    return ()


def _matching(
    message: Descriptor, wanted: Callable[[FieldDescriptor], bool]
) -> FieldDescriptor | None:
    return next((field for field in message.fields if wanted(field)), None)


def _is_id_field(field: FieldDescriptor) -> bool:
    return (
        field.type == field.TYPE_STRING
        and not field.is_repeated
        and field.name.endswith(_SUFFIX)
        and field.name not in _NOT_A_RESOURCE
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
