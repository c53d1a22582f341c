"""What a running mesh tells about itself."""

import re
import time

import httpx2 as httpx
import pytest

from tests.support.installation import Installation
from tests.support.scraping import samples

CREATE = 'method="helpdesk.ticket.v1.TicketService/CreateTicket",code="OK"'


def told(installation: Installation, service: str) -> dict[str, float]:
    [process] = [each for each in installation.processes() if each["name"] == service]
    return samples(httpx.get(process["metrics"], timeout=20).text)


def test_a_ticket_shows_in_the_numbers_and_nobody_by_name(mesh: Installation) -> None:
    before = told(mesh, "ticket")
    opened = mesh.json(
        "tickets", "create", "--tenant", "acme", "--subject", "Wi-Fi off", "--body", "Since noon."
    )
    after = told(mesh, "ticket")
    created = f"helpdesk_grpc_requests_total{{{CREATE}}}"
    assert after[created] == before.get(created, 0) + 1
    page = "\n".join(after)
    assert not any(word in page for word in ("acme", opened["requesterId"], opened["ticketId"]))


def test_what_a_ticket_puts_into_the_outbox_is_taken_out(mesh: Installation) -> None:
    mesh.json("tickets", "create", "--tenant", "acme", "--subject", "Dark", "--body", "Here.")
    for _ in range(100):
        if told(mesh, "ticket")["helpdesk_ticket_outbox_waiting_events"] == 0:
            return
        time.sleep(0.1)
    pytest.fail("events wait in the outbox")


def test_the_index_of_a_mesh_at_rest_lacks_nothing(mesh: Installation) -> None:
    found = told(mesh, "search")
    assert found["helpdesk_search_index_compared"] == 1
    assert found["helpdesk_search_index_behind_documents"] == 0


def test_every_service_tells_and_status_says_where(mesh: Installation) -> None:
    shown = mesh.run("status").stdout
    for service in ("auth", "ticket", "search", "chat"):
        assert told(mesh, service)
    assert len(re.findall(r"http://127\.0\.0\.1:\d+/metrics", shown)) == 4
