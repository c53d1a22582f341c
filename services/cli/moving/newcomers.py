"""Who the people of a file are in this tenant: by their address, or made, if that is wanted."""

import secrets

from helpdesk.auth.v1 import auth_pb2, user_service_pb2
from services.cli.gateway import Gateway
from services.cli.moving.record import Person
from services.cli.people import list_users
from services.mesh.ids import new_id


class Newcomers:
    """`makes_customers` says whether who is not known becomes a customer.

    Their password is one that nobody knows: they log in with a new one, or through the tenant's
    identity provider.
    """

    def __init__(self, gateway: Gateway, *, makes_customers: bool) -> None:
        self._gateway = gateway
        self._makes_customers = makes_customers
        self._ids = {user.email.casefold(): user.user_id for user in list_users(gateway)}
        self.made: list[str] = []

    def find_or_make(self, person: Person) -> str | None:
        known = self._ids.get(person.email.casefold())
        if known is not None or not self._makes_customers or not person.email:
            return known
        user = self._gateway.users.CreateUser(
            user_service_pb2.CreateUserRequest(
                user=auth_pb2.User(
                    email=person.email,
                    display_name=person.name or person.email,
                    roles=["customer"],
                ),
                password=f"{secrets.token_urlsafe(32)} Zv!1",
                request_id=new_id(),
            )
        )
        self._ids[person.email.casefold()] = user.user_id
        self.made.append(person.email)
        return user.user_id
