import pytest

from services.mesh.caller import acting_as
from services.search.domain import DocumentText
from services.search.finding import search_passages
from services.search.glossary import expanded, glossary_of
from services.search.readers import Readers
from services.search.server import assemble
from services.search.use_cases import put_document
from tests.search.builders import NOON, a_caller, somebody
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex

CONTENT = """# Glossary

What we say in short:

- **MFA**: multi-factor authentication. Needed by everybody.
- **PIV:** personal identity card
- IT: information technology
| VPN | virtual private network |

Note: this is no entry, and a Sentence: neither.
"""
GLOSSARY = glossary_of(CONTENT)


def test_each_line_with_a_short_form_is_an_entry() -> None:
    assert GLOSSARY == {
        "mfa": "multi-factor authentication",
        "piv": "personal identity card",
        "it": "information technology",
        "vpn": "virtual private network",
    }


@pytest.mark.parametrize(
    ("question", "added"),
    [
        ("How do I set up MFA?", " multi-factor authentication"),
        ("my vpn is down", " virtual private network"),
        ("the virtual private network is down", " VPN"),
        ("where is it", ""),
        ("where is IT", " information technology"),
        ("a printer", ""),
    ],
)
def test_short_forms_and_what_they_stand_for_help_one_another(question: str, added: str) -> None:
    assert expanded(question, GLOSSARY) == question + added


async def test_a_short_form_finds_what_spells_it_out_for_whoever_may_read_the_glossary() -> None:
    parts = assemble(FakeDocumentStore(), FakeIndex(), FakeEncoder(), lambda: NOON)
    await parts.indexing.compare()
    agents = Readers.of(["agent"], [])
    with acting_as(somebody()):
        for uri, content, readers in (
            ("card.md", "# Card\n\nThe personal identity card opens doors.", None),
            ("glossary.md", CONTENT, agents),
        ):
            await put_document(parts.library, DocumentText(uri, "", "", content, readers))
    with acting_as(a_caller("ann", "agent")):
        helped = await search_passages(parts.finder, "PIV", 5)
    with acting_as(a_caller("cid", "customer")):
        unhelped = await search_passages(parts.finder, "PIV", 5)
    assert {one.source_uri: one.coverage > 0 for one in helped.passages}["card.md"]
    assert not any(one.coverage for one in unhelped.passages)
