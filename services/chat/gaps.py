"""What the knowledge base lacks: questions that it could not answer, grouped by what they mean."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.chat.domain import NearestArticle, UnansweredQuestion
from services.chat.ports import Clock, SessionStore, TextGroups
from services.mesh.caller import current_tenant

USUAL_DAYS = 30
USUAL_GAPS, MOST_GAPS = 20, 100
MOST_QUESTIONS = 1_000
MOST_EXAMPLES = 4
MOST_ARTICLES = 3


@dataclass(frozen=True)
class Gap:
    question: str
    count: int
    examples: tuple[str, ...]
    first_time: datetime
    last_time: datetime
    nearest_articles: tuple[NearestArticle, ...]


@dataclass(frozen=True)
class GapReport:
    gaps: Sequence[Gap]
    question_count: int


async def report_gaps(
    store: SessionStore, groups: TextGroups, clock: Clock, *, days: int, page_size: int
) -> GapReport:
    since = clock() - timedelta(days=days or USUAL_DAYS)
    async with store.reading(current_tenant()) as records:
        questions = await records.list_unanswered(since, limit=MOST_QUESTIONS)
    if not questions:
        return GapReport((), 0)
    found = await groups.group([question.text for question in questions])
    limit = min(page_size, MOST_GAPS) if page_size > 0 else USUAL_GAPS
    gaps = [_gap([questions[place] for place in group]) for group in found[:limit]]
    return GapReport(gaps, len(questions))


def _gap(questions: Sequence[UnansweredQuestion]) -> Gap:
    """Of the questions of one group, the most central one first."""
    wordings = list(dict.fromkeys(question.text for question in questions))
    named = Counter(article for question in questions for article in question.nearest_articles)
    return Gap(
        question=wordings[0],
        count=len(questions),
        examples=tuple(wordings[1 : MOST_EXAMPLES + 1]),
        first_time=min(question.create_time for question in questions),
        last_time=max(question.create_time for question in questions),
        nearest_articles=tuple(article for article, _ in named.most_common(MOST_ARTICLES)),
    )
