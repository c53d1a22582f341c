"""What `helpdesk tickets suggest` shows."""

from rich.console import Console

from helpdesk.ticket.v1.suggestion_service_pb2 import SuggestArticlesResponse, SuggestedArticle
from services.cli.screens.tickets import article_list


def shown(found: SuggestArticlesResponse) -> str:
    console = Console(width=300, no_color=True)
    with console.capture() as capture:
        console.print(article_list(found))
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
