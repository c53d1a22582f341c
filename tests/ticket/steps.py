"""Whatever may be done to a ticket, at random."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from hypothesis import strategies as st

from services.mesh.caller import UserId
from services.ticket.domain import (
    Act,
    Change,
    Impact,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketType,
    Urgency,
    Verb,
    assigned,
    attached,
    commented,
    followed,
    moved,
    rated,
    requeued,
    unfollowed,
    updated,
)
from services.ticket.errors.tickets import TransitionNotAllowed
from tests.ticket.builders import ALEX, ANNA, NOON, a_comment, an_attachment
from tests.ticket.own_fields import DEFINITIONS, values

FIELDS = frozenset({"subject", "priority", "tags", "impact", "urgency", "ticket_type", "queue"})
ACT = Act(ALEX, NOON + timedelta(minutes=1))

Step = Callable[[Ticket], Change]

steps = st.one_of(
    st.tuples(st.sampled_from([followed, unfollowed]), st.sampled_from([ALEX, ANNA])).map(
        lambda how: lambda ticket: how[0](ticket, how[1], ACT)
    ),
    st.integers(1, 5).map(
        lambda rating: lambda ticket: rated(ticket, rating, "Well.", Act(ANNA, NOON))
    ),
    st.booleans().map(
        lambda is_internal: (
            lambda ticket: attached(ticket, an_attachment(ticket, is_internal=is_internal), ACT)
        )
    ),
    st.just(lambda ticket: requeued(ticket, "elsewhere", ACT)),
    st.sampled_from([Verb.PEND, Verb.RESOLVE, Verb.REOPEN, Verb.CLOSE]).map(
        lambda verb: lambda ticket: moved(ticket, verb, ACT)
    ),
    st.sampled_from([None, ALEX, UserId("agnes")]).map(
        lambda user: lambda ticket: assigned(ticket, user, ACT)
    ),
    st.tuples(st.booleans(), st.booleans()).map(
        lambda how: (
            lambda ticket: commented(
                ticket, a_comment(ticket, is_internal=how[0]), by_customer=how[1]
            )
        )
    ),
    st.builds(
        TicketContent,
        subject=st.sampled_from(["a", "b"]),
        priority=st.sampled_from([None, *TicketPriority]),
        tags=st.lists(st.sampled_from(["vpn", "vip"])).map(tuple),
        impact=st.sampled_from([None, *Impact]),
        urgency=st.sampled_from([None, *Urgency]),
        ticket_type=st.sampled_from([None, *TicketType]),
        queue=st.sampled_from(["", "network"]),
        fields=values,
    ).map(lambda content: lambda ticket: updated(ticket, content, FIELDS, ACT, DEFINITIONS)),
    values.map(
        lambda own: (
            lambda ticket: updated(ticket, TicketContent(fields=own), frozenset(), ACT, DEFINITIONS)
        )
    ),
)


def taken_one_by_one(opening: Change, chosen: Iterable[Step]) -> list[Change]:
    """Opens the ticket and takes the steps that its rules allow."""
    changes = [opening]
    for step in chosen:
        try:
            changes.append(step(changes[-1].ticket))
        except TransitionNotAllowed:
            continue
    return changes
