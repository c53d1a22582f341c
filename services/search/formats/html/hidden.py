"""Whether a browser would show an element, as far as the element itself and those around it say."""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

_DECLARATION = re.compile(r"\s*([a-zA-Z-]+)\s*:\s*([^;]*)")
_NOTHING = re.compile(r"[-+]?0*\.?0*(?:px|em|rem|pt|%|vw|vh|ex|ch)?\Z")
_FAR_OUTSIDE = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|em|rem|pt|%|vw|vh)?\Z")
_TINY_PIXELS = 2
_NEARLY = 12
_WHITE = (255, 255, 255)
_NAMED = {
    "white": _WHITE,
    "black": (0, 0, 0),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "whitesmoke": (245, 245, 245),
    "ghostwhite": (248, 248, 255),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "navy": (0, 0, 128),
    "orange": (255, 165, 0),
}
_HEX = re.compile(r"#([0-9a-f]{3,8})\Z")
_FUNCTION = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+)(%?))?\s*\)\Z")

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Shades:
    """The colours of text and ground where an element stands; None where nothing inline says."""

    text: Colour | None = None
    ground: Colour | None = None
    is_clear: bool = False


def shades_of(node: LexborNode, around: Shades | None) -> Shades:
    around = around or Shades()
    style = _style(node)
    attributes = node.attributes
    said = style.get("color") or attributes.get("color") or attributes.get("text") or ""
    behind = style.get("background-color") or style.get("background") or attributes.get("bgcolor")
    return Shades(
        _colour(said) or around.text,
        _colour((behind or "").split(" ")[0]) or (None if behind else around.ground),
        said.strip() == "transparent" or _is_see_through(said) or (around.is_clear and not said),
    )


def is_hidden(node: LexborNode, shades: Shades) -> bool:
    attributes = node.attributes
    if "hidden" in attributes or (attributes.get("aria-hidden") or "").lower() == "true":
        return True
    style = _style(node)
    return hides(style) or (_is_coloured(node, style) and _is_unreadable(shades))


def hides(style: dict[str, str]) -> bool:
    """Whether these declarations leave nothing to see."""
    if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
        return True
    if style.get("content-visibility") == "hidden" or _is_nothing(style, "opacity"):
        return True
    if _is_nothing(style, "font-size") or _is_tiny(style.get("font-size", "")):
        return True
    is_cut = style.get("overflow", "").startswith(("hidden", "clip"))
    sizes = [style.get(side, "") for side in ("width", "height", "max-width", "max-height")]
    if is_cut and any(size and (_NOTHING.match(size) or size == "1px") for size in sizes):
        return True
    if style.get("position") in ("absolute", "fixed"):
        is_outside = any(_FAR_OUTSIDE.match(style.get(side, "")) for side in ("left", "top"))
        clip = style.get("clip", "") + style.get("clip-path", "")
        if is_outside or "rect(0" in clip or "rect(1px" in clip or "inset(50%" in clip:
            return True
    return bool(_FAR_OUTSIDE.match(style.get("text-indent", "")))


def declarations(text: str) -> dict[str, str]:
    """Without `!important`; the last of several holds."""
    return {
        name.lower(): value.lower().replace("!important", "").strip()
        for name, value in (
            match.groups() for match in map(_DECLARATION.match, text.split(";")) if match
        )
    }


def _style(node: LexborNode) -> dict[str, str]:
    return declarations(node.attributes.get("style") or "")


def _is_nothing(style: dict[str, str], name: str) -> bool:
    return name in style and bool(style[name]) and bool(_NOTHING.match(style[name]))


def _is_tiny(size: str) -> bool:
    match = re.match(r"([\d.]+)(?:px|pt)\Z", size)
    return bool(match and match[1].replace(".", "", 1).isdigit() and float(match[1]) < _TINY_PIXELS)


def _is_coloured(node: LexborNode, style: dict[str, str]) -> bool:
    attributes = node.attributes
    return bool(
        style.get("color")
        or style.get("background")
        or style.get("background-color")
        or attributes.get("color")
        or attributes.get("bgcolor")
    )


def _is_unreadable(shades: Shades) -> bool:
    """A page is white where nothing says otherwise."""
    if shades.is_clear:
        return True
    ground = shades.ground or _WHITE
    return shades.text is not None and all(
        abs(one - other) <= _NEARLY for one, other in zip(shades.text, ground, strict=True)
    )


def _is_see_through(said: str) -> bool:
    match = _FUNCTION.match(said.strip())
    return bool(match and match[4] and match[4].strip("0.") == "")


def _colour(said: str) -> Colour | None:
    said = said.strip().lower()
    if said in _NAMED:
        return _NAMED[said]
    if match := _FUNCTION.match(said):
        return (int(match[1]), int(match[2]), int(match[3]))
    if match := _HEX.match(said):
        digits = match[1]
        if len(digits) in (3, 4):
            digits = "".join(2 * digit for digit in digits)
        if len(digits) in (6, 8):
            return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))
    return None
