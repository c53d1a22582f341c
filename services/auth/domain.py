"""What auth knows and the rules that hold between it; no input, no output."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from services.auth.policy_seal import SealedSum
from services.mesh.caller import TenantId, UserId
from services.mesh.policy import Rule

SessionId = NewType("SessionId", str)
ApiKeyId = NewType("ApiKeyId", str)

ACCESS_TOKEN_LIFE = timedelta(minutes=5)
REFRESH_TOKEN_LIFE = timedelta(days=14)
SESSION_LIFE = timedelta(days=90)

# How long the policy names a session that has ended: until the last token of it has expired by
# every service's clock.
REVOCATION_MEMORY = ACCESS_TOKEN_LIFE + timedelta(minutes=1)

# How long a retired key verifies: until its last token has expired by every service's clock.
SIGNING_KEY_MEMORY = ACCESS_TOKEN_LIFE + timedelta(minutes=1)
# How long a key is shown before it signs: the edge fetches the keys once a minute at the slowest,
# other replicas of auth look into the database as often, and some time is to spare.
SIGNING_KEY_LEAD = timedelta(seconds=150)

FREE_LOGIN_FAILURES = 5
FREE_ADDRESS_FAILURES = 50
LONGEST_LOGIN_WAIT = timedelta(minutes=5)
LOGIN_MEMORY = timedelta(hours=1)

INVITATION_LIFE = timedelta(days=7)
PASSWORD_RESET_LIFE = timedelta(days=1)

USUAL_API_KEY_LIFE = timedelta(days=90)
LONGEST_API_KEY_LIFE = timedelta(days=365)

ADMIN = "admin"

# Those that hold something of tenants, beside auth itself.
PURGING_SERVICES = frozenset({"ticket", "search", "chat"})

# Stands for the product's own ways in: they need no consent and may do all that the user may.
OWN_CLIENT = "helpdesk"


class TenantState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETING = "deleting"


class UserKind(StrEnum):
    PERSON = "person"
    CLIENT = "client"


class UserState(StrEnum):
    ACTIVE = "active"
    INVITED = "invited"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: TenantId
    slug: str
    display_name: str
    create_time: datetime
    state: TenantState = TenantState.ACTIVE


@dataclass(frozen=True, slots=True)
class User:
    """A person, who has an e-mail address, or a client, which has none."""

    tenant_id: TenantId
    user_id: UserId
    kind: UserKind
    email: str
    display_name: str
    roles: tuple[str, ...]
    create_time: datetime
    is_invited: bool = False
    disable_time: datetime | None = None
    revision: int = 1

    @property
    def state(self) -> UserState:
        if self.disable_time is not None:
            return UserState.DISABLED
        return UserState.INVITED if self.is_invited else UserState.ACTIVE

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'

    def holding(self, roles: Iterable[str]) -> "User":
        return replace(self, roles=tuple(sorted(roles)), revision=self.revision + 1)


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    description: str
    permissions: frozenset[str]

    @property
    def etag(self) -> str:
        content = json.dumps([self.description, sorted(self.permissions)])
        return f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"'


@dataclass(frozen=True, slots=True)
class Session:
    """A login and the family of refresh tokens that descend from it."""

    tenant_id: TenantId
    session_id: SessionId
    user_id: UserId
    client_id: str
    scope: frozenset[str]
    create_time: datetime
    expire_time: datetime
    end_time: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        return self.end_time is None and now < self.expire_time


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One link of a session's chain; only the digest of what the user holds is known."""

    digest: str
    session_id: SessionId
    issue_time: datetime
    expire_time: datetime
    use_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Lets a program act for a user within a scope; only the digest of the key is known."""

    tenant_id: TenantId
    api_key_id: ApiKeyId
    user_id: UserId
    display_name: str
    scope: frozenset[str]
    digest: str
    create_time: datetime
    expire_time: datetime
    revoke_time: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        return self.revoke_time is None and now < self.expire_time


@dataclass(frozen=True, slots=True)
class Totp:
    """A user's authenticator app; each of its steps, of 30 s, is good for one code."""

    user_id: UserId
    sealed_secret: str
    create_time: datetime
    confirm_time: datetime | None = None
    last_step: int = 0


class CodePurpose(StrEnum):
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a purpose


@dataclass(frozen=True, slots=True)
class AccountCode:
    """A code that lets its holder choose a user's password, once; only its digest is known."""

    digest: str
    purpose: CodePurpose
    user_id: UserId
    create_time: datetime
    expire_time: datetime

    def serves(self, purpose: CodePurpose, now: datetime) -> bool:
        return self.purpose is purpose and now < self.expire_time


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A P-256 private key in PEM; it is shown before it signs, and verifies a little longer."""

    key_id: str
    private_pem: str
    create_time: datetime
    retire_time: datetime | None = None
    activate_time: datetime | None = None

    @property
    def first_use(self) -> datetime:
        return self.activate_time or self.create_time

    def is_pending(self, now: datetime) -> bool:
        return now < self.first_use

    def signs(self, now: datetime) -> bool:
        return not self.is_pending(now) and (self.retire_time is None or now < self.retire_time)

    def verifies(self, now: datetime) -> bool:
        return self.retire_time is None or now < self.retire_time + SIGNING_KEY_MEMORY


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """How often a login has failed in a row, and until when the next try must wait."""

    count: int
    last_time: datetime
    wait_until: datetime

    def remaining_wait(self, now: datetime) -> timedelta:
        return max(self.wait_until - now, timedelta())

    def are_forgotten(self, now: datetime) -> bool:
        return now - self.last_time > LOGIN_MEMORY


@dataclass(frozen=True, slots=True)
class EndedSession:
    tenant_id: TenantId
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class Deletion:
    """What remains of a tenant: its id, and how far the services are with forgetting it."""

    tenant_id: TenantId
    delete_time: datetime
    purged_services: frozenset[str] = frozenset()

    @property
    def is_everywhere_else(self) -> bool:
        """Whether only auth itself still holds something."""
        return self.purged_services >= PURGING_SERVICES


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose rules: the memberships of a user or, without one, the grants of a tenant's roles."""

    tenant_id: TenantId
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True)
class HeldRules:
    """They do not count while the tenant is suspended or the user disabled."""

    rules: frozenset[Rule]
    count: bool = True


@dataclass(frozen=True)
class RulesTouched:
    """What a version of the rules may have changed; `holders` is None where it may be anything."""

    rules_version: int
    holders: frozenset[Holder] | None


@dataclass(frozen=True)
class Policy:
    """Every rule of every tenant at one version, and what is prohibited in spite of them."""

    version: int
    # Grows with each change of the grants and memberships, and with nothing else.
    rules_version: int
    holdings: Mapping[Holder, HeldRules]
    ended_sessions: frozenset[EndedSession] = frozenset()
    deleted_tenants: frozenset[TenantId] = frozenset()
    # Over all that is held, whether it counts or not; None where nothing is sealed.
    seal: SealedSum | None = None


def after_failed_login(
    before: LoginFailures | None, now: datetime, free: int = FREE_LOGIN_FAILURES
) -> LoginFailures:
    """The first failures are free; from then on the wait doubles up to a limit."""
    count = 1 if before is None or before.are_forgotten(now) else before.count + 1
    doublings = count - free
    if doublings < 0:
        return LoginFailures(count, now, now)
    # The exponent is capped before it is raised: a patient attacker must not make huge numbers.
    wait = min(timedelta(seconds=2 ** min(doublings, 20)), LONGEST_LOGIN_WAIT)
    return LoginFailures(count, now, now + wait)


def refresh_token_life(session: Session, now: datetime) -> datetime:
    """No refresh token outlives its session."""
    return min(now + REFRESH_TOKEN_LIFE, session.expire_time)


def normal_email(address: str) -> str:
    """Addresses are compared without case, so one spelling is kept."""
    return address.strip().lower()


def missing_roles(wanted: Iterable[str], known: Iterable[Role]) -> list[str]:
    return sorted(set(wanted) - {role.name for role in known})


def permissions_of(user: User, roles: Mapping[str, Role]) -> frozenset[str]:
    return frozenset().union(*(roles[name].permissions for name in user.roles if name in roles))


def first_beyond(roles: Iterable[Role], held: frozenset[str]) -> Role | None:
    """The first role that gives a permission which is not among those held."""
    return next((role for role in roles if not role.permissions <= held), None)


def leaves_no_admin(user: User, roles_afterwards: Iterable[str], admins: Iterable[UserId]) -> bool:
    """Whether taking these roles takes the tenant's last admin away."""
    return ADMIN not in set(roles_afterwards) and set(admins) == {user.user_id}
