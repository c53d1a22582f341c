import base64

import pytest

from services.mesh.caller import TenantId
from services.mesh.errors import PageTokenInvalid
from services.mesh.paging import decode_page_token, encode_page_token, page_size

ACME = TenantId("acme")
OPEN = {"filter": "is_open", "order_by": "create_time"}


@pytest.mark.parametrize(("wanted", "given"), [(0, 50), (-3, 50), (1, 1), (100, 100), (101, 100)])
def test_page_sizes_stay_in_bounds(wanted: int, given: int) -> None:
    assert page_size(wanted) == given


def test_a_token_continues_its_own_list() -> None:
    token = encode_page_token(ACME, OPEN, "2030-01-01|7")
    assert decode_page_token(ACME, dict(reversed(OPEN.items())), token) == "2030-01-01|7"


def test_a_token_is_safe_in_a_url() -> None:
    token = encode_page_token(ACME, OPEN, "ÿþ?/+=&")
    assert token.replace("-", "").replace("_", "").isalnum()


def test_no_token_is_the_first_page() -> None:
    assert decode_page_token(ACME, OPEN, "") is None


def test_a_token_of_another_tenant_is_refused() -> None:
    token = encode_page_token(TenantId("globex"), OPEN, "7")
    with pytest.raises(PageTokenInvalid):
        decode_page_token(ACME, OPEN, token)


def test_a_token_of_another_filter_is_refused() -> None:
    token = encode_page_token(ACME, OPEN, "7")
    with pytest.raises(PageTokenInvalid):
        decode_page_token(ACME, {**OPEN, "filter": ""}, token)


@pytest.mark.parametrize(
    "token",
    ["x", "é", "!!!!", "=", "A" * 5000]
    + [
        base64.urlsafe_b64encode(content).decode().rstrip("=")
        for content in (b"[]", b"{}", b"1", b'["a"]', b'["a",1]', b"\xff", b"[" * 900)
    ],
)
def test_a_made_up_token_is_refused(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        decode_page_token(ACME, OPEN, token)
