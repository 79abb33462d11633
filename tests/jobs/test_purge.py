"""Purging: every cache is told of each article that has changed, once a change."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

import makers
from conftest import Clock
from jobs.test_webhook import turn, waiting
from palabre.service import Service
from receiving import Receiver, receiving


@pytest.fixture
def cache() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(autouse=True)
def by_hand(environ: dict[str, str], cache: Receiver) -> None:
    """Nobody does the work but the test."""
    base = f"http://127.0.0.1:{cache.port}"
    environ |= {"PALABRE_JOBS": "false", "PALABRE_PURGE_URLS": f"{base}/,post+{base}/told?k=1"}


async def test_what_readers_may_have_seen_is_purged_when_it_changes(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service, cache: Receiver
) -> None:
    one = await makers.comment(client)
    await turn(service)
    assert cache.received == []  # nobody sees what waits
    await makers.act(client, moderator, one, "approve")
    await turn(service)
    purged = [found.path for found in cache.received if found.method == "PURGE"]
    assert "/v1/comments?article=/a" in purged
    assert "/v1/comments?article=https://blog.example/a" in purged
    assert "/v1/comments.html?article=/a" in purged
    assert "/v1/comments.atom?article=/a" in purged
    for path in purged:
        assert (await client.get(path)).status_code == 200
    (posted,) = [found for found in cache.received if found.method == "POST"]
    assert posted.path == "/told?k=1"
    assert json.loads(posted.body) == {"article": "https://blog.example/a", "paths": purged}
    assert {found.headers["x-palabre-article"] for found in cache.received} == {
        "https://blog.example/a"
    }


async def test_many_changes_at_once_are_one_purge(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service, cache: Receiver
) -> None:
    for _ in range(5):
        await makers.approved(client, moderator)
    assert len(await waiting(service)) == 1
    await turn(service)
    assert len([found for found in cache.received if found.method == "POST"]) == 1


async def test_a_cache_that_had_nothing_is_fine_and_one_that_fails_is_asked_again(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    service: Service,
    cache: Receiver,
    clock: Clock,
) -> None:
    cache.answers = [404]
    await makers.approved(client, moderator)
    await turn(service)
    assert await waiting(service) == []
    cache.answers = [503, 200]
    await makers.approved(client, moderator)
    await turn(service)
    (job,) = await waiting(service)
    assert job.error == "NotSent: the cache answered 503"
    clock.advance(minutes=1)
    await turn(service)
    assert await waiting(service) == []
