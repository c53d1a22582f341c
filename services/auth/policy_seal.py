"""A seal over the rules of the policy that nobody can make who has the database alone.

Each rule weighs what its keyed hash says; sum and number of all weights are kept beside the
version, and a MAC over the three. A change then costs what it changes and not all rules of all
tenants, and a row that was added, taken or altered by hand no longer adds up.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.mesh.policy import Rule

_PURPOSE = b"helpdesk.auth.policy.v1"
_MODULUS = 2**256


class PolicyAltered(Exception):
    """The rules in the database are not those that auth has written there."""


@dataclass(frozen=True, slots=True)
class SealedSum:
    """`seal` is `<key id>.<MAC>`, and empty before the first."""

    count: int
    total: int
    seal: str

    @property
    def key_id(self) -> str:
        return self.seal.partition(".")[0]


class PolicySeal:
    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """By key id, newest first: the first one seals, every one verifies."""
        self._keys = {key_id: hmac.digest(key, _PURPOSE, "sha256") for key_id, key in keys.items()}

    def over(self, rules_version: int, rules: Iterable[Rule]) -> SealedSum:
        """With the newest key."""
        key_id = next(iter(self._keys))
        return self._sealed(key_id, rules_version, *self._weigh(key_id, rules))

    def changed(
        self, before: SealedSum, rules_version: int, added: Iterable[Rule], removed: Iterable[Rule]
    ) -> SealedSum:
        """After one change; `before` has to be sound."""
        more, plus = self._weigh(before.key_id, added)
        less, minus = self._weigh(before.key_id, removed)
        total = (before.total + plus - minus) % _MODULUS
        return self._sealed(before.key_id, rules_version, before.count + more - less, total)

    def is_sound(self, known: SealedSum, rules_version: int) -> bool:
        """Whether auth itself has written this sum for this version."""
        if known.key_id not in self._keys:
            return False
        wanted = self._sealed(known.key_id, rules_version, known.count, known.total).seal
        return hmac.compare_digest(known.seal, wanted)

    def adds_up(self, known: SealedSum, rules: Iterable[Rule]) -> bool:
        """Whether these are the rules of the sum."""
        if known.key_id not in self._keys:
            return False
        return self._weigh(known.key_id, rules) == (known.count, known.total)

    def is_of_the_newest_key(self, known: SealedSum) -> bool:
        return known.key_id == next(iter(self._keys))

    def _weigh(self, key_id: str, rules: Iterable[Rule]) -> tuple[int, int]:
        key, count, total = self._keys[key_id], 0, 0
        for rule in rules:
            content = json.dumps(rule, separators=(",", ":")).encode()
            total += int.from_bytes(hmac.digest(key, content, "sha256"))
            count += 1
        return count, total % _MODULUS

    def _sealed(self, key_id: str, rules_version: int, count: int, total: int) -> SealedSum:
        content = json.dumps([rules_version, count, f"{total:064x}"]).encode()
        mac = hmac.digest(self._keys[key_id], content, "sha256").hex()
        return SealedSum(count, total, f"{key_id}.{mac}")
