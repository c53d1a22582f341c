"""The demo tenants as they are written down under `infra/demo`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.mesh.settings import REPOSITORY

FOLDER = REPOSITORY / "infra" / "demo"
SLUGS = ("acme", "globex")


@dataclass(frozen=True)
class DemoUser:
    email: str
    display_name: str
    role: str


@dataclass(frozen=True)
class DemoComment:
    author: str
    body: str
    internal: bool


@dataclass(frozen=True)
class DemoTicket:
    subject: str
    body: str
    requester: str
    priority: str
    comments: tuple[DemoComment, ...]


@dataclass(frozen=True)
class DemoTenant:
    slug: str
    display_name: str
    users: tuple[DemoUser, ...]
    tickets: tuple[DemoTicket, ...]
    knowledge: Path

    def first(self, role: str) -> DemoUser:
        return next(user for user in self.users if user.role == role)


def read_demo(folder: Path = FOLDER) -> tuple[DemoTenant, ...]:
    return tuple(_tenant(folder / slug) for slug in SLUGS)


def _tenant(folder: Path) -> DemoTenant:
    content: dict[str, Any] = yaml.safe_load((folder / "tenant.yaml").read_text("utf-8"))
    return DemoTenant(
        slug=content["slug"],
        display_name=content["display_name"],
        users=tuple(DemoUser(**user) for user in content["users"]),
        tickets=tuple(_ticket(ticket) for ticket in content["tickets"]),
        knowledge=folder / "knowledge",
    )


def _ticket(content: dict[str, Any]) -> DemoTicket:
    comments = tuple(DemoComment(**comment) for comment in content["comments"])
    return DemoTicket(**{**content, "comments": comments})
