"""`palabre serve`, as a process of its own: beginning, end, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from commands.terminal import Terminal
from palabre import settings
from palabre.commands import server
from palabre.errors import Refusal
from running import free_port

pytestmark = pytest.mark.whole
FORM = "article=/a&name=Zo%C3%A9&email=zoe@example.com&comment=Bonjour"


class Served:
    """A service on any free port. `lines`: what it printed once it accepted connections."""

    def __init__(self, folder: Path, *, settings: dict[str, str], grace_s: float | None) -> None:
        program = ["-m", "palabre", "serve", "--port", "0"]
        if grace_s is not None:
            change = f"from palabre.commands import main, server; server.GRACE_S = {grace_s}"
            program = ["-c", f"{change}; main(['serve', '--port', '0'])"]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program],
                cwd=folder,
                env={**os.environ, **settings},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout
        self.lines = [self.process.stdout.readline().rstrip()]
        found = re.fullmatch(r"Palabre is serving at (http://127\.0\.0\.1:(\d+)).*", self.lines[0])
        assert found, self.log.read_text()
        self.url, self.port = found[1], int(found[2])

    def connect(self, sends: str) -> socket.socket:
        """A connection over which that much of a request has gone."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(sends.encode())
        return connection

    def end(self, sign: int = signal.SIGTERM) -> tuple[int, float]:
        """Ask it to end; its exit code, and how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(sign)
        return self.process.wait(timeout=60), time.monotonic() - began


@contextmanager
def _serving(
    palabre: Terminal, *, grace_s: float | None = None, **settings: str
) -> Iterator[Served]:
    service = Served(palabre.folder, settings=settings, grace_s=grace_s)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
        assert service.process.stdout
        service.process.stdout.close()
        service.process.wait()


def test_it_says_where_it_is_once_it_answers_and_ends_with_0(palabre: Terminal) -> None:
    palabre("demo")
    with _serving(palabre) as service:
        assert httpx2.get(f"{service.url}/readyz").status_code == 200
        assert service.process.stdout
        assert [service.process.stdout.readline() for _ in range(3)] == [
            f"The demonstration is at {service.url}/demo/\n",
            "There is no moderator yet. This adds one and prints the token:\n",
            f"  {sys.executable} -m palabre moderator add alice --scope moderate\n",
        ]
        # The port was any free one: every link has the one that it has become.
        assert httpx2.get(f"{service.url}/openapi.json").json()["servers"] == [{"url": service.url}]
        code, seconds = service.end()
        assert code == 0
        assert seconds < server.GRACE_S
        assert service.process.stdout.read() == ""
    assert [name for name in palabre.files() if name.endswith(("-wal", "-shm"))] == []


def test_it_names_the_public_url_too_and_ends_at_ctrl_c(palabre: Terminal) -> None:
    palabre("moderator", "add", "alice")
    with _serving(palabre, PALABRE_PUBLIC_URL="https://comments.example/talk") as service:
        assert service.lines[0].endswith(", for visitors https://comments.example/talk")
        assert service.end(signal.SIGINT)[0] == 0
        assert service.process.stdout
        assert service.process.stdout.read() == ""


def test_sigterm_does_not_wait_for_those_who_say_nothing(palabre: Terminal) -> None:
    """An idle connection, half a head, a second head half sent: nothing of it was accepted."""
    with _serving(palabre, grace_s=50) as service:
        whole = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        idle = service.connect(whole)
        again = service.connect(whole)
        for connection in (idle, again):
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        again.sendall(b"GET /healthz HTTP/1.1\r\nHo")
        half = service.connect("POST /v1/comments HTTP/1.1\r\nHost: a\r\nContent-")
        code, seconds = service.end()
        for connection in (idle, again, half):
            connection.close()
        assert code == 0
        assert seconds < 20


def test_sigterm_finishes_what_was_accepted_and_takes_no_more(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    head = (
        "POST /v1/comments HTTP/1.1\r\nHost: a\r\nContent-Length: "
        f"{len(FORM)}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    with _serving(palabre) as service, closing(service.connect(head + FORM[:9])) as connection:
        assert httpx2.get(f"{service.url}/healthz").status_code == 200
        service.process.send_signal(signal.SIGTERM)
        _until_refused(service)
        connection.sendall(FORM[9:].encode())
        answer = b""
        while part := connection.recv(65_536):
            answer += part
        assert service.process.wait(timeout=60) == 0
    assert answer.startswith(b"HTTP/1.1 201")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["comment"]["state"] == "pending"


def test_sigterm_gives_up_on_a_body_that_never_comes(palabre: Terminal) -> None:
    assert server.GRACE_S <= 9, "the contract gives 10 seconds, and the store is to be closed too"
    head = "POST /v1/comments HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\nartic"
    with _serving(palabre, grace_s=0.5) as service, closing(service.connect(head)):
        assert httpx2.get(f"{service.url}/healthz").status_code == 200
        code, seconds = service.end()
    assert code == 0
    # Not as long as it would wait for a body otherwise.
    assert 0.5 < seconds < settings.load({}).body_timeout_s / 2


def _until_refused(service: Served) -> None:
    """Wait until nobody takes a new connection."""
    deadline = time.monotonic() + 10
    while True:
        try:
            service.connect("").close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_second_service_on_the_store_refuses_and_the_first_goes_on(palabre: Terminal) -> None:
    with _serving(palabre) as service:
        said = palabre.refused("serve", "--port", str(free_port()))
        assert "Another `palabre serve` is already running" in said
        assert httpx2.get(f"{service.url}/readyz").status_code == 200
        assert service.end()[0] == 0


def test_a_port_that_is_taken_is_named_with_a_remedy(palabre: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = palabre.refused("serve", "--port", str(port))
    assert said.startswith(f"Can't listen on port {port} of 127.0.0.1: another program listens")
    assert "--port or PALABRE_PORT" in said


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("192.0.2.1", "no interface of this machine has that address"),
        ("no-such-host.invalid", "it is no address or name known here"),
    ],
)
def test_a_host_that_is_not_here_is_refused(palabre: Terminal, host: str, why: str) -> None:
    assert why in palabre.refused("serve", "--host", host, "--port", "0")


def test_an_application_that_does_not_start_is_exit_code_1(
    palabre: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(service: object) -> object:
        raise ValueError("not today")

    monkeypatch.setattr("palabre.jobs.worker.running", fail)
    result = palabre.run("serve", "--port", "0")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.endswith("The service could not start; the log says why.\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_listener_takes_any_free_port(host: str) -> None:
    with server.listener(host, 0) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        with pytest.raises(Refusal, match="another program listens there"):
            server.listener(host, port)


def test_listening_everywhere_takes_both_kinds_of_addresses() -> None:
    try:
        listening = server.listener("::", 0)
    except Refusal:
        pytest.skip("no IPv6 on this machine")
    with listening:
        port = listening.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, port), timeout=5):
                pass


def test_a_connection_sends_each_part_of_an_answer_at_once() -> None:
    with (
        server.listener("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
    ):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
