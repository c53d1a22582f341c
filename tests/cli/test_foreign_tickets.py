"""What is made of the exports of other helpdesks. The files here are made up."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk.ticket.v1 import ticket_pb2
from services.cli.moving import zammad, zendesk
from services.cli.moving.foreign import name_of, text_of_html
from services.cli.moving.record import Person, TicketRecord
from services.cli.moving.sources import Entry
from services.cli.moving.zammad import zammad_entries
from services.cli.moving.zendesk import zendesk_entries

Entries = Callable[[Path], Iterator[Entry]]

IVY = {"id": 900, "name": "Ivy Fern", "email": "ivy@customer.example"}
OTTO = {"id": 901, "name": "Otto Oak", "email": "otto@desk.example"}


def of_zendesk(**fields: object) -> dict[str, Any]:
    return {
        "id": 4711,
        "subject": "Kiosk 3 is dark",
        "description": "It went off at noon.",
        "status": "solved",
        "priority": "high",
        "type": "incident",
        "requester_id": 900,
        "assignee_id": 901,
        "tags": ["kiosk", "Floor 3", "kiosk"],
        "created_at": "2023-05-06T07:08:09Z",
        "updated_at": "2023-05-07T07:08:09+02:00",
        "comments": [
            {"author_id": 900, "body": "It went off.", "created_at": "2023-05-06T07:08:09Z"},
            {
                "author_id": 901,
                "html_body": "<p>Look&nbsp;at <b>this</b></p><script>x</script><p>cable</p>",
                "public": False,
                "created_at": "2023-05-06T08:00:00Z",
                "attachments": [{"file_name": "a.png"}],
            },
        ],
        "custom_fields": [{"id": 5, "value": "x"}, {"id": 6, "value": None}],
        **fields,
    }


def of_zammad(**fields: object) -> dict[str, Any]:
    return {
        "id": 77,
        "number": "20077",
        "title": "Badge reader beeps",
        "group": "Second Level / Süd",
        "state": "pending reminder",
        "priority": "3 high",
        "customer": "ivy@customer.example",
        "owner": "-",
        "created_at": "2023-05-06T07:08:09.123Z",
        "updated_at": "2023-05-08T07:08:09.123Z",
        "tags": ["badge"],
        "article_count": 2,
        "building": "B",
        "articles": [
            {
                "body": "It <i>beeps</i>.<br>All day.",
                "content_type": "text/html",
                "created_by": "ivy@customer.example",
                "created_at": "2023-05-06T07:08:09.123Z",
            },
            {
                "body": "New battery.",
                "content_type": "text/plain",
                "internal": True,
                "created_by": "otto@desk.example",
                "created_at": "2023-05-06T09:00:00Z",
            },
        ],
        **fields,
    }


def read(folder: Path, entries: Entries, said: object) -> list[Entry]:
    file = folder / "export.json"
    file.write_text(said if isinstance(said, str) else json.dumps(said))
    return [*entries(file)]


def record_of(entry: Entry) -> TicketRecord:
    assert entry.record is not None, entry.reason
    return entry.record


def test_a_ticket_of_zendesk_comes_with_its_comments_and_people(tmp_path: Path) -> None:
    said = {"tickets": [of_zendesk()], "users": [IVY, OTTO]}
    [entry] = read(tmp_path, zendesk_entries, said)
    record = record_of(entry)
    ticket, [comment] = record.ticket, record.comments

    assert (entry.foreign_id, ticket.number) == ("4711", 4711)
    assert ticket.status == ticket_pb2.TICKET_STATUS_RESOLVED
    assert ticket.priority == ticket_pb2.TICKET_PRIORITY_HIGH
    assert ticket.ticket_type == ticket_pb2.TICKET_TYPE_INCIDENT
    assert ticket.body == "It went off."
    assert [*ticket.tags] == ["floor-3", "kiosk"]
    assert ticket.update_time.ToJsonString() == "2023-05-07T05:08:09Z"
    assert (comment.author_id, comment.internal) == ("901", True)
    assert comment.body == "Look at this\n\ncable"
    assert record.people["900"] == Person("ivy@customer.example", "Ivy Fern")
    assert entry.notes == ("attachments",)
    assert entry.fields == {"5": "x"}


def test_a_ticket_on_each_line_brings_its_own_people(tmp_path: Path) -> None:
    whole = of_zendesk(requester=IVY, assignee=OTTO, group={"name": "Kiosk Team"})
    other = of_zendesk(id=4712, requester=IVY, description="As said.", comments=[])
    lines = "\n".join([json.dumps(whole), '{"id": 1,', "[]", json.dumps(other)])
    first, broken, list_of_none, last = read(tmp_path, zendesk_entries, lines)

    assert record_of(first).people["900"].email == "ivy@customer.example"
    assert record_of(first).ticket.queue == "kiosk-team"
    assert (broken.place, broken.record) == ("line 2", None)
    assert "it is no JSON" in broken.reason
    assert list_of_none.reason == "it is no JSON object"
    assert record_of(last).ticket.body == "As said."


def test_a_ticket_of_zammad_comes_with_its_articles_and_people(tmp_path: Path) -> None:
    [entry] = read(tmp_path, zammad_entries, [of_zammad()])
    record = record_of(entry)
    ticket, [comment] = record.ticket, record.comments

    assert entry.foreign_id == "77"
    assert ticket.status == ticket_pb2.TICKET_STATUS_PENDING
    assert ticket.priority == ticket_pb2.TICKET_PRIORITY_HIGH
    assert ticket.body == "It beeps.\nAll day."
    assert ticket.queue == "second-level-s-d"
    assert not ticket.assignee_id
    assert (comment.author_id, comment.internal) == ("otto@desk.example", True)
    assert record.people.keys() == {"ivy@customer.example", "otto@desk.example"}
    assert (entry.notes, entry.fields) == ((), {"building": "B"})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "id: is missing"),
        ({"status": "lost"}, "status: 'lost' is not known"),
        ({"status": None}, "status: is missing"),
        ({"priority": "p1"}, "priority: 'p1' is not known"),
        ({"type": "wish"}, "type: 'wish' is not known"),
        ({"created_at": None}, "created_at: is missing"),
        ({"created_at": "2023-05-06T07:08:09"}, "does not say its time zone"),
        ({"updated_at": "yesterday"}, "updated_at: 'yesterday' is no time"),
        ({"tags": "a b"}, "tags: is no list"),
        ({"comments": ["hello"]}, "comments: is no list of objects"),
        ({"comments": [{"author_id": 900, "body": "x"}]}, "comments[0].created_at: is missing"),
        ({"comments": [{"author_id": [], "body": "x"}]}, "comments[0].author_id: is no text"),
    ],
)
def test_a_broken_ticket_of_zendesk_is_named(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    broken, whole = read(tmp_path, zendesk_entries, [of_zendesk(**fields), of_zendesk()])
    assert broken.record is None
    assert broken.place == "ticket 1"
    assert reason in broken.reason
    assert whole.record is not None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"state": "asleep"}, "state: 'asleep' is not known"),
        ({"priority": "9"}, "priority: '9' is not known"),
        ({"customer": ""}, "customer: is missing"),
        ({"title": {}}, "title: is no text"),
        ({"created_at": "2023-05-06 07:08"}, "does not say its time zone"),
        ({"articles": [{"body": "x"}]}, "articles[0].created_at: is missing"),
    ],
)
def test_a_broken_ticket_of_zammad_is_named(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    broken, whole = read(tmp_path, zammad_entries, {"tickets": [of_zammad(**fields), of_zammad()]})
    assert broken.record is None
    assert reason in broken.reason
    assert whole.record is not None


def test_tags_that_have_no_place_are_noted(tmp_path: Path) -> None:
    tags = [f"tag-{number:02}" for number in range(22)] + ["!!!"]
    [entry] = read(tmp_path, zendesk_entries, [of_zendesk(tags=tags, custom_fields=[])])
    assert len(record_of(entry).ticket.tags) == 20
    assert entry.notes[0] == "the tag '!!!'"
    assert len(entry.notes) == 4  # two too many, and the attachments


def test_the_tables_are_those_of_the_documentation() -> None:
    text = (Path(zendesk.__file__).parents[2] / "ticket" / "README.md").read_text()
    for words in (zendesk.STATUSES, zendesk.TYPES, zammad.STATES, zammad.PRIORITIES):
        assert [word for word in words if f"`{word}`" not in text and word] == []


def test_markup_becomes_words() -> None:
    assert text_of_html("a &lt;b&gt; &amp;<style>p{}</style><div>c  d</div>") == "a <b> &\nc d"
    assert name_of("  Süd / Team! ") == "s-d-team"
    assert name_of("x" * 50) == "x" * 40
