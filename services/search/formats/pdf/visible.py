"""Which letters of a page are seen: not white on white, not tiny, not outside the page."""

from typing import Any

_NEARLY_WHITE = 0.95
_TINY = 1.5


def seen(page: Any) -> tuple[Any, int]:  # noqa: ANN401 - pdfplumber's own
    """The page without the letters that are not, and how many those were."""
    grounds = [
        each
        for each in page.rects + page.curves
        if each.get("fill") and not _is_white(each.get("non_stroking_color"))
    ]
    grounds += page.images
    x0, top, x1, bottom = page.bbox

    def is_seen(thing: dict[str, Any]) -> bool:
        if thing.get("object_type") != "char":
            return True
        x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
        if not (x0 <= x <= x1 and top <= y <= bottom) or thing["size"] < _TINY:
            return False
        return not _is_white(thing.get("non_stroking_color")) or any(
            ground["x0"] <= x <= ground["x1"] and ground["top"] <= y <= ground["bottom"]
            for ground in grounds
        )

    hidden = sum(not is_seen(char) and bool(char["text"].strip()) for char in page.chars)
    return (page.filter(is_seen), hidden) if hidden else (page, 0)


def _is_white(colour: object) -> bool:
    if isinstance(colour, int | float):
        colour = (colour,)
    if not isinstance(colour, tuple | list) or not all(
        isinstance(part, int | float) for part in colour
    ):
        return False
    if len(colour) == 4:  # noqa: PLR2004 - cyan, magenta, yellow, black
        return all(part <= 1 - _NEARLY_WHITE for part in colour)
    return bool(colour) and all(part >= _NEARLY_WHITE for part in colour)
