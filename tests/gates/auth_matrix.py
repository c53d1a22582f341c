"""Who may do what through REST, as a person would list it; `auth_probe.py` tries every cell."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ROLES = ("admin", "agent", "customer", "operator", "nobody")

YES, NO, ABSENT, WHO = 200, 403, 404, 401


@dataclass(frozen=True)
class Action:
    """`{ticket}` in a path is a new ticket of the customer, `{foreign.ticket}` a foreign one."""

    resource: str
    what: str
    verb: str
    path: str
    statuses: tuple[int, ...]
    """What each of ROLES gets."""
    body: Mapping[str, Any] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """What an admin does to the object first: verbs of a ticket."""

    has_twin: bool = True
    """Whether it is tried on an object of another tenant, too."""

    def on_a_foreign_object(self) -> "Action":
        """Whoever may do it at home hears that there is no such thing, the others what they do."""
        return replace(
            self,
            what=f"{self.what}, foreign",
            path=self.path.replace("{", "{foreign."),
            statuses=tuple(ABSENT if status == YES else status for status in self.statuses),
        )


_ALL = (YES, YES, YES, NO, WHO)
_STAFF = (YES, YES, NO, NO, WHO)
_ADMIN = (YES, NO, NO, NO, WHO)
_PLATFORM = (NO, NO, NO, YES, WHO)
_NOT_A_COLLEAGUE = (YES, YES, ABSENT, NO, WHO)

_TICKET = "/v1/tickets/{ticket}"
_PERSON = {"user": {"email": "{new}@example.com", "displayName": "New", "roles": ["customer"]}}
_TENANT = {
    "tenant": {"slug": "{new}", "displayName": "New"},
    "admin": {"email": "{new}@example.com", "displayName": "New"},
    "adminPassword": "{password}",
}
_PEND = {"ticketIds": ["1"], "step": "TICKET_STEP_PEND"}
_REPLY = {"name": "{new}", "body": "We are at it."}
_MAIL_TEMPLATE = {"kind": "MAIL_KIND_REPLY", "subject": "{new}", "body": "{{reply.text}}"}
_HOOK = {"url": "https://hooks.acme.example/{new}"}
_A_WEEK = "fromDay=2026-01-05&untilDay=2026-01-12"
_ARTICLE = {"sourceUri": "probe/{new}.md", "content": "# New\n\nThe printer is out."}

ACTIONS = (
    Action("tickets", "create", "POST", "/v1/tickets", _ALL, {"subject": "New"}),
    Action("tickets", "list", "GET", "/v1/tickets", _ALL),
    Action("tickets", "read", "GET", _TICKET, _ALL),
    Action(
        "tickets",
        "read a colleague's",
        "GET",
        "/v1/tickets/{colleague}",
        _NOT_A_COLLEAGUE,
        has_twin=False,
    ),
    Action("tickets", "update", "PATCH", _TICKET, _STAFF, {"subject": "Newer"}),
    Action("tickets", "assign", "POST", f"{_TICKET}:assign", _STAFF),
    Action("tickets", "pend", "POST", f"{_TICKET}:pend", _STAFF),
    Action("tickets", "resolve", "POST", f"{_TICKET}:resolve", _STAFF),
    Action("tickets", "reopen", "POST", f"{_TICKET}:reopen", _ALL, before=("resolve",)),
    Action("tickets", "close", "POST", f"{_TICKET}:close", _STAFF, before=("resolve",)),
    Action("tickets", "read events", "GET", f"{_TICKET}/events", _STAFF),
    Action("tickets", "follow", "POST", f"{_TICKET}:follow", _STAFF),
    Action("tickets", "suggest articles", "GET", f"{_TICKET}:suggestArticles", _STAFF),
    Action("tickets", "list similar", "GET", f"{_TICKET}/similar", _STAFF),
    Action("tickets", "say that one is there", "POST", f"{_TICKET}:present", _ALL, {"seconds": 1}),
    Action("tickets", "see who is there", "GET", f"{_TICKET}/presences", _STAFF),
    Action("tickets", "list links", "GET", f"{_TICKET}/links", _STAFF),
    Action("tickets", "update many", "POST", "/v1/tickets:bulkUpdate", _STAFF, _PEND),
    Action("comments", "create", "POST", f"{_TICKET}/comments", _ALL, {"body": "New"}),
    Action(
        "comments",
        "create internal",
        "POST",
        f"{_TICKET}/comments",
        _STAFF,
        {"body": "New", "internal": True},
        # A customer's internal comment is forbidden only once its ticket was found.
        has_twin=False,
    ),
    Action("comments", "list", "GET", f"{_TICKET}/comments", _ALL),
    Action("queues", "create", "POST", "/v1/queues", _ADMIN, {"name": "{new}"}),
    Action("queues", "list", "GET", "/v1/queues", _STAFF),
    Action("queues", "delete", "DELETE", "/v1/queues/{queue}", _ADMIN),
    Action("replies", "create", "POST", "/v1/cannedReplies", _ADMIN, _REPLY),
    Action("replies", "list", "GET", "/v1/cannedReplies", _STAFF),
    Action("mail templates", "set", "PUT", "/v1/mailTemplates", _ADMIN, _MAIL_TEMPLATE),
    Action("mail templates", "list", "GET", "/v1/mailTemplates", _ADMIN),
    Action("webhooks", "create", "POST", "/v1/webhooks", _ADMIN, _HOOK),
    Action("webhooks", "list", "GET", "/v1/webhooks", _ADMIN),
    Action("views", "create", "POST", "/v1/views", _STAFF, {"name": "{new}", "filter": "print*"}),
    Action("views", "share", "POST", "/v1/views", _ADMIN, {"name": "{new}", "shared": True}),
    Action("views", "list", "GET", "/v1/views", _STAFF),
    Action("reports", "volume", "GET", f"/v1/reports/volume?{_A_WEEK}", _ADMIN),
    Action("reports", "SLA", "GET", f"/v1/reports/sla?{_A_WEEK}", _ADMIN),
    Action("reports", "times", "GET", f"/v1/reports/times?{_A_WEEK}", _ADMIN),
    Action("SLA", "read", "GET", "/v1/slaPolicy", _STAFF),
    Action(
        "addresses",
        "list",
        "GET",
        "/v1/mailAddresses?tenantId={tenant}",
        _PLATFORM,
        has_twin=False,
    ),
    Action("documents", "put", "POST", "/v1/documents", _ADMIN, _ARTICLE),
    Action("documents", "list", "GET", "/v1/documents", _STAFF),
    Action("documents", "read", "GET", "/v1/documents/{document}", _ALL),
    Action("documents", "read a version", "GET", "/v1/documents/{document}/versions/1", _ALL),
    Action("documents", "search", "POST", "/v1/passages:search", _ALL, {"query": "printer"}),
    Action("documents", "delete", "DELETE", "/v1/documents/{document}", _ADMIN),
    Action("users", "create", "POST", "/v1/users", _ADMIN, {**_PERSON, "password": "{password}"}),
    Action("users", "list", "GET", "/v1/users", _STAFF),
    Action("users", "read", "GET", "/v1/users/{user}", _STAFF),
    Action("users", "set roles", "POST", "/v1/users/{user}:setRoles", _ADMIN, {"roles": []}),
    Action("roles", "list", "GET", "/v1/roles", _ADMIN),
    Action(
        "clients",
        "create",
        "POST",
        "/v1/clients",
        _ADMIN,
        {"displayName": "New", "roles": ["customer"]},
    ),
    Action("tenants", "create", "POST", "/v1/tenants", _PLATFORM, _TENANT),
    Action("tenants", "list", "GET", "/v1/tenants", _PLATFORM),
    Action("tenants", "read", "GET", "/v1/tenants/{tenant}", _PLATFORM, has_twin=False),
)
