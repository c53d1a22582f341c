"""Whence an end user calls, as far as the mesh's edge has seen it."""

from ipaddress import IPv6Address, ip_address, ip_network

from services.mesh.call import call_or_none

# Only these speak with the outside, and only they are believed.
_EDGE = {"gateway", "bridge"}

# Whoever has one address of IPv6 has 2^64 of them.
_NETWORK_BITS = 64


def client_address() -> str:
    """Empty where it is not known, or is this machine, on which it would mean everybody.

    The edge writes what it saw behind whatever the client claims, so the last entry counts.
    """
    call = call_or_none()
    if call is None or call.caller_service not in _EDGE:
        return ""
    values = call.metadata.get("x-forwarded-for", [])
    last = values[-1] if values else ""
    if not isinstance(last, str):
        return ""
    try:
        address = ip_address(last.rpartition(",")[2].strip())
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return ""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _NETWORK_BITS), strict=False))
    return str(address)
