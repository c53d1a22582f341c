"""What stands on each point of the index beside its vectors; searches are filtered by it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.mesh.caller import TenantId
from services.search.domain import IndexedText
from services.search.publication import DocumentState, Period, Standing
from services.search.readers import View
from services.search.revisions import IndexedChunk

# Points of another layout are made anew out of the store; raise it with every change.
LAYOUT = 4
_SUFFIX = f"-layout-{LAYOUT}"
# No key looks like it. A filter can ask whether a value is there, sooner than whether none is.
_EVERYBODY = "*"
PUBLISHED = str(DocumentState.PUBLISHED)
KEYWORDS = ("document_id", "category", "readers", "state")
MOMENTS = ("effective_from", "effective_until")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT = timedelta(microseconds=1)


def name_of(recipe: str) -> str:
    """Under which the index of a recipe is kept: it takes no vectors of another."""
    return recipe + _SUFFIX


def recipes_in(names: Iterable[str]) -> frozenset[str]:
    """Of the names of this layout; an index of another one cannot be asked."""
    return frozenset(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def payload_of(tenant_id: TenantId, text: IndexedText) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "document_id": text.document_id,
        "version": text.version,
        "category": text.category,
        "readers": sorted(text.readers.keys) or [_EVERYBODY],
        "state": str(DocumentState.ARCHIVED) if text.standing.is_archived else PUBLISHED,
        # Few documents have dates; where a field is missing, no range excludes the point.
        **_moments(text.standing.period),
    }


def marks_in(view: View) -> list[str]:
    """The values of `readers` of which a visible point has at least one."""
    return [_EVERYBODY, *sorted(view.keys)]


def chunk_of(payload: Mapping[str, Any]) -> IndexedChunk:
    return IndexedChunk(
        tenant_id=TenantId(payload["tenant_id"]),
        document_id=payload["document_id"],
        version=payload["version"],
        category=payload["category"],
        reader_keys=frozenset(payload["readers"]) - {_EVERYBODY},
        standing=Standing(
            is_archived=payload["state"] != PUBLISHED,
            period=Period(*(_moment(payload.get(name)) for name in MOMENTS)),
        ),
    )


def number_of(moment: datetime) -> int:
    """A moment as it stands on a point, exact to the microsecond."""
    return (moment - _EPOCH) // _UNIT


def _moments(period: Period) -> dict[str, int]:
    pairs = zip(MOMENTS, (period.begin, period.end), strict=True)
    return {name: number_of(moment) for name, moment in pairs if moment is not None}


def _moment(number: int | None) -> datetime | None:
    return None if number is None else _EPOCH + number * _UNIT
