"""Messages ↔ golden sets and figures."""

from collections.abc import Iterable, Mapping

from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.search.v1 import evaluation_service_pb2
from services.search.evaluating import Evaluation, GoldenSetPage
from services.search.golden_sets import GoldenQuestion, GoldenSet
from services.search.measures import Figure

_WAYS = {
    "keywords": evaluation_service_pb2.SEARCH_WAY_KEYWORDS,
    "meaning": evaluation_service_pb2.SEARCH_WAY_MEANING,
    "fused": evaluation_service_pb2.SEARCH_WAY_FUSED,
}


def questions_from(
    questions: Iterable[evaluation_service_pb2.GoldenQuestion],
) -> list[GoldenQuestion]:
    return [GoldenQuestion(one.text, frozenset(one.source_uris)) for one in questions]


def golden_set_to(golden_set: GoldenSet) -> evaluation_service_pb2.GoldenSet:
    update_time = Timestamp()
    update_time.FromDatetime(golden_set.update_time)
    return evaluation_service_pb2.GoldenSet(
        golden_set_id=golden_set.golden_set_id,
        name=golden_set.name,
        questions=[
            evaluation_service_pb2.GoldenQuestion(
                text=one.text, source_uris=sorted(one.source_uris)
            )
            for one in golden_set.questions
        ],
        question_count=golden_set.question_count,
        update_time=update_time,
    )


def golden_sets_to(page: GoldenSetPage) -> evaluation_service_pb2.ListGoldenSetsResponse:
    return evaluation_service_pb2.ListGoldenSetsResponse(
        golden_sets=[golden_set_to(one) for one in page.golden_sets],
        next_page_token=page.next_page_token,
    )


def evaluation_to(evaluation: Evaluation) -> evaluation_service_pb2.Evaluation:
    return evaluation_service_pb2.Evaluation(
        question_count=evaluation.question_count,
        ways=[_way_to(way, figures) for way, figures in evaluation.figures.items()],
        missing_source_uris=evaluation.missing_source_uris,
        degraded=evaluation.degraded,
    )


def _way_to(way: str, figures: Mapping[str, Figure]) -> evaluation_service_pb2.WayFigures:
    return evaluation_service_pb2.WayFigures(
        way=_WAYS[way],
        recall_at_1=_figure_to(figures["recall@1"]),
        recall_at_5=_figure_to(figures["recall@5"]),
        recall_at_10=_figure_to(figures["recall@10"]),
        mean_reciprocal_rank=_figure_to(figures["MRR"]),
        ndcg_at_10=_figure_to(figures["nDCG@10"]),
    )


def _figure_to(figure: Figure) -> evaluation_service_pb2.Figure:
    return evaluation_service_pb2.Figure(value=figure.value, low=figure.low, high=figure.high)
