"""The RPCs of queues."""

from helpdesk.ticket.v1 import queue_service_pb2, queue_service_pb2_grpc
from services.mesh.clock import Clock
from services.ticket.convert.tickets import queue_message
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import queueing


class QueueServicer(queue_service_pb2_grpc.QueueServiceServicer):
    def __init__(self, store: TicketStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def CreateQueue(
        self, request: queue_service_pb2.CreateQueueRequest, context: object
    ) -> queue_service_pb2.Queue:
        queue = await queueing.create_queue(self._store, self._clock, request.queue.name)
        return queue_message(queue)

    async def ListQueues(
        self, request: queue_service_pb2.ListQueuesRequest, context: object
    ) -> queue_service_pb2.ListQueuesResponse:
        queues = await queueing.list_queues(self._store)
        return queue_service_pb2.ListQueuesResponse(queues=map(queue_message, queues))

    async def DeleteQueue(
        self, request: queue_service_pb2.DeleteQueueRequest, context: object
    ) -> queue_service_pb2.DeleteQueueResponse:
        moved = await queueing.delete_queue(self._store, self._clock, request.name, request.move_to)
        return queue_service_pb2.DeleteQueueResponse(moved_tickets=moved)
