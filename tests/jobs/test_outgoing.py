"""What is sent outside goes where it may, to the address that was looked at, and no further."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needed
from palabre.jobs import outgoing
from palabre.jobs.outgoing import NotSent, send
from palabre.text.public_address import Address, is_public, may_reach
from receiving import Receiver, receiving

LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.0.8", "192.0.2.1"),
        *("192.88.99.1", "198.18.0.1", "203.0.113.5"),
        *("::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "fe80::1", "fc00::1"),
        *("fd12::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001::1"),
        *("2001:db8::1", "100::1", "fe80::1%eth0", "2001:4860:4860::8888%1"),
    ],
)
def test_an_address_that_leads_elsewhere_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"]
)
def test_an_address_of_the_whole_world_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
@settings(deadline=None)
def test_no_form_that_carries_an_address_is_more_public_than_it(address: IPv4Address) -> None:
    number = int(address)
    mapped = IPv6Address((0xFFFF << 32) | number)
    assert is_public(mapped) == is_public(address)
    for carrier in (
        IPv6Address(number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
    ):
        assert not is_public(carrier)
    assert is_public(address) <= address.is_global


@given(st.ip_addresses())
@settings(deadline=None)
def test_what_is_allowed_may_be_reached_whatever_it_is(address: Address) -> None:
    assert may_reach(address, [ip_network(address)])


async def test_it_sends_what_it_is_told_and_returns_the_status(receiver: Receiver) -> None:
    receiver.answers = [202]
    status = await send(
        "POST", receiver.url + "?a=1", headers={"X-A": "b"}, body=b"c", allowed=LOOPBACK
    )
    assert status == 202
    (one,) = receiver.received
    assert (one.method, one.path, one.body) == ("POST", "/hook?a=1", b"c")
    assert one.headers["x-a"] == "b"
    assert one.headers["user-agent"].startswith("Palabre/")


async def test_a_private_address_is_not_reached(receiver: Receiver) -> None:
    with pytest.raises(NotSent, match="not public"):
        await send("POST", receiver.url, headers={})
    assert receiver.received == []


async def test_a_name_is_looked_up_once_and_only_a_public_answer_is_used(
    receiver: Receiver,
) -> None:
    asked = []

    def telling(*answers: Sequence[str]) -> outgoing.Resolve:
        left = list(answers)

        async def resolve(host: str, port: int) -> Sequence[Address]:
            asked.append(host)
            return [ip_address(one) for one in left.pop(0)]

        return resolve

    url = f"http://hooks.example:{receiver.port}/"
    with pytest.raises(NotSent, match="not public"):
        await send("POST", url, headers={}, resolve=telling(["10.0.0.1", "fd00::1", "127.0.0.1"]))
    # A second question would be answered otherwise: there is none.
    allowed = [ip_network("127.0.0.1/32")]
    first = telling(["10.0.0.1", "127.0.0.1"], ["10.0.0.2"])
    assert await send("POST", url, headers={}, resolve=first, allowed=allowed) == 204
    assert asked == ["hooks.example"] * 2
    assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [302]
    receiver.headers = {"Location": f"{receiver.url}/elsewhere"}
    assert await send("POST", receiver.url, headers={}, allowed=LOOPBACK) == 302
    assert len(receiver.received) == 1


async def test_a_long_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    receiver.body = b"x" * 5_000_000
    receiver.answers = [200]
    assert await send("POST", receiver.url, headers={}, allowed=LOOPBACK) == 200


async def test_nobody_there_and_no_such_name_are_told_without_the_url() -> None:
    for url in ("http://127.0.0.1:1/secret?token=abc", "http://nowhere.invalid/secret?token=abc"):
        with pytest.raises(NotSent) as caught:
            await send("POST", url, headers={}, allowed=LOOPBACK)
        assert "secret" not in str(caught.value)
        assert "token" not in str(caught.value)


async def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "LIMIT_S", 0.05)

    async def never(host: str, port: int) -> Sequence[Address]:
        import asyncio

        await asyncio.sleep(30)
        return []

    with pytest.raises(NotSent, match="no answer within"):
        await send("POST", receiver.url, headers={}, resolve=never)


async def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await send("POST", receiver.url, headers={}, allowed=LOOPBACK) == 204


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 and its key, which nobody has signed but itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [needed.program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=receiver",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return cert, key


async def test_a_certificate_has_to_be_trusted_and_of_that_name(
    certificate: tuple[Path, Path],
) -> None:
    cert, key = certificate
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    trusting = ssl.create_default_context(cafile=str(cert))
    with receiving(tls=server) as receiver:
        with pytest.raises(NotSent, match="certificate is not trusted"):
            await send("POST", receiver.url, headers={}, allowed=LOOPBACK)
        assert (
            await send("POST", receiver.url, headers={}, allowed=LOOPBACK, verify=trusting) == 204
        )

        async def resolve(host: str, port: int) -> Sequence[Address]:
            return [ip_address("127.0.0.1")]

        with pytest.raises(NotSent, match="certificate is not trusted"):
            await send(
                "POST",
                f"https://other.example:{receiver.port}/",
                headers={},
                allowed=LOOPBACK,
                verify=trusting,
                resolve=resolve,
            )
        assert len(receiver.received) == 1


def test_the_library_connects_by_what_we_put_in_its_place() -> None:
    transport = httpx2.AsyncHTTPTransport(trust_env=False)
    assert hasattr(transport._pool, "_network_backend")
