"""The cells of the matrix: who asks what about whose object, and what ought to come of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tests.security.doors import Answer
from tests.security.kinds import TENANT, Kind, object_field
from tests.security.object_rules import OK, PERMISSION_DENIED, UNAUTHENTICATED, verdict
from tests.security.rpcs import Rpc
from tests.security.stage import Person

# Public RPCs that work with the right secret; who else is asking makes no difference to them.
WORK_WITH_A_SECRET = {"IssueToken", "RefreshToken", "RevokeToken"}

_DECIDED_BY_ACCESS = {"TOKEN_MISSING", "TOKEN_INVALID", "PERMISSION_MISSING"}
_BROKEN = {"INTERNAL", "UNKNOWN", "UNIMPLEMENTED", "UNAVAILABLE", "DEADLINE_EXCEEDED"}


@dataclass(frozen=True)
class Actor:
    name: str
    person: Person | None
    permissions: Collection[str]
    refusal: str = ""
    """Why the token does not count, whatever it asks for."""


@dataclass(frozen=True)
class Cell:
    actor: Actor
    rpc: Rpc
    kind: Kind | None
    whose: str
    state: str

    @property
    def wanted(self) -> str:
        if self.rpc.policy.public:
            return (
                OK if self.rpc.name in WORK_WITH_A_SECRET else "anything but a question of who asks"
            )
        if self.actor.refusal:
            return f"{UNAUTHENTICATED} {self.actor.refusal}"
        found = verdict(self.rpc, self.actor.permissions, self.kind, self.whose, self.state)
        return f"{found} PERMISSION_MISSING" if found == PERMISSION_DENIED else found

    @property
    def changes_something(self) -> bool:
        return self.wanted == OK and not self.rpc.is_read

    def is_right(self, answer: Answer) -> bool:
        if self.rpc.policy.public and self.rpc.name not in WORK_WITH_A_SECRET:
            return answer.reason not in _DECIDED_BY_ACCESS and answer.code not in _BROKEN
        return str(answer) == self.wanted or answer.code == self.wanted

    def __str__(self) -> str:
        what = f"{self.whose} {self.state} {self.kind.name}" if self.kind else "nothing of its own"
        return f"{self.actor.name}, {self.rpc.name}, {what}"


def cells_of(actor: Actor, each: Rpc) -> Iterator[Cell]:
    field = object_field(each)
    if field is None:
        yield Cell(actor, each, None, "", "")
        return
    kind = field.kind
    for state in kind.states:
        yield Cell(actor, each, kind, "an own", state)
    if kind is not TENANT:
        yield Cell(actor, each, kind, "a colleague's", kind.states[0])
        yield Cell(actor, each, kind, "foreign", kind.states[0])
    yield Cell(actor, each, kind, "missing", "")
