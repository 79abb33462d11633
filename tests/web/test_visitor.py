"""Whom a request counts for, behind honest proxies and in the face of dishonest visitors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from palabre.settings import Network
from palabre.web import visitor
from palabre.web.visitor import Client, is_direct_loopback, network_of, warn_once

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
PROXIES: tuple[Network, ...] = (*LOOPBACK, ip_network("10.0.0.0/8"), ip_network("2001:db8:f::/48"))

Headers = list[tuple[bytes, bytes]]


def x_forwarded_for(*lines: str) -> Headers:
    return [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]


def forwarded(*lines: str) -> Headers:
    return [(b"forwarded", line.encode("latin-1")) for line in lines]


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7%eth0", "192.0.2.7"),
        (None, "unknown"),
        ("", "unknown"),
        ("/run/palabre.sock", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_without_a_proxy_the_peer_is_the_client(peer: str | None, network: str) -> None:
    assert network_of(peer, [], LOOPBACK) == Client(network, forwarded_by_stranger=False)


@pytest.mark.parametrize(
    ("line", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:567", "192.0.2.7"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ('"[2001:db8:1:2::9]:443"', "2001:db8:1:2::/64"),
        ('"192.0.2.7"', "192.0.2.7"),
        ("[fe80::9%eth0]:1", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("  192.0.2.7\t", "192.0.2.7"),
        ("192.0.2.7,", "192.0.2.7"),
        ("9.9.9.9, 192.0.2.7", "192.0.2.7"),
        ("9.9.9.9, 192.0.2.7, 10.0.0.2, 127.0.0.1", "192.0.2.7"),
        ("9.9.9.9, 192.0.2.7, 2001:db8:f::2", "192.0.2.7"),
        ("9.9.9.9, 192.0.2.7, ::ffff:10.0.0.2", "192.0.2.7"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ],
)
def test_behind_proxies_the_right_most_stranger_is_the_client(line: str, network: str) -> None:
    found = network_of("10.0.0.1", x_forwarded_for(line), PROXIES)
    assert found == Client(network, forwarded_by_stranger=False)


@pytest.mark.parametrize(
    "garbage",
    [
        "unknown",
        "_hidden",
        "localhost",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.7:port",
        "192.0.2.7:567:8",
        "192.0.2.07",
        "[192.0.2.7",
        "2001:db8::1]:443",
        "[]",
        '"192.0.2.7',
        '"',
        "²",
        "for=192.0.2.7",
        "%",
    ],
)
def test_an_entry_that_says_nothing_ends_the_search_at_the_last_proxy(garbage: str) -> None:
    line = f"9.9.9.9, {garbage}, 10.0.0.2"
    found = network_of("127.0.0.1", x_forwarded_for(line), PROXIES)
    assert found == Client("10.0.0.2", forwarded_by_stranger=False)


def test_several_headers_are_one_list_in_order() -> None:
    headers = [*x_forwarded_for("9.9.9.9"), (b"accept", b"*/*"), *x_forwarded_for("192.0.2.7")]
    assert network_of("127.0.0.1", headers, PROXIES).network == "192.0.2.7"
    assert network_of("127.0.0.1", reversed(headers), PROXIES).network == "9.9.9.9"


def test_an_empty_header_leaves_the_proxy_as_the_client() -> None:
    assert network_of("127.0.0.1", x_forwarded_for(""), PROXIES).network == "127.0.0.1"


def test_header_names_are_the_same_in_capitals() -> None:
    headers = [(b"X-Forwarded-For", b"192.0.2.7")]
    assert network_of("127.0.0.1", headers, PROXIES).network == "192.0.2.7"


@pytest.mark.parametrize("peer", ["192.0.2.66", "2001:db8::66", None])
@pytest.mark.parametrize("headers", [x_forwarded_for("9.9.9.9"), forwarded("for=9.9.9.9")])
def test_a_stranger_is_not_believed(peer: str | None, headers: Headers) -> None:
    alone = network_of(peer, [], PROXIES).network
    assert network_of(peer, headers, PROXIES) == Client(alone, forwarded_by_stranger=True)


def test_with_nobody_trusted_not_even_loopback_is_believed() -> None:
    found = network_of("127.0.0.1", x_forwarded_for("9.9.9.9"), ())
    assert found == Client("127.0.0.1", forwarded_by_stranger=True)


def test_a_proxy_that_connects_by_a_mapped_address_is_trusted() -> None:
    found = network_of("::ffff:127.0.0.1", x_forwarded_for("192.0.2.7"), LOOPBACK)
    assert found == Client("192.0.2.7", forwarded_by_stranger=False)


@pytest.mark.parametrize(
    ("line", "network"),
    [
        ("for=192.0.2.7", "192.0.2.7"),
        ("For=192.0.2.7;proto=https;by=10.0.0.1", "192.0.2.7"),
        ("proto=https; for=192.0.2.7;", "192.0.2.7"),
        ('for="192.0.2.7:567"', "192.0.2.7"),
        ('for="[2001:db8:1:2::9]:443"', "2001:db8:1:2::/64"),
        ('for="[2001:db8:1:2::9]:_port"', "2001:db8:1:2::/64"),
        ("for=[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ('for=9.9.9.9, for=192.0.2.7;host="c.example", for=10.0.0.2', "192.0.2.7"),
        ("for=9.9.9.9,for=192.0.2.7", "192.0.2.7"),
    ],
)
def test_the_forwarded_header_is_read_too(line: str, network: str) -> None:
    found = network_of("127.0.0.1", forwarded(line), PROXIES)
    assert found == Client(network, forwarded_by_stranger=False)


@pytest.mark.parametrize(
    "line",
    [
        "for=unknown",
        "for=_hidden",
        "for=",
        "proto=https",
        "192.0.2.7",
        "for=9.9.9.9;for=8.8.8.8",
        'for="9.9.9.9',
        "for = 9.9.9.9",
        # A proxy that quotes the visitor's Host or User-Agent in its own element:
        'for=192.0.2.7;host="a, for=9.9.9.9"',
        'for=192.0.2.7;host="a, for=9.9.9.9;x="',
        'for=192.0.2.7;host="a, for=9.9.9.9, b"',
        'for=192.0.2.7;host="a, for=9.9.9.9;x=\\""',
    ],
)
def test_a_forwarded_element_that_is_not_whole_names_nobody(line: str) -> None:
    assert network_of("127.0.0.1", forwarded(line), PROXIES).network == "127.0.0.1"


def test_a_quote_left_open_by_the_visitor_hides_nothing_the_proxy_wrote() -> None:
    found = network_of("127.0.0.1", forwarded('for="9.9.9.9', "for=192.0.2.7"), PROXIES)
    assert found.network == "192.0.2.7"


def test_of_both_headers_the_one_every_proxy_writes_counts() -> None:
    headers = [*forwarded("for=9.9.9.9"), *x_forwarded_for("192.0.2.7")]
    assert network_of("127.0.0.1", headers, PROXIES).network == "192.0.2.7"


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_a_program_on_this_machine_asks_directly(peer: str) -> None:
    assert is_direct_loopback(peer, [(b"host", b"127.0.0.1:8000")])


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "2001:db8::1", None, "", "localhost"])
def test_nobody_else_asks_directly(peer: str | None) -> None:
    assert not is_direct_loopback(peer, [])


@pytest.mark.parametrize(
    "name",
    ["X-Forwarded-For", "forwarded", "x-forwarded-proto", "X-Forwarded-Host", "x-real-ip", "Via"],
)
def test_a_proxy_on_this_machine_does_not_ask_directly(name: str) -> None:
    assert not is_direct_loopback("127.0.0.1", [(b"host", b"a"), (name.encode(), b"127.0.0.1")])


@pytest.fixture
def fresh_process() -> Iterator[None]:
    visitor._warn.cache_clear()
    yield
    visitor._warn.cache_clear()


@pytest.mark.usefixtures("fresh_process")
def test_the_operator_is_told_once_and_no_address(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        headers = x_forwarded_for(f"9.9.9.{number}")
        warn_once(network_of(f"192.0.2.{number}", headers, LOOPBACK))
    (told,) = caplog.records
    assert told.levelno == logging.WARNING
    assert "PALABRE_TRUSTED_PROXIES" in told.getMessage()
    assert "9.9.9" not in caplog.text
    assert "192.0.2" not in caplog.text


@pytest.mark.usefixtures("fresh_process")
def test_nothing_is_said_while_all_is_well(caplog: pytest.LogCaptureFixture) -> None:
    warn_once(network_of("127.0.0.1", x_forwarded_for("192.0.2.7"), LOOPBACK))
    warn_once(network_of("192.0.2.7", [], LOOPBACK))
    assert caplog.records == []


NAMES = st.sampled_from([b"x-forwarded-for", b"forwarded", b"X-Forwarded-For"]) | st.binary()
BITS = st.sampled_from(
    [b"for=", b'"', b"[", b"]", b":", b"::", b"%", b",", b";", b"=", b"127.0.0.1", b"::1", b"\xff"]
)
VALUES = st.binary() | st.lists(BITS, max_size=12).map(b"".join)
ADDRESSES = st.ip_addresses().map(str)


@settings(max_examples=300, deadline=None)
@given(
    peer=st.none() | st.text() | ADDRESSES | st.sampled_from(["127.0.0.1", "::1"]),
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=4),
)
@example(peer="127.0.0.1", headers=[(b"x-forwarded-for", b"\x00\xff%,[")])
def test_any_header_bytes_name_a_network(peer: str | None, headers: Headers) -> None:
    client = network_of(peer, headers, LOOPBACK)
    assert client.network == "unknown" or ip_network(client.network).num_addresses in (1, 2**64)
    names = {name.lower() for name, _ in headers}
    assert not (is_direct_loopback(peer, headers) and names & {b"x-forwarded-for", b"forwarded"})


@settings(max_examples=200, deadline=None)
@given(forged=VALUES, real=st.ip_addresses(v=4).filter(lambda a: not a.is_loopback), way=NAMES)
def test_what_a_visitor_writes_never_changes_whom_they_count_for(
    forged: bytes, real: object, way: bytes
) -> None:
    written = {b"forwarded": b"for=%s"}.get(way, b"%s") % str(real).encode()
    name = way if way == b"forwarded" else b"x-forwarded-for"
    together = network_of("127.0.0.1", [(name, forged + b", " + written)], LOOPBACK)
    apart = network_of("127.0.0.1", [(name, forged), (name, written)], LOOPBACK)
    assert together == apart == Client(str(real), forwarded_by_stranger=False)


@pytest.mark.parametrize(
    ("peer", "around"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("2001:db8::1%eth0", "2001:db8::/48"),
        (None, "unknown"),
        ("a socket", "unknown"),
    ],
)
def test_the_network_around_a_visitor_is_what_one_customer_has(
    peer: str | None, around: str
) -> None:
    assert network_of(peer, [], ()).wide_network == around
