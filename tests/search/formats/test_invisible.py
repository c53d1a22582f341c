import pytest

from services.search.formats.invisible import without_controls, without_invisible


@pytest.mark.parametrize(
    "character",
    [
        *"\u200b\u200e\u200f\u2060\ufeff\u00ad\u061c\u180e\u3164\uffa0\u115f\u2800\u034f",
        *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        *"\U000e0041\U000e0100\ufe0f\u200c\u200d",
    ],
)
def test_what_nobody_sees_is_taken_out_and_counted(character: str) -> None:
    assert without_invisible(f"pass{character}word") == ("password", 1)


@pytest.mark.parametrize(
    "text",
    [
        "Plain — with “quotes”, naïve, 50 €",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "\U0001f469\u200d\U0001f4bb \u2764\ufe0f 1\ufe0f\u20e3 \u26a0\ufe0f",
        "עברית and عربي",
        "tab\tline\r\n",
    ],
)
def test_what_scripts_and_pictures_are_written_with_stays(text: str) -> None:
    assert without_invisible(text) == (text, 0)


def test_controls_go_and_line_ends_stay() -> None:
    assert without_controls("a\x00b\x07\r\n\tc\x0cd\x85e\ud800") == "ab\r\n\tc\nd\x85e"
