"""`helpdesk tickets watch`, `at`, and the word to whoever answers what another answers."""

from itertools import islice

from helpdesk.ticket.v1 import ticket_pb2
from services.cli.commands.ticket_calls import open_gateway
from services.cli.commands.ticket_watching import steps
from services.cli.screens.watching import event_text, presence_text
from services.cli.session import Role
from tests.cli.conftest import Command
from tests.cli.fake_mesh import FakeMesh

ANSWERING = ticket_pb2.TICKET_ACTIVITY_ANSWERING


def test_a_watch_that_breaks_is_taken_up_where_it_broke(acme: FakeMesh) -> None:
    acme.tickets.events = [ticket_pb2.TicketEvent(seq=seq) for seq in (3, 5, 8)]
    with open_gateway(None, Role.AGENT) as gateway:
        found = [step.seq for step in islice(steps(gateway, "", 2, lambda _: None), 3)]

    assert found == [3, 5, 8]
    assert acme.tickets.watched_from == [2, 3, 5]


def test_whoever_comes_sees_who_is_there(helpdesk: Command, acme: FakeMesh) -> None:
    helpdesk("tickets", "create", "--subject", "Printer", "--tenant", "acme")
    acme.tickets.presences = [
        ticket_pb2.TicketPresence(ticket_id="ticket-1", user_id="somebody", activity=ANSWERING)
    ]

    ended = helpdesk("tickets", "at", "1", "answering", "--tenant", "acme")

    assert ended.code == 0
    assert ended.out.strip() == "#1  somebody is writing an answer"
    assert acme.tickets.presences[-1].activity == ANSWERING


def test_whoever_answers_what_another_answers_is_told(helpdesk: Command, acme: FakeMesh) -> None:
    helpdesk("tickets", "create", "--subject", "Printer", "--tenant", "acme")
    helpdesk("tickets", "at", "1", "answering", "--tenant", "acme", "--as", "agent")

    alone = helpdesk("tickets", "comment", "1", "Mine.", "--tenant", "acme", "--as", "agent")
    acme.tickets.presences.append(
        ticket_pb2.TicketPresence(ticket_id="ticket-1", user_id="gina", activity=ANSWERING)
    )
    warned = helpdesk("tickets", "comment", "1", "Mine.", "--tenant", "acme", "--as", "agent")
    acme.tickets.tells_presences = False
    customer = helpdesk("tickets", "comment", "1", "And?", "--tenant", "acme", "--as", "customer")

    assert "Also writing" not in alone.err
    assert "Also writing an answer to this ticket: gina" in warned.err
    assert "Also writing" not in customer.err
    assert (alone.code, warned.code, customer.code) == (0, 0, 0)
    assert len(acme.tickets.comments) == 3


def test_a_line_cannot_steer_the_terminal() -> None:
    event = ticket_pb2.TicketEvent(
        kind=ticket_pb2.TICKET_EVENT_KIND_COMMENTED, actor_id="a", cause="\x1b[2J"
    )
    presence = ticket_pb2.TicketPresence(user_id="a", activity=ANSWERING)
    names = {"a": "Al\x1b[31mex"}

    assert "\x1b" not in event_text(event, "#1", names).plain
    assert presence_text(presence, "#1", names).plain == "#1  Al[31mex is writing an answer"
