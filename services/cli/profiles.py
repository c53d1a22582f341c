"""Who the user is in which tenant: `<data>/profiles.json`, readable by its owner only."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from fcntl import LOCK_EX, flock
from pathlib import Path

from services.cli.failures import CommandError

OWN = "own"
"""The login that `helpdesk login` stores, beside those of a demo tenant's roles."""


@dataclass(frozen=True)
class Login:
    """`password` is kept for the demo's made-up users only; `expires_at` is the access token's.

    `client_id` is the OAuth client that logged in, or empty where a password did.
    """

    email: str
    password: str = ""
    refresh_token: str = ""
    access_token: str = ""
    expires_at: float = 0.0
    client_id: str = ""


@dataclass(frozen=True)
class Profile:
    """One tenant. `passwords` are the demo users', by address; `is_seeded` once all is made."""

    tenant: str
    display_name: str = ""
    logins: dict[str, Login] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    is_seeded: bool = False

    def with_login(self, name: str, login: Login) -> "Profile":
        return replace(self, logins={**self.logins, name: login})


@dataclass(frozen=True)
class Profiles:
    by_tenant: dict[str, Profile] = field(default_factory=dict)
    last_used: str = ""

    def with_profile(self, profile: Profile) -> "Profiles":
        return replace(self, by_tenant={**self.by_tenant, profile.tenant: profile})


class ProfileFile:
    def __init__(self, data: Path) -> None:
        self._file = data / "profiles.json"

    def read(self) -> Profiles:
        try:
            content = json.loads(self._file.read_text())
            return Profiles(
                {slug: _profile(fields) for slug, fields in content["by_tenant"].items()},
                content["last_used"],
            )
        except FileNotFoundError:
            return Profiles()
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise CommandError(
                f"{self._file} cannot be read.",
                hint=f"move it away and log in again: mv {self._file} {self._file}.broken",
                code="PROFILES_UNREADABLE",
            ) from None

    @contextmanager
    def change(self) -> Iterator["ProfileChange"]:
        """One command at a time: reads, lets change, and writes if something was changed.

        Two commands that use one refresh token at once would end the session of both.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            flock(lock, LOCK_EX)
            change = ProfileChange(self.read())
            before = change.profiles
            try:
                yield change
            finally:
                if change.profiles != before:
                    self._write(change.profiles)
        finally:
            os.close(lock)

    def _write(self, profiles: Profiles) -> None:
        draft = self._file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            json.dump(asdict(profiles), stream, indent=2)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self._file)


@dataclass
class ProfileChange:
    profiles: Profiles

    def put(self, profile: Profile) -> None:
        self.profiles = self.profiles.with_profile(profile)

    def use(self, tenant: str) -> None:
        self.profiles = replace(self.profiles, last_used=tenant)


def _profile(fields: dict[str, object]) -> Profile:
    logins = fields.pop("logins")
    if not isinstance(logins, dict):
        raise TypeError("logins")
    return Profile(
        logins={name: Login(**login) for name, login in logins.items()},
        **fields,  # type: ignore[arg-type]
    )
