"""The client RPCs on a real server."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode

from helpdesk.auth.v1 import client_service_pb2, client_service_pb2_grpc, user_service_pb2
from tests.auth.running_auth import Person, RunningAuth
from tests.support.mesh_server import refused

WEB = "https://wiki.example/callback"


@pytest.fixture
def clients(auth: RunningAuth) -> "client_service_pb2_grpc.ClientServiceAsyncStub":
    return client_service_pb2_grpc.ClientServiceStub(auth.channel)


async def made(auth: RunningAuth, admin: Person) -> user_service_pb2.Client:
    request = user_service_pb2.CreateClientRequest(
        display_name="Wiki", roles=["agent"], redirect_uris=[WEB]
    )
    return await auth.users.CreateClient(request, metadata=admin.metadata)


async def test_an_admin_runs_the_clients(
    auth: RunningAuth, clients: "client_service_pb2_grpc.ClientServiceAsyncStub"
) -> None:
    admin = await auth.admin()
    wiki = await made(auth, admin)
    assert wiki.client_secret
    which = client_service_pb2.GetClientRequest(client_id=wiki.client_id)
    found = await clients.GetClient(which, metadata=admin.metadata)
    assert found.client_secret == ""
    assert list(found.redirect_uris) == [WEB]
    update = client_service_pb2.UpdateClientRequest(
        client=user_service_pb2.Client(
            client_id=wiki.client_id, display_name="Handbook", etag=found.etag
        ),
        update_mask=FieldMask(paths=["display_name"]),
    )
    changed = await clients.UpdateClient(update, metadata=admin.metadata)
    assert (changed.display_name, list(changed.redirect_uris)) == ("Handbook", [WEB])
    with refused(StatusCode.ABORTED, "USER_CHANGED"):
        await clients.UpdateClient(update, metadata=admin.metadata)
    rotated = await clients.RotateClientSecret(
        client_service_pb2.RotateClientSecretRequest(client_id=wiki.client_id),
        metadata=admin.metadata,
    )
    assert rotated.client_secret not in ("", wiki.client_secret)
    listed = await clients.ListClients(
        client_service_pb2.ListClientsRequest(), metadata=admin.metadata
    )
    assert [client.client_id for client in listed.clients] == [wiki.client_id]
    assert listed.clients[0].client_secret == ""
    await clients.DeleteClient(
        client_service_pb2.DeleteClientRequest(client_id=wiki.client_id), metadata=admin.metadata
    )
    with refused(StatusCode.NOT_FOUND, "CLIENT_NOT_FOUND"):
        await clients.GetClient(which, metadata=admin.metadata)


async def test_another_tenants_admin_and_an_agent_may_not(
    auth: RunningAuth, clients: "client_service_pb2_grpc.ClientServiceAsyncStub"
) -> None:
    admin = await auth.admin()
    wiki = await made(auth, admin)
    stranger, agent = await auth.admin(), await auth.colleague(admin, "agent")
    which = client_service_pb2.GetClientRequest(client_id=wiki.client_id)
    with refused(StatusCode.NOT_FOUND, "CLIENT_NOT_FOUND"):
        await clients.GetClient(which, metadata=stranger.metadata)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await clients.GetClient(which, metadata=agent.metadata)


async def test_a_public_clients_secret_and_a_fixed_field_are_refused(
    auth: RunningAuth, clients: "client_service_pb2_grpc.ClientServiceAsyncStub"
) -> None:
    admin = await auth.admin()
    request = user_service_pb2.CreateClientRequest(
        display_name="App", redirect_uris=[WEB], public=True
    )
    app = await auth.users.CreateClient(request, metadata=admin.metadata)
    assert app.public
    assert app.client_secret == ""
    with refused(StatusCode.FAILED_PRECONDITION, "CLIENT_IS_PUBLIC"):
        await clients.RotateClientSecret(
            client_service_pb2.RotateClientSecretRequest(client_id=app.client_id),
            metadata=admin.metadata,
        )
    update = client_service_pb2.UpdateClientRequest(
        client=user_service_pb2.Client(client_id=app.client_id),
        update_mask=FieldMask(paths=["client_secret_hash"]),
    )
    with refused(StatusCode.INVALID_ARGUMENT, "CLIENT_FIELD_FIXED"):
        await clients.UpdateClient(update, metadata=admin.metadata)


async def test_a_bad_redirect_uri_is_named(auth: RunningAuth) -> None:
    admin = await auth.admin()
    request = user_service_pb2.CreateClientRequest(
        display_name="App", redirect_uris=["http://wiki.example/"], public=True
    )
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await auth.users.CreateClient(request, metadata=admin.metadata)
    assert "https" in refusals[0].violations["redirect_uris"]
