"""Authenticator apps on a real server."""

import pyotp
from grpc import StatusCode

from helpdesk.auth.v1 import token_service_pb2, totp_service_pb2, user_service_pb2
from services.mesh.ids import new_id
from tests.auth.builders import PASSWORD
from tests.auth.running_auth import RunningAuth, password_grant
from tests.support.mesh_server import refused

ENROL = totp_service_pb2.EnrolTotpRequest(password=PASSWORD)


def confirming(code: str) -> totp_service_pb2.ConfirmTotpRequest:
    return totp_service_pb2.ConfirmTotpRequest(code=code)


def removing(user_id: str) -> user_service_pb2.RemoveTotpRequest:
    return user_service_pb2.RemoveTotpRequest(user_id=user_id)


def with_code(slug: str, email: str, code: str) -> token_service_pb2.IssueTokenRequest:
    request = password_grant(slug, email)
    request.password.one_time_code = code
    return request


async def test_from_enrolling_to_a_lost_phone(auth: RunningAuth) -> None:
    admin = await auth.admin()
    agent = await auth.colleague(admin, "agent")
    metadata, email = agent.metadata, agent.user.email
    made = await auth.totp.EnrolTotp(ENROL, metadata=metadata)
    assert made.uri.startswith("otpauth://totp/Helpdesk")
    code = pyotp.TOTP(made.secret).now()
    confirmed = await auth.totp.ConfirmTotp(confirming(code), metadata=metadata)
    assert len(confirmed.recovery_codes) == 10
    state = await auth.totp.GetTotp(totp_service_pb2.GetTotpRequest(), metadata=metadata)
    assert (state.is_enrolled, state.recovery_codes_left) == (True, 10)
    with refused(StatusCode.UNAUTHENTICATED, "ONE_TIME_CODE_REQUIRED"):
        await auth.tokens.IssueToken(password_grant(admin.slug, email))
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.tokens.IssueToken(with_code(admin.slug, email, code))
    recovery = confirmed.recovery_codes[0]
    assert await auth.tokens.IssueToken(with_code(admin.slug, email, recovery))
    with refused(StatusCode.FAILED_PRECONDITION, "TOTP_ENROLLED"):
        await auth.totp.EnrolTotp(ENROL, metadata=metadata)
    await auth.users.RemoveTotp(removing(agent.user.user_id), metadata=admin.metadata)
    assert await auth.tokens.IssueToken(password_grant(admin.slug, email))


async def test_what_is_not_on_cannot_be_confirmed_or_turned_off(auth: RunningAuth) -> None:
    admin = await auth.admin()
    with refused(StatusCode.FAILED_PRECONDITION, "TOTP_NOT_ENROLLED"):
        await auth.totp.ConfirmTotp(confirming("123456"), metadata=admin.metadata)
    with refused(StatusCode.FAILED_PRECONDITION, "TOTP_NOT_ENROLLED"):
        await auth.totp.DisableTotp(
            totp_service_pb2.DisableTotpRequest(code="123456"), metadata=admin.metadata
        )
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.totp.EnrolTotp(
            totp_service_pb2.EnrolTotpRequest(password="guess"), metadata=admin.metadata
        )


async def test_a_foreign_users_app_is_as_missing_as_a_missing_ones(auth: RunningAuth) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    for user_id in (stranger.user.user_id, new_id()):
        with refused(StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
            await auth.users.RemoveTotp(removing(user_id), metadata=admin.metadata)
    agent = await auth.colleague(admin, "agent")
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.RemoveTotp(removing(admin.user.user_id), metadata=agent.metadata)
    with refused(StatusCode.UNAUTHENTICATED, "ONE_TIME_CODE_REQUIRED"):
        await auth.users.RemoveTotp(removing(admin.user.user_id), metadata=admin.metadata)
