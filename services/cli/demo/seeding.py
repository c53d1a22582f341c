"""Makes the demo tenants through the gateway, as any client would.

It may be interrupted anywhere and run again: each step looks what is there already, and carries a
`request_id` that is the same each time, so that nothing is made twice.
"""

from collections.abc import Callable
from uuid import NAMESPACE_URL, uuid5

from helpdesk.auth.v1 import auth_pb2, tenant_service_pb2, user_service_pb2
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from services.cli.demo.catalogue import DemoComment, DemoTenant, DemoTicket
from services.cli.demo.login_book import LoginBook
from services.cli.demo.switchboard import Switchboard
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.knowledge.files import look_into
from services.cli.knowledge.importer import Importer, list_documents
from services.cli.people import list_users
from services.cli.ticket_lookup import Priority, list_comments, list_tickets

Tell = Callable[[str, int, int], None]
"""Is told what is being made, how many are done, and how many there will be."""


class Seeder:
    def __init__(self, switchboard: Switchboard, book: LoginBook, tell: Tell) -> None:
        self._switchboard = switchboard
        self._book = book
        self._tell = tell

    def missing(self, tenants: tuple[DemoTenant, ...]) -> list[DemoTenant]:
        """The tenants that do not exist or were not completed."""
        existing = self._existing_slugs()
        return [
            tenant
            for tenant in tenants
            if tenant.slug not in existing or not self._book.is_complete(tenant.slug)
        ]

    def seed(self, tenant: DemoTenant) -> None:
        is_there = tenant.slug in self._existing_slugs()
        if is_there and not self._book.knows(tenant.slug):
            raise CommandError(
                f"The tenant {tenant.slug} exists, but not the passwords of its demo users.",
                hint="helpdesk up --no-demo, or start with an empty HELPDESK_DATA",
                code="DEMO_PASSWORDS_LOST",
            )
        self._book.prepare(tenant)
        if not is_there:
            self._create_tenant(tenant)
        admin = self._as_user(tenant, tenant.first("admin").email)
        user_ids = self._create_users(admin, tenant)
        self._import_knowledge(admin, tenant)
        self._create_tickets(tenant, user_ids)
        self._book.complete(tenant.slug)

    def _existing_slugs(self) -> set[str]:
        operator = self._switchboard.operator()
        slugs: set[str] = set()
        token = ""
        while True:
            page = operator.tenants.ListTenants(
                tenant_service_pb2.ListTenantsRequest(page_size=100, page_token=token)
            )
            slugs |= {found.slug for found in page.tenants}
            token = page.next_page_token
            if not token:
                return slugs

    def _create_tenant(self, tenant: DemoTenant) -> None:
        admin = tenant.first("admin")
        self._tell(f"{tenant.slug}: tenant", 0, 1)
        self._switchboard.operator().tenants.CreateTenant(
            tenant_service_pb2.CreateTenantRequest(
                tenant=auth_pb2.Tenant(slug=tenant.slug, display_name=tenant.display_name),
                admin=auth_pb2.User(email=admin.email, display_name=admin.display_name),
                admin_password=self._book.password(tenant.slug, admin.email),
                request_id=_request_id(tenant.slug, "tenant"),
            )
        )

    def _create_users(self, gateway: Gateway, tenant: DemoTenant) -> dict[str, str]:
        ids = {user.email: user.user_id for user in list_users(gateway)}
        for done, user in enumerate(tenant.users):
            self._tell(f"{tenant.slug}: users", done, len(tenant.users))
            if user.email not in ids:
                made = gateway.users.CreateUser(
                    user_service_pb2.CreateUserRequest(
                        user=auth_pb2.User(
                            email=user.email, display_name=user.display_name, roles=[user.role]
                        ),
                        password=self._book.password(tenant.slug, user.email),
                        request_id=_request_id(tenant.slug, "user", user.email),
                    )
                )
                ids[user.email] = made.user_id
        return ids

    def _import_knowledge(self, gateway: Gateway, tenant: DemoTenant) -> None:
        articles = look_into(tenant.knowledge).articles
        known = {document.source_uri: document for document in list_documents(gateway)}
        importer = Importer(gateway, known)
        done = 0

        def progress(_: str) -> None:
            nonlocal done
            done += 1
            self._tell(f"{tenant.slug}: articles", done, len(articles))

        self._tell(f"{tenant.slug}: articles", 0, len(articles))
        importer.run(tenant.knowledge, articles, progress)
        for path, reason in importer.report.failed.items():
            raise CommandError(f"The demo article {tenant.slug}/{path} was refused: {reason}")

    def _create_tickets(self, tenant: DemoTenant, user_ids: dict[str, str]) -> None:
        agent = self._as_user(tenant, tenant.first("agent").email)
        existing = {(found.requester_id, found.subject): found for found in list_tickets(agent)}
        for done, ticket in enumerate(tenant.tickets):
            self._tell(f"{tenant.slug}: tickets", done, len(tenant.tickets))
            found = existing.get((user_ids[ticket.requester], ticket.subject))
            ticket_id = found.ticket_id if found else self._create_ticket(tenant, ticket)
            said = {
                (comment.author_id, comment.body)
                for comment in (list_comments(agent, ticket_id) if found else [])
            }
            for comment in ticket.comments:
                if (user_ids[comment.author], comment.body) not in said:
                    self._create_comment(tenant, ticket_id, comment)

    def _create_ticket(self, tenant: DemoTenant, ticket: DemoTicket) -> str:
        requester = self._as_user(tenant, ticket.requester)
        made = requester.tickets.CreateTicket(
            ticket_service_pb2.CreateTicketRequest(
                ticket=ticket_pb2.Ticket(
                    subject=ticket.subject,
                    body=ticket.body,
                    priority=Priority(ticket.priority).number,
                ),
                request_id=_request_id(tenant.slug, "ticket", ticket.subject),
            )
        )
        return made.ticket_id

    def _create_comment(self, tenant: DemoTenant, ticket_id: str, comment: DemoComment) -> None:
        self._as_user(tenant, comment.author).tickets.CreateComment(
            ticket_service_pb2.CreateCommentRequest(
                ticket_id=ticket_id,
                comment=ticket_pb2.Comment(body=comment.body, internal=comment.internal),
                request_id=_request_id(tenant.slug, "comment", ticket_id, comment.body),
            )
        )

    def _as_user(self, tenant: DemoTenant, email: str) -> Gateway:
        password = self._book.password(tenant.slug, email)
        return self._switchboard.user(tenant.slug, email, password)


def _request_id(*parts: str) -> str:
    return str(uuid5(NAMESPACE_URL, "helpdesk-demo/" + "/".join(parts)))
