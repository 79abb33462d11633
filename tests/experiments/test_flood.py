"""Ten thousand posts of bots with fifty readers among them: `make experiments`. Prints figures."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from flooding import mixed
from running import Running

pytestmark = pytest.mark.whole
BOTS, READERS, CONNECTIONS = 10_000, 50, 16
SCREENS = 2 * 50


async def test_of_ten_thousand_posts_all_fifty_readers_are_on_the_first_two_screens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Running(tmp_path, submission_limit="10/minute") as service:
        service.add_site()
        alice = service.add_moderator()
        service.start()
        kept: list[str] = []
        statuses: Counter[int] = Counter()
        began = time.monotonic()
        async with httpx2.AsyncClient(base_url=service.url, timeout=60) as client:
            posts = iter(mixed(BOTS, READERS))
            await asyncio.gather(
                *(_send(client, posts, statuses, kept) for _ in range(CONNECTIONS))
            )
            took_s = time.monotonic() - began
            first = await client.get(f"/v1/moderation/comments?limit={SCREENS}", headers=alice)
            began = time.monotonic()
            lane = (await client.get("/v1/moderation/quarantine", headers=alice)).json()
            looked_s = time.monotonic() - began
        assert service.stop() == 0
    counts = first.json()["counts"]
    shown = {one["id"] for one in first.json()["comments"]}
    with capsys.disabled():
        print(
            f"\n{BOTS + READERS} posts in {took_s:.0f} s, {len(set(kept) & shown)} of {READERS} "
            f"readers on the first two screens, {counts['pending']} pending, {lane['count']} in "
            f"quarantine in {len(lane['groups'])} bursts, looked at in {1000 * looked_s:.0f} ms; "
            f"answers: {dict(statuses)}"
        )
    assert len(kept) == READERS
    assert set(kept) <= shown
    assert set(statuses) <= {201, 429}


async def _send(
    client: httpx2.AsyncClient,
    posts: Iterator[tuple[dict[str, str], str]],
    statuses: Counter[int],
    kept: list[str],
) -> None:
    """Send what is left, one after the other. What is too much at once comes again."""
    for fields, address in posts:
        while True:
            answer = await client.post(
                "/v1/comments", json=fields, headers={"X-Forwarded-For": address}
            )
            if answer.status_code != 503:
                break
        statuses[answer.status_code] += 1
        if answer.status_code == 201 and fields["name"].startswith("Lectrice"):
            kept.append(answer.json()["comment"]["id"])
