import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat.answer.units import UnitKind, cut_into_units
from services.chat.answer.visible import visible
from services.chat.answer.words import words
from tests.chat.builders import SLACK

MARKDOWN = st.text(alphabet=list("ab .!?\n#*-_`[]()|>{}%<1:\\ \t\r\"'/Aé"), max_size=160)
LINES = st.lists(
    st.sampled_from(
        [
            "# Heading",
            "A sentence. Another one, e.g. Bob's!",
            "- an item with [a link](https://x.example/a_b)",
            "1. Open **the page**.",
            "   continued here",
            "```",
            "code --line",
            "| a | b |",
            "|---|---|",
            "| one two | three |",
            "> quoted words here",
            "---",
            "title: Front",
            '{% tag "x" %}',
            "![image](a.png)",
            "",
            "  ",
        ]
    ),
    max_size=14,
).map("\n".join)


def _readings(markdown: str) -> list[str]:
    return [unit.text for unit in cut_into_units(markdown, begins_document=True)]


@given(MARKDOWN | LINES)
def test_every_unit_is_an_exact_range_that_holds_its_words(markdown: str) -> None:
    end = 0
    for unit in cut_into_units(markdown, begins_document=True):
        assert end <= unit.start < unit.end <= len(markdown)
        end = unit.end
        quote = markdown[unit.start : unit.end]
        assert quote.strip()
        if unit.kind is UnitKind.CODE:
            assert unit.text == quote
        else:
            assert quote == quote.strip()
            assert set(unit.text) - set(quote) <= {" ", "\\", "|"}


def test_steps_keep_their_numbers_and_their_order() -> None:
    steps = [unit for unit in cut_into_units(SLACK) if unit.kind is UnitKind.STEP]

    assert [(step.step_number, step.text) for step in steps] == [
        (1, "Open the Slack page in your browser."),
        (2, "Click Sign in with e-mail."),
        (3, "Enter your work address."),
    ]
    assert {step.heading for step in steps} == {"How do I get access to Slack?"}
    assert SLACK[steps[1].start : steps[1].end] == "Click **Sign in with e-mail**."


def test_a_list_that_counts_with_ones_is_numbered_as_it_is_shown() -> None:
    units = cut_into_units("1. Open it.\n1. Close it.\n\n1. Lock it.\n")

    assert [unit.step_number for unit in units] == [1, 2, 3]


def test_a_list_that_was_cut_keeps_counting() -> None:
    assert [unit.step_number for unit in cut_into_units("4. Open it.\n5. Close it.")] == [4, 5]


@pytest.mark.parametrize(
    "noise",
    [
        "# Only a heading",
        "Only a heading\n==============",
        "**Only a heading**",
        "- [Getting started](getting-started/)",
        "_[Back to the page](../)_",
        "https://example.com/only/an/address",
        "{% include banner.html %}",
        "{{ page.title }}",
        "![the sign-in page](signin.png)",
        "[home]: https://example.com/",
        "<div class='note'>",
        "---\ntitle: Slack\nowner: the team\n---",
        "Does this say something at all?",
        "***",
    ],
)
def test_what_says_nothing_is_no_unit(noise: str) -> None:
    assert _readings(noise) == []


def test_front_matter_in_the_middle_is_text() -> None:
    assert cut_into_units("---\ntitle: the first\n---\nText of it.", begins_document=False)


def test_sentences_end_where_people_would_say() -> None:
    text = (
        "Ask Dr. Bell, e.g. by phone. See [the page. Yes](https://x.example/a. B) first. "
        'Version 2.5 is out! He said "stop." Then `a. B` runs.'
    )

    assert _readings(text) == [
        "Ask Dr. Bell, e.g. by phone.",
        "See the page. Yes first.",
        "Version 2.5 is out!",
        'He said "stop."',
        "Then `a. B` runs.",
    ]


def test_a_short_yes_joins_the_sentence_behind_it() -> None:
    assert _readings("Yes! New hires have access.") == ["Yes! New hires have access."]


def test_table_rows_are_units_and_their_header_is_not() -> None:
    text = "| Model | Days |\n|:--|--:|\n| Falcon 5 | **7** days |\n"

    (row,) = cut_into_units(text)

    assert (row.kind, row.text) == (UnitKind.ROW, "Falcon 5 | 7 days")
    assert text[row.start : row.end] == "Falcon 5 | **7** days"


def test_code_is_kept_whole_and_to_the_letter() -> None:
    text = "Run this:\n\n```sh\nls -l | wc\n\n# not a heading\n```\n"

    lead, code = cut_into_units(text)

    assert lead.introduces
    assert (code.kind, code.text) == (UnitKind.CODE, "ls -l | wc\n\n# not a heading")


@pytest.mark.parametrize(
    ("markdown", "reading"),
    [
        (
            "Open **the `*raw*` page** at <https://a.example/x_y_z>",
            "Open the `*raw*` page at https://a.example/x_y_z",
        ),
        ("a _soft_ and snake_case_name", "a soft and snake_case_name"),
        ('Join {% slack_channel "help" "Help" %} today', "Join Help today"),
        ("See [this][ref] and note[^1]", "See this and note"),
        ("Room [12] is free", "Room \\[12\\] is free"),
        ("> quoted\n> twice", "quoted twice"),
        ("half **bold", "half bold"),
        ("before <br/> after <!-- hidden -->", "before after"),
    ],
)
def test_what_is_shown_leaves_out_the_signs_only(markdown: str, reading: str) -> None:
    assert visible(markdown) == reading


def test_words_meet_across_their_endings() -> None:
    assert words("changes Changing changed") == ["chang"] * 3
    assert words("policies policy") == ["policy"] * 2
    assert words("don't VPN's") == ["don", "vpn"]
