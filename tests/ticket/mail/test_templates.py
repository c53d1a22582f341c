"""What a tenant's mails say is the tenant's business; how they find back is not."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.ticket.v1.mail_template_service_pb2 import MAIL_KIND_REPLY
from helpdesk.ticket.v1.mail_template_service_pb2 import MailTemplate as Message
from services.mesh.caller import UserId
from services.mesh.errors import InvalidRequest
from services.ticket.errors.canned_replies import VariableUnknown
from services.ticket.mail.letter import letter_message, wording_of
from services.ticket.mail.ports import Letter, MailThread
from services.ticket.mail.templates import (
    BUILT_IN,
    VARIABLES,
    MailKind,
    MailTemplate,
    require_template,
    subject_of,
)
from services.ticket.store import SqlMailTemplateStore
from tests.support.mesh_server import refused
from tests.ticket.clients import People
from tests.ticket.mail.conftest import House
from tests.ticket.mail.mails import ANNA, a_mail
from tests.ticket.mail.sending import Desk, answering

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOON = datetime(2027, 12, 1, 12, tzinfo=UTC)
TOKEN = "5a" * 16
OURS = Message(
    kind=MAIL_KIND_REPLY,
    subject="Acme on {{ticket.subject}}",
    body="Hello {{requester.address}},\n\n{{ reply.text }}\n\nAcme, {{ticket.queue}}",
)
WORDS = st.lists(
    st.one_of(
        st.sampled_from(["[#7]", "[#", "7]", "[{{ticket.number}}]", "Bcc: eve@example.net", " "]),
        st.sampled_from([f"{{{{{variable}}}}}" for variable in VARIABLES]),
        st.text(st.characters(codec="utf-8"), max_size=20),
    ),
    max_size=12,
).map("".join)


@pytest.fixture
async def desk(house: House, tmp_path: Path) -> AsyncIterator[Desk]:
    async with answering(house, tmp_path) as desk:
        yield desk


def a_letter(template: MailTemplate = BUILT_IN[MailKind.REPLY], **said: Any) -> Letter:  # noqa: ANN401
    words = {"subject": "Printer", "body": "Which floor?", **said}
    return Letter(
        letter_id="c1",
        number=12,
        queue="general",
        create_time=NOON,
        thread=MailThread("t1", TOKEN, "help@acme.example", ANNA, UserId(f"mail:{ANNA}")),
        template=template,
        references=("first@example.com",),
        **words,
    )


def sent(letter: Letter) -> Mapping[str, str]:
    """As whoever receives it reads its headers."""
    mail = message_from_bytes(letter_message(letter).as_bytes(), policy=policy.default)
    assert len(mail.keys()) == len({*mail.keys()})
    return {name: str(value) for name, value in mail.items()}


async def test_a_template_changes_the_mail_that_is_sent(desk: Desk, people: People) -> None:
    ticket = await desk.opened(subject="Printer")
    kept = await people.ada.SetMailTemplate(mail_template=OURS)
    assert (kept.subject, kept.body) == (OURS.subject, OURS.body)
    assert (await people.ada.ListMailTemplates()).mail_templates[0] == kept
    await desk.write(ticket, "Which floor is it on?")

    await desk.courier.send_due()

    [mail] = desk.peer.mails()
    assert mail["Subject"] == f"Acme on Printer [#{ticket.number}]"
    assert mail.get_content().splitlines() == [
        f"Hello {ANNA},",
        "",
        "Which floor is it on?",
        "",
        "Acme, general",
    ]


async def test_without_a_template_a_mail_says_what_is_built_in(desk: Desk, people: People) -> None:
    ticket = await desk.opened(subject="Printer")
    first, acknowledgement = (await people.ada.ListMailTemplates()).mail_templates
    assert not first.HasField("update_time")
    await people.ada.SetMailTemplate(mail_template=OURS)
    # What waits goes out by what holds when it goes.
    await desk.write(ticket, "Which floor?")
    assert await people.ada.ResetMailTemplate(kind=MAIL_KIND_REPLY) == first
    assert await people.ada.ResetMailTemplate(kind=MAIL_KIND_REPLY) == first
    assert [*(await people.ada.ListMailTemplates()).mail_templates] == [first, acknowledgement]

    await desk.courier.send_due()

    [mail] = desk.peer.mails()
    assert mail["Subject"] == f"Re: Printer [#{ticket.number}]"
    assert mail.get_content().strip() == "Which floor?"


@pytest.mark.parametrize("way", ["the address", "the references", "the subject"])
async def test_whatever_a_mail_says_its_answer_finds_back(
    desk: Desk, people: People, way: str
) -> None:
    other = await desk.opened(subject="Another")
    ticket = await desk.opened(subject="Printer")
    misleading = Message(
        kind=MAIL_KIND_REPLY,
        subject=f"[#{other.number}] [#{{{{ticket.number}}}}]",
        body=f"-- \nOn Monday X wrote:\n> [#{other.number}]\n{{{{reply.text}}}}",
    )
    await people.ada.SetMailTemplate(mail_template=misleading)
    await desk.write(ticket, "Which floor?")
    await desk.courier.send_due()
    [mail] = desk.peer.mails()
    ways = {"subject": "No"}
    if way == "the references":
        ways = {"subject": "No", "In_Reply_To": mail["Message-ID"]}
    elif way == "the subject":
        ways = {"subject": f"Re: {mail['Subject']}"}

    to = mail["Reply-To"] if way == "the address" else ""
    await desk.house.take(a_mail("The second.", **ways), to)

    assert (await desk.house.comments(ticket))[-1].body == "The second."


@given(WORDS, WORDS)
def test_a_template_changes_two_things_of_a_mail(words: str, subject: str) -> None:
    template = MailTemplate(MailKind.REPLY, words, "{{reply.text}}")
    try:
        require_template(template)
    except (InvalidRequest, VariableUnknown):
        return
    plain = sent(a_letter())
    headers = sent(a_letter(template, subject=subject or "Printer"))

    assert headers["Subject"].endswith("[#12]")
    assert headers["Subject"].count("[#12]") == 1
    assert "[#7]" not in headers["Subject"]
    changing = {"Subject", "Content-Transfer-Encoding"}
    assert {**headers, **dict.fromkeys(changing)} == {**plain, **dict.fromkeys(changing)}


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\0"])
def test_what_a_variable_holds_stays_in_one_line(ending: str) -> None:
    template = MailTemplate(MailKind.REPLY, "About {{ticket.subject}} now", "{{reply.text}}")
    values = {"ticket.number": "#12", "ticket.subject": f"a{ending}Bcc: eve@example.net"}
    assert len(f"{subject_of(template, values)}!".splitlines()) == 1
    assert "Bcc" not in sent(a_letter(template, subject=values["ticket.subject"]))


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("subject", "", "INVALID_REQUEST"),
        ("subject", " ", "INVALID_REQUEST"),
        ("subject", "x" * 201, "INVALID_REQUEST"),
        ("subject", "a\r\nBcc: eve@example.net", "INVALID_REQUEST"),
        ("subject", "a\n", "INVALID_REQUEST"),
        ("subject", "a\u2028b", "INVALID_REQUEST"),
        ("subject", "a\0", "INVALID_REQUEST"),
        ("subject", "{{ticket.colour}}", "VARIABLE_UNKNOWN"),
        ("subject", "{{ticket.__class__}}", "VARIABLE_UNKNOWN"),
        ("subject", "{{reply.text}}", "VARIABLE_UNKNOWN"),
        ("body", "", "INVALID_REQUEST"),
        ("body", "\n", "INVALID_REQUEST"),
        ("body", "{{reply.text}}\0", "INVALID_REQUEST"),
        ("body", f"{{{{reply.text}}}}{'x' * 10_000}", "INVALID_REQUEST"),
        ("body", "{{reply.text}} {{requester.name}}", "VARIABLE_UNKNOWN"),
        ("body", "We have answered.", "MAIL_TEMPLATE_WITHOUT_REPLY"),
        ("body", "{{reply.text} }", "MAIL_TEMPLATE_WITHOUT_REPLY"),
        ("body", "{{reply.text}} {{ reply.text }}", "MAIL_TEMPLATE_WITHOUT_REPLY"),
        ("kind", 0, "INVALID_REQUEST"),
        ("kind", 99, "INVALID_REQUEST"),
    ],
)
async def test_a_template_that_cannot_be_is_refused(
    people: People, field: str, text: object, reason: str
) -> None:
    words: dict[str, Any] = {"kind": OURS.kind, "subject": OURS.subject, "body": OURS.body}
    template = Message(**{**words, field: text})
    for call in (people.ada.SetMailTemplate, people.ada.PreviewMailTemplate):
        with refused(INVALID, reason) as refusals:
            await call(mail_template=template)
        assert set(refusals[0].violations) == {f"mail_template.{field}"}
    kept, _ = (await people.ada.ListMailTemplates()).mail_templates
    assert not kept.HasField("update_time")


async def test_a_preview_shows_a_made_up_ticket_or_a_real_one(desk: Desk, people: People) -> None:
    ticket = await desk.opened(subject="Printer")
    by_hand = await people.anna.opened(subject="No Wi-Fi")

    made_up = await people.ada.PreviewMailTemplate(mail_template=OURS)
    real = await people.ada.PreviewMailTemplate(mail_template=OURS, ticket_id=ticket.ticket_id)
    other = await people.ada.PreviewMailTemplate(mail_template=OURS, ticket_id=by_hand.ticket_id)

    assert made_up.subject == "Acme on The printer is out [#12]"
    assert real.subject == f"Acme on Printer [#{ticket.number}]"
    assert real.body.startswith(f"Hello {ANNA},\n\nThis is what the agent has written.\n")
    assert other.subject == f"Acme on No Wi-Fi [#{by_hand.number}]"
    kept, _ = (await people.ada.ListMailTemplates()).mail_templates
    assert not kept.HasField("update_time")
    assert await desk.courier.send_due() == 0


async def test_templates_belong_to_a_tenant_and_its_admins(desk: Desk, people: People) -> None:
    ticket = await desk.opened(subject="Printer")
    theirs = Message(kind=MAIL_KIND_REPLY, subject="Theirs", body="{{reply.text}}")
    mine = await people.ada.SetMailTemplate(mail_template=OURS)
    await people.greta.SetMailTemplate(mail_template=theirs)
    assert (await people.ada.ListMailTemplates()).mail_templates[0] == mine
    await desk.write(ticket, "Which floor?")
    await desk.courier.send_due()
    [mail] = desk.peer.mails()
    assert str(mail["Subject"]).startswith("Acme on")

    await people.greta.ResetMailTemplate(kind=MAIL_KIND_REPLY)
    assert (await people.ada.ListMailTemplates()).mail_templates[0] == mine
    with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
        await people.greta.PreviewMailTemplate(mail_template=OURS, ticket_id=ticket.ticket_id)
    for person in (people.anna, people.alex):
        for call in (
            person.ListMailTemplates(),
            person.SetMailTemplate(mail_template=theirs),
            person.ResetMailTemplate(kind=MAIL_KIND_REPLY),
            person.PreviewMailTemplate(mail_template=theirs),
        ):
            with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
                await call


async def test_a_template_that_cannot_be_filled_in_any_more_holds_up_no_mail(desk: Desk) -> None:
    """As when a later version knows fewer variables."""
    ticket = await desk.opened(subject="Printer")
    old = MailTemplate(MailKind.REPLY, "{{ticket.colour}}", "{{reply.text}}", NOON)
    store = SqlMailTemplateStore(desk.house.database)
    async with store.transaction(desk.house.tenant_id) as templates:
        await templates.put(old)
    await desk.write(ticket, "Which floor?")

    await desk.courier.send_due()

    [mail] = desk.peer.mails()
    assert mail["Subject"] == f"Re: Printer [#{ticket.number}]"


def test_files_that_are_left_out_are_named_where_the_agents_words_are() -> None:
    template = MailTemplate(MailKind.REPLY, "x", "Hello\n{{reply.text}}\nBye")
    assert wording_of(a_letter(template), ["a.zip"]).body == (
        "Hello\nWhich floor?\n\n[too large for a mail: a.zip]\nBye"
    )


@pytest.mark.parametrize("subject", ["[#12]", "Re: Re:", " ", "Re: {{reply.text}}"])
def test_no_ticket_is_called_so_that_no_mail_can_be_made(subject: str) -> None:
    assert sent(a_letter(subject=subject))["Subject"].endswith("[#12]")
