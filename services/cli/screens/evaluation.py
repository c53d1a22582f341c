"""Golden sets, and what they have measured."""

from collections.abc import Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.search.v1 import evaluation_service_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import time_text

_WAYS = {
    evaluation_service_pb2.SEARCH_WAY_KEYWORDS: "keywords (BM25)",
    evaluation_service_pb2.SEARCH_WAY_MEANING: "meaning (dense)",
    evaluation_service_pb2.SEARCH_WAY_FUSED: "both (fused)",
}


def golden_set_table(golden_sets: Sequence[evaluation_service_pb2.GoldenSet]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Name", "Questions", "Changed"):
        table.add_column(column, justify="right" if column == "Questions" else "left")
    for one in golden_sets:
        table.add_row(
            Text(without_controls(one.name)), str(one.question_count), time_text(one.update_time)
        )
    return table


def figure_table(evaluation: evaluation_service_pb2.Evaluation) -> RenderableType:
    """With the 95 % interval behind each figure."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Found by", "recall@1", "recall@5", "recall@10", "MRR", "nDCG@10"):
        table.add_column(column, no_wrap=True)
    for way in evaluation.ways:
        table.add_row(
            _WAYS.get(way.way, "another way"),
            _shown(way.recall_at_1),
            _shown(way.recall_at_5),
            _shown(way.recall_at_10),
            _shown(way.mean_reciprocal_rank),
            _shown(way.ndcg_at_10),
        )
    return table


def _shown(figure: evaluation_service_pb2.Figure) -> str:
    return f"{figure.value:.3f} ({figure.low:.2f} to {figure.high:.2f})"
