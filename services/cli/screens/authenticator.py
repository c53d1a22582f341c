"""What an authenticator app needs, in a terminal."""

import io
from collections.abc import Sequence

import segno
from rich.console import Group, RenderableType
from rich.text import Text


def qr_code(uri: str) -> str:
    """In half blocks: two rows of the code in each line, so that it fits into a small terminal."""
    page = io.StringIO()
    segno.make(uri, error="l", micro=False).terminal(page, compact=True)
    return page.getvalue()


def recovery_codes(codes: Sequence[str]) -> RenderableType:
    return Group(
        Text("The app is on. Keep these codes for when it is lost; each works once:"),
        Text(),
        *(Text(f"  {code}", style="bold") for code in codes),
    )
