"""What the validation interceptor refuses beside the rules of the contract."""

from helpdesk.auth.v1 import auth_pb2, user_service_pb2
from helpdesk.ticket.v1 import field_pb2, ticket_pb2
from services.mesh.interceptors.validation import fields_with_nul


def test_a_nul_in_any_text_is_named() -> None:
    request = user_service_pb2.CreateUserRequest(
        user=auth_pb2.User(email="a\0@b.example", display_name="Ann", roles=["agent", "a\0b"]),
        password="sec\0ret",
    )

    assert list(fields_with_nul(request)) == ["user.email", "user.roles[1]", "password"]


def test_a_nul_in_an_entry_of_a_map_is_named() -> None:
    text = field_pb2.TicketFieldValue(text="a\0")
    ticket = ticket_pb2.Ticket(fields={"a": text, "b\0": field_pb2.TicketFieldValue(number=1)})

    assert set(fields_with_nul(ticket)) == {"fields.a.text", "fields"}


def test_text_without_one_is_let_through() -> None:
    request = user_service_pb2.CreateUserRequest(user=auth_pb2.User(email="a@b.example"))

    assert list(fields_with_nul(request)) == []
