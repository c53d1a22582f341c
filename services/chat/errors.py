"""Why chat refuses.

MeshError
├── NotFound
│   └── SessionNotFound    SESSION_NOT_FOUND
├── InvalidArgument
│   └── QuestionEmpty      QUESTION_EMPTY
└── FailedPrecondition
    ├── SessionHandedOff   SESSION_HANDED_OFF
    └── SessionEmpty       SESSION_EMPTY

DocumentVersionMissing and RequestIdTaken never leave chat.
"""

from services.mesh.errors import FailedPrecondition, FieldViolation, InvalidArgument, NotFound


class SessionNotFound(NotFound):
    domain = "helpdesk.chat"
    reason = "SESSION_NOT_FOUND"

    def __init__(self, session_id: str) -> None:
        super().__init__("There is no such conversation.", metadata={"session_id": session_id})


class QuestionEmpty(InvalidArgument):
    domain = "helpdesk.chat"
    reason = "QUESTION_EMPTY"

    def __init__(self) -> None:
        super().__init__(
            "The question holds nothing but white space.",
            violations=[FieldViolation("text", "must hold more than white space")],
        )


class SessionHandedOff(FailedPrecondition):
    domain = "helpdesk.chat"
    reason = "SESSION_HANDED_OFF"

    def __init__(self, session_id: str, ticket_id: str) -> None:
        super().__init__(
            "This conversation was handed to a person; write on its ticket or begin a new one.",
            metadata={"session_id": session_id, "ticket_id": ticket_id},
        )


class SessionEmpty(FailedPrecondition):
    domain = "helpdesk.chat"
    reason = "SESSION_EMPTY"

    def __init__(self, session_id: str) -> None:
        super().__init__(
            "This conversation holds no message that could be handed off.",
            metadata={"session_id": session_id},
        )


class DocumentVersionMissing(Exception):
    """Search knows no such version of a document for this caller."""


class RequestIdTaken(Exception):
    """Another call with the same request id stored its question first."""
