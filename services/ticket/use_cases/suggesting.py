"""Articles that may help with a ticket, asked for in the caller's own name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from services.ticket.domain import Ticket
from services.ticket.ports.tickets import FoundArticles, Knowledge, SuggestedArticle, TicketStore
from services.ticket.use_cases.ticketing import get_ticket

USUAL_ARTICLES, MOST_ARTICLES = 5, 20
# As much as search takes for a question.
LONGEST_QUESTION = 4_000


@dataclass(frozen=True)
class Suggestions:
    articles: Sequence[SuggestedArticle]
    degraded: bool


async def suggest_articles(
    store: TicketStore, knowledge: Knowledge, ticket_id: str, page_size: int
) -> Suggestions:
    """Raises TicketNotFound for a ticket that the caller does not see."""
    ticket = await get_ticket(store, ticket_id)
    found: FoundArticles = await knowledge.find_articles(question_of(ticket))
    limit = min(page_size, MOST_ARTICLES) if page_size > 0 else USUAL_ARTICLES
    return Suggestions([*islice(_best_of_each(found.passages), limit)], found.degraded)


def question_of(ticket: Ticket) -> str:
    """The subject says what it is about; of a long body the beginning does."""
    return f"{ticket.subject}\n{ticket.body}".strip()[:LONGEST_QUESTION]


def _best_of_each(passages: Iterable[SuggestedArticle]) -> Iterator[SuggestedArticle]:
    """They come best first, so an article's first passage is its best."""
    seen: set[str] = set()
    for passage in passages:
        if passage.document_id not in seen:
            seen.add(passage.document_id)
            yield passage
