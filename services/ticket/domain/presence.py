"""Who is at a ticket just now. It is kept for a while and is no part of the ticket's log."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from services.mesh.caller import UserId


class Activity(IntEnum):
    """The numbers are the contract's."""

    GONE = 0
    VIEWING = 1
    ANSWERING = 2


@dataclass(frozen=True)
class Presence:
    ticket_id: str
    user_id: UserId
    activity: Activity
    expire_time: datetime
