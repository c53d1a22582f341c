"""Characters that nobody sees: what a person reads and what a machine reads must be the same."""

import re

# Zero-width and direction characters, soft hyphens, fillers, tags and the selectors that can
# smuggle whole texts.
_ALWAYS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Arabic and Indian scripts and emoji are written with joiners, emoji and arrows with selectors.
_JOINED = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff\u1800-\u18af"
_PICTURES = "#*0-9\u00a9\u00ae\u2000-\u3300\U0001f000-\U0001faff"
_INVISIBLE = re.compile(
    f"[{_ALWAYS}]|(?<![{_JOINED}{_PICTURES}\ufe0f])[\u200c\u200d]|(?<![{_PICTURES}])[\ufe0e\ufe0f]"
)
# What no text needs: control characters but tab and line ends.
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff]")


def without_invisible(text: str) -> tuple[str, int]:
    """The text, and how many characters were taken out."""
    return _INVISIBLE.subn("", text)


def without_controls(text: str) -> str:
    """For what converters read out of files; form feeds part lines there."""
    return _CONTROL.sub("", text.replace("\x0c", "\n"))
