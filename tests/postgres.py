"""A PostgreSQL server for tests: the one that is running, or one of their own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import asyncpg
import pytest

import needed
import running
from running import Running

T = TypeVar("T")

KEY = "5f" * 32

LOCAL = "postgresql:///postgres"
"""The server behind the local socket, as the user who runs the tests."""


def in_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    # Not put together again from its parts: an empty host would lose its slashes.
    path = urlsplit(url).path
    start = url.index(path, url.index("://") + 3)
    return f"{url[:start]}/{name}{url[start + len(path) :]}"


@contextlib.contextmanager
def standing(url: str) -> Iterator[Callable[[str], None]]:
    """A connection that stays, to carry out statements by.

    A fresh one learns the database's tables before it does anything with them, which takes ten
    times as long as emptying them all.
    """
    loop = asyncio.new_event_loop()
    # It is begun within some test, and outlives it on purpose.
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    connection: asyncpg.Connection | None = None

    async def work(statements: str) -> None:
        nonlocal connection
        if connection is None or connection.is_closed():
            connection = await asyncpg.connect(url, timeout=30)
        await connection.execute(statements)

    async def close() -> None:
        if connection is not None:
            await connection.close(timeout=5)

    def within_thread(work: Coroutine[Any, Any, None]) -> None:
        # A transaction that a test has left open fails the next one, by name.
        asyncio.run_coroutine_threadsafe(work, loop).result(timeout=60)

    try:
        yield lambda statements: within_thread(work(statements))
    finally:
        within_thread(close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def execute(url: str, *statements: str) -> None:
    """Carry out statements, each on its own."""

    async def work(connection: asyncpg.Connection) -> None:
        for statement in statements:
            await connection.execute(statement)

    within(url, work)


async def meanwhile(url: str, change: str, work: Coroutine[Any, Any, T]) -> T:
    """What *work* comes to while somebody else has made a change, and commits it only when the work
    waits for that."""
    found, _ = await watched(url, change, work)
    return found


async def watched(url: str, change: str, work: Coroutine[Any, Any, T]) -> tuple[T, bool]:
    """The same, and whether the work waited."""
    waiting = (
        "select count(*) from pg_stat_activity where datname = current_database() "
        "and wait_event_type = 'Lock'"
    )
    changing, looking = [await asyncpg.connect(url, timeout=30) for _ in range(2)]
    try:
        async with changing.transaction():
            await changing.execute(change)
            task = asyncio.ensure_future(work)
            while not task.done() and not await looking.fetchval(waiting):
                await asyncio.sleep(0.01)
            waited = not task.done()
        return await asyncio.wait_for(task, 30), waited
    finally:
        for one in (changing, looking):
            await one.close(timeout=5)


def within(url: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """What *work* returns, done with a connection of its own."""

    async def run() -> T:
        connection = await asyncpg.connect(url, timeout=30)
        try:
            return await work(connection)
        finally:
            await connection.close()

    # In a thread of its own, so that it may be called where a loop is running already.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()


@contextlib.contextmanager
def database(url: str, name: str) -> Iterator[str]:
    """A fresh database of the server, dropped again; its URL."""
    execute(
        url,
        f'drop database if exists "{name}" with (force)',
        f"create database \"{name}\" encoding 'UTF8' template template0",
    )
    try:
        yield in_database(url, name)
    finally:
        execute(url, f'drop database if exists "{name}" with (force)')


@functools.cache
def binaries() -> Path | None:
    """The folder of the server's programs, which Debian keeps out of the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


class Server:
    """A server of the tests' own, which they may stop, pause and kill. Listens on a socket only."""

    def __init__(self, **settings: str) -> None:
        folder = binaries()
        self._programs = folder or needed.absent("PostgreSQL")
        # A socket's path is short, and a user without rights must be able to go there.
        self.folder = Path(tempfile.mkdtemp(prefix="palabre-pg-"))
        self.data = self.folder / "data"
        self.url = f"postgresql:///postgres?host={quote(str(self.folder))}&user=postgres"
        if os.geteuid() == 0:
            # The server refuses to run as root.
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "-E", "UTF8",
                  "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        chosen = {"listen_addresses": "", "unix_socket_directories": str(self.folder)} | settings
        lines = [f"{name} = '{value}'" for name, value in chosen.items()]
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join(lines) + "\n")

    def _run(self, program: str, *words: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_user, str(self._programs / program), *words],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-t", "30", "start")

    def stop(self, mode: str = "fast") -> None:
        """*mode*: smart, fast or immediate."""
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "-t", "30", "stop")

    def restart(self) -> None:
        self.stop()
        self.start()

    def promote(self) -> None:
        """End a recovery that has been going on."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "30", "promote")

    @property
    def leader(self) -> int:
        """The server's process, which begins another for each connection."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    @property
    def followers(self) -> list[int]:
        """Those that the leader has begun."""
        listed = subprocess.run(
            ["pgrep", "-P", str(self.leader)], capture_output=True, text=True, timeout=30
        )
        return [int(one) for one in listed.stdout.split()]

    def pause(self) -> None:
        """Stop the server in its tracks; nobody is told."""
        # The leader first, which then begins nobody who was not listed.
        _stop(self.leader)
        for process in self.followers:
            _stop(process)

    def resume(self) -> None:
        # The leader last, so that nobody listed is buried meanwhile; others may have come and gone.
        for process in (*self.followers, self.leader):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if (self.data / "postmaster.pid").exists():
            self.resume()
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def _stop(process: int) -> None:
    """Returns once the process has stopped; the signal alone leaves it a moment more to answer."""
    os.kill(process, signal.SIGSTOP)
    until = time.monotonic() + 30
    while Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "TZ":
        assert time.monotonic() < until, f"{process} goes on"
        time.sleep(0.001)


@contextlib.contextmanager
def pooler(url: str, folder: Path, *, server_connections: int = 5) -> Iterator[str]:
    """A pgbouncer in transaction mode before the server's database; its URL."""
    program = needed.program("pgbouncer")
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    user = asked.get("user") or parts.username or getpass.getuser()
    host = asked.get("host") or parts.hostname or "/var/run/postgresql"
    port = running.free_port()
    # A user without rights must be able to go there.
    place = Path(tempfile.mkdtemp(prefix="palabre-bouncer-"))
    (place / "users").write_text(f'"{user}" ""\n')
    (place / "ini").write_text(
        f"[databases]\n{parts.path[1:]} = host={host} dbname={parts.path[1:]} user={user}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {place / 'users'}\npool_mode = transaction\n"
        f"default_pool_size = {server_connections}\nmax_client_conn = 200\n"
        # A server that went away is asked for again soon.
        f"server_login_retry = 1\n"
    )
    place.chmod(0o755)
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(
            [*as_user, program, "-q", str(place / "ini")],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        found = f"postgresql://{user}@127.0.0.1:{port}{parts.path}"
        deadline = time.monotonic() + 30
        while True:
            try:
                execute(found, "select 1")
                break
            except (OSError, asyncpg.PostgresError):
                assert time.monotonic() < deadline, (folder / "pgbouncer.log").read_text()
        yield found
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        shutil.rmtree(place, ignore_errors=True)


def processes(folder: Path, url: str, number: int, **settings: str) -> list[Running]:
    """So many services on one database, not yet started; all of them have the same key."""
    shared = {"database_url": url, "master_key": KEY, **settings}
    found = [Running(folder / f"process-{n}", **shared) for n in range(number)]
    for service in found:
        service.folder.mkdir()
    return found


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of a server: the one that PALABRE_TEST_POSTGRES_URL names, or else the one behind
    the local socket, or else one that is started for the tests."""
    named = os.environ.get("PALABRE_TEST_POSTGRES_URL")
    url = named or LOCAL
    try:
        execute(url, "select 1")
    except (OSError, asyncpg.PostgresError) as exc:
        if named:
            pytest.fail(f"PALABRE_TEST_POSTGRES_URL can't be used: {exc}")
    else:
        yield url
        return
    # The tests need not survive a power cut.
    with Server(fsync="off", max_connections="100") as own:
        yield own.url
