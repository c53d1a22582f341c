"""Asks search in every role of several tenants, while lists, states and dates keep changing.

What each asker may be shown is worked out by hand from what was done to the articles. All parts are
the real ones: store, index, encoder, remembered questions and views, ranking.
"""

import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from unittest import mock

from services.mesh.caller import TenantId, acting_as, current_tenant
from services.mesh.clock import utc_now
from services.search import finding
from services.search.domain import DocumentText
from services.search.finding import search_passages
from services.search.publication import ALWAYS, Period
from services.search.publishing import archive_document, publish_document
from services.search.readers import EVERYBODY, Reader, Readers, curator
from services.search.restricting import set_category_readers, set_document_readers
from services.search.server import Parts
from services.search.use_cases import delete_document, put_document
from tests.eval.searching import running_search_in
from tests.search.builders import a_caller, somebody
from tests.security.progress import Progress
from tests.security.section import Control, Figure, Outcome, Scale, Section

FIGURE = Figure("forbidden passages, 10,000 questions x 3 tenants x 4 roles", "0 shown", 120_000)
QUESTIONS = {Scale.FULL: 10_000, Scale.SHORT: 25}
TENANTS = tuple(map(TenantId, ("acme", "globex", "initech")))
ROLES = ("agent", "lead", "legal", "customer")
CATEGORIES = ("", "hr", "network", "printing")
ARTICLES = 40
# After so many questions something is changed in each tenant.
BETWEEN_CHANGES = 10
_IN_CONTROL = 5
_WORDS = [
    "printer",
    "paper",
    "tray",
    "ink",
    "vpn",
    "client",
    "password",
    "token",
    "badge",
    "door",
    "laptop",
    "dock",
    "mouse",
    "invoice",
    "contract",
    "salary",
    "holiday",
    "policy",
    "network",
    "switch",
    "cable",
    "backup",
    "restore",
    "server",
    "update",
    "licence",
    "phone",
    "desk",
]
_OVER = Period(end=utc_now() - timedelta(days=1))
_NOT_YET = Period(begin=utc_now() + timedelta(days=1))


@dataclass
class Article:
    document_id: str
    text: DocumentText
    readers: Readers
    is_archived: bool = False

    @property
    def is_in_force(self) -> bool:
        return not self.is_archived and self.text.period == ALWAYS


@dataclass
class Tenant:
    tenant_id: TenantId
    articles: dict[str, Article] = field(default_factory=dict)
    category_readers: dict[str, Readers] = field(default_factory=dict)

    def open_to(self, role: str) -> frozenset[str]:
        """The source URIs of what the role may be shown."""
        return frozenset(
            source_uri
            for source_uri, one in self.articles.items()
            if one.is_in_force
            and _admits(one.readers, role)
            and _admits(self.category_readers.get(one.text.category, EVERYBODY), role)
        )


@dataclass
class World:
    parts: Parts
    chance: random.Random
    tenants: Sequence[Tenant]
    made: int = 0

    async def fill(self) -> None:
        for tenant in self.tenants:
            with acting_as(somebody(tenant.tenant_id)):
                for _ in range(ARTICLES):
                    await self._put(tenant)

    async def change(self) -> None:
        for tenant in self.tenants:
            with acting_as(somebody(tenant.tenant_id)):
                await self._change(tenant)

    def question(self) -> str:
        return " ".join(self.chance.sample(_WORDS, self.chance.randint(2, 5)))

    async def _put(self, tenant: Tenant) -> None:
        self.made += 1
        period = self.chance.choice((ALWAYS, ALWAYS, ALWAYS, _OVER, _NOT_YET))
        text = DocumentText(
            source_uri=f"{tenant.tenant_id}-{self.made}.md",
            title=f"About the {self.chance.choice(_WORDS)}",
            category=self.chance.choice(CATEGORIES),
            content=f"{' '.join(self.chance.choices(_WORDS, k=30))} number {self.made}.\n",
            readers=self._readers(),
            period=period,
        )
        kept = await put_document(self.parts.library, text)
        readers = text.readers or EVERYBODY
        tenant.articles[text.source_uri] = Article(kept.document_id, text, readers)

    async def _change(self, tenant: Tenant) -> None:
        library, article = self.parts.library, self.chance.choice([*tenant.articles.values()])
        match self.chance.randrange(6):
            case 0:
                article.readers = self._readers()
                await set_document_readers(library, article.document_id, article.readers)
            case 1:
                category, readers = self.chance.choice(CATEGORIES[1:]), self._readers()
                tenant.category_readers[category] = readers
                await set_category_readers(library, category, readers)
            case 2:
                await archive_document(library, article.document_id)
                article.is_archived = True
            case 3:
                await publish_document(library, article.document_id)
                article.is_archived = False
            case 4:
                await delete_document(library, article.document_id)
                del tenant.articles[article.text.source_uri]
                await self._put(tenant)
            case _ if not article.is_archived:
                period = self.chance.choice((ALWAYS, _OVER, _NOT_YET))
                article.text = replace(article.text, period=period, readers=None)
                await put_document(library, article.text)

    def _readers(self) -> Readers:
        return Readers.of(self.chance.sample(ROLES, self.chance.choice((0, 0, 1, 2))), [])


@dataclass
class Score:
    asked: int = 0
    shown: int = 0
    hidden: int = 0
    forbidden: list[str] = field(default_factory=list)


async def run(scale: Scale, seed: int) -> Outcome:
    score = await _ask(QUESTIONS[scale], seed, Progress("questions", QUESTIONS[scale]))
    # Whoever asks is taken for one who sees all.
    with mock.patch.object(finding, "current_reader", _curator_of_tenant):
        undefended = await _ask(_IN_CONTROL, seed)
    control = Control("the reader, in whose name it is searched", bool(undefended.forbidden))
    details = [
        f"{ARTICLES} articles in each of {len(TENANTS)} tenants, something changed in each after "
        f"every {BETWEEN_CHANGES} questions",
        f"{score.shown:,} passages shown; {score.hidden / score.asked:.1f} of the tenant's own "
        "articles closed to the asker on average",
    ]
    failures = score.forbidden if score.shown else ["nothing was shown to anybody"]
    return Outcome(score.asked, failures, control, details)


async def _ask(questions: int, seed: int, progress: Progress | None = None) -> Score:
    score = Score()
    async with _world(seed) as world:
        for number in range(questions):
            if number % BETWEEN_CHANGES == 0:
                await world.change()
            question = world.question()
            for tenant in world.tenants:
                for role in ROLES:
                    await _ask_as(world, tenant, role, question, score)
            if progress is not None:
                progress.step()
    return score


async def _ask_as(world: World, tenant: Tenant, role: str, question: str, score: Score) -> None:
    with acting_as(a_caller(f"some-{role}", role, tenant_id=tenant.tenant_id)):
        found = await search_passages(world.parts.finder, question, 10)
    allowed = tenant.open_to(role)
    score.asked += 1
    score.shown += len(found.passages)
    score.hidden += len(tenant.articles) - len(allowed)
    score.forbidden += [
        f"{role} of {tenant.tenant_id} was shown {one.source_uri} for “{question}”"
        for one in found.passages
        if one.source_uri not in allowed
    ]


@asynccontextmanager
async def _world(seed: int) -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory(prefix="helpdesk-passages-") as folder:
        async with running_search_in(Path(folder)) as parts:
            chance = random.Random(seed)
            world = World(parts, chance, [Tenant(tenant_id) for tenant_id in TENANTS])
            await world.fill()
            yield world


def _curator_of_tenant() -> Reader:
    return curator(current_tenant())


def _admits(readers: Readers, role: str) -> bool:
    return not readers.keys or role in readers.roles


SECTION = Section("passages", FIGURE, run)
