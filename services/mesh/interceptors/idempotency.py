"""Answers a repeated request id with the first answer, stored in the commit that made it true."""

import hashlib
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, cast

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.mesh.audit.entry import note_replay
from services.mesh.call_transaction import transaction_of_call
from services.mesh.caller import current_tenant, current_user
from services.mesh.database import Database
from services.mesh.idempotency import RememberedReplies, RequestKey
from services.mesh.interceptors.chain import Context, Handler, Interceptor, Method

_FIELD = "request_id"
_DEEPEST = 4

Path = tuple[str, ...]


def idempotency(
    database: Database, replies: RememberedReplies, handled_by_service: AbstractSet[str]
) -> Interceptor:
    """`handled_by_service` are the methods that keep request ids themselves."""

    def intercept(method: Method, proceed: Handler) -> Handler:
        request_type, reply_type = method.request_type, method.reply_type
        if (
            method.streams
            or method.takes_stream
            or method.policy.public
            or method.full_name in handled_by_service
            or request_type is None
            or reply_type is None
            or _FIELD not in request_type.DESCRIPTOR.fields_by_name
        ):
            return proceed
        secrets = secret_paths(cast("Descriptor", request_type.DESCRIPTOR))

        async def handle(request: Any, context: Context) -> Message | None:
            if not request.request_id:
                return await proceed(request, context)
            key = RequestKey(current_tenant(), current_user(), method.full_name, request.request_id)
            # The handler's own transaction joins this one, so that both commit or neither.
            async with transaction_of_call(database, method.policy) as session:
                known = await replies.claim(session, key, request_digest(request, secrets))
                if known is not None:
                    earlier = reply_type.FromString(known)
                    note_replay(earlier)
                    return earlier
                reply = await proceed(request, context)
                if reply is not None:
                    await replies.keep(session, key, reply.SerializeToString())
                return reply

        return handle

    return intercept


def request_digest(request: Message, secrets: Iterable[Path] = ()) -> bytes:
    """The same for two requests that differ in nothing but their request id and their secrets.

    A stored digest over a password would let whoever reads the database try passwords fast.
    """
    rest = type(request)()
    rest.CopyFrom(request)
    rest.ClearField(_FIELD)
    for path in secrets:
        _clear(rest, path)
    return hashlib.sha256(rest.SerializeToString(deterministic=True)).digest()


def _clear(message: Message, path: Path) -> None:
    name, *deeper = path
    if not deeper:
        message.ClearField(name)
    elif message.HasField(name):
        _clear(getattr(message, name), tuple(deeper))


def secret_paths(descriptor: Descriptor, depth: int = _DEEPEST) -> tuple[Path, ...]:
    """The fields that go in and never come out again (INPUT_ONLY)."""
    return tuple(_secret_paths(descriptor, depth))


def _secret_paths(descriptor: Descriptor, depth: int) -> Iterator[Path]:
    for field in descriptor.fields:
        behaviours = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        if field_behavior_pb2.INPUT_ONLY in behaviours:
            yield (field.name,)
        elif field.message_type is not None and not field.is_repeated and depth > 0:
            for path in _secret_paths(field.message_type, depth - 1):
                yield (field.name, *path)
