"""What ticket asks of search, over its stub and in the name of the user."""

from helpdesk.search.v1 import search_pb2, search_service_pb2, search_service_pb2_grpc
from services.mesh.errors import InvalidArgument
from services.ticket.ports.tickets import FoundArticles, SuggestedArticle

# Several passages may be of one article.
_PASSAGES = 50
# What search says of "???": a question without a word, which nothing can answer.
_NOTHING_TO_LOOK_FOR = "QUERY_EMPTY"


class SearchKnowledge:
    def __init__(self, search: "search_service_pb2_grpc.SearchServiceAsyncStub") -> None:
        self._search = search

    async def find_articles(self, question: str) -> FoundArticles:
        if not question:
            return FoundArticles(())
        request = search_service_pb2.SearchPassagesRequest(query=question, page_size=_PASSAGES)
        try:
            reply = await self._search.SearchPassages(request)
        except InvalidArgument as error:
            if error.reason != _NOTHING_TO_LOOK_FOR:
                raise
            return FoundArticles(())
        return FoundArticles(tuple(map(_article, reply.results)), reply.degraded)


def _article(found: search_pb2.SearchResult) -> SuggestedArticle:
    return SuggestedArticle(
        document_id=found.document_id,
        version=found.version,
        title=found.title,
        source_uri=found.source_uri,
        headings=tuple(found.headings),
        text=found.text,
        start=found.start,
        end=found.end,
        score=found.score,
    )
