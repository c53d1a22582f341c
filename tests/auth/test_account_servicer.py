"""Invitations, resets and one's own password on a real server."""

import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import account_service_pb2, auth_pb2, token_service_pb2, user_service_pb2
from services.mesh.ids import new_id
from tests.auth.builders import PASSWORD
from tests.auth.running_auth import RunningAuth, new_user, password_grant
from tests.support.mesh_server import refused

OTHER_PASSWORD = "battery staple"


def inviting(email: str, *roles: str) -> user_service_pb2.InviteUserRequest:
    return user_service_pb2.InviteUserRequest(
        user=auth_pb2.User(email=email, display_name="Bob", roles=roles)
    )


def accepting(code: str, password: str = PASSWORD) -> account_service_pb2.AcceptInvitationRequest:
    return account_service_pb2.AcceptInvitationRequest(code=code, password=password)


def resetting(user_id: str) -> user_service_pb2.CreatePasswordResetRequest:
    return user_service_pb2.CreatePasswordResetRequest(user_id=user_id)


def changing(old: str, new: str) -> account_service_pb2.ChangePasswordRequest:
    return account_service_pb2.ChangePasswordRequest(old_password=old, new_password=new)


async def test_an_invited_user_comes_in_through_the_link(auth: RunningAuth) -> None:
    admin = await auth.admin()
    invitation = await auth.users.InviteUser(
        inviting("Bob@x.org", "agent"), metadata=admin.metadata
    )
    assert invitation.user.state == auth_pb2.USER_STATE_INVITED
    assert invitation.link.startswith(f"{auth.settings.issuer}/account/invitation?code=")
    assert invitation.link.endswith(invitation.code)
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.tokens.IssueToken(password_grant(admin.slug, "bob@x.org"))
    accepted = await auth.account.AcceptInvitation(accepting(invitation.code))
    assert (accepted.tenant_slug, accepted.email) == (admin.slug, "bob@x.org")
    bob = await auth.log_in(admin.slug, "bob@x.org")
    assert list(bob.user.roles) == ["agent"]
    with refused(StatusCode.UNAUTHENTICATED, "ACCOUNT_CODE_INVALID"):
        await auth.account.AcceptInvitation(accepting(invitation.code))


async def test_the_bridge_may_redeem_codes_too(auth: RunningAuth) -> None:
    admin = await auth.admin()
    invitation = await auth.users.InviteUser(inviting("bob@x.org"), metadata=admin.metadata)
    async with auth.channel_of("bridge") as channel:
        accepted = await auth.account_for(channel).AcceptInvitation(accepting(invitation.code))
    assert accepted.email == "bob@x.org"


async def test_a_weak_password_is_refused_and_not_repeated(auth: RunningAuth) -> None:
    admin = await auth.admin()
    invitation = await auth.users.InviteUser(inviting("bob@x.org"), metadata=admin.metadata)
    for password, reason in (
        ("short", "INVALID_REQUEST"),
        ("password1", "PASSWORD_REFUSED"),
        (f"{admin.slug}!", "PASSWORD_REFUSED"),
    ):
        with refused(StatusCode.INVALID_ARGUMENT, reason) as refusals:
            await auth.account.AcceptInvitation(accepting(invitation.code, password))
        assert list(refusals[0].violations) == ["password"]
        assert password not in repr(refusals[0])


async def test_a_renewed_invitation_voids_the_one_before(auth: RunningAuth) -> None:
    admin = await auth.admin()
    first = await auth.users.InviteUser(inviting("bob@x.org"), metadata=admin.metadata)
    request = user_service_pb2.RenewInvitationRequest(user_id=first.user.user_id)
    second = await auth.users.RenewInvitation(request, metadata=admin.metadata)
    with refused(StatusCode.UNAUTHENTICATED, "ACCOUNT_CODE_INVALID"):
        await auth.account.AcceptInvitation(accepting(first.code))
    await auth.account.AcceptInvitation(accepting(second.code))
    with refused(StatusCode.FAILED_PRECONDITION, "USER_STATE_UNFIT") as refusals:
        await auth.users.RenewInvitation(request, metadata=admin.metadata)
    assert refusals[0].metadata == {"state": "ACTIVE"}


async def test_a_reset_ends_the_sessions_and_gives_a_new_password(auth: RunningAuth) -> None:
    admin = await auth.admin()
    agent = await auth.colleague(admin, "agent")
    reset = await auth.users.CreatePasswordReset(
        resetting(agent.user.user_id), metadata=admin.metadata
    )
    assert reset.link == f"{auth.settings.issuer}/account/password-reset?code={reset.code}"
    request = account_service_pb2.ResetPasswordRequest(code=reset.code, password=OTHER_PASSWORD)
    answer = await auth.account.ResetPassword(request)
    assert (answer.tenant_slug, answer.email) == (admin.slug, agent.user.email)
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.tokens.GetIdentity(
            token_service_pb2.GetIdentityRequest(), metadata=agent.metadata
        )
    assert await auth.log_in(admin.slug, agent.user.email, OTHER_PASSWORD)
    with refused(StatusCode.UNAUTHENTICATED, "ACCOUNT_CODE_INVALID"):
        await auth.account.ResetPassword(request)


async def test_one_changes_ones_own_password(auth: RunningAuth) -> None:
    admin = await auth.admin()
    here = await auth.colleague(admin, "customer")
    there = await auth.log_in(admin.slug, here.user.email)
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.account.ChangePassword(changing("guess", OTHER_PASSWORD), metadata=here.metadata)
    with refused(StatusCode.INVALID_ARGUMENT, "PASSWORD_REFUSED"):
        await auth.account.ChangePassword(changing(PASSWORD, "password1"), metadata=here.metadata)
    await auth.account.ChangePassword(changing(PASSWORD, OTHER_PASSWORD), metadata=here.metadata)
    identity = token_service_pb2.GetIdentityRequest()
    assert await auth.tokens.GetIdentity(identity, metadata=here.metadata)
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.tokens.GetIdentity(identity, metadata=there.metadata)
    assert await auth.log_in(admin.slug, here.user.email, OTHER_PASSWORD)


async def test_an_operator_changes_the_own_password_too(auth: RunningAuth) -> None:
    operator = await auth.operator()
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.account.ChangePassword(
            changing("guess", OTHER_PASSWORD), metadata=operator.metadata
        )


async def test_a_user_is_changed_disabled_and_enabled(auth: RunningAuth) -> None:
    admin = await auth.admin()
    agent = await auth.colleague(admin, "agent")
    user = agent.user
    user.display_name = "Eve"
    request = user_service_pb2.UpdateUserRequest(user=user)
    request.update_mask.paths.append("display_name")
    changed = await auth.users.UpdateUser(request, metadata=admin.metadata)
    assert changed.display_name == "Eve"
    with refused(StatusCode.ABORTED, "USER_CHANGED") as refusals:
        await auth.users.UpdateUser(request, metadata=admin.metadata)
    assert refusals[0].metadata == {"etag": changed.etag}
    request.update_mask.paths[:] = ["roles"]
    with refused(StatusCode.INVALID_ARGUMENT, "USER_FIELD_FIXED"):
        await auth.users.UpdateUser(request, metadata=admin.metadata)
    disabled = await auth.users.DisableUser(
        user_service_pb2.DisableUserRequest(user_id=user.user_id), metadata=admin.metadata
    )
    assert disabled.state == auth_pb2.USER_STATE_DISABLED
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.users.ListUsers(user_service_pb2.ListUsersRequest(), metadata=agent.metadata)
    with refused(StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID"):
        await auth.tokens.RefreshToken(
            token_service_pb2.RefreshTokenRequest(refresh_token=agent.refresh_token)
        )
    enabled = await auth.users.EnableUser(
        user_service_pb2.EnableUserRequest(user_id=user.user_id), metadata=admin.metadata
    )
    assert enabled.state == auth_pb2.USER_STATE_ACTIVE
    assert await auth.log_in(admin.slug, user.email)


async def test_the_last_admin_is_not_disabled(auth: RunningAuth) -> None:
    admin = await auth.admin()
    with refused(StatusCode.FAILED_PRECONDITION, "LAST_ADMIN"):
        await auth.users.DisableUser(
            user_service_pb2.DisableUserRequest(user_id=admin.user.user_id),
            metadata=admin.metadata,
        )


@pytest.mark.parametrize("role", ["agent", "customer"])
async def test_only_admins_invite_change_and_disable(auth: RunningAuth, role: str) -> None:
    admin = await auth.admin()
    colleague = await auth.colleague(admin, role)
    user_id, metadata = admin.user.user_id, colleague.metadata
    for call in (
        auth.users.InviteUser(inviting("bob@x.org"), metadata=metadata),
        auth.users.RenewInvitation(
            user_service_pb2.RenewInvitationRequest(user_id=user_id), metadata=metadata
        ),
        auth.users.CreatePasswordReset(resetting(user_id), metadata=metadata),
        auth.users.UpdateUser(
            user_service_pb2.UpdateUserRequest(user=admin.user), metadata=metadata
        ),
        auth.users.DisableUser(
            user_service_pb2.DisableUserRequest(user_id=user_id), metadata=metadata
        ),
        auth.users.EnableUser(
            user_service_pb2.EnableUserRequest(user_id=user_id), metadata=metadata
        ),
    ):
        with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call


@pytest.mark.parametrize("is_foreign", [True, False])
async def test_a_foreign_user_is_as_missing_as_a_missing_one(
    auth: RunningAuth, is_foreign: bool
) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    user_id = stranger.user.user_id if is_foreign else new_id()
    metadata = admin.metadata
    user = auth_pb2.User(user_id=user_id, display_name="Mallory")
    for call in (
        auth.users.UpdateUser(user_service_pb2.UpdateUserRequest(user=user), metadata=metadata),
        auth.users.RenewInvitation(
            user_service_pb2.RenewInvitationRequest(user_id=user_id), metadata=metadata
        ),
        auth.users.CreatePasswordReset(resetting(user_id), metadata=metadata),
        auth.users.DisableUser(
            user_service_pb2.DisableUserRequest(user_id=user_id), metadata=metadata
        ),
        auth.users.EnableUser(
            user_service_pb2.EnableUserRequest(user_id=user_id), metadata=metadata
        ),
    ):
        with refused(StatusCode.NOT_FOUND, "USER_NOT_FOUND") as refusals:
            await call
        assert refusals[0].metadata == {"user_id": user_id}
    assert await auth.users.CreateUser(new_user("bob@x.org"), metadata=stranger.metadata)
