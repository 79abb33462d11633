"""deploy/Caddyfile in front of two processes, one of which ends and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import makers
from proxying import Caddy, visitor
from running import Running

pytestmark = pytest.mark.whole
PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """Two services. Each has a store of its own: that they share one is not what is tried here."""
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    with Running(folders[0]) as first, Running(folders[1]) as second:
        for service in (first, second):
            service.add_site()
            service.start()
        yield [first, second]


@pytest.fixture
def client(both: list[Running], tmp_path: Path) -> Iterator[httpx2.Client]:
    upstream = " ".join(f"127.0.0.1:{service.port}" for service in both)
    with Caddy(tmp_path / "caddy", upstream) as proxy, visitor(proxy) as client:
        yield client


def answered(service: Running) -> int:
    """How many of our requests a process has answered."""
    text = httpx2.get(f"{service.url}/metrics").text
    rows = [line for line in text.splitlines() if 'route="/v1/comments"' in line]
    return sum(int(float(row.split()[-1])) for row in rows if "requests_total" in row)


def served_by(service: Running, client: httpx2.Client) -> bool:
    """Whether, within our patience, the process gets a request that went to the proxy."""
    before, deadline = answered(service), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for _ in range(4):
            assert client.get("/v1/comments?article=/a").status_code == 200
        if answered(service) > before:
            return True
    return False


def test_requests_go_to_every_process(both: list[Running], client: httpx2.Client) -> None:
    assert [served_by(service, client) for service in both] == [True, True]


def test_a_process_that_ends_is_missed_by_nobody_and_one_that_is_back_serves_again(
    both: list[Running], client: httpx2.Client
) -> None:
    for service in both:
        assert service.stop() == 0
        try:
            for _ in range(20):
                assert client.post("/v1/comments", json=makers.fields()).status_code == 201
                assert client.get("/v1/comments?article=/a").status_code == 200
        finally:
            service.start()
        assert served_by(service, client)


def test_a_process_that_can_t_store_is_passed_over(
    both: list[Running], client: httpx2.Client
) -> None:
    broken, working = both
    assert served_by(broken, client)
    database = broken.data / "palabre.sqlite3"
    away = database.rename(database.with_name("away"))
    try:
        deadline = time.monotonic() + PATIENCE_S
        passed_over = 0
        while passed_over < 40:
            assert time.monotonic() < deadline
            before = answered(working)
            answer = client.get("/v1/comments?article=/a")
            is_passed_over = answer.status_code == 200 and answered(working) == before + 1
            passed_over = passed_over + 1 if is_passed_over else 0
    finally:
        away.rename(database)
    assert served_by(broken, client)
