"""What a client asks for, in words for the consent page."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_OPENID = {
    "openid": "Know that it is you",
    "profile": "See your name and your organisation",
    "email": "See your e-mail address",
    "offline_access": "Keep this access while you are away",
    "helpdesk": "Do everything in Helpdesk that you may do",
}


class ScopeWords:
    def __init__(self, openapi_document: Path) -> None:
        self._words = {**_OPENID, **_permissions(json.loads(openapi_document.read_text()))}

    def of(self, scopes: Iterable[str]) -> list[str]:
        return [self._words.get(scope, scope) for scope in sorted(scopes, key=_order)]


def _permissions(document: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, str]:
    """Each permission in the words of the contract's comment on its RPC."""
    found = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and operation.get("x-required-permission"):
                permission = str(operation["x-required-permission"])
                found[permission] = _imperative(str(operation["summary"]))
    return found


def _imperative(summary: str) -> str:
    """`Lists tickets, newest first` says what an RPC does; a client asks to `List tickets`."""
    verb, _, rest = re.split("[,;:]| and ", summary)[0].partition(" ")
    base = re.sub("(?<=ch|sh|ss)es$|s$", "", verb)
    return f"{base} {rest}".strip()


def _order(scope: str) -> tuple[int, str]:
    known = list(_OPENID)
    return (known.index(scope) if scope in known else len(known), scope)
