"""A real `palabre work`: it begins and ends politely, and what kills it loses nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

import makers
from palabre import settings
from palabre.actions import sites
from palabre.ids import new_id
from palabre.jobs.outbox import AT_ONCE
from palabre.service import Service, opened
from palabre.store import Tx, jobs
from running import Running

pytestmark = pytest.mark.whole

PROGRAM = """
import asyncio
from datetime import timedelta
from palabre.commands import main
from palabre.jobs import outbox, worker

outbox.LEASE = timedelta(seconds={lease_s})
outbox.EVERY_S = 0.1

async def ring(service, job):
    reader, writer = await asyncio.open_connection("127.0.0.1", {port})
    writer.write(f"POST /{{job.topic}} HTTP/1.0\\r\\n\\r\\n".encode())
    assert b"204" in await reader.readline()
    writer.close()

worker.HANDLERS["ring"] = ring
main(["work"])
"""


class Receiver:
    """Somebody on loopback who notes what comes, and takes a moment to answer."""

    def __init__(self) -> None:
        received = self.received = Counter[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received[self.path.removeprefix("/")] += 1
                time.sleep(0.005)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


class Working:
    """A `palabre work` on the data in a folder; *port*: of who is told of each `ring`."""

    def __init__(self, folder: Path, *, port: int = 0, lease_s: int = 60) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PALABRE_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(port=port, lease_s=lease_s)],
            env=environ | {"PALABRE_DATA_DIR": str(folder / "data"), "PALABRE_JOBS": "false"},
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "Palabre is working.\n"

    def end(self, sign: int) -> int:
        """Its exit code."""
        self.process.send_signal(sign)
        code = self.process.wait(timeout=15)
        assert self.process.stdout
        self.process.stdout.close()
        return code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    async def make(service: Service) -> None:
        await sites.add(service, "blog", origins=["https://blog.example"])

    asyncio.run(_with_service(tmp_path, make))
    return tmp_path


async def _with_service(folder: Path, work: object) -> object:
    async with opened(settings.load({"PALABRE_DATA_DIR": str(folder / "data")})) as service:
        return await work(service)  # type: ignore[operator]


async def _put(service: Service, topics: list[str]) -> None:
    async def unit(tx: Tx) -> None:
        row = await tx.one("select id from site")
        assert row is not None
        now = service.now()
        for topic in topics:
            await jobs.put(
                tx,
                "ring",
                job_id=new_id(now),
                site_id=row["id"],
                topic=topic,
                subject={},
                at=now - timedelta(seconds=1),
            )

    await service.store.write(unit)


async def _left(service: Service) -> int:
    return len(await service.store.read(lambda tx: jobs.page(tx, only_given_up=False, limit=999)))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_asked_to(folder: Path, sign: int) -> None:
    working = Working(folder)
    began = time.monotonic()
    assert working.end(sign) == 0
    assert time.monotonic() - began < 10


def test_killed_in_the_middle_it_loses_nothing_and_doubles_little(
    folder: Path, receiver: Receiver
) -> None:
    chance = random.Random(4)
    kills, topics = 5, [f"ring{n}" for n in range(300)]

    async def rounds(service: Service) -> None:
        for number in range(kills):
            await _put(service, topics[number::kills])
            before = receiver.received.total()
            working = await asyncio.to_thread(Working, folder, port=receiver.port, lease_s=2)
            while receiver.received.total() == before:
                await asyncio.sleep(0.01)
            await asyncio.sleep(chance.uniform(0, 0.1))
            assert working.end(signal.SIGKILL) == -signal.SIGKILL
        last = await asyncio.to_thread(Working, folder, port=receiver.port, lease_s=2)
        async with asyncio.timeout(30):
            while await _left(service):
                await asyncio.sleep(0.05)
        assert last.end(signal.SIGTERM) == 0

    asyncio.run(_with_service(folder, rounds))
    assert set(receiver.received) == set(topics)
    assert receiver.received.total() <= len(topics) + kills * AT_ONCE


def test_two_at_once_beside_a_service_do_everything_once(
    tmp_path: Path, receiver: Receiver
) -> None:
    topics = [f"ring{n}" for n in range(200)]

    async def through(service: Service) -> None:
        both = [await asyncio.to_thread(Working, tmp_path, port=receiver.port) for _ in "ab"]
        for n in range(0, len(topics), 20):
            await _put(service, topics[n : n + 20])
            sent = makers.fields(article=f"/{n}")
            answer = await asyncio.to_thread(httpx2.post, f"{running.url}/v1/comments", json=sent)
            assert answer.status_code == 201
        async with asyncio.timeout(30):
            while await _left(service):
                await asyncio.sleep(0.05)
        assert [working.end(signal.SIGTERM) for working in both] == [0, 0]

    with Running(tmp_path) as running:
        running.start()
        running.add_site()
        asyncio.run(_with_service(tmp_path, through))
        assert running.stop() == 0
    assert receiver.received == Counter(topics)
