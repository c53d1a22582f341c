"""Views ↔ messages."""

from helpdesk.ticket.v1 import view_service_pb2
from services.ticket.use_cases.views import MOST_COUNTED, CountedView, View


def view_of(message: view_service_pb2.View) -> View:
    """As it was asked for; it has no id, owner or time yet."""
    return View("", message.name, message.filter, message.order_by)


def view_message(view: View) -> view_service_pb2.View:
    message = view_service_pb2.View(
        view_id=view.view_id,
        name=view.name,
        filter=view.filter,
        order_by=view.order_by,
        shared=view.is_shared,
    )
    if view.create_time is not None:
        message.create_time.FromDatetime(view.create_time)
    return message


def counted_view_message(counted: CountedView) -> view_service_pb2.View:
    message = view_message(counted.view)
    message.ticket_count = min(counted.tickets, MOST_COUNTED)
    message.more_tickets = counted.has_more
    return message
