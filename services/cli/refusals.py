"""Turns what the mesh refuses with into a sentence and a hint; nobody sees gRPC's words."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.cli.failures import AUTHENTICATION, ERROR, CommandError
from services.cli.output import without_controls


class Refusal(NamedTuple):
    sentence: str
    hint: str = ""


_LOGIN = "helpdesk login --tenant TENANT"
_OTHER_ROLE = "add --as agent or --as admin, if you have that login"
_LATER = "try again in a moment; `helpdesk status` shows what serves"

# By reason of the contract. Braces are filled from the refusal's metadata; an empty sentence lets
# the service's own words stand.
_BY_REASON: Mapping[str, Refusal] = {
    "TOKEN_MISSING": Refusal("You are not logged in.", _LOGIN),
    "TOKEN_INVALID": Refusal("Your login is not valid any more.", _LOGIN),
    "PERMISSION_MISSING": Refusal("Your role lacks the permission {permission}.", _OTHER_ROLE),
    "DEADLINE_EXCEEDED": Refusal("The helpdesk did not answer in time.", _LATER),
    "PEER_UNAVAILABLE": Refusal("The service {peer} does not answer.", _LATER),
    "POLICY_UNAVAILABLE": Refusal("The access rules are not at hand yet.", _LATER),
    "STORAGE_UNAVAILABLE": Refusal(
        "The database cannot be written; nothing was stored.", "is the disk full? `helpdesk doctor`"
    ),
    "CREDENTIALS_WRONG": Refusal("Tenant, e-mail address and password do not match."),
    "REFRESH_TOKEN_INVALID": Refusal("Your login has ended.", _LOGIN),
    "CLIENT_NOT_FOUND": Refusal("There is no such client.", "helpdesk clients list"),
    "LOGIN_THROTTLED": Refusal("Too many failed logins.", "wait {wait} s and try again"),
    "IDENTITY_PROVIDER_NOT_FOUND": Refusal(
        "There is no such identity provider.", "helpdesk identity-providers list"
    ),
    "IDENTITY_PROVIDER_ISSUER_TAKEN": Refusal(
        "There is a provider with the issuer {issuer}.", "helpdesk identity-providers list"
    ),
    "IDENTITY_PROVIDER_CHANGED": Refusal(
        "Somebody changed the identity provider meanwhile.", "run the command again"
    ),
    "ROLE_NOT_GRANTABLE": Refusal("You cannot give the role {role}: it may more than you."),
    "PERMISSION_NOT_GRANTABLE": Refusal("You cannot give {permission}: you lack it yourself."),
    "PERMISSION_UNKNOWN": Refusal(
        "There is no permission {permission} to give.", "helpdesk roles permissions"
    ),
    "ROLE_NOT_FOUND": Refusal("There is no role {role}.", "helpdesk roles list"),
    "ROLE_IN_USE": Refusal("Somebody holds the role {role}.", "helpdesk users list"),
    "ROLE_FIXED": Refusal("The role {role} belongs to the product and stays as it is."),
    "ROLE_NAME_TAKEN": Refusal("There is a role {role} already.", "helpdesk roles list"),
    "ROLE_CHANGED": Refusal("Somebody changed the role meanwhile.", "run the command again"),
    "USER_NOT_FOUND": Refusal("There is no such user.", "helpdesk users list"),
    "USER_EMAIL_TAKEN": Refusal("There is a user with this address.", "helpdesk users list"),
    "USER_CHANGED": Refusal("Somebody changed the user meanwhile.", "run the command again"),
    "USER_MAY_MORE": Refusal("This user may do things that you may not, so you cannot."),
    "USER_STATE_UNFIT": Refusal("This is not possible for a user who is {state}."),
    "LAST_ADMIN": Refusal("The tenant would have no admin left."),
    "API_KEY_NOT_FOUND": Refusal("You have no such key.", "helpdesk api-keys list"),
    "ROLE_NAME_RESERVED": Refusal("The name {role} is kept for roles of the product."),
    "ACCOUNT_CODE_INVALID": Refusal("The code is not valid any more.", "ask for a new one"),
    "ONE_TIME_CODE_REQUIRED": Refusal(
        "The code of your authenticator app is missing.", "add --code 123456"
    ),
    "TOTP_ENROLLED": Refusal("An authenticator app is on already.", "helpdesk account totp off"),
    "TOTP_NOT_ENROLLED": Refusal("No authenticator app is on.", "helpdesk account totp on"),
    "TENANT_SUSPENDED": Refusal("This tenant is suspended.", "ask the operator of the platform"),
    "TENANT_NOT_FOUND": Refusal("There is no such tenant.", "helpdesk tenants list"),
    "TENANT_SLUG_TAKEN": Refusal("There is a tenant {slug} already.", "helpdesk tenants list"),
    "TENANT_DELETING": Refusal("The tenant is being deleted, and that cannot be stopped."),
    "TENANT_PROTECTED": Refusal("The platform's own tenant stays as it is."),
    "TICKET_NOT_FOUND": Refusal("There is no such ticket.", "helpdesk tickets list"),
    "TICKET_CHANGED": Refusal("Somebody changed the ticket meanwhile.", "run the command again"),
    "TRANSITION_NOT_ALLOWED": Refusal("A ticket that is {status} cannot be changed by {verb}."),
    "DOCUMENT_NOT_FOUND": Refusal("There is no such document.", "helpdesk kb list"),
    "SESSION_NOT_FOUND": Refusal("There is no such conversation.", "leave --session out"),
    "SESSION_HANDED_OFF": Refusal(
        "A person has taken over this conversation.", "helpdesk tickets show {ticket_id}"
    ),
    "QUESTION_EMPTY": Refusal("The question is empty.", 'helpdesk ask "how do I …?"'),
    "QUERY_EMPTY": Refusal("There is no word in it that could be searched for."),
    "VERSION_NOT_FOUND": Refusal(
        "The document has no version {version}.", "helpdesk kb history DOCUMENT"
    ),
    "VERSION_NOT_NEWEST": Refusal(
        "A newer version has been put since version {version}.", "helpdesk kb history DOCUMENT"
    ),
    "DOCUMENT_EMPTY": Refusal("no text that could be searched"),
    "READERS_UNCLEAR": Refusal("`readers` in the front matter names neither roles nor users"),
    "DOCUMENT_NOT_TEXT": Refusal("not UTF-8 text"),
    **{
        f"DOCUMENT_{reason}": Refusal("{detail}")
        for reason in (
            "FORMAT_UNKNOWN",
            "FORMAT_MISMATCH",
            "DAMAGED",
            "ENCRYPTED",
            "ONLY_PICTURES",
            "TOO_LARGE",
            "UNSAFE",
            "TOO_COSTLY",
            "CONVERSION_FAILED",
            "ENCODING_UNCLEAR",
        )
    },
}

_BY_CODE: Mapping[int, Refusal] = {
    code_pb2.UNAVAILABLE: Refusal(
        "The helpdesk does not answer at {address}.", "helpdesk up --detach"
    ),
    code_pb2.DEADLINE_EXCEEDED: Refusal("The helpdesk did not answer in time.", _LATER),
    code_pb2.UNAUTHENTICATED: Refusal("You are not logged in.", _LOGIN),
    code_pb2.PERMISSION_DENIED: Refusal("Your role does not allow this.", _OTHER_ROLE),
    code_pb2.RESOURCE_EXHAUSTED: Refusal("Too many requests.", "wait a little and try again"),
    code_pb2.UNIMPLEMENTED: Refusal("This helpdesk is of another version than this command."),
    code_pb2.CANCELLED: Refusal("The call was cancelled."),
}
_UNKNOWN = Refusal("Something failed inside the helpdesk.", _LATER)


def from_rpc(error: grpc.RpcError, address: str = "") -> CommandError:
    return from_status(status_of(error), address, request_id=_trailer(error, "x-request-id"))


def status_of(error: grpc.RpcError) -> status_pb2.Status:
    """The refusal in full; made from the bare code when something else than the mesh answered."""
    try:
        status = rpc_status.from_call(cast("grpc.Call", error))
    except ValueError:
        status = None
    if status is not None:
        return status
    return status_pb2.Status(code=error.code().value[0])


def reason_of(status: status_pb2.Status) -> str:
    return str(_info(status).reason)


def retry_after_seconds(status: status_pb2.Status) -> float | None:
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(retry):
            return float(retry.retry_delay.ToTimedelta().total_seconds())
    return None


def from_status(status: status_pb2.Status, address: str = "", request_id: str = "") -> CommandError:
    info = _info(status)
    fields = _Fields(info.metadata)
    fields.setdefault("address", address or "its address")
    fields["wait"] = f"{max(retry_after_seconds(status) or 1.0, 1.0):.0f}"
    known = _BY_REASON.get(info.reason)
    if known is None and info.reason not in ("", "INTERNAL"):
        known = Refusal(_as_it_is(_violations(status) or status.message))
    if known is None:
        known = _BY_CODE.get(status.code, _UNKNOWN)
    sentence = known.sentence.format_map(fields)
    if known is _UNKNOWN:
        sentence += f" Request {fields.get('request_id') or request_id or 'unknown'}."
    is_login = status.code == code_pb2.UNAUTHENTICATED
    return CommandError(
        without_controls(sentence),
        hint=known.hint.format_map(fields),
        code=info.reason or code_pb2.Code.Name(_code(status.code)),
        exit_code=AUTHENTICATION if is_login else ERROR,
    )


def _as_it_is(words: str) -> str:
    return words.replace("{", "{{").replace("}", "}}")


class _Fields(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key


def _info(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info
    return info


def _violations(status: status_pb2.Status) -> str:
    bad = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Unpack(bad) and bad.field_violations:
            return "; ".join(
                f"{violation.field}: {violation.description}" for violation in bad.field_violations
            )
    return ""


def _code(number: int) -> code_pb2.Code.ValueType:
    known = number in code_pb2.Code.values()
    return code_pb2.Code.ValueType(number if known else code_pb2.UNKNOWN)


def _trailer(error: grpc.RpcError, key: str) -> str:
    trailers = cast("Iterable[tuple[str, str | bytes]]", error.trailing_metadata() or ())
    return next((str(value) for name, value in trailers if name == key), "")
