"""What tests are handed: a real service on a real SQLite file, a client over ASGI, a clock."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvloop
from starlette.applications import Starlette
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

import postgres
import staying
from palabre import settings
from palabre.actions import moderators, sites
from palabre.app import build
from palabre.model import Scope, Site
from palabre.service import Service, opened
from palabre.store.sqlite import SqliteStore

if sys.version_info < (3, 14):
    # What a service runs on, and a tenth less work for the tests.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ORIGIN = "https://blog.example"
PUBLIC_URL = "https://comments.example"

MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3
"""Far more than the tests need at any time: what a test has left goes with it, unless it fails."""

LONG = ("jobs/test_flood.py", "transfer/test_copy.py", "web/test_schemathesis.py")
"""Beside those that start a service of their own, the files whose tests take seconds each."""

EMPTY = """
    delete from outdated;
    delete from session;
    delete from login_link;
    delete from login_attempt;
    delete from lease;
    delete from comment_signal;
    delete from comment_band;
    delete from ban_change;
    delete from comment_tag;
    delete from ban;
    delete from learned_label;
    delete from learned_feature;
    delete from learned_site;
    delete from job;
    delete from recurring;
    delete from webhook;
    delete from digest;
    delete from mailbox;
    delete from comment_words;
    delete from browser;
    delete from replay;
    delete from receipt;
    delete from report_receipt;
    delete from report;
    delete from visit;
    delete from spent;
    delete from edit;
    delete from decision;
    delete from comment;
    delete from author;
    delete from article;
    delete from moderator;
    delete from site_tally;
    delete from site_origin;
    delete from site;
    delete from store_info where name not in ('key_id', 'key_check');
    select setval('comment_seq', 1, false), setval('decision_seq', 1, false);
"""
"""Empties a database, in a fraction of the time that a fresh one takes."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever has to do with the store is tested on both engines, unless marked otherwise."""
    if "engine" in metafunc.fixturenames:
        only = [mark.args[0] for mark in metafunc.definition.iter_markers("engine")]
        metafunc.parametrize("engine", only or ["sqlite", "postgres"])


def pytest_configure() -> None:
    """Files of tests are in memory, where it has room: nobody waits for a disk."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is begun first: begun last, it keeps one worker busy and all others waiting.

    Before all else what has to stay together, as `spreading` has it.
    """

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("browser") is not None:
            return 0
        is_long = item.path.as_posix().endswith(LONG)
        return 1 if is_long or item.get_closest_marker("whole") is not None else 2

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """The tests are there to stay: nobody looks again whether ten thousand are garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Who gets which tests, where there are several to run them."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from spreading import Spreading

    return Spreading(config, log)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_store(postgres_server: str, _fresh_store: Path) -> Iterator[Callable[[], str]]:
    """Empties a migrated database that knows the key of the fresh store, and tells its URL."""
    name = f"palabre_test_{os.getpid()}"
    with postgres.database(postgres_server, name) as url:
        # What is lost in a power cut is nothing that these tests look at.
        postgres.execute(postgres_server, f"alter database {name} set synchronous_commit = off")
        environ = {"PALABRE_DATA_DIR": str(_fresh_store), "PALABRE_DATABASE_URL": url}

        async def make() -> None:
            async with opened(settings.load(environ), now=Clock()):
                pass

        asyncio.run(make())
        with postgres.standing(url) as execute:

            def emptied() -> str:
                execute(EMPTY)
                return url

            yield emptied


@pytest.fixture(scope="session")
async def _postgres_connections(_postgres_store: Callable[[], str]) -> AsyncIterator[None]:
    """The connections to that database outlive the tests."""
    connections = staying.Connections(_postgres_store())
    with connections.kept():
        yield
    await connections.close()


@pytest.fixture
def environ(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings' variables; a test may add to them before it asks for `service`."""
    found = {
        "PALABRE_DATA_DIR": str(tmp_path / "data"),
        "PALABRE_PUBLIC_URL": PUBLIC_URL,
        "PALABRE_SUBMISSION_LIMIT": "off",
    }
    if engine == "postgres":
        url = request.getfixturevalue("_postgres_store")()
        request.getfixturevalue("_postgres_connections")
        # Few, since each of them begins by learning all statements.
        found |= {"PALABRE_DATABASE_URL": url, "PALABRE_DATABASE_CONNECTIONS": "2"}
    return found


@pytest.fixture(scope="session")
def _fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store with its key, made once and copied for every test."""
    folder = tmp_path_factory.mktemp("fresh") / "data"

    async def make() -> None:
        async with opened(settings.load({"PALABRE_DATA_DIR": str(folder)}), now=Clock()):
            pass

    asyncio.run(make())
    return folder


@pytest.fixture
async def service(
    environ: dict[str, str], clock: Clock, _fresh_store: Path
) -> AsyncIterator[Service]:
    """A service without a site."""
    folder = Path(environ["PALABRE_DATA_DIR"])
    if "PALABRE_DATABASE_URL" in environ:
        folder.mkdir(parents=True)
        shutil.copy(_fresh_store / "palabre.key", folder)
    else:
        shutil.copytree(_fresh_store, folder, dirs_exist_ok=True)
    async with opened(settings.load(environ), serving=True, now=clock) as found:
        yield found


def sqlite_of(service: Service) -> SqliteStore:
    """The service's store, where a test is about SQLite's own ways."""
    assert isinstance(service.store, SqliteStore)
    return service.store


@pytest.fixture
async def site(service: Service) -> Site:
    """The site `blog`, French, at https://blog.example."""
    return await sites.add(service, "blog", origins=[ORIGIN])


@contextlib.asynccontextmanager
async def client_of(
    service: Service, app: Starlette | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that speaks HTTP to a service's application, jobs running."""
    app = app or build(service)
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: AsgiScope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx2.ASGITransport(app=with_state, raise_app_exceptions=False)
        # Without a browser's name, it would be a program where it asks for pages.
        async with httpx2.AsyncClient(
            transport=transport, base_url=PUBLIC_URL, headers={"User-Agent": "Mozilla/5.0"}
        ) as client:
            yield client


@pytest.fixture
async def client(service: Service, site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service with the site `blog`; it follows no redirect."""
    async with client_of(service) as found:
        yield found


async def token_for(
    service: Service, name: str, scope: Scope = Scope.MODERATE, site: str | None = None
) -> dict[str, str]:
    """The headers of a new moderator."""
    token = await moderators.add(service, name, scope=scope, site=site)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def moderator(service: Service, site: Site) -> dict[str, str]:
    """The headers of Alice, who may moderate every site."""
    return await token_for(service, "alice")


@pytest.fixture
async def admin(service: Service, site: Site) -> dict[str, str]:
    """The headers of Ada, who may do anything."""
    return await token_for(service, "ada", Scope.ADMIN)


@pytest.fixture
async def reader(service: Service, site: Site) -> dict[str, str]:
    """The headers of Rémi, who may only read."""
    return await token_for(service, "remi", Scope.READ)


@pytest.fixture(scope="session")
async def _loop() -> staying.Loop:
    """The loop that all tests share."""
    return staying.Loop(asyncio.get_running_loop())


@pytest.fixture(autouse=True)
def _nothing_is_left(_loop: staying.Loop) -> Iterator[None]:
    """What a test has begun ends with it, as if the loop were its own.

    An unclosed connection's thread would keep the interpreter from ending.
    """
    tasks = _loop.tasks()
    threads = set(threading.enumerate())
    yield
    _loop.end(_loop.tasks() - tasks)
    left = [t for t in threading.enumerate() if t not in threads and not t.daemon]
    left = [thread for thread in left if not staying.is_of_loop(thread)]
    for thread in left:
        # A closed connection's thread is on its last line when `close` returns.
        thread.join(timeout=30)
    left = [thread for thread in left if thread.is_alive()]
    assert not left, f"threads left over: {left}"


Json = dict[str, Any]
