"""All SQL of ticket, for SQLite and PostgreSQL."""

from services.ticket.store.canned_replies import SqlCannedReplyStore
from services.ticket.store.macros import SqlMacroStore
from services.ticket.store.mail import SqlMailAddresses, SqlMailStore
from services.ticket.store.mail_outbox import SqlMailOutbox
from services.ticket.store.mail_templates import SqlMailTemplateStore
from services.ticket.store.mailboxes import SqlMailboxPlaces
from services.ticket.store.outbox import SqlOutbox
from services.ticket.store.reports import SqlReportStore
from services.ticket.store.routing_policies import SqlRoutingPolicies
from services.ticket.store.routings import SqlRoutingBooks
from services.ticket.store.sla_policies import SqlSlaPolicies
from services.ticket.store.sla_sweep import SqlSlaSweep
from services.ticket.store.sql import SqlTickets
from services.ticket.store.transactions import SqlTicketStore
from services.ticket.store.triage import SqlTriageOutbox, SqlTriageStore, SqlTriageTenants
from services.ticket.store.views import SqlViewStore
from services.ticket.store.webhook_queue import SqlDeliveryQueue
from services.ticket.store.webhook_spreading import SqlWebhookLog
from services.ticket.store.webhooks import SqlWebhookStore

__all__ = [
    "SqlCannedReplyStore",
    "SqlDeliveryQueue",
    "SqlMacroStore",
    "SqlMailAddresses",
    "SqlMailOutbox",
    "SqlMailStore",
    "SqlMailTemplateStore",
    "SqlMailboxPlaces",
    "SqlOutbox",
    "SqlReportStore",
    "SqlRoutingBooks",
    "SqlRoutingPolicies",
    "SqlSlaPolicies",
    "SqlSlaSweep",
    "SqlTicketStore",
    "SqlTickets",
    "SqlTriageOutbox",
    "SqlTriageStore",
    "SqlTriageTenants",
    "SqlViewStore",
    "SqlWebhookLog",
    "SqlWebhookStore",
]
