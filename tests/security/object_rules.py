"""What the state of an object makes of a call that its caller has the permission for.

Written down a second time here, in the words of the contract, so that the services are not asked
what they ought to do. Whatever is not in these tables succeeds.
"""

from collections.abc import Collection, Mapping

from tests.security.kinds import API_KEY, DOCUMENT, TICKET, VIEW, Kind
from tests.security.rpcs import Rpc

OK = "OK"
NOT_FOUND = "NOT_FOUND"
FAILED_PRECONDITION = "FAILED_PRECONDITION"
UNAUTHENTICATED = "UNAUTHENTICATED"
PERMISSION_DENIED = "PERMISSION_DENIED"

# Whoever holds one of these sees what belongs to colleagues, too.
SEES_ALL: Mapping[Kind, str] = {
    API_KEY: "auth.api_keys.manage",
    TICKET: "ticket.tickets.handle",
    VIEW: "ticket.views.share",
}

ALLOWED_IN: Mapping[str, Collection[str]] = {
    "UpdateTicket": ("existing", "resolved"),
    "CreateComment": ("existing", "resolved"),
    "UploadAttachment": ("existing", "resolved"),
    "AssignTicket": ("existing", "resolved"),
    "PendTicket": ("existing",),
    "ResolveTicket": ("existing",),
    "ReopenTicket": ("resolved",),
    "CloseTicket": ("resolved",),
    "RateTicket": ("resolved", "closed"),
    "SendMessage": ("existing",),
    "StreamMessage": ("existing",),
    "RenewInvitation": ("invited",),
    "CreatePasswordReset": ("existing",),
}

# They ask for the caller's own password once more, or for the code of an app that is not there.
_WRONG_PASSWORD = f"{UNAUTHENTICATED} CREDENTIALS_WRONG"
_NO_APP = f"{FAILED_PRECONDITION} TOTP_NOT_ENROLLED"
ALWAYS_REFUSED: Mapping[str, str] = {
    "ChangePassword": _WRONG_PASSWORD,
    "EnrolTotp": _WRONG_PASSWORD,
    "ConfirmTotp": _NO_APP,
    "DisableTotp": _NO_APP,
    # Their other ticket, comment, reply or file is one that nobody has.
    "LinkTickets": NOT_FOUND,
    "UnlinkTickets": NOT_FOUND,
    "MergeTickets": NOT_FOUND,
    "SplitTicket": NOT_FOUND,
    "RenderCannedReply": NOT_FOUND,
    "DownloadAttachment": NOT_FOUND,
    "DeleteAttachment": NOT_FOUND,
    "ApplyMacro": NOT_FOUND,
    "PreviewMacro": NOT_FOUND,
    "DeleteMailAddress": f"{NOT_FOUND} MAIL_ADDRESS_NOT_FOUND",
}

# A deleted document is gone, but what was quoted from it can still be looked up.
GONE_IN: Mapping[Kind, Collection[str]] = {DOCUMENT: ("deleted",)}
FOUND_THOUGH_GONE = {
    "GetDocumentVersion",
    "ListDocumentVersions",
    "DiffDocumentVersions",
    "DeleteDocument",
}


def verdict(
    rpc: Rpc, permissions: Collection[str], kind: Kind | None, whose: str, state: str
) -> str:
    """For somebody whose token is good: first the permission, then the object, then its state."""
    if rpc.policy.permission not in permissions:
        return PERMISSION_DENIED
    if rpc.name in ALWAYS_REFUSED:
        return ALWAYS_REFUSED[rpc.name]
    if kind is None:
        return OK
    is_gone = state in GONE_IN.get(kind, ()) and rpc.name not in FOUND_THOUGH_GONE
    if is_gone or whose in ("foreign", "missing") or _is_hidden(kind, whose, permissions):
        return NOT_FOUND
    if state not in ALLOWED_IN.get(rpc.name, kind.states):
        return FAILED_PRECONDITION
    return OK


def _is_hidden(kind: Kind, whose: str, permissions: Collection[str]) -> bool:
    if whose != "a colleague's" or not kind.is_personal:
        return False
    return SEES_ALL.get(kind) not in permissions
