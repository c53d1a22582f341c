"""A knowledge base that answers every question with the same passages, and notes the questions."""

from dataclasses import replace

from services.ticket.ports.tickets import FoundArticles, SuggestedArticle

VPN = SuggestedArticle(
    "doc-vpn", 2, "The VPN", "network/vpn.md", ("The VPN", "Errors"), "Error 619 means…", 7, 23, 0.9
)
PRINTER = replace(VPN, document_id="doc-printer", title="Printers", score=0.4)


class FakeKnowledge:
    def __init__(self) -> None:
        self.questions: list[str] = []
        self.passages: tuple[SuggestedArticle, ...] = (
            VPN,
            replace(VPN, text="Restart it.", score=0.8),
            PRINTER,
        )
        self.degraded = False

    async def find_articles(self, question: str) -> FoundArticles:
        self.questions.append(question)
        return FoundArticles(self.passages, self.degraded)
