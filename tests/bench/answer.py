"""One answer and the plainest client: a blocking connection that adds next to nothing to it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent: headers in its order and spelling, `Date` left out; body as coded."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """A header's value. Raises KeyError."""
        return {key.lower(): value for key, value in self.headers}[name.lower()]


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a GET."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {path} HTTP/1.1\r\nHost: bench.example\r\n{lines}\r\n".encode()


def post(path: str, body: bytes, headers: Mapping[str, str] = JSON, verb: str = "POST") -> bytes:
    """The bytes of a POST, or of another *verb* with a body."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{verb} {path} HTTP/1.1\r\nHost: bench.example\r\n{lines}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Line:
    """A connection kept alive, opened anew when the server closes it. Raises OSError."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, raw: bytes) -> Answer:
        """Send a request and wait for the whole answer."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(raw)
        head, _, body = self._received(b"", b"\r\n\r\n").partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [
            (name, value.strip()) for name, _, value in (line.partition(":") for line in lines)
        ]
        status = int(first.split()[1])
        lowered = {name.lower(): value for name, value in pairs}
        if "content-length" not in lowered and status not in (204, 304):
            raise OSError(f"an answer without a length: {first}")
        length = 0 if status in (204, 304) else int(lowered["content-length"])
        while len(body) < length:
            body += self._part()
        if lowered.get("connection") == "close":
            self.close()
        return Answer(status, [pair for pair in pairs if pair[0].lower() != "date"], body)

    def _received(self, data: bytes, until: bytes) -> bytes:
        while until not in data:
            data += self._part()
        return data

    def _part(self) -> bytes:
        assert self._socket is not None
        part = self._socket.recv(1 << 18)
        if not part:
            self.close()
            raise ConnectionResetError("closed in the middle of an answer")
        return part

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
