"""Pages without a script, that nobody may frame and that load nothing from elsewhere."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

FOLDER = Path(__file__).parents[1] / "pages" / "oauth"

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*:(//[A-Za-z0-9.-]+(:[0-9]{1,5})?)?\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")


class Pages:
    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined
        )

    def show(
        self, name: str, *, status: int = 200, return_origin: str = "", **values: object
    ) -> HTMLResponse:
        """`return_origin` is where a form on the page may lead in the end."""
        page = self._templates.get_template(f"{name}.html").render(**values)
        return HTMLResponse(page, status, headers=_headers(return_origin))

    def refuse(
        self, title: str, explanation: str, detail: str = "", status: int = 400
    ) -> HTMLResponse:
        return self.show(
            "refusal", status=status, title=title, explanation=explanation, detail=detail
        )


def _headers(return_origin: str) -> dict[str, str]:
    # Browsers hold a redirect that answers a form against form-action as well.
    targets = " ".join(filter(None, ("'self'", _source(return_origin))))
    return {
        "content-security-policy": (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
            f"form-action {targets}; frame-ancestors 'none'"
        ),
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }


def _source(origin: str) -> str:
    """The origin in the words of a policy, which knows no IPv6 addresses: their scheme then."""
    if _ORIGIN.match(origin):
        return origin
    scheme = _SCHEME.match(origin)
    return scheme[0] if scheme else ""
