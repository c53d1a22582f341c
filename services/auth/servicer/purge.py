"""Confirmations of the services: message in, one use case, message out."""

from helpdesk.auth.v1 import purge_service_pb2, purge_service_pb2_grpc
from services.auth.burials import Burials
from services.auth.ports import AuthStore
from services.auth.use_cases.deletions import confirm_purge
from services.mesh.caller import TenantId, current_caller
from services.mesh.clock import Clock
from services.mesh.interceptors.chain import Context


class PurgeServicer(purge_service_pb2_grpc.PurgeServiceServicer):
    def __init__(self, store: AuthStore, clock: Clock, burials: Burials) -> None:
        self._store = store
        self._clock = clock
        self._burials = burials

    async def ConfirmPurge(
        self, request: purge_service_pb2.ConfirmPurgeRequest, context: Context
    ) -> purge_service_pb2.ConfirmPurgeResponse:
        await confirm_purge(
            self._store, self._clock, TenantId(request.tenant_id), current_caller().service
        )
        self._burials.look()
        return purge_service_pb2.ConfirmPurgeResponse()
