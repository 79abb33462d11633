"""Where a request came from, as far as that can be believed; nothing here is kept or logged.

A forwarding header is anybody's word unless a trusted proxy wrote it, and of that header only the
entries which trusted proxies added: those at its right end.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from palabre.settings import Network
from palabre.text.network import area

Address = IPv4Address | IPv6Address
Headers = Iterable[tuple[bytes, bytes]]

UNKNOWN = "unknown"

log = logging.getLogger(__name__)

_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"
_NODE = re.compile(rf"(?:\[(?P<v6>[^\[\]]+)\]|(?P<v4>[0-9.]+)){_PORT}")
"""RFC 7239, section 6: an address, IPv6 in brackets, with or without a port."""

_PAIR = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:\"([^\"\\]*)\"|([^\"\s]*))\s*")
_OTHERS_FORWARDING = (b"via", b"x-real-ip", b"true-client-ip", b"cf-connecting-ip")


@dataclass(frozen=True, slots=True)
class Client:
    """Who is counted as one visitor.

    `network`: an IPv4 address, or the /64 of an IPv6 one, which is what one household has;
    `unknown` without a peer address, as on a Unix socket. `forwarded_by_stranger`: a forwarding
    header came from a peer that is not trusted, and was not believed.
    """

    network: str
    forwarded_by_stranger: bool

    @property
    def wide_network(self) -> str:
        """The IPv4 /24 or IPv6 /48 around it, which is what one customer of a host has."""
        return area(self.network)


def network_of(peer: str | None, headers: Headers, trusted: Sequence[Network]) -> Client:
    """The client behind *peer*, which is itself or a proxy of *trusted*.

    Behind trusted proxies it is the right-most address that is not one of theirs. An entry that
    says nothing ends the search: the last proxy known is then taken for the client. Where both
    headers are there X-Forwarded-For counts, which every proxy writes; `Forwarded` may then be
    the visitor's own. Never raises.
    """
    x_forwarded_for, forwarded = _values(headers)
    if not x_forwarded_for and not forwarded:
        return Client(_network(_address(peer or "")), forwarded_by_stranger=False)
    here, is_trusted = _peer(peer or "", tuple(trusted))
    if not is_trusted:
        return Client(_network(here), forwarded_by_stranger=True)
    entry_of = _node if x_forwarded_for else _for
    for entry in reversed(",".join(x_forwarded_for or forwarded).split(",")):
        if not entry.strip():  # RFC 9110, 5.6.1: empty elements don't count
            continue
        hop = entry_of(entry)
        if hop is None:
            break
        here = hop
        if not _is_in(hop, trusted):
            break
    return Client(_network(here), forwarded_by_stranger=False)


@functools.lru_cache(maxsize=16)  # a site has one proxy, or a few
def _peer(text: str, trusted: tuple[Network, ...]) -> tuple[Address | None, bool]:
    """The address of a peer that forwards, and whether it is trusted to."""
    here = _address(text)
    return here, here is not None and _is_in(here, trusted)


def is_direct_loopback(peer: str | None, headers: Headers) -> bool:
    """Whether a program on this machine asks by itself, no proxy in between that says so."""
    here = _address(peer or "")
    return here is not None and here.is_loopback and not any(map(_is_forwarding, headers))


def warn_once(client: Client) -> None:
    """Tells the operator, once in the life of the process, that a header was not believed."""
    if client.forwarded_by_stranger:
        _warn()


@functools.cache
def _warn() -> None:
    log.warning(
        "A forwarding header from a peer outside PALABRE_TRUSTED_PROXIES was ignored. If it is"
        " your proxy, add its network there: until then all visitors behind it count as one."
    )


def _is_forwarding(header: tuple[bytes, bytes]) -> bool:
    name = header[0].lower()
    return name == b"forwarded" or name.startswith(b"x-forwarded") or name in _OTHERS_FORWARDING


def _values(headers: Headers) -> tuple[list[str], list[str]]:
    """What X-Forwarded-For and Forwarded say; a header in several lines is one list in order."""
    found: dict[bytes, list[str]] = {b"x-forwarded-for": [], b"forwarded": []}
    for name, value in headers:
        if (lower := name.lower()) in found:
            found[lower].append(value.decode("latin-1"))
    return found[b"x-forwarded-for"], found[b"forwarded"]


def _node(text: str) -> Address | None:
    """The address of `1.2.3.4`, `1.2.3.4:567`, `2001:db8::1`, `[2001:db8::1]:443`, or quoted."""
    bare = text.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1]
    found = _NODE.fullmatch(bare)
    return _address((found["v6"] or found["v4"]) if found else bare)


def _for(element: str) -> Address | None:
    """The `for` of one element of Forwarded (RFC 7239, section 4).

    The header was cut at every comma, those in quotes too: a quote that a visitor left open must
    not swallow what the proxy wrote behind it. So every pair has to be whole here.
    """
    pairs = [_PAIR.fullmatch(pair) for pair in element.split(";") if pair.strip()]
    if not all(pairs):
        return None
    nodes = [pair[2] or pair[3] for pair in pairs if pair and pair[1].lower() == "for"]
    return _node(nodes[0]) if len(nodes) == 1 else None


def _address(text: str) -> Address | None:
    """The address itself: without a zone, an IPv4-mapped one (RFC 4291, 2.5.5.2) as IPv4."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _network(address: Address | None) -> str:
    if address is None:
        return UNKNOWN
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, 64), strict=False))
