"""The RPCs of evaluation: message in, one use case, message out."""

from typing import Any

import grpc

from helpdesk.search.v1 import evaluation_service_pb2, evaluation_service_pb2_grpc
from services.search import evaluating
from services.search.evaluating import Evaluations
from services.search.evaluation_convert import (
    evaluation_to,
    golden_set_to,
    golden_sets_to,
    questions_from,
)

_Context = grpc.aio.ServicerContext[Any, Any]


class EvaluationServicer(evaluation_service_pb2_grpc.EvaluationServiceServicer):
    def __init__(self, evaluations: Evaluations) -> None:
        self._evaluations = evaluations

    async def PutGoldenSet(
        self, request: evaluation_service_pb2.PutGoldenSetRequest, context: _Context
    ) -> evaluation_service_pb2.GoldenSet:
        asked = request.golden_set
        kept = await evaluating.put_golden_set(
            self._evaluations, asked.name, questions_from(asked.questions)
        )
        return golden_set_to(kept)

    async def ListGoldenSets(
        self, request: evaluation_service_pb2.ListGoldenSetsRequest, context: _Context
    ) -> evaluation_service_pb2.ListGoldenSetsResponse:
        page = await evaluating.list_golden_sets(
            self._evaluations.store, request.page_size, request.page_token
        )
        return golden_sets_to(page)

    async def DeleteGoldenSet(
        self, request: evaluation_service_pb2.DeleteGoldenSetRequest, context: _Context
    ) -> evaluation_service_pb2.DeleteGoldenSetResponse:
        await evaluating.delete_golden_set(self._evaluations.store, request.golden_set_id)
        return evaluation_service_pb2.DeleteGoldenSetResponse()

    async def RunEvaluation(
        self, request: evaluation_service_pb2.RunEvaluationRequest, context: _Context
    ) -> evaluation_service_pb2.Evaluation:
        return evaluation_to(
            await evaluating.run_evaluation(self._evaluations, request.golden_set_id)
        )
