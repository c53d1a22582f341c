"""What Envoy's own refusals mean in the words of the contract."""

from dataclasses import dataclass

from google.rpc import code_pb2

ENVOYS_WORDS = "%LOCAL_REPLY_BODY%"


@dataclass(frozen=True)
class Refusal:
    """What one HTTP status of Envoy's means."""

    status: int
    code: int
    reason: str
    message: str
    or_more: bool = False
    """Whether it stands for all higher statuses too that are not listed before it."""
    answered_as: int | None = None
    """The HTTP status that REST callers see, where it is another one."""


REFUSALS = (
    Refusal(400, code_pb2.INVALID_ARGUMENT, "GATEWAY", ENVOYS_WORDS),
    Refusal(401, code_pb2.UNAUTHENTICATED, "TOKEN_INVALID", "The access token is not valid."),
    # Envoy's word for a token of another audience. To the services that is as invalid as any.
    Refusal(
        403,
        code_pb2.UNAUTHENTICATED,
        "TOKEN_INVALID",
        "The access token is not valid.",
        answered_as=401,
    ),
    Refusal(404, code_pb2.NOT_FOUND, "GATEWAY", "Nothing is bound to this method and path."),
    Refusal(405, code_pb2.NOT_FOUND, "GATEWAY", "Nothing is bound to this method and path."),
    Refusal(408, code_pb2.DEADLINE_EXCEEDED, "GATEWAY", "The request took too long to arrive."),
    Refusal(413, code_pb2.RESOURCE_EXHAUSTED, "GATEWAY", "The body is too large."),
    Refusal(415, code_pb2.INVALID_ARGUMENT, "GATEWAY", ENVOYS_WORDS),
    Refusal(429, code_pb2.RESOURCE_EXHAUSTED, "GATEWAY", "There were too many calls. Slow down."),
    Refusal(431, code_pb2.RESOURCE_EXHAUSTED, "GATEWAY", "The headers are too large."),
    Refusal(503, code_pb2.UNAVAILABLE, "PEER_UNAVAILABLE", "The service does not answer."),
    Refusal(504, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "The time ran out."),
    Refusal(500, code_pb2.INTERNAL, "INTERNAL", "Something went wrong.", or_more=True),
    Refusal(400, code_pb2.INVALID_ARGUMENT, "GATEWAY", "The request is not valid.", or_more=True),
)
TOKEN_MISSING = Refusal(
    401, code_pb2.UNAUTHENTICATED, "TOKEN_MISSING", "The call needs an access token."
)
INVALID_REQUEST = Refusal(400, code_pb2.INVALID_ARGUMENT, "INVALID_REQUEST", ENVOYS_WORDS)
# What is no HTTP, or has a bad path, is refused before it gets an id, and without a word.
UNREADABLE = Refusal(400, code_pb2.INVALID_ARGUMENT, "GATEWAY", "The request is malformed.")
# Auth cannot be asked for its keys: the token may well be good.
KEYS_MISSING = Refusal(
    401, code_pb2.UNAVAILABLE, "PEER_UNAVAILABLE", "The service does not answer.", answered_as=503
)
# To a gRPC caller a missing route is a missing method.
METHOD_UNKNOWN = Refusal(
    404, code_pb2.UNIMPLEMENTED, "METHOD_UNKNOWN", "The method does not exist."
)
