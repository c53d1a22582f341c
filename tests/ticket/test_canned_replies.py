"""Replies that are written again and again, filled in for a ticket."""

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.ticket.v1.canned_reply_service_pb2 import CannedReply
from services.mesh.caller import TenantId, acting_as
from services.mesh.database import Database
from services.ticket.errors.canned_replies import TooManyCannedReplies, VariableNotGiven
from services.ticket.store import SqlCannedReplyStore
from services.ticket.use_cases import canned_replies
from services.ticket.use_cases.canned_replies import MOST_CANNED_REPLIES, VARIABLES
from services.ticket.use_cases.variables import filled_in, variables_of
from tests.support.mesh_server import refused
from tests.ticket.builders import TickingClock, an_agent
from tests.ticket.clients import People

NOT_FOUND = grpc.StatusCode.NOT_FOUND
WELCOME = CannedReply(
    name="welcome", body="Dear {{requester.name}}, {{ ticket.number }} waits in {{ticket.queue}}."
)
VALUES = dict.fromkeys(VARIABLES, "x")


@given(st.text())
def test_what_a_ticket_says_is_text(subject: str) -> None:
    values = {**VALUES, "ticket.subject": f"!{subject}"}
    assert filled_in("<{{ticket.subject}}>", values) == f"<!{subject}>"
    nested = {**VALUES, "ticket.subject": "{{requester.name}}"}
    assert filled_in("{{ticket.subject}}", nested) == "{{requester.name}}"


@pytest.mark.parametrize("body", ["{{}", "{ticket.number}", "}}{{", "plain"])
def test_what_is_no_variable_stays(body: str) -> None:
    assert filled_in(body, VALUES) == body


@pytest.mark.parametrize("piece", ["{{", "{{ ", "{{ x", "{ {{", " "])
def test_what_is_never_closed_is_read_once(piece: str) -> None:
    """Read again from each place, it would take hours."""
    text = "{{" + piece * (20_000 // len(piece))
    assert variables_of(text) == []
    assert filled_in(text, VALUES) == text


@pytest.mark.parametrize("text", ["{{{ticket.number}}}", "{{ticket.number }", "{{\n}}", "{{}}"])
def test_what_looks_like_a_variable_is_none(text: str) -> None:
    assert "ticket.number" not in variables_of(text)


def test_a_variable_without_a_value_is_refused() -> None:
    with pytest.raises(VariableNotGiven) as refusal:
        filled_in("{{requester.name}}", {**VALUES, "requester.name": ""})
    assert refusal.value.metadata == {"variable": "requester.name"}


async def test_a_reply_is_kept_and_filled_in(people: People) -> None:
    ticket = await people.anna.opened()
    kept = await people.alex.CreateCannedReply(canned_reply=WELCOME)
    assert (kept.name, kept.body) == (WELCOME.name, WELCOME.body)
    listed = await people.alex.ListCannedReplies()
    assert list(listed.canned_replies) == [kept]
    asked = {"ticket_id": ticket.ticket_id, "name": "welcome"}
    filled = await people.alex.RenderCannedReply(**asked, requester_name="Anna")
    assert filled.text == "Dear Anna, #1 waits in general."
    assert not (await people.alex.ListComments(ticket_id="1")).comments
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "VARIABLE_NOT_GIVEN"):
        await people.alex.RenderCannedReply(**asked)
    with refused(grpc.StatusCode.ALREADY_EXISTS, "CANNED_REPLY_EXISTS"):
        await people.alex.CreateCannedReply(canned_reply=WELCOME)
    await people.alex.DeleteCannedReply(name="welcome")
    for call in (
        people.alex.DeleteCannedReply(name="welcome"),
        people.alex.RenderCannedReply(**asked),
    ):
        with refused(NOT_FOUND, "CANNED_REPLY_NOT_FOUND") as refusals:
            await call
        assert refusals[0].metadata == {"name": "welcome"}


async def test_a_refusal_of_a_long_variable_arrives(people: People) -> None:
    reply = CannedReply(name="x", body=f"Hi {{{{{'x' * 9_000}}}}}!")
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "VARIABLE_UNKNOWN") as refusals:
        await people.alex.CreateCannedReply(canned_reply=reply)
    assert refusals[0].metadata == {"variable": "x" * 100}


@pytest.mark.parametrize("variable", ["ticket.colour", "", "ticket.__class__", "a b"])
async def test_an_unknown_variable_is_refused_when_the_reply_is_kept(
    people: People, variable: str
) -> None:
    reply = CannedReply(name="x", body=f"Hi {{{{{variable}}}}}!")
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "VARIABLE_UNKNOWN") as refusals:
        await people.alex.CreateCannedReply(canned_reply=reply)
    assert refusals[0].metadata == {"variable": variable}
    assert set(refusals[0].violations) == {"canned_reply.body"}
    assert not (await people.alex.ListCannedReplies()).canned_replies


async def test_other_tenants_and_customers_have_none_of_it(people: People) -> None:
    ticket = await people.anna.opened()
    await people.alex.CreateCannedReply(canned_reply=WELCOME)
    assert not (await people.gerd.ListCannedReplies()).canned_replies
    with refused(NOT_FOUND, "CANNED_REPLY_NOT_FOUND"):
        await people.gerd.DeleteCannedReply(name="welcome")
    asked = {"ticket_id": ticket.ticket_id, "name": "welcome"}
    with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
        await people.gerd.RenderCannedReply(**asked)
    for call in (
        people.anna.CreateCannedReply(canned_reply=WELCOME),
        people.anna.ListCannedReplies(),
        people.anna.DeleteCannedReply(name="welcome"),
        people.anna.RenderCannedReply(**asked),
    ):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call
    assert len((await people.alex.ListCannedReplies()).canned_replies) == 1


async def test_a_tenant_has_only_so_many_replies(database: Database, tenant_id: TenantId) -> None:
    store, clock = SqlCannedReplyStore(database), TickingClock()
    with acting_as(an_agent(tenant_id=tenant_id)):
        for number in range(MOST_CANNED_REPLIES):
            await canned_replies.create_canned_reply(store, clock, f"reply-{number}", "Hi.")
        with pytest.raises(TooManyCannedReplies) as refusal:
            await canned_replies.create_canned_reply(store, clock, "one-more", "Hi.")
        assert len(await canned_replies.list_canned_replies(store)) == MOST_CANNED_REPLIES
    assert refusal.value.metadata == {"most": "200"}
