"""New signing keys in the place of old ones, so that no token is ever signed or checked in vain."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from services.auth.domain import SIGNING_KEY_LEAD, SIGNING_KEY_MEMORY, SigningKey
from services.auth.ports import AuthStore
from services.mesh.audit import acts_on
from services.mesh.clock import Clock


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """What the verbs of this file share."""

    store: AuthStore
    clock: Clock
    make_key: Callable[[Clock], SigningKey]
    forget_known_keys: Callable[[], None] = lambda: None
    lead: timedelta = SIGNING_KEY_LEAD


async def rotate_signing_keys(rotation: KeyRotation, oldest: timedelta | None = None) -> SigningKey:
    """The key that signs next. When it is not older than asked, nothing changes."""
    now = rotation.clock()
    async with rotation.store.directory() as directory:
        await directory.lock_signing_keys()
        keys = await directory.signing_keys()
        newest = keys[0]
        acts_on("signing_key", newest.key_id)
        is_young = oldest is not None and now - newest.create_time < oldest
        if newest.is_pending(now) or is_young:
            return newest
        key = replace(rotation.make_key(rotation.clock), activate_time=now + rotation.lead)
        await directory.add_signing_key(key)
        for old in keys:
            if old.retire_time is None:
                await directory.retire_signing_key(old.key_id, key.first_use)
        await directory.delete_signing_keys(now - SIGNING_KEY_MEMORY)
        acts_on("signing_key", key.key_id)
    rotation.forget_known_keys()
    return key


async def list_signing_keys(rotation: KeyRotation) -> list[SigningKey]:
    """Those that verify, newest first."""
    now = rotation.clock()
    async with rotation.store.reading_directory() as directory:
        return [key for key in await directory.signing_keys() if key.verifies(now)]
