"""The demo users' made-up passwords, written down before anything is made with them."""

import secrets
import string
from dataclasses import replace

from services.cli.demo.catalogue import DemoTenant
from services.cli.profiles import Login, Profile, ProfileFile
from services.cli.session import Role

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 16


class LoginBook:
    def __init__(self, file: ProfileFile) -> None:
        self._file = file

    def knows(self, slug: str) -> bool:
        return bool(self._profile(slug).passwords)

    def is_complete(self, slug: str) -> bool:
        return self._profile(slug).is_seeded

    def password(self, slug: str, email: str) -> str:
        return self._profile(slug).passwords[email]

    def prepare(self, tenant: DemoTenant) -> None:
        """Makes up the passwords that are missing, and a login for the first user of each role."""
        with self._file.change() as change:
            profile = change.profiles.by_tenant.get(tenant.slug, Profile(tenant.slug))
            passwords = {
                user.email: profile.passwords.get(user.email) or _new_password()
                for user in tenant.users
            }
            firsts = {role.value: tenant.first(role.value).email for role in Role}
            logins = {
                role: Login(email, password=passwords[email]) for role, email in firsts.items()
            }
            change.put(
                replace(
                    profile,
                    display_name=tenant.display_name,
                    passwords=passwords,
                    logins={**profile.logins, **logins},
                )
            )
            if not change.profiles.last_used:
                change.use(tenant.slug)

    def complete(self, slug: str) -> None:
        with self._file.change() as change:
            change.put(replace(change.profiles.by_tenant[slug], is_seeded=True))

    def _profile(self, slug: str) -> Profile:
        return self._file.read().by_tenant.get(slug, Profile(slug))


def _new_password() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
