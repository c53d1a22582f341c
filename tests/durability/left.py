"""What is there afterwards, read as anybody would."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx

from tests.durability.desk import Desk
from tests.durability.load import AGAIN, AGAIN_SECONDS, TOKEN_IS_OVER, Written

_PAGE = "100"


@dataclass(frozen=True)
class Left:
    """By text: the ids of the tickets and comments that have it."""

    tickets: Mapping[str, list[str]]
    comments: Mapping[str, list[str]]

    def faults(self, written: Written) -> list[str]:
        mails = dict.fromkeys(written.mails, "")
        return (
            _faults("ticket", written.tickets, self.tickets)
            + _faults("comment", written.comments, self.comments)
            + _faults("mail", mails, self.tickets)
        )


def _faults(
    kind: str, acknowledged: Mapping[str, str], there: Mapping[str, list[str]]
) -> list[str]:
    found = []
    for text, known_id in acknowledged.items():
        ids = there.get(text, [])
        if not ids:
            found.append(f"lost: {kind} {text}")
        elif len(ids) > 1:
            found.append(f"there {len(ids)} times: {kind} {text}")
        elif known_id not in ("", ids[0]):
            found.append(f"acknowledged as another one: {kind} {text}")
    twice = [text for text, ids in there.items() if len(ids) > 1 and text.startswith(f"{kind} ")]
    return found + [f"there twice: {text}" for text in twice if text not in acknowledged]


async def what_is_left(desk: Desk, commented: Collection[str]) -> Left:
    async with desk.agent(60.0) as client:
        tickets = [each async for each in _all(desk, client, "/v1/tickets", "tickets")]
        comments: list[Mapping[str, Any]] = []
        for ticket_id in commented:
            path = f"/v1/tickets/{ticket_id}/comments"
            comments += [each async for each in _all(desk, client, path, "comments")]
    return Left(
        _by_text((each["subject"], each["ticketId"]) for each in tickets),
        _by_text((each["body"], each["commentId"]) for each in comments),
    )


def _by_text(pairs: Any) -> Mapping[str, list[str]]:  # noqa: ANN401  pairs of text and id
    found: dict[str, list[str]] = {}
    for text, one in pairs:
        found.setdefault(text, []).append(one)
    return found


async def _all(
    desk: Desk, client: httpx.AsyncClient, path: str, name: str
) -> AsyncIterator[Mapping[str, Any]]:
    token = ""
    while True:
        page = await _read(desk, client, path, {"pageSize": _PAGE, "pageToken": token})
        for each in page.get(name, ()):
            yield each
        token = page.get("nextPageToken", "")
        if not token:
            return


async def _read(
    desk: Desk, client: httpx.AsyncClient, path: str, params: Mapping[str, str]
) -> Mapping[str, Any]:
    while True:
        headers = {"authorization": f"Bearer {await desk.token()}"}
        answer = await client.get(path, params=params, headers=headers)
        if answer.status_code not in AGAIN:
            answer.raise_for_status()
            found: Mapping[str, Any] = answer.json()
            return found
        if answer.status_code == TOKEN_IS_OVER:
            desk.forget_token()
        await asyncio.sleep(AGAIN_SECONDS)
