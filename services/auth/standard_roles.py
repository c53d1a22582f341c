"""The roles that every tenant is born with, and the one role of the platform itself."""

from services.auth.domain import ADMIN, Role

PLATFORM_SLUG = "platform"
OPERATOR_EMAIL = "operator@platform.internal"

# Of one's own account: whoever can log in holds them.
ACCOUNT_PERMISSIONS = frozenset(
    {
        "auth.identity.get",
        "auth.password.change",
        "auth.totp.disable",
        "auth.totp.enrol",
        "auth.totp.get",
    }
)

CUSTOMER_PERMISSIONS = ACCOUNT_PERMISSIONS | frozenset(
    {
        "chat.messages.list",
        "chat.messages.send",
        "chat.sessions.create",
        "chat.sessions.get",
        "chat.sessions.hand_off",
        "search.documents.get",
        "search.passages.search",
        "ticket.fields.list",
        "ticket.attachments.create",
        "ticket.attachments.get",
        "ticket.attachments.list",
        "ticket.comments.create",
        "ticket.comments.list",
        "ticket.presences.set",
        "ticket.tickets.create",
        "ticket.tickets.get",
        "ticket.tickets.list",
        "ticket.tickets.rate",
        "ticket.tickets.reopen",
        "ticket.tickets.watch",
    }
)

# Belongs to no single RPC: it opens every ticket of the tenant and its internal comments.
HANDLE_TICKETS = "ticket.tickets.handle"

AGENT_PERMISSIONS = CUSTOMER_PERMISSIONS | {
    "auth.api_keys.create",
    "auth.api_keys.list",
    "auth.api_keys.revoke",
    "auth.users.get",
    "auth.users.list",
    "search.documents.list",
    "ticket.articles.suggest",
    "ticket.attachments.delete",
    "search.versions.diff",
    "search.versions.list",
    "ticket.canned_replies.list",
    "ticket.canned_replies.render",
    "ticket.events.list",
    "ticket.links.list",
    "ticket.routing.explain",
    "ticket.routing_policy.get",
    *(f"ticket.macros.{verb}" for verb in ("apply", "get", "list", "preview")),
    "ticket.presences.list",
    "ticket.sla_policy.get",
    "ticket.queues.list",
    "ticket.tickets.assign",
    "ticket.tickets.bulk_update",
    "ticket.tickets.close",
    "ticket.tickets.follow",
    "ticket.tickets.link",
    "ticket.tickets.list_similar",
    "ticket.tickets.merge",
    "ticket.tickets.pend",
    "ticket.tickets.resolve",
    "ticket.tickets.split",
    "ticket.tickets.unfollow",
    "ticket.tickets.unlink",
    "ticket.tickets.update",
    "ticket.triage.classify",
    "ticket.triage.correct",
    "ticket.triage.list",
    "ticket.triage_settings.get",
    "ticket.views.create",
    "ticket.views.delete",
    "ticket.views.list",
    HANDLE_TICKETS,
}

# Belongs to no single RPC: it saves and deletes views for everybody of the tenant.
SHARE_VIEWS = "ticket.views.share"

# Belongs to no single RPC: it shows and revokes the keys of all users.
MANAGE_API_KEYS = "auth.api_keys.manage"

_AREAS = ("auth", "ticket", "search", "chat")
READ_AUDIT = frozenset(f"{area}.audit.{verb}" for area in _AREAS for verb in ("list", "verify"))
# Belongs to no single RPC: it opens the chains of the calls that have no tenant.
READ_UNATTRIBUTED_AUDIT = frozenset(f"{area}.audit.unattributed" for area in _AREAS)

ADMIN_PERMISSIONS = (
    AGENT_PERMISSIONS
    | READ_AUDIT
    | {
        "auth.clients.create",
        "auth.clients.delete",
        "auth.clients.get",
        "auth.clients.list",
        "auth.clients.rotate_secret",
        "auth.clients.update",
        "auth.identity_providers.create",
        "auth.identity_providers.delete",
        "auth.identity_providers.get",
        "auth.identity_providers.list",
        "auth.identity_providers.test",
        "auth.identity_providers.update",
        "auth.permissions.list",
        "auth.roles.create",
        "auth.roles.delete",
        "auth.roles.list",
        "auth.roles.update",
        "auth.users.create",
        "auth.users.disable",
        "auth.users.enable",
        "auth.users.invite",
        "auth.users.remove_totp",
        "auth.users.reset_password",
        "auth.users.set_roles",
        "auth.users.update",
        "chat.gaps.report",
        "search.categories.list",
        "search.categories.set_readers",
        "search.documents.archive",
        "search.documents.delete",
        "search.documents.publish",
        "search.documents.put",
        "search.documents.roll_back",
        "search.documents.set_readers",
        "search.index.get",
        "search.index.rebuild",
        "search.texts.group",
        "search.golden_sets.delete",
        "search.golden_sets.list",
        "search.golden_sets.put",
        "search.golden_sets.run",
        "ticket.canned_replies.create",
        "ticket.canned_replies.delete",
        "ticket.fields.create",
        "ticket.fields.update",
        "ticket.macros.delete",
        "ticket.macros.put",
        *(f"ticket.mail_templates.{verb}" for verb in ("list", "preview", "reset", "set")),
        "ticket.queues.create",
        "ticket.queues.delete",
        "ticket.reports.read",
        "ticket.routing_policy.set",
        "ticket.sla_policy.set",
        "ticket.tickets.import",
        "ticket.webhooks.create",
        "ticket.webhooks.delete",
        "ticket.webhooks.disable",
        "ticket.webhooks.enable",
        "ticket.webhooks.get",
        "ticket.webhooks.list",
        "ticket.webhooks.list_deliveries",
        "ticket.webhooks.replay",
        "ticket.webhooks.rotate_secret",
        "ticket.webhooks.test",
        "ticket.webhooks.update",
        "ticket.triage.report",
        "ticket.triage_settings.set",
        MANAGE_API_KEYS,
        SHARE_VIEWS,
    }
)

STANDARD_ROLES = (
    Role(ADMIN, "Runs the tenant: users, roles and the knowledge base.", ADMIN_PERMISSIONS),
    Role("agent", "Handles the tickets of all customers.", AGENT_PERMISSIONS),
    Role("customer", "Asks questions and follows the own tickets.", CUSTOMER_PERMISSIONS),
)

OPERATOR = Role(
    "operator",
    "Makes and looks after tenants.",
    ACCOUNT_PERMISSIONS
    | frozenset(
        {
            "auth.signing_keys.list",
            "auth.signing_keys.rotate",
            "auth.tenants.create",
            "auth.tenants.delete",
            "auth.tenants.get",
            "auth.tenants.list",
            "auth.tenants.resume",
            "auth.tenants.suspend",
            "ticket.mail_addresses.create",
            "ticket.mail_addresses.delete",
            "ticket.mail_addresses.list",
        }
    )
    | READ_AUDIT
    | READ_UNATTRIBUTED_AUDIT,
)

ALL_PERMISSIONS = frozenset().union(*(role.permissions for role in (*STANDARD_ROLES, OPERATOR)))


# All that can be given in a tenant: an admin may do everything there; the rest is the platform's.
GRANTABLE_PERMISSIONS = ADMIN_PERMISSIONS

RESERVED_PREFIX = "helpdesk_"
STANDARD_NAMES = frozenset(role.name for role in (*STANDARD_ROLES, OPERATOR))


def roles_of(slug: str) -> tuple[Role, ...]:
    """The standard roles of the tenant with this slug."""
    return (OPERATOR,) if slug == PLATFORM_SLUG else STANDARD_ROLES
