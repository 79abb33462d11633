"""A real `palabre serve` in a process of its own, on a free port and a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
from click.testing import CliRunner, Result

import logged
from palabre.commands import main

START_S = 30.0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A service that can be started, killed and started again on the same data."""

    def __init__(self, folder: Path, *, wrapper: Sequence[str] = (), **settings: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.wrapper = wrapper
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith("PALABRE_")
        } | {
            "PALABRE_DATA_DIR": str(self.data),
            "PALABRE_PORT": str(self.port),
            "PALABRE_SUBMISSION_LIMIT": "off",
            **{f"PALABRE_{name.upper()}": value for name, value in settings.items()},
        }
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> str:
        """Run a command beside (or before) the service; what it prints.

        A process for each takes a third of a second: here they run in this one.
        """
        # On a thread of its own, since each command runs a loop, as most who ask for one do.
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(self._run, words).result()
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    def _run(self, words: Sequence[str]) -> Result:
        ours = {name: self.environ.get(name) for name in {*os.environ, *self.environ}}
        # A command logs to a standard error that is gone afterwards.
        with contextlib.chdir(self.folder), logged.as_it_was():
            return CliRunner().invoke(main, words, env=ours, prog_name="palabre")

    def add_site(self, name: str = "blog", origin: str = "https://blog.example") -> None:
        self.command("site", "add", name, "--origin", origin)

    def add_moderator(self, name: str = "alice", scope: str = "moderate") -> dict[str, str]:
        """The headers of a new moderator."""
        printed: Mapping[str, Any] = json.loads(
            self.command("moderator", "add", name, "--scope", scope, "--json")
        )
        return {"Authorization": f"Bearer {printed['token']}"}

    def client(self, headers: Mapping[str, str] | None = None) -> httpx2.Client:
        """A client of the service. Nothing is encrypted, so it reads no authorities: 25 ms less."""
        return httpx2.Client(base_url=self.url, headers=headers, verify=False, timeout=30)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, sys.executable, "-m", "palabre", "serve"],
                env=self.environ,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        with self.client() as client:
            while True:
                assert self.process.poll() is None, self.log.read_text("utf-8", "replace")
                try:
                    if client.get("/healthz", timeout=2).status_code == 200:
                        return
                except httpx2.TransportError:
                    assert time.monotonic() < deadline, self.log.read_text("utf-8", "replace")
                    time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would: kill -9."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it politely; its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        return self.process.wait(timeout=60)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
