"""The RPCs of ticket: message in, one use case, message out."""

from services.ticket.servicer.attachments import AttachmentServicer
from services.ticket.servicer.bulk import BulkServicer
from services.ticket.servicer.canned_replies import CannedReplyServicer
from services.ticket.servicer.fields import FieldServicer
from services.ticket.servicer.imports import ImportServicer
from services.ticket.servicer.links import LinkServicer
from services.ticket.servicer.macros import MacroServicer
from services.ticket.servicer.mail_addresses import MailAddressServicer
from services.ticket.servicer.mail_templates import MailTemplateServicer
from services.ticket.servicer.queues import QueueServicer
from services.ticket.servicer.reports import ReportServicer
from services.ticket.servicer.routing import RoutingServicer
from services.ticket.servicer.sla import SlaServicer
from services.ticket.servicer.suggestions import SuggestionServicer
from services.ticket.servicer.tickets import TicketServicer
from services.ticket.servicer.triage import TriageServicer
from services.ticket.servicer.views import ViewServicer
from services.ticket.servicer.webhooks import WebhookServicer

__all__ = [
    "AttachmentServicer",
    "BulkServicer",
    "CannedReplyServicer",
    "FieldServicer",
    "ImportServicer",
    "LinkServicer",
    "MacroServicer",
    "MailAddressServicer",
    "MailTemplateServicer",
    "QueueServicer",
    "ReportServicer",
    "RoutingServicer",
    "SlaServicer",
    "SuggestionServicer",
    "TicketServicer",
    "TriageServicer",
    "ViewServicer",
    "WebhookServicer",
]
