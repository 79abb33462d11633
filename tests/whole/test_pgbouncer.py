"""deploy/pgbouncer.ini, as the real pgbouncer takes it, before a real PostgreSQL."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

import postgres
from proxying import DEPLOY, installed
from running import free_port

pytestmark = pytest.mark.whole
START_S = 20.0


def example() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(comment_prefixes=(";",))
    parser.read(DEPLOY / "pgbouncer.ini", "utf-8")
    return parser


@pytest.fixture(scope="module")
def pooled() -> Iterator[str]:
    """The URL of the server's database `postgres`, by way of pgbouncer."""
    program = installed("pgbouncer")
    # A user without rights must be able to go there.
    folder = Path(tempfile.mkdtemp(prefix="palabre-pgbouncer-"))
    with postgres.Server(fsync="off") as server:
        port = free_port()
        config = adapted(folder, server.folder, port)
        # pgbouncer refuses to run as root.
        as_user = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            as_user = ["-u", "postgres"]
        log = folder / "output.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, *as_user, str(config)], cwd=folder, stdout=output, stderr=output
            )
        try:
            url = f"postgresql://postgres:the-password@127.0.0.1:{port}/palabre"
            wait_for(url, process, log)
            assert "unknown parameter" not in log.read_text("utf-8")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=START_S)
            shutil.rmtree(folder)


def adapted(folder: Path, server: Path, port: int) -> Path:
    """The example, with places and a password of ours. Everything else is as it stands there."""
    # The secret itself is taken as well as what is made of it.
    (folder / "userlist.txt").write_text('"postgres" "the-password"\n', "utf-8")
    config = example()
    config["databases"]["palabre"] = f"host={server} dbname=postgres user=postgres"
    options = config["pgbouncer"]
    options["listen_port"] = str(port)
    options["auth_file"] = str(folder / "userlist.txt")
    options["logfile"] = str(folder / "pgbouncer.log")
    options["pidfile"] = str(folder / "pgbouncer.pid")
    path = folder / "pgbouncer.ini"
    with path.open("w", encoding="utf-8") as file:
        config.write(file)
    return path


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        assert process.poll() is None, log.read_text("utf-8")
        try:
            postgres.execute(url, "select 1")
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.02)
        else:
            return


def test_pgbouncer_starts_with_the_example_and_leads_to_the_database(pooled: str) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        assert await connection.fetchval("select current_database()") == "postgres"

    postgres.within(pooled, work)


def test_a_connection_of_the_server_is_lent_for_a_transaction(pooled: str) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            first = await connection.fetchval("select pg_backend_pid()")
            assert await connection.fetchval("select pg_backend_pid()") == first
        # What makes the service do without prepared statements.
        assert first != connection.get_server_pid()

    postgres.within(pooled, work)


def test_a_wrong_password_and_another_database_are_refused(pooled: str) -> None:
    for wrong in (pooled.replace("the-password", "another"), f"{pooled}-2"):
        with pytest.raises(asyncpg.PostgresError):
            postgres.execute(wrong, "select 1")


def test_the_example_pools_by_transaction_and_leaves_the_server_room() -> None:
    options = example()["pgbouncer"]
    assert options["pool_mode"] == "transaction"
    most = int(options["max_db_connections"])
    assert int(options["default_pool_size"]) + int(options["reserve_pool_size"]) <= most < 97
    assert int(options["max_client_conn"]) > most
    assert options["auth_type"] == "scram-sha-256"
    assert options["listen_addr"] == "127.0.0.1"
