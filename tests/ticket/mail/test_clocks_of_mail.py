"""Whoever joins in by mail is with the customer, so that no clock takes it for an answer."""

import pytest

from services.mesh.caller import UserId
from services.ticket.domain import commented
from services.ticket.domain.mail_senders import sender_id
from services.ticket.sla.history import Happening, history_of
from tests.ticket.builders import ALEX, a_comment, an_opening

ANNA, BEN = sender_id("anna@example.com"), sender_id("ben@example.com")


@pytest.mark.parametrize(
    ("author_id", "happening"),
    [
        (ANNA, Happening.CUSTOMER_WROTE),
        (BEN, Happening.CUSTOMER_WROTE),
        (ALEX, Happening.AGENT_WROTE),
    ],
)
def test_only_who_logs_in_answers(author_id: UserId, happening: Happening) -> None:
    opening = an_opening(requester_id=ANNA)
    change = commented(opening.ticket, a_comment(opening.ticket, author_id), by_customer=True)

    history = history_of(opening.ticket, [*opening.events, change.events[0]])

    assert history[-1].happening is happening
