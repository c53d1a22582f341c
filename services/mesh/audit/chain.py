"""Whether a chain is as it was written, and if not, which record is the first bad one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.mesh.audit.anchors import Anchor
from services.mesh.audit.keys import KeyMissing
from services.mesh.audit.record import (
    FIRST_PREVIOUS_MAC,
    KEY_ID,
    MAC,
    SEQ,
    MacKey,
    Unencodable,
    mac_of,
)


class FaultKind(StrEnum):
    MISSING = "MISSING"
    ALTERED = "ALTERED"
    REWRITTEN = "REWRITTEN"
    KEY_MISSING = "KEY_MISSING"
    ANCHORS_ALTERED = "ANCHORS_ALTERED"


@dataclass(frozen=True)
class Fault:
    kind: FaultKind
    seq: int
    description: str


@dataclass(frozen=True)
class Head:
    """What the database says is the last record."""

    seq: int
    mac: str


class ChainCheck:
    """Fed with a chain's rows from the first on, in the order of their numbers."""

    def __init__(self, find_key: Callable[[str], MacKey], anchors: Iterable[Anchor] = ()) -> None:
        """`find_key` may raise KeyMissing."""
        self._find_key = find_key
        self._anchors = {anchor.seq: anchor for anchor in anchors}
        self._keys: dict[str, MacKey] = {}
        self.sound_count = 0
        self.last_mac = FIRST_PREVIOUS_MAC
        self.fault: Fault | None = None

    @property
    def anchor_count(self) -> int:
        return len(self._anchors)

    def feed(self, rows: Iterable[Sequence[object]]) -> bool:
        """Takes rows with their values in the order of COLUMNS. False from the first fault on."""
        if self.fault is not None:
            return False
        for row in rows:
            self.fault = self._fault_of(row)
            if self.fault is not None:
                return False
            self.sound_count += 1
            self.last_mac = str(row[MAC])
        return True

    def finish(self, head: Head | None) -> Fault | None:
        """Holds the end of the chain against its head and the newest anchor."""
        if self.fault is None:
            self.fault = self._fault_of_end(head)
        return self.fault

    def _fault_of(self, row: Sequence[object]) -> Fault | None:
        seq = self.sound_count + 1
        if row[SEQ] != seq:
            return Fault(FaultKind.MISSING, seq, f"record {seq} is missing")
        key_id = str(row[KEY_ID])
        key = self._keys.get(key_id)
        try:
            if key is None:
                key = self._keys[key_id] = self._find_key(key_id)
            is_sound = mac_of(row, self.last_mac, key) == row[MAC]
        except KeyMissing:
            return Fault(
                FaultKind.KEY_MISSING, seq, f"record {seq} names a key that is not at hand"
            )
        except Unencodable:
            is_sound = False
        if not is_sound:
            return Fault(FaultKind.ALTERED, seq, f"record {seq} is not what was written there")
        anchor = self._anchors.get(seq)
        if anchor is not None and anchor.mac != row[MAC]:
            return Fault(FaultKind.REWRITTEN, seq, f"record {seq} is not the one that was anchored")
        return None

    def _fault_of_end(self, head: Head | None) -> Fault | None:
        last, following = self.sound_count, self.sound_count + 1
        anchored = max(self._anchors, default=0)
        if anchored > last:
            return Fault(
                FaultKind.MISSING,
                following,
                f"the chain ends at {last}, but record {anchored} was anchored",
            )
        if head is None:
            head = Head(0, FIRST_PREVIOUS_MAC)
        if head.seq > last:
            return Fault(
                FaultKind.MISSING, following, f"the chain ends at {last}, its head at {head.seq}"
            )
        if head.seq < last:
            return Fault(FaultKind.ALTERED, last, f"record {last} is beyond the chain's head")
        if head.mac != self.last_mac:
            return Fault(FaultKind.ALTERED, last, f"the chain's head is not record {last}")
        return None
