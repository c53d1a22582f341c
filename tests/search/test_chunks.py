from hypothesis import given, settings
from hypothesis import strategies as st

from services.search.chunks import (
    LONGEST_WHOLE_BLOCK,
    PASSAGE_SIZE,
    SMALL_REST,
    Passage,
    passages_of,
    size_of,
)
from services.search.markdown import BlockKind, blocks_of, front_matter

SENTENCE = "Press the red button twice and then wait for the green light to appear. "

PIECES = st.sampled_from(
    [
        *("# Head\n", "## Sub *x*\n", "### Deep\n", "Title\n===\n", "para one.\n\n", "- item\n"),
        *("  - nested\n", "1. one\n", "\n", "\r\n", "\r", "```\n", "    indented\n", "| a | b |\n"),
        *("|---|---|\n", "| c | d |\n", "> quote\n", "[ref]: http://x\n", "<div>\n", "</div>\n"),
        *("---\n", "{% page %}\n", "word " * 90, SENTENCE, "\u2028", "\x0b", "\x0c", "\xa0\n"),
        *("title: x\n", "\ufeff", "ünï😀 ", "* * *\n", "\t", "x" * 2500),
    ]
)
DOCUMENTS = st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join))


def cut(content: str) -> list[Passage]:
    return passages_of(content, blocks_of(content, front_matter(content).end))


def texts(content: str) -> list[str]:
    return [content[passage.start : passage.end] for passage in cut(content)]


@given(DOCUMENTS)
@settings(max_examples=400, deadline=None)
def test_passages_stand_where_they_say_and_hold_every_block(content: str) -> None:
    start = front_matter(content).end
    held: set[int] = set()
    for passage in cut(content):
        assert start <= passage.start < passage.end <= len(content)
        assert content[passage.start : passage.end].strip()
        held.update(range(passage.start, passage.end))
    headings: set[int] = set()
    for block in blocks_of(content, start):
        if block.kind is BlockKind.HEADING:
            headings.update(range(block.start, block.end))
    lost = [
        place
        for place in range(start, len(content))
        if not content[place].isspace() and place not in held and place not in headings
    ]
    assert lost == []


@given(DOCUMENTS)
@settings(max_examples=200, deadline=None)
def test_no_passage_is_longer_than_the_longest_whole_block(content: str) -> None:
    spare = SMALL_REST + PASSAGE_SIZE
    assert all(size_of(text) <= LONGEST_WHOLE_BLOCK + spare for text in texts(content))


def test_headings_are_the_path_down_to_the_passage() -> None:
    content = "# A\n\nTop.\n\n## B\n\nOne.\n\n### C\n\nTwo.\n\n## D\n\nThree.\n"
    assert [(p.headings, content[p.start : p.end]) for p in cut(content)] == [
        (("A",), "Top."),
        (("A", "B"), "One."),
        (("A", "B", "C"), "Two."),
        (("A", "D"), "Three."),
    ]


def test_headings_with_nothing_under_them_are_a_passage() -> None:
    content = "# Office\n\n## No pets\n\n## No smoking\n\n## Parking\n\nBehind the house.\n"
    assert [(p.headings, content[p.start : p.end]) for p in cut(content)] == [
        (("Office",), "## No pets\n\n## No smoking"),
        (("Office", "Parking"), "Behind the house."),
    ]


def test_short_paragraphs_share_a_passage() -> None:
    content = "One.\n\nTwo.\n\nThree.\n"
    assert texts(content) == ["One.\n\nTwo.\n\nThree."]


def test_long_text_is_cut_between_paragraphs_and_overlaps_by_a_short_one() -> None:
    long, short = SENTENCE * 9, "To reset it, follow these steps:"
    content = f"{long}\n\n{short}\n\n{long}\n"
    first, second = texts(content)
    assert first.endswith(short)
    assert second.startswith(short)


def test_a_list_stays_whole_though_it_is_longer_than_a_passage() -> None:
    steps = "".join(f"{number}. {SENTENCE}\n" for number in range(1, 18))
    assert PASSAGE_SIZE < size_of(steps) <= LONGEST_WHOLE_BLOCK
    assert steps.strip() in texts(f"Intro.\n\n{steps}\nOutro.\n")


def test_a_very_long_list_is_cut_between_its_items() -> None:
    steps = "".join(f"{number}. {SENTENCE}\n" for number in range(1, 60))
    found = texts(steps)
    assert len(found) > 1
    assert all(text[0].isdigit() and text.endswith("appear.") for text in found)


def test_a_very_long_table_keeps_its_header_beside_each_part() -> None:
    rows = "".join(f"| K{number} | {SENTENCE}|\n" for number in range(60))
    content = f"| Key | What to do |\n|---|---|\n{rows}"
    first, *others = cut(content)
    assert first.lead == ""
    assert {other.lead for other in others} == {"Key What to do"}


def test_code_keeps_its_indentation() -> None:
    content = "Text.\n\n    if x:\n        go()\n"
    assert texts(content) == ["Text.\n\n    if x:\n        go()"]


def test_one_endless_line_is_cut_too() -> None:
    assert len(texts(SENTENCE * 200)) > 10
    assert len(texts("x" * 100_000)) > 10


def test_two_mebibytes_of_paragraphs_are_cut() -> None:
    content = (SENTENCE * 4 + "\n\n") * (2_000_000 // (len(SENTENCE) * 4))
    found = cut(content)
    assert sum(passage.end - passage.start for passage in found) > 0.95 * len(content)
