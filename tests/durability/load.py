"""People who write, and write again what was not acknowledged, as a client library would."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiosmtplib
import httpx2 as httpx

from services.mesh.ids import new_id
from tests.durability.desk import ADDRESS, Desk
from tests.ticket.mail.mails import a_mail, send

AGAIN_SECONDS = 0.05
# What says that nothing is known of the request, or that it may be sent again.
TOKEN_IS_OVER = 401
AGAIN = {TOKEN_IS_OVER, 408, 425, 429, 500, 502, 503, 504}
_TAKEN = 250
_FIRST_REFUSAL = 500


@dataclass
class Written:
    """What was acknowledged, by a text of its own, and with the id that came with it."""

    tickets: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    mails: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    tried_again: int = 0

    @property
    def count(self) -> int:
        return len(self.tickets) + len(self.comments) + len(self.mails)


@dataclass
class Writers:
    """`with_request_id` is the defence: without it, what is sent again is done again."""

    desk: Desk
    written: Written
    with_request_id: bool = True
    _is_over: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Each still has its last request acknowledged."""
        self._is_over.set()

    async def create(self) -> None:
        async with self.desk.agent() as client:
            while not self._is_over.is_set():
                text = f"ticket {new_id()}"
                made = await self.write(client, "/v1/tickets", {"subject": text})
                self.written.tickets[text] = made.get("ticketId", "")

    async def comment(self, ticket_ids: list[str]) -> None:
        async with self.desk.agent() as client:
            while not self._is_over.is_set():
                for ticket_id in ticket_ids:
                    text = f"comment {new_id()}"
                    path = f"/v1/tickets/{ticket_id}/comments"
                    made = await self.write(client, path, {"body": text})
                    self.written.comments[text] = made.get("commentId", "")

    async def mail(self) -> None:
        while not self._is_over.is_set():
            await self.mail_once()

    async def mail_once(self) -> str:
        text = f"mail {new_id()}"
        # So many of one sender would be put off.
        sender = f"{new_id()}@example.com"
        mail = a_mail(sender=sender, subject=text, message_id=f"<{new_id()}@example.com>")
        while not await self._is_taken(mail.as_bytes().replace(b"\n", b"\r\n"), sender):
            self.written.tried_again += 1
            await asyncio.sleep(AGAIN_SECONDS)
        self.written.mails.add(text)
        return text

    async def write(
        self, client: httpx.AsyncClient, path: str, body: Mapping[str, str]
    ) -> Mapping[str, str]:
        request_id = {"requestId": new_id()} if self.with_request_id else {}
        while True:
            headers = {"authorization": f"Bearer {await self.desk.token()}"}
            try:
                answer = await client.post(path, json=body, params=request_id, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                made: Mapping[str, str] = answer.json()
                return made
            if answer is not None and answer.status_code not in AGAIN:
                self.written.faults.append(f"{path} was refused: {answer.text}")
                return {}
            if answer is not None and answer.status_code == TOKEN_IS_OVER:
                self.desk.forget_token()
            self.written.tried_again += 1
            await asyncio.sleep(AGAIN_SECONDS)

    async def _is_taken(self, mail: bytes, sender: str) -> bool:
        try:
            code = await send(self.desk.smtp_port, mail, ADDRESS, sender=sender)
        except (aiosmtplib.SMTPException, OSError):
            return False
        if code >= _FIRST_REFUSAL:
            self.written.faults.append(f"a mail was refused: {code}")
        return code == _TAKEN
