"""A session that has ended is refused by every service within a second of the answer."""

import asyncio
import sys

import pytest

from helpdesk.auth.v1 import token_service_pb2
from services.mesh.authority import RemoteAuthority
from services.mesh.settings import MeshSettings
from tests.auth.believers import believers
from tests.auth.revoking import revoke_often
from tests.auth.running_auth import RunningAuth

REVOCATIONS = 200
SEED = 20261125


class Deaf(RemoteAuthority):
    """Follows the policy and never looks whether a session has ended."""

    def _check_session(self, tenant_id: str, session_id: str) -> None:
        del tenant_id, session_id


async def test_no_service_believes_a_revoked_token_for_longer_than_a_second(
    auth: RunningAuth, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [await auth.admin() for _ in range(3)]
    people.append(await auth.colleague(people[0], "customer"))
    async with believers(auth) as services:
        revoked = await revoke_often(auth, services, people, REVOCATIONS, SEED)
    with capsys.disabled():
        sys.stdout.write(f"\n{revoked}\n")
    assert revoked.allowed_too_long == []


async def test_without_the_check_they_would_be_believed(auth: RunningAuth) -> None:
    """The control of the test above."""

    def deaf(settings: MeshSettings, name: str) -> RemoteAuthority:
        return Deaf(settings, caller_service=name)

    people = [await auth.admin()]
    async with believers(auth, deaf) as services:
        revoked = await revoke_often(auth, services, people, 1, SEED)
    assert len(revoked.allowed_too_long) == len(services)


async def test_other_sessions_of_the_same_user_go_on(auth: RunningAuth) -> None:
    ada = await auth.admin()
    elsewhere = await auth.log_in(ada.slug, ada.user.email)
    async with believers(auth) as services:
        for service in services:
            assert await service.lets_in(elsewhere.metadata)
        await auth.tokens.RevokeToken(
            token_service_pb2.RevokeTokenRequest(refresh_token=ada.refresh_token)
        )
        for service in services:
            async with asyncio.timeout(1):
                await service.refuses(ada.metadata)
            assert await service.lets_in(elsewhere.metadata)
