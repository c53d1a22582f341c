"""What `helpdesk kb index` says while an encoder takes over from another."""

import pytest

from helpdesk.search.v1.index_service_pb2 import IndexStatus
from services.cli.commands.knowledge_index import told


@pytest.mark.parametrize(
    ("behind", "serving", "line"),
    [
        (0, "new", "9 documents, 0 behind, encoder new"),
        (4, "old", "9 documents, 4 behind, encoder new; until then old answers"),
        (
            4,
            "",
            "9 documents, 4 behind, encoder new; "
            "until then searches are answered by keywords alone",
        ),
    ],
)
def test_it_says_what_is_left_and_who_answers_meanwhile(
    behind: int, serving: str, line: str
) -> None:
    status = IndexStatus(
        document_count=9, behind_count=behind, encoder="new", serving_encoder=serving
    )
    assert told(status) == line
