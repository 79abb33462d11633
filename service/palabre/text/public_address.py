"""Which IP addresses are anybody's to reach, and which would lead into a network of ours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NEVER = tuple(
    ip_network(network)
    for network in (
        # What `is_global` of some versions of Python takes for public (it is 3.11.7's list that
        # lacks them): protocol assignments (RFC 6890), and addresses that carry another one and
        # lead to it: NAT64 (RFC 6052, 8215), 6to4 (RFC 3056, and its relays), Teredo (RFC 4380).
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/23",
        "5f00::/16",
        "3fff::/20",
    )
)


def is_public(address: Address) -> bool:
    """Whether an address is one of the whole world's, and stands for no other one."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    # An IPv4 address in the last 32 bits of a deprecated form (RFC 4291, 2.5.5.1), or a zone.
    if isinstance(address, IPv6Address) and (address.scope_id or int(address) >> 32 == 0):
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address.version == one.version and address in one for one in _NEVER)


def may_reach(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether something may be sent to an address: a public one, or one of a network *allowed*."""
    if any(address.version == one.version and address in one for one in allowed):
        return True
    return is_public(address)
