"""Ticket's composition root: makes each part once and hands it to the next."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from helpdesk.search.v1 import search_service_pb2_grpc
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
from services.ticket.metrics import drift_metrics, mailbox_metrics, outbox_metrics
from services.ticket.peers import SearchKnowledge
from services.ticket.ports.routing import Engine
from services.ticket.registration import Parts
from services.ticket.settings import TicketSettings
from services.ticket.store import (
    SqlDeliveryQueue,
    SqlMailAddresses,
    SqlMailboxPlaces,
    SqlMailOutbox,
    SqlMailStore,
    SqlOutbox,
    SqlRoutingBooks,
    SqlRoutingPolicies,
    SqlSlaSweep,
    SqlTicketStore,
    SqlTriageOutbox,
    SqlTriageStore,
    SqlTriageTenants,
    SqlWebhookLog,
    SqlWebhookStore,
)
from services.ticket.sweeping import Sweeper
from services.ticket.tables.tickets import Table, TicketRow
from services.ticket.triage.classifier import BuiltInClassifier
from services.ticket.triage.desk import Desk
from services.ticket.triage.drift_watch import DriftWatch
from services.ticket.triage.head_keeper import HeadKeeper
from services.ticket.triage.judging import TriageJudge
from services.ticket.triage.worker import TriageWorker
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
    search = connect(settings, caller_service=NAME, peer="search")
    store = SqlTicketStore(database)
    files = AttachmentFolder(settings.attachments_folder)
    cabinet = Cabinet(files, settings.attachment_limits)
    intake = Intake(SqlMailAddresses(database), store, SqlMailStore(database), utc_now, cabinet)
    pollers = _pollers(settings, intake, database)
    desk = _webhook_desk(settings, database)
    triage = _triage_desk(settings, store, database)
    sorting_tenants = SqlTriageTenants(database)
    drift_watch = DriftWatch(triage, sorting_tenants)

    parts = Parts(
        database=database,
        store=store,
        clock=utc_now,
        pace=Pace(settings.ticket_poll_seconds, settings.ticket_heartbeat_seconds),
        cabinet=cabinet,
        knowledge=SearchKnowledge(search_service_pb2_grpc.SearchServiceStub(search)),
        triage=triage,
        webhooks=desk,
    )
    try:
        await database.migrate(MIGRATIONS)
        await serve(
            name=NAME,
            settings=settings,
            register=parts.register,
            services=services_of(NAME),
            authority=authority,
            database=database,
            background=[
                Purge(authority, database, Table.metadata, [files.forget]).run,
                partial(database.keep_analysed, TicketRow.__tablename__),
                _sweeper(settings, store, database).run,
                *_routing_jobs(settings, triage, store, database),
                _sorter(settings, triage, database).run,
                drift_watch.run,
                HeadKeeper(triage, sorting_tenants).run,
                AttachmentSweeper(files, store).run,
                _sender(settings, desk, database).run,
                *_mail_jobs(settings, intake, store, database, files),
                *(poller.run for poller in pollers),
            ],
            collectors=[
                outbox_metrics(SqlOutbox(database), utc_now),
                drift_metrics(drift_watch),
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
