"""Values that tests begin with."""

from datetime import UTC, datetime
from itertools import count

from services.chat.domain import DocumentVersion, Evidence, Passage, Statement
from services.mesh.caller import Caller, TenantId, UserId

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
ACME = TenantId("tenant-acme")
GLOBEX = TenantId("tenant-globex")
ANN = Caller("gateway", ACME, UserId("user-ann"))
BOB = Caller("gateway", ACME, UserId("user-bob"))
GUS = Caller("gateway", GLOBEX, UserId("user-gus"))

SLACK = """\
Slack is a chat tool.

## How do I get access to Slack?

New hires are given full Slack access. To sign in:

1. Open [the Slack page](https://slack.example/) in your browser.
2. Click **Sign in with e-mail**.
3. Enter your work address.

Ask the help desk when the page stays blank.
"""


def a_version(content: str = SLACK, document_id: str = "doc-slack") -> DocumentVersion:
    return DocumentVersion(document_id, 1, "Slack", content, f"{document_id}.md")


def a_passage(
    version: DocumentVersion | None = None,
    *,
    start: int = 0,
    end: int | None = None,
    chunk_id: str | None = None,
    score: float = 0.9,
    similarity: float = 0.8,
    coverage: float = 0.9,
) -> Passage:
    version = version or a_version()
    text = version.content[start:end]
    return Passage(
        document_id=version.document_id,
        version=version.version,
        chunk_id=chunk_id or f"{version.document_id}-{start}",
        title=version.title,
        headings=(),
        text=text,
        start=start,
        end=start + len(text),
        score=score,
        similarity=similarity,
        coverage=coverage,
        source_uri=version.source_uri,
    )


def a_statement(quote: str, passage: Passage, text: str | None = None) -> Statement:
    start = passage.start + passage.text.index(quote)
    evidence = Evidence(
        passage.document_id,
        passage.version,
        passage.chunk_id,
        start,
        start + len(quote),
        quote,
    )
    return Statement(quote if text is None else text, (evidence,))


class CountedIds:
    """Ids that sort as they were made: id-001, id-002 …"""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self) -> str:
        return f"id-{next(self._numbers):03}"
