"""What ids name, and how to get one of each kind.

A new id field that names something new needs a line in FIELDS and a function here;
test_matrix.py fails until it has them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from helpdesk.auth.v1 import (
    api_key_service_pb2,
    auth_pb2,
    identity_provider_pb2,
    role_service_pb2,
    tenant_service_pb2,
    user_service_pb2,
)
from helpdesk.chat.v1 import chat_pb2, chat_service_pb2
from helpdesk.search.v1 import evaluation_service_pb2, search_pb2, search_service_pb2
from helpdesk.ticket.v1 import (
    canned_reply_service_pb2,
    field_pb2,
    macro_service_pb2,
    queue_service_pb2,
    ticket_pb2,
    ticket_service_pb2,
    view_service_pb2,
    webhook_service_pb2,
)
from services.mesh.ids import new_id
from tests.security.requests import CannotCall, a_field_key, a_request, a_role_name, unique
from tests.security.rpcs import FieldPath, Rpc, rpc, text_fields
from tests.security.stage import House, Person, Stage

Make = Callable[[Stage, House, Person, str], Awaitable[str]]


@dataclass(frozen=True)
class Kind:
    name: str
    make: Make
    """Makes one in a state, for a person of a house, and returns its id."""
    states: tuple[str, ...] = ("existing",)
    """The first is the ordinary one."""
    is_personal: bool = False
    """Whether colleagues of the same role do not see it either."""
    missing: Callable[[], str] = new_id
    """Names one that does not exist, in the form that such names have."""


async def _ticket(stage: Stage, house: House, owner: Person, state: str) -> str:
    request = ticket_service_pb2.CreateTicketRequest(
        ticket=ticket_pb2.Ticket(subject=unique("Printer"), body=unique("canary"))
    )
    made = await stage.must(owner, "CreateTicket", request)
    assert isinstance(made, ticket_pb2.Ticket)
    steps = {"existing": (), "resolved": ("ResolveTicket",)}
    for step in steps.get(state, ("ResolveTicket", "CloseTicket")):
        move = rpc(step).request_type(ticket_id=made.ticket_id)
        await stage.must(house["admin"], step, move)
    return made.ticket_id


async def _view(stage: Stage, house: House, owner: Person, state: str) -> str:
    # Customers save none, so theirs is one that their admin shares.
    is_shared = not {"agent", "admin"} & {*owner.roles}
    view = view_service_pb2.View(name=unique("view"), shared=is_shared)
    request = view_service_pb2.CreateViewRequest(view=view)
    made = await stage.must(house["admin"] if is_shared else owner, "CreateView", request)
    assert isinstance(made, view_service_pb2.View)
    return made.view_id


async def _document(stage: Stage, house: House, owner: Person, state: str) -> str:
    name = unique("article")
    request = search_service_pb2.PutDocumentRequest(
        document=search_pb2.KnowledgeDocument(
            source_uri=f"security/{name}.md", content=f"# {name}\n\nThe printer {name} is out."
        )
    )
    made = await stage.must(house["admin"], "PutDocument", request)
    assert isinstance(made, search_pb2.KnowledgeDocument)
    if state == "deleted":
        gone = search_service_pb2.DeleteDocumentRequest(document_id=made.document_id)
        await stage.must(house["admin"], "DeleteDocument", gone)
    return made.document_id


async def _golden_set(stage: Stage, house: House, owner: Person, state: str) -> str:
    made = await stage.must(house["admin"], "PutGoldenSet", a_request(rpc("PutGoldenSet"), {}))
    assert isinstance(made, evaluation_service_pb2.GoldenSet)
    return made.golden_set_id


async def _conversation(stage: Stage, house: House, owner: Person, state: str) -> str:
    made = await stage.must(owner, "CreateSession", chat_service_pb2.CreateSessionRequest())
    assert isinstance(made, chat_pb2.ChatSession)
    said = chat_service_pb2.SendMessageRequest(
        session_id=made.session_id, text=f"Where is the printer {unique('canary')}?"
    )
    await stage.must(owner, "SendMessage", said)
    if state == "handed off":
        request = chat_service_pb2.HandOffSessionRequest(session_id=made.session_id)
        await stage.must(owner, "HandOffSession", request)
    return made.session_id


async def _user(stage: Stage, house: House, owner: Person, state: str) -> str:
    admin = house["admin"]
    if state == "invited":
        request = user_service_pb2.InviteUserRequest(
            user=auth_pb2.User(email=f"{unique('guest')}@example.com", display_name="Guest")
        )
        made = await stage.must(admin, "InviteUser", request)
        assert isinstance(made, user_service_pb2.Invitation)
        return made.user.user_id
    user_id = (await stage.add_person(admin, "somebody", "customer")).user_id
    if state == "disabled":
        shut_out = user_service_pb2.DisableUserRequest(user_id=user_id)
        await stage.must(admin, "DisableUser", shut_out)
    return user_id


async def _identity_provider(stage: Stage, house: House, owner: Person, state: str) -> str:
    request = a_request(rpc("CreateIdentityProvider"), {})
    made = await stage.must(house["admin"], "CreateIdentityProvider", request)
    assert isinstance(made, identity_provider_pb2.IdentityProvider)
    return made.identity_provider_id


async def _api_key(stage: Stage, house: House, owner: Person, state: str) -> str:
    # Customers make none, so theirs are their admin's; nobody but an admin sees those.
    maker = house["admin"] if "customer" in owner.roles else owner
    request = api_key_service_pb2.CreateApiKeyRequest(
        display_name=unique("Robot"), scopes=["ticket.tickets.get"]
    )
    made = await stage.must(maker, "CreateApiKey", request)
    assert isinstance(made, api_key_service_pb2.ApiKey)
    return made.api_key_id


async def _role(stage: Stage, house: House, owner: Person, state: str) -> str:
    request = role_service_pb2.CreateRoleRequest(role=auth_pb2.Role(name=a_role_name()))
    made = await stage.must(house["admin"], "CreateRole", request)
    assert isinstance(made, auth_pb2.Role)
    return made.name


async def _canned_reply(stage: Stage, house: House, owner: Person, state: str) -> str:
    request = a_request(rpc("CreateCannedReply"), {})
    made = await stage.must(house["admin"], "CreateCannedReply", request)
    assert isinstance(made, canned_reply_service_pb2.CannedReply)
    return made.name


async def _macro(stage: Stage, house: House, owner: Person, state: str) -> str:
    made = await stage.must(house["admin"], "PutMacro", a_request(rpc("PutMacro"), {}))
    assert isinstance(made, macro_service_pb2.Macro)
    return made.name


async def _field(stage: Stage, house: House, owner: Person, state: str) -> str:
    made = await stage.must(house["admin"], "CreateField", a_request(rpc("CreateField"), {}))
    assert isinstance(made, field_pb2.TicketField)
    return made.key


async def _webhook(stage: Stage, house: House, owner: Person, state: str) -> str:
    made = await stage.must(house["admin"], "CreateWebhook", a_request(rpc("CreateWebhook"), {}))
    assert isinstance(made, webhook_service_pb2.Webhook)
    return made.webhook_id


async def _queue(stage: Stage, house: House, owner: Person, state: str) -> str:
    made = await stage.must(house["admin"], "CreateQueue", a_request(rpc("CreateQueue"), {}))
    assert isinstance(made, queue_service_pb2.Queue)
    return made.name


async def _client(stage: Stage, house: House, owner: Person, state: str) -> str:
    request = user_service_pb2.CreateClientRequest(display_name=unique("Robot"), roles=["customer"])
    made = await stage.must(house["admin"], "CreateClient", request)
    assert isinstance(made, user_service_pb2.Client)
    return made.client_id


async def _tenant(stage: Stage, house: House, owner: Person, state: str) -> str:
    """Not the house itself, which has to outlive what operators do to tenants."""
    made = await stage.must(stage.operator, "CreateTenant", a_request(rpc("CreateTenant"), {}))
    assert isinstance(made, auth_pb2.Tenant)
    if state == "suspended":
        request = tenant_service_pb2.SuspendTenantRequest(tenant_id=made.tenant_id)
        await stage.must(stage.operator, "SuspendTenant", request)
    return made.tenant_id


TICKET = Kind("ticket", _ticket, ("existing", "resolved", "closed"), is_personal=True)
VIEW = Kind("view", _view, is_personal=True)
DOCUMENT = Kind("document", _document, ("existing", "deleted"))
GOLDEN_SET = Kind("golden set", _golden_set)
CONVERSATION = Kind("conversation", _conversation, ("existing", "handed off"), is_personal=True)
USER = Kind("user", _user, ("existing", "invited", "disabled"))
IDENTITY_PROVIDER = Kind("identity provider", _identity_provider)
API_KEY = Kind("API key", _api_key, is_personal=True)
ROLE = Kind("role", _role, missing=a_role_name)
CANNED_REPLY = Kind("canned reply", _canned_reply, missing=lambda: unique("reply"))
MACRO = Kind("macro", _macro, missing=lambda: unique("macro"))
FIELD = Kind("ticket field", _field, missing=a_field_key)
QUEUE = Kind("queue", _queue, missing=lambda: unique("queue"))
WEBHOOK = Kind("webhook", _webhook)
CLIENT = Kind("client", _client)
TENANT = Kind("tenant", _tenant, ("existing", "suspended"))

# By area and the field's name, behind its message's where it means different things; by the name
# alone where it means the same everywhere.
FIELDS: Mapping[tuple[str, str], Kind] = {
    ("ticket", "ticket_id"): TICKET,
    ("ticket", "merged_into_id"): TICKET,
    ("ticket", "other_ticket_id"): TICKET,
    ("ticket", "target_ticket_id"): TICKET,
    ("ticket", "view_id"): VIEW,
    ("ticket", "webhook_id"): WEBHOOK,
    ("ticket", "assignee_id"): USER,
    ("ticket", "requester_id"): USER,
    ("ticket", "author_id"): USER,
    ("ticket", "chat_session_id"): CONVERSATION,
    ("search", "document_id"): DOCUMENT,
    ("search", "golden_set_id"): GOLDEN_SET,
    ("chat", "session_id"): CONVERSATION,
    ("", "user_id"): USER,
    ("", "resource_id"): TICKET,
    ("auth", "tenant_id"): TENANT,
    ("ticket", "tenant_id"): TENANT,
    ("auth", "identity_provider_id"): IDENTITY_PROVIDER,
    ("auth", "api_key_id"): API_KEY,
    ("auth", "name"): ROLE,
    ("ticket", "DeleteQueueRequest.name"): QUEUE,
    ("ticket", "TicketField.key"): FIELD,
    ("ticket", "GetMacroRequest.name"): MACRO,
    ("ticket", "DeleteMacroRequest.name"): MACRO,
    ("ticket", "DeleteCannedReplyRequest.name"): CANNED_REPLY,
    ("auth", "GetClientRequest.client_id"): CLIENT,
    ("auth", "Client.client_id"): CLIENT,
    ("auth", "RotateClientSecretRequest.client_id"): CLIENT,
    ("auth", "DeleteClientRequest.client_id"): CLIENT,
}

# Named like ids, but nothing is looked up by them.
NO_OBJECTS = {"foreign_id", "request_id", "client_id", "comment_id", "attachment_id", "delivery_id"}
NO_OBJECTS |= {"past_comment_id"}

# Whose ids are kept as they are told, and nothing is looked up by them.
TOLD = {
    "UploadAttachmentRequest.past_author_id",
    "ImportTicketRequest.comments",
    "ImportTicketRequest.events",
    "SetRoutingPolicyRequest.policy",
}

# Ids beside the object that the RPC is about: they are kept or compared, and open nothing.
BESIDE = {
    "AssignTicketRequest.assignee_id",
    "BulkUpdateTicketsRequest.assignment.assignee_id",
    "CreateTicketRequest.chat_session_id",
    "LinkTicketsRequest.other_ticket_id",
    "PutMacroRequest.macro.actions.assignment.assignee_id",
    "MergeTicketsRequest.target_ticket_id",
    "UnlinkTicketsRequest.other_ticket_id",
    "FollowTicketRequest.user_id",
    "UnfollowTicketRequest.user_id",
    # The service of tickets knows no tenants: one that there is not has no addresses.
    "ListMailAddressesRequest.tenant_id",
    "ListAuditRecordsRequest.user_id",
    "ListAuditRecordsRequest.resource_id",
}


@dataclass(frozen=True)
class IdField:
    path: FieldPath
    kind: Kind


def id_fields(each: Rpc) -> list[IdField]:
    """Raises CannotCall for an id of which nobody has said what it names."""
    found = []
    for path in text_fields(each.descriptor.input_type):
        if f"{each.descriptor.input_type.name}.{str(path).split('.')[0]}" in TOLD:
            continue
        name = path.last.name
        message = path.last.containing_type
        assert message is not None
        own = FIELDS.get((each.area, f"{message.name}.{name}"))
        kind = own or FIELDS.get((each.area, name)) or FIELDS.get(("", name))
        if own is None and (name in NO_OBJECTS or (kind is None and not name.endswith("_id"))):
            continue
        if kind is None:
            raise CannotCall(f"{each.path}: nobody has said what {path} names")
        found.append(IdField(path, kind))
    return found


def object_field(each: Rpc) -> IdField | None:
    """The field that says which object the RPC is about, if it is about one."""
    makes_one = each.name.startswith(("Create", "Import", "Invite", "Put"))
    if makes_one and each.name not in ("CreateComment", "CreatePasswordReset"):
        return None
    message = each.descriptor.input_type.name
    for field in id_fields(each):
        if f"{message}.{field.path}" not in BESIDE:
            return field
    return None


def a_missing_id() -> str:
    return new_id()
