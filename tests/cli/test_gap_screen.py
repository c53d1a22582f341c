"""What `helpdesk kb gaps` shows."""

from rich.console import Console

from helpdesk.chat.v1.chat_pb2 import NearestArticle
from helpdesk.chat.v1.gap_service_pb2 import Gap
from services.cli.screens.gaps import gap_list


def test_a_gap_is_shown_with_its_wordings_and_the_nearest_articles() -> None:
    gap = Gap(
        question="How do I use the\nVPN on a \x1b[31mtablet?",
        count=3,
        examples=["VPN for my phone?"],
        nearest_articles=[NearestArticle(source_uri="vpn.md"), NearestArticle(source_uri="b.md")],
    )
    gap.last_time.FromJsonString("2026-03-02T12:00:00Z")
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(gap_list([gap]))
    first, *rest = [line.strip() for line in capture.get().splitlines()]
    assert first.startswith("3x How do I use the VPN on a")
    assert "last 2026-03-02" in first
    assert rest == ["also: VPN for my phone?", "nearest: vpn.md, b.md"]
    assert "\x1b" not in capture.get()
