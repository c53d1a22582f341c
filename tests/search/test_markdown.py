import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.markdown import BlockKind, blocks_of, front_matter, plain, title_of


def kinds(content: str) -> list[BlockKind]:
    return [block.kind for block in blocks_of(content, 0)]


def test_the_front_matter_gives_title_and_category_and_is_no_part_of_the_text() -> None:
    content = "---\ntitle: Slack\ncategory: tools\nquestions:\n  - admins\n---\nHello\n"
    matter = front_matter(content)
    assert (matter.title, matter.category) == ("Slack", "tools")
    assert content[matter.end :] == "Hello\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_ends_the_front_matter(line_end: str) -> None:
    content = line_end.join(["---", "title: Slack", "---", "Hello"])
    assert content[front_matter(content).end :] == "Hello"


def test_a_colon_in_an_unquoted_title_is_forgiven() -> None:
    content = "---\ntitle: Slack: the basics\n---\nHello\n"
    matter = front_matter(content)
    assert matter.title.strip() == "Slack: the basics"
    assert content[matter.end :] == "Hello\n"


def test_a_rule_at_the_top_is_not_front_matter() -> None:
    assert front_matter("---\nJust some words.\n---\nMore.\n").end == 0


def test_front_matter_without_an_end_is_text() -> None:
    assert front_matter("---\ntitle: Slack\n\nHello\n").end == 0


def test_values_in_front_matter_that_are_not_text_are_passed_over() -> None:
    matter = front_matter("---\ntitle: [a, b]\ncategory: 2024-13-45\n---\n")
    assert (matter.title, matter.category) == ("", "2024-13-45")


def test_front_matter_that_nests_without_end_does_no_harm() -> None:
    assert front_matter("---\ntitle: " + "[" * 15_000 + "\n---\n").title.strip().startswith("[")


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("---\ntitle: From matter\n---\n# Heading\n", "From matter"),
        ("Text\n\n## The *first* heading\n", "The first heading"),
        ("---\ntitle: Wi-Fi &amp; VPN\n---\n", "Wi-Fi & VPN"),
        ("Just text\n", "reset password"),
    ],
)
def test_the_title_comes_from_matter_then_heading_then_file_name(content: str, title: str) -> None:
    matter = front_matter(content)
    assert title_of(matter, blocks_of(content, matter.end), "it/reset-password.md") == title


def test_blocks_are_told_apart() -> None:
    content = "# H\n\ntext\n\n- a\n- b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n"
    assert kinds(content) == [
        BlockKind.HEADING,
        BlockKind.PARAGRAPH,
        BlockKind.LIST,
        BlockKind.TABLE,
        BlockKind.CODE,
    ]


def test_link_definitions_are_not_lost() -> None:
    content = "See [docs].\n\n[docs]: https://docs.example\n"
    assert "".join(content[b.start : b.end] for b in blocks_of(content, 0)) == content


@pytest.mark.parametrize(
    ("marked", "read"),
    [
        ("**Lock** your _computer_ `now`", "Lock your computer now"),
        ("see [the guide](https://x.example/a_b) ![logo](l.png)", "see the guide logo"),
        ("1. first\n2. second\n   - [x] third", "first second third"),
        ("| Key | Use |\n|:---|---:|\n| F1 | Help |", "Key Use F1 Help"),
        ('[Desk]({% page "/desk" %}) {% image "a.png" %}{{ site.name }}', "Desk"),
        ("> quoted\n> > deeper", "quoted deeper"),
        ("## Heading ##\ntext", "Heading text"),
        ("```sh\nls -l\n```", "ls -l"),
        ("a &amp; b<br>c snake_case \\*star\\*", "a & b c snake_case star"),
        ("Title\n=====\n\n* * *\n---", "Title"),
    ],
)
def test_plain_text_is_what_a_reader_sees(marked: str, read: str) -> None:
    assert plain(marked) == read


@pytest.mark.parametrize(
    "piece", ["[", "`a", "<a", "{%", "_a", "*", "- ", "|-", "![", " ", ">", "&amp", "\t#", "=-"]
)
def test_long_runs_of_marks_take_no_more_than_linear_time(piece: str) -> None:
    # A quadratic pattern would need minutes for this.
    text = piece * 200_000 + "x"
    assert "x" in plain(text)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    matter = front_matter(text)
    assert title_of(matter, blocks_of(text, matter.end), "a.md")
    plain(text)
