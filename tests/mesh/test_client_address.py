"""Whence an end user calls, and whom one believes about it."""

import pytest

from services.mesh.call import begin_call
from services.mesh.client_address import client_address


def seen(*values: str | bytes, by: str = "gateway") -> str:
    call = begin_call("/a/b", {"x-forwarded-for": list(values)})
    call.caller_service = by
    return client_address()


@pytest.mark.parametrize(
    ("values", "address"),
    [
        (("203.0.113.7",), "203.0.113.7"),
        (("10.0.0.1, 203.0.113.7",), "203.0.113.7"),
        (("10.0.0.1", "203.0.113.7"), "203.0.113.7"),
        (("2001:db8:1:2:3:4:5:6",), "2001:db8:1:2::/64"),
        (("::ffff:203.0.113.7",), "203.0.113.7"),
        (("127.0.0.1",), ""),
        (("::1",), ""),
        (("::ffff:127.0.0.1",), ""),
        (("nobody",), ""),
        (("203.0.113.7, ",), ""),
        ((b"203.0.113.7",), ""),
        ((), ""),
    ],
)
def test_the_last_entry_counts(values: tuple[str | bytes, ...], address: str) -> None:
    assert seen(*values) == address


def test_only_the_edge_is_believed() -> None:
    assert seen("203.0.113.7", by="bridge") == "203.0.113.7"
    assert seen("203.0.113.7", by="chat") == ""
