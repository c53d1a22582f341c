"""Ticket's composition root: makes each part once and hands it to the next."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc

from helpdesk.search.v1 import search_service_pb2_grpc
from helpdesk.ticket.v1 import (
    attachment_service_pb2_grpc,
    bulk_service_pb2_grpc,
    canned_reply_service_pb2_grpc,
    field_service_pb2_grpc,
    import_service_pb2_grpc,
    link_service_pb2_grpc,
    macro_service_pb2_grpc,
    mail_address_service_pb2_grpc,
    queue_service_pb2_grpc,
    report_service_pb2_grpc,
    routing_service_pb2_grpc,
    sla_service_pb2_grpc,
    suggestion_service_pb2_grpc,
    ticket_service_pb2_grpc,
    triage_service_pb2_grpc,
    view_service_pb2_grpc,
    webhook_service_pb2_grpc,
)
from services.mesh.authority import RemoteAuthority
from services.mesh.channel import connect
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.outbound import Outbound, OutboundRules
from services.mesh.purge import Purge
from services.mesh.sealed import Sealer, sealing_keys
from services.mesh.server import Background, serve
from services.mesh.tls import ensure_certificates
from services.ticket.attachments.folder import AttachmentFolder
from services.ticket.attachments.ports import Cabinet
from services.ticket.attachments.sweeper import AttachmentSweeper
from services.ticket.engines.dispatching import Dispatcher, Router
from services.ticket.engines.in_process import InProcessEngine
from services.ticket.engines.performing import Performer
from services.ticket.mail.courier import Courier
from services.ticket.mail.intake import Intake
from services.ticket.mail.mailboxes import read_mailboxes
from services.ticket.mail.polling import Poller
from services.ticket.mail.receiver import PROTOCOLS, Receiver
from services.ticket.mail.relay import SmtpRelay
from services.ticket.metrics import mailbox_metrics, outbox_metrics
from services.ticket.peers import SearchKnowledge
from services.ticket.ports.routing import Engine
from services.ticket.servicer import (
    AttachmentServicer,
    BulkServicer,
    CannedReplyServicer,
    FieldServicer,
    ImportServicer,
    LinkServicer,
    MacroServicer,
    MailAddressServicer,
    QueueServicer,
    ReportServicer,
    RoutingServicer,
    SlaServicer,
    SuggestionServicer,
    TicketServicer,
    TriageServicer,
    ViewServicer,
    WebhookServicer,
)
from services.ticket.settings import TicketSettings
from services.ticket.store import (
    SqlCannedReplyStore,
    SqlDeliveryQueue,
    SqlMacroStore,
    SqlMailAddresses,
    SqlMailboxPlaces,
    SqlMailOutbox,
    SqlMailStore,
    SqlOutbox,
    SqlReportStore,
    SqlRoutingBooks,
    SqlRoutingPolicies,
    SqlSlaPolicies,
    SqlSlaSweep,
    SqlTicketStore,
    SqlTriageOutbox,
    SqlTriageStore,
    SqlViewStore,
    SqlWebhookLog,
    SqlWebhookStore,
)
from services.ticket.sweeping import Sweeper
from services.ticket.tables.tickets import Table, TicketRow
from services.ticket.triage.classifier import BuiltInClassifier
from services.ticket.triage.desk import Desk
from services.ticket.triage.judging import TriageJudge
from services.ticket.triage.worker import TriageWorker
from services.ticket.use_cases.macros import MacroDesk
from services.ticket.use_cases.watching import Pace
from services.ticket.webhooks.keeping import WebhookDesk
from services.ticket.webhooks.sender import SECONDS, Sender

NAME = "ticket"
MIGRATIONS = Path(__file__).parent / "migrations"


async def serve_tickets(settings: TicketSettings) -> None:
    """Serves until the process is told to stop."""
    # The channel to auth needs its certificate before the server would make one.
    await asyncio.to_thread(ensure_certificates, settings.certificates_folder)
    database = Database(settings.database_address(NAME))
    authority = RemoteAuthority(settings, caller_service=NAME)
    pace = Pace(settings.ticket_poll_seconds, settings.ticket_heartbeat_seconds)
    search = connect(settings, caller_service=NAME, peer="search")
    store = SqlTicketStore(database)
    files = AttachmentFolder(settings.attachments_folder)
    cabinet = Cabinet(files, settings.attachment_limits)
    intake = Intake(SqlMailAddresses(database), store, SqlMailStore(database), utc_now, cabinet)
    pollers = _pollers(settings, intake, database)
    desk = _webhook_desk(settings, database)
    triage = _triage_desk(settings, store, database)

    def register(server: grpc.aio.Server) -> None:
        tickets = TicketServicer(store, utc_now, pace)
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(tickets, server)
        attachments = AttachmentServicer(store, cabinet, utc_now)
        attachment_service_pb2_grpc.add_AttachmentServiceServicer_to_server(attachments, server)
        macros = MacroDesk(SqlMacroStore(database), SqlCannedReplyStore(database), store, utc_now)
        macro_service_pb2_grpc.add_MacroServiceServicer_to_server(MacroServicer(macros), server)
        bulk_service_pb2_grpc.add_BulkServiceServicer_to_server(
            BulkServicer(store, utc_now, macros), server
        )
        canned = CannedReplyServicer(SqlCannedReplyStore(database), store, utc_now)
        canned_reply_service_pb2_grpc.add_CannedReplyServiceServicer_to_server(canned, server)
        field_service_pb2_grpc.add_FieldServiceServicer_to_server(
            FieldServicer(store, utc_now), server
        )
        import_service_pb2_grpc.add_ImportServiceServicer_to_server(
            ImportServicer(store, utc_now), server
        )
        link_service_pb2_grpc.add_LinkServiceServicer_to_server(
            LinkServicer(store, utc_now), server
        )
        mail = MailAddressServicer(SqlMailAddresses(database), utc_now)
        mail_address_service_pb2_grpc.add_MailAddressServiceServicer_to_server(mail, server)
        queues = QueueServicer(store, utc_now)
        queue_service_pb2_grpc.add_QueueServiceServicer_to_server(queues, server)
        suggestions = SuggestionServicer(
            store, SearchKnowledge(search_service_pb2_grpc.SearchServiceStub(search))
        )
        suggestion_service_pb2_grpc.add_SuggestionServiceServicer_to_server(suggestions, server)
        routing = RoutingServicer(
            SqlRoutingPolicies(database), SqlRoutingBooks(database), store, utc_now
        )
        routing_service_pb2_grpc.add_RoutingServiceServicer_to_server(routing, server)
        sla = SlaServicer(SqlSlaPolicies(database), utc_now)
        sla_service_pb2_grpc.add_SlaServiceServicer_to_server(sla, server)
        triage_service_pb2_grpc.add_TriageServiceServicer_to_server(TriageServicer(triage), server)
        views = ViewServicer(SqlViewStore(database), store, utc_now)
        view_service_pb2_grpc.add_ViewServiceServicer_to_server(views, server)
        reports = ReportServicer(SqlReportStore(database), SqlSlaPolicies(database), utc_now)
        report_service_pb2_grpc.add_ReportServiceServicer_to_server(reports, server)
        webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(WebhookServicer(desk), server)

    try:
        await database.migrate(MIGRATIONS)
        await serve(
            name=NAME,
            settings=settings,
            register=register,
            services=services_of(NAME),
            authority=authority,
            database=database,
            background=[
                Purge(authority, database, Table.metadata, [files.forget]).run,
                partial(database.keep_analysed, TicketRow.__tablename__),
                _sweeper(settings, store, database).run,
                *_routing_jobs(settings, triage, store, database),
                _sorter(settings, triage, database).run,
                AttachmentSweeper(files, store).run,
                _sender(settings, desk, database).run,
                *_mail_jobs(settings, intake, store, database, files),
                *(poller.run for poller in pollers),
            ],
            collectors=[
                outbox_metrics(SqlOutbox(database), utc_now),
                *([mailbox_metrics(pollers, utc_now)] if pollers else []),
            ],
        )
    finally:
        await search.close()
        await authority.close()
        await database.close()


def _pollers(settings: TicketSettings, intake: Intake, database: Database) -> list[Poller]:
    """Raises MailboxesUnreadable."""
    if settings.ticket_mailboxes is None:
        return []
    return [
        Poller(
            mailbox,
            intake,
            SqlMailboxPlaces(database),
            utc_now,
            poll_seconds=settings.ticket_mailbox_poll_seconds,
            most_bytes=settings.ticket_smtp_max_bytes,
        )
        for mailbox in read_mailboxes(settings.ticket_mailboxes)
    ]


def _triage_desk(settings: TicketSettings, store: SqlTicketStore, database: Database) -> Desk:
    classifier = BuiltInClassifier(threads=settings.ticket_triage_threads)
    return Desk(store, SqlTriageStore(database), classifier, utc_now)


def _sorter(settings: TicketSettings, triage: Desk, database: Database) -> TriageWorker:
    poll_seconds = settings.ticket_triage_poll_seconds
    return TriageWorker(SqlTriageOutbox(database), triage, poll_seconds=poll_seconds)


def _routing_jobs(
    settings: TicketSettings, triage: Desk, store: SqlTicketStore, database: Database
) -> Iterator[Background]:
    books = SqlRoutingBooks(database)
    performer = Performer(store, books, SqlRoutingPolicies(database), TriageJudge(triage))
    engine: Engine = InProcessEngine(books, performer, utc_now)
    address = settings.temporal_address
    if settings.ticket_routing_engine != "in_process" and address is not None:
        # Fifty megabytes, which nobody needs who has no Temporal.
        from services.ticket.engines.temporal.engine import TemporalEngine  # noqa: PLC0415
        from services.ticket.engines.temporal.sealing import sealing_converter  # noqa: PLC0415

        engine = temporal = TemporalEngine(
            address,
            sealing_converter(settings.service_folder(NAME) / "routing_keys"),
            books,
            performer,
            utc_now,
            namespace=settings.temporal_namespace,
        )
        yield temporal.run
    dispatcher = Dispatcher(SqlOutbox(database), books, engine, utc_now)
    yield Router(dispatcher, engine, store, utc_now, settings.ticket_poll_seconds).run


def _sweeper(settings: TicketSettings, store: SqlTicketStore, database: Database) -> Sweeper:
    return Sweeper(SqlSlaSweep(database, store), utc_now, settings.ticket_poll_seconds)


def _webhook_desk(settings: TicketSettings, database: Database) -> WebhookDesk:
    keys = settings.ticket_sealing_keys or settings.service_folder(NAME) / "sealing-keys"
    rules = OutboundRules(settings.ticket_webhook_networks)
    return WebhookDesk(SqlWebhookStore(database), Sealer(sealing_keys(keys)), rules, utc_now)


def _sender(settings: TicketSettings, desk: WebhookDesk, database: Database) -> Sender:
    return Sender(
        SqlWebhookLog(database),
        SqlDeliveryQueue(database),
        Outbound(desk.rules, seconds=SECONDS),
        desk.sealer,
        desk.clock,
        poll_seconds=settings.ticket_poll_seconds,
    )


def _mail_jobs(
    settings: TicketSettings,
    intake: Intake,
    store: SqlTicketStore,
    database: Database,
    files: AttachmentFolder,
) -> Iterator[Background]:
    for protocol in PROTOCOLS:
        port = settings.mail_port(protocol)
        if port is not None:
            yield Receiver(
                intake,
                protocol=protocol,
                host=settings.host,
                port=port,
                most_bytes=settings.ticket_smtp_max_bytes,
            ).run
    if settings.relay_address is not None:
        relay_host, relay_port = settings.relay_address
        password = settings.ticket_smtp_relay_password
        relay = SmtpRelay(
            relay_host,
            relay_port,
            settings.ticket_smtp_relay_security,
            settings.ticket_smtp_relay_user,
            password.get_secret_value() if password is not None else None,
        )
        courier = Courier(
            SqlMailOutbox(database),
            store,
            relay,
            utc_now,
            poll_seconds=settings.ticket_poll_seconds,
            files=files,
        )
        yield courier.run
