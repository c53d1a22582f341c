"""JSON from strangers: one meaning or none."""

import json


class JsonRefused(ValueError):
    """Not JSON, not an object, or a name that stands twice."""


def json_object(content: bytes) -> dict[str, object]:
    """Raises JsonRefused."""
    try:
        document = json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise JsonRefused("is not JSON") from error
    if not isinstance(document, dict):
        raise JsonRefused("is not a JSON object")
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    # Parsers disagree about which of two equal names counts, so two are too many.
    if len(names) != len(pairs):
        raise ValueError("a name stands twice")
    return names


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON number")
