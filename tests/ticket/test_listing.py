"""Lists of the caller's tickets, page by page."""

import pytest

from services.mesh.caller import acting_as
from services.mesh.errors import PageTokenInvalid
from services.ticket.use_cases import listing
from services.ticket.use_cases.listing import PageRequest
from tests.ticket.builders import BEN, GLOBEX, a_customer, an_agent
from tests.ticket.desk import Desk

ANY_PAGE = PageRequest()


async def test_a_customers_list_holds_only_their_own(desk: Desk) -> None:
    own = await desk.opened_by(a_customer())
    await desk.opened_by(a_customer(BEN))
    with acting_as(a_customer()):
        page = await listing.list_tickets(desk.store, ANY_PAGE, filter_text="requester_id != x")
    assert list(page.items) == [own]


async def test_an_agents_list_holds_all_of_the_tenant(desk: Desk) -> None:
    mine = await desk.opened_by(a_customer())
    yours = await desk.opened_by(a_customer(BEN))
    await desk.opened_by(a_customer(BEN, GLOBEX))
    with acting_as(an_agent()):
        page = await listing.list_tickets(desk.store, ANY_PAGE)
    assert list(page.items) == [yours, mine]


async def test_pages_follow_one_another_to_the_end(desk: Desk) -> None:
    for _ in range(5):
        await desk.opened_by(a_customer())
    found: list[int] = []
    token = ""
    with acting_as(a_customer()):
        while not found or token:
            page = await listing.list_tickets(
                desk.store, PageRequest(2, token), order_text="number"
            )
            found.extend(ticket.number for ticket in page.items)
            token = page.next_token
    assert found == [1, 2, 3, 4, 5]


async def test_a_page_token_opens_no_other_list(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    await desk.opened_by(a_customer())
    with acting_as(a_customer()):
        token = (await listing.list_tickets(desk.store, PageRequest(1))).next_token
        with pytest.raises(PageTokenInvalid):
            await listing.list_tickets(desk.store, PageRequest(1, token), order_text="number")
        with pytest.raises(PageTokenInvalid):
            await listing.list_comments(desk.store, PageRequest(1, token), ticket.ticket_id)
    with acting_as(a_customer(BEN)), pytest.raises(PageTokenInvalid):
        await listing.list_tickets(desk.store, PageRequest(1, token))
