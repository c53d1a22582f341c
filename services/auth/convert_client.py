"""Messages about clients to values and back."""

from helpdesk.auth.v1 import user_service_pb2
from services.auth.convert import timestamp
from services.auth.oauth_clients import TenantClient
from services.auth.use_cases.clients import ClientContent, NewClient


def client_content(
    message: user_service_pb2.Client | user_service_pb2.CreateClientRequest,
) -> ClientContent:
    return ClientContent(
        message.display_name, tuple(message.redirect_uris), tuple(message.logout_redirect_uris)
    )


def client_message(client: TenantClient) -> user_service_pb2.Client:
    return user_service_pb2.Client(
        client_id=client.user.user_id,
        display_name=client.user.display_name,
        roles=client.user.roles,
        redirect_uris=client.settings.redirect_uris,
        logout_redirect_uris=client.settings.logout_redirect_uris,
        public=client.settings.is_public,
        create_time=timestamp(client.user.create_time),
        etag=client.user.etag,
    )


def new_client_message(new: NewClient) -> user_service_pb2.Client:
    message = client_message(new.client)
    message.client_secret = new.secret
    return message
