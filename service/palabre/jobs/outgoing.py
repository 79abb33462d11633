"""The only way out: one request to somebody else's server, at an address that may be reached.

The name is looked up once, and the connection goes to the very address that was looked at, so that
no second answer of the name server can lead into a network of ours. Certificates are checked
against the name.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from palabre import __version__
from palabre.text.public_address import Address, Network, may_reach

LIMIT_S = 10.0
"""For all of it: looking up, connecting, sending, and the answer."""
ANSWER_MOST = 64 * 1024
"""Bytes of an answer that are read, and dropped."""

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


class NotSent(Exception):
    """Nobody took it. The sentence names neither a path nor a query."""


async def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    allowed: Sequence[Network] | None = (),
    resolve: Resolve | None = None,
    verify: ssl.SSLContext | None = None,
) -> int:
    """Send a request and return the answer's status; redirects are answers like any other.

    *allowed*: networks beside public addresses that may be reached; None for any address at all.
    *verify*: what certificates are checked by, if not by the system's. Raises NotSent.
    """
    # Imported here: a process that never sends anything keeps the library out of its memory.
    import httpx2

    transport = httpx2.AsyncHTTPTransport(verify=verify or _trusted(), trust_env=False, retries=0)
    pool: Any = transport._pool  # its way to connect is not public; a test holds the library to it
    pool._network_backend = _Backend(pool._network_backend, allowed, resolve or lookup)
    client = httpx2.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)
    sent = {"User-Agent": f"Palabre/{__version__}", **headers}
    try:
        async with (
            asyncio.timeout(LIMIT_S),
            client,
            client.stream(method, url, headers=sent, content=body) as answer,
        ):
            read = 0
            async for part in answer.aiter_raw():
                read += len(part)
                if read > ANSWER_MOST:
                    break
            return int(answer.status_code)
    except TimeoutError:
        raise NotSent(f"no answer within {LIMIT_S:.0f} seconds") from None
    except httpx2.HTTPError as exc:
        raise NotSent(_reason(exc)) from exc
    except (httpx2.InvalidURL, ValueError) as exc:
        raise NotSent("the address can't be read") from exc


def _reason(exc: BaseException) -> str:
    """What went wrong, in words that repeat nothing of the request."""
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, NotSent):
            return str(cause)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return f"the connection failed ({type(exc).__name__})"


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The system's certificates, read once."""
    return ssl.create_default_context()


class _Backend:
    """Connects to the one address that was looked at, in place of a name."""

    def __init__(self, plain: Any, allowed: Sequence[Network] | None, resolve: Resolve) -> None:
        self._plain = plain
        self._allowed = allowed
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        found = await self._resolve(host, port)
        for address in found:
            if self._allowed is None or may_reach(address, self._allowed):
                return await self._plain.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
        if found:
            raise NotSent("the name leads to an address that is not public")
        raise NotSent("the name is not known")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def lookup(host: str, port: int) -> Sequence[Address]:
    """The addresses of a name, as the system's resolver tells them; none if it is not known."""
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(ip_address(place[0]) for *_, place in found))
