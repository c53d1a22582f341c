"""Every audited RPC says what it acts on, every area shows its audit, and no write is left out."""

import pytest
from google.protobuf.descriptor import Descriptor, MethodDescriptor

from services.mesh.audit.resources import Resource, resource_of
from services.mesh.audit.service import service_name
from services.mesh.contract import find_service, read_policy, services_of

AREAS = ("auth", "ticket", "search", "chat")
METHODS = {
    f"{service}.{method.name}": method
    for area in AREAS
    for service in services_of(area)
    for method in find_service(service).methods
}
AUDITED = {name: method for name, method in METHODS.items() if read_policy(method).audited}
READS = (
    "Get",
    "Diff",
    "Explain",
    "Download",
    "List",
    "Group",
    "Report",
    "Search",
    "Suggest",
    "Watch",
    "Verify",
)

# What changes nothing that anybody would ask about later, with the reason.
NOT_AUDITED = {
    "helpdesk.auth.v1.PolicyService.ConfirmPolicy": "says what the policy stream has told",
    "helpdesk.auth.v1.PurgeService.ConfirmPurge": "part of a deletion, which is audited itself",
    "helpdesk.auth.v1.AuthorizationService.BeginAuthorization": "leads to a login or a code",
    "helpdesk.auth.v1.AuthorizationService.BeginDeviceApproval": "leads to a decision",
    "helpdesk.auth.v1.AuthorizationService.InspectAuthorization": "shows a page again",
    "helpdesk.auth.v1.FederatedLoginService.StartFederatedLogin": "leads to a login",
    "helpdesk.auth.v1.AuthorizationService.StartDeviceAuthorization": "of nobody's tenant yet",
    "helpdesk.chat.v1.ChatService.CreateSession": "an empty conversation",
    "helpdesk.chat.v1.ChatService.SendMessage": "a question and its answer, kept as messages",
    "helpdesk.chat.v1.ChatService.StreamMessage": "the same, streamed",
    "helpdesk.ticket.v1.CannedReplyService.RenderCannedReply": "fills a text in, keeps nothing",
    "helpdesk.ticket.v1.MacroService.PreviewMacro": "tells what would be done, keeps nothing",
    "helpdesk.ticket.v1.MailTemplateService.PreviewMailTemplate": "fills in, keeps nothing",
    "helpdesk.ticket.v1.TicketService.SetPresence": "who is there just now, forgotten in minutes",
    "helpdesk.search.v1.EvaluationService.RunEvaluation": "asks questions, as a search does",
}


@pytest.fixture(params=list(AUDITED.values()), ids=list(AUDITED))
def method(request: pytest.FixtureRequest) -> MethodDescriptor:
    found: MethodDescriptor = request.param
    return found


def test_it_says_what_it_acts_on(method: MethodDescriptor) -> None:
    assert resource_of(method).is_known


def test_the_fields_it_names_are_there(method: MethodDescriptor) -> None:
    resource = resource_of(method)

    assert not resource.path or leads_to_text(method.input_type, resource.path)


def test_a_method_without_any_id_would_be_noticed() -> None:
    assert not Resource().is_known
    assert not leads_to_text(METHODS["helpdesk.auth.v1.UserService.GetUser"].input_type, ("no",))


def test_every_write_is_audited_or_has_its_reason() -> None:
    writes = {name for name, method in METHODS.items() if not method.name.startswith(READS)}

    assert writes - set(AUDITED) == set(NOT_AUDITED)


@pytest.mark.parametrize("area", AREAS)
def test_each_area_serves_its_audit(area: str) -> None:
    assert service_name(area) in services_of(area)


def leads_to_text(message: Descriptor, path: tuple[str, ...]) -> bool:
    name, *deeper = path
    field = message.fields_by_name.get(name)
    if field is None or field.is_repeated:
        return False
    if deeper:
        return field.message_type is not None and leads_to_text(field.message_type, tuple(deeper))
    return bool(field.type == field.TYPE_STRING)
