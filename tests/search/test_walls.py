"""Nothing is searched or read without somebody who reads: who makes readers and views, by name."""

import ast
import inspect
from collections.abc import Iterator

import pytest

from services.mesh.settings import REPOSITORY
from services.search import index_edge, index_server, ports
from services.search.store import prepared, readable, sql

SEARCH = REPOSITORY / "services" / "search"
MAKERS = {
    "Reader": {"readers.py"},
    "View": {"admission.py"},
    "curator": {"indexing.py"},
    "current_reader": {
        "convert.py",
        "evaluating.py",
        "finding.py",
        "history.py",
        "index_care.py",
        "keeping.py",
        "publishing.py",
        "restricting.py",
        "use_cases.py",
    },
}
ASKED_BY_VIEW = {"candidates", "by_keywords", "count"}
# What keeps the index like the store; none of it hands a text to a caller.
OF_THE_COPY = {"open", "put", "remove", "revisions", "close", "other_recipes", "drop_others"}


def callers_of(name: str) -> Iterator[str]:
    for path in SEARCH.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                yield path.name


@pytest.mark.parametrize("name", MAKERS)
def test_readers_and_views_are_made_where_lists_are_known(name: str) -> None:
    assert set(callers_of(name)) == MAKERS[name]


@pytest.mark.parametrize(
    "index", [ports.VectorIndex, index_edge.EdgeIndex, index_server.QdrantServerIndex]
)
def test_an_index_answers_a_view_and_nothing_less(index: type) -> None:
    methods = {name: one for name, one in vars(index).items() if inspect.iscoroutinefunction(one)}
    public = {name for name in methods if not name.startswith("_")}
    assert public == ASKED_BY_VIEW | OF_THE_COPY
    for name in ASKED_BY_VIEW:
        first = list(inspect.signature(methods[name]).parameters.values())[1]
        assert (first.name, first.annotation.__name__) == ("view", "View")


def test_a_store_is_opened_for_a_reader_only() -> None:
    for name in ("reading", "transaction"):
        method = inspect.signature(getattr(sql.SqlDocumentStore, name))
        _, reader = method.parameters.values()
        assert reader.annotation.__name__ == "Reader"


def test_every_read_of_documents_asks_the_lists() -> None:
    reads = ast.parse(inspect.getsource(readable.ReadableDocuments))
    asking = {
        node.name
        for node in ast.walk(reads)
        if isinstance(node, ast.AsyncFunctionDef)
        and any(
            name in ast.unparse(node)
            for name in (
                "self.readable()",
                "self.shown()",
                "self._find(",
                "self._published(",
                "prepared.passages,",
                "prepared.terms,",
                "admits(",
            )
        )
    }
    others = {
        node.name for node in ast.walk(reads) if isinstance(node, ast.AsyncFunctionDef)
    } - asking
    # Lists come with documents that were let in, and the others run what was built elsewhere.
    assert others == {"view", "with_lists", "_of_chunks", "_prepared"}
    assert "admits(" in inspect.getsource(prepared._open)
    for statement in (prepared.passages, prepared.terms):
        assert "return _open(" in inspect.getsource(statement)
