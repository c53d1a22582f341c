"""What `helpdesk tickets suggest` and `similar` show."""

from rich.console import Console

from helpdesk.ticket.v1.suggestion_service_pb2 import (
    ListSimilarTicketsResponse,
    SimilarTicket,
    SuggestArticlesResponse,
    SuggestedArticle,
)
from helpdesk.ticket.v1.ticket_pb2 import (
    SLA_STATE_RED,
    TICKET_STATUS_OPEN,
    TICKET_STATUS_RESOLVED,
    Comment,
    Ticket,
)
from services.cli.screens.suggestions import article_list, similar_list
from services.cli.screens.tickets import sla_rows


def shown(found: SuggestArticlesResponse | ListSimilarTicketsResponse) -> str:
    screen = (
        article_list(found) if isinstance(found, SuggestArticlesResponse) else similar_list(found)
    )
    console = Console(width=300, no_color=True)
    with console.capture() as capture:
        console.print(screen)
    return capture.get()


def test_each_article_is_shown_with_the_beginning_of_its_passage() -> None:
    vpn = SuggestedArticle(title="The VPN", source_uri="network/vpn.md", text="Error 619\n means…")
    long = SuggestedArticle(title="Printers", source_uri="p.md", text="toner " * 100)
    lines = shown(SuggestArticlesResponse(articles=[vpn, long])).splitlines()
    assert [line.strip() for line in lines] == [
        "1. The VPN  network/vpn.md",
        "Error 619 means…",
        "2. Printers  p.md",
        f"{'toner ' * 33}…",
    ]


def test_an_articles_text_cannot_steer_the_terminal() -> None:
    bell = SuggestedArticle(title="\x1b[31mRed", text="\x07Ring", source_uri="\x1b[2J")
    assert not {"\x1b", "\x07"} & {*shown(SuggestArticlesResponse(articles=[bell]))}


def test_it_says_when_nothing_fits_and_when_the_index_was_down() -> None:
    assert shown(SuggestArticlesResponse()).strip() == "No article fits."
    vpn = SuggestedArticle(title="The VPN", text="…")
    assert "keywords alone" in shown(SuggestArticlesResponse(articles=[vpn], degraded=True))


def test_similar_tickets_are_shown_with_their_words_and_their_answer() -> None:
    solved = SimilarTicket(
        number=7,
        subject="No \x1b[31mWi-Fi",
        status=TICKET_STATUS_RESOLVED,
        score=0.806,
        words=["wi", "\x07fi"],
        reply=Comment(body="Walk\n\x1b[2Jdownstairs."),
    )
    waiting = SimilarTicket(
        number=8, subject="Wi-Fi", status=TICKET_STATUS_OPEN, score=0.5, words=["fi"]
    )
    text = shown(ListSimilarTicketsResponse(similar_tickets=[solved, waiting]))
    assert not {"\x1b", "\x07"} & {*text}
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0].startswith("#7 No")
    assert lines[0].endswith("resolved")
    assert lines[1].startswith("81%: wi,")
    assert lines[2].startswith("→ Walk")
    assert lines[3:] == ["#8 Wi-Fi  open", "50%: fi"]


def test_it_says_when_no_ticket_is_alike() -> None:
    assert shown(ListSimilarTicketsResponse()).strip() == "No ticket is like it."


def test_what_a_ticket_is_promised_is_shown_as_far_as_there_is_anything() -> None:
    ticket = Ticket(sla_state=SLA_STATE_RED)
    ticket.resolution_due.FromSeconds(1_900_000_000)
    shown = [(name, text.plain[:8]) for name, text in sla_rows(ticket)]
    assert shown == [("SLA", "red"), ("Resolution", "due 2030")]
    assert list(sla_rows(Ticket())) == []
