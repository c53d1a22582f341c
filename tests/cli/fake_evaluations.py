"""Golden sets in memory, which find one question in two."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import grpc
from google.rpc import code_pb2

from helpdesk.search.v1 import evaluation_service_pb2, evaluation_service_pb2_grpc
from tests.cli.refuse import refusal

_Context = grpc.ServicerContext
_HALF = evaluation_service_pb2.Figure(value=0.5, low=0.25, high=0.75)


class Evaluations(evaluation_service_pb2_grpc.EvaluationServiceServicer):
    def __init__(self) -> None:
        self.kept: dict[str, evaluation_service_pb2.GoldenSet] = {}
        self.missing: list[str] = []

    def PutGoldenSet(
        self, request: evaluation_service_pb2.PutGoldenSetRequest, context: _Context
    ) -> evaluation_service_pb2.GoldenSet:
        golden_set = request.golden_set
        golden_set.golden_set_id = f"set-{golden_set.name}"
        golden_set.question_count = len(golden_set.questions)
        self.kept[golden_set.golden_set_id] = golden_set
        return golden_set

    def ListGoldenSets(
        self, request: evaluation_service_pb2.ListGoldenSetsRequest, context: _Context
    ) -> evaluation_service_pb2.ListGoldenSetsResponse:
        first = int(request.page_token or 0)
        listed = sorted(self.kept.values(), key=lambda one: one.name)[first : first + 1]
        following = str(first + 1) if first + 1 < len(self.kept) else ""
        return evaluation_service_pb2.ListGoldenSetsResponse(
            golden_sets=listed, next_page_token=following
        )

    def DeleteGoldenSet(
        self, request: evaluation_service_pb2.DeleteGoldenSetRequest, context: _Context
    ) -> evaluation_service_pb2.DeleteGoldenSetResponse:
        if self.kept.pop(request.golden_set_id, None) is None:
            context.abort_with_status(refusal(code_pb2.NOT_FOUND, "GOLDEN_SET_NOT_FOUND"))
        return evaluation_service_pb2.DeleteGoldenSetResponse()

    def RunEvaluation(
        self, request: evaluation_service_pb2.RunEvaluationRequest, context: _Context
    ) -> evaluation_service_pb2.Evaluation:
        way = evaluation_service_pb2.WayFigures(
            way=evaluation_service_pb2.SEARCH_WAY_FUSED,
            recall_at_1=_HALF,
            recall_at_5=_HALF,
            recall_at_10=_HALF,
            mean_reciprocal_rank=_HALF,
            ndcg_at_10=_HALF,
        )
        return evaluation_service_pb2.Evaluation(
            question_count=self.kept[request.golden_set_id].question_count,
            ways=[way],
            missing_source_uris=self.missing,
        )
