"""Whether an address belongs to the open internet, whatever it is wrapped in."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

# IPv6 forms that carry an IPv4 address to a translator: the inner address is what is reached.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")
# Tunnels that nobody needs any more, with a way in behind each.
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
# What Python's own list has not, or not in every version that we run on; the first is a public
# address on paper and, inside of one large cloud, the machine's own management.
_NOT_PUBLIC = tuple(map(ip_network, ("168.63.129.16/32", "192.0.0.0/24", "3fff::/20")))
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.scope_id or any(address in tunnel for tunnel in _TUNNELS):
            return False
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_UNICAST:
            return False
    # Python calls multicast addresses global.
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_PUBLIC)
    )


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
