"""How far the index is behind, in numbers."""

from services.mesh.metrics.families import Collector, Family, gauge
from services.search.handover import Handover


def index_metrics(indexing: Handover) -> Collector:
    async def collect() -> list[Family]:
        lag = indexing.lag
        return [
            gauge(
                "helpdesk_search_index_behind_documents",
                "Documents whose last change the index may lack.",
                lag.behind,
            ),
            gauge(
                "helpdesk_search_index_oldest_waiting_seconds",
                "How long the oldest change is known to wait for the index.",
                lag.oldest_seconds,
            ),
            gauge(
                "helpdesk_search_index_rebuilding_documents",
                "Documents that are yet to be written anew in a rebuild.",
                lag.rebuilding,
            ),
            gauge(
                "helpdesk_search_index_compared",
                "Whether the index was compared with the store since it last failed; if not, how "
                "much it lacks is not known.",
                lag.is_compared,
            ),
        ]

    return collect
