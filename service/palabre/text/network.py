"""Networks that visitors come from, as text. Pure."""

from __future__ import annotations

from ipaddress import ip_interface

_IPV4, _IPV6 = 24, 48
"""What one provider's neighbourhood, or one customer's connection, is at least."""


def area(network: str) -> str:
    """The wider network around an IPv4 address or an IPv6 /64: its /24, or its /48.

    What is no address, as on a Unix socket, is its own.
    """
    try:
        found = ip_interface(network).network
    except ValueError:
        return network
    return str(found.supernet(new_prefix=_IPV4 if found.version == 4 else _IPV6))
