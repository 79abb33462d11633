"""A flood of bots with honest readers among them: what moderators see of it, and are mailed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from conftest import Clock, client_of, token_for
from flooding import mixed, post_all
from jobs.posting import Post
from palabre.actions import moderators
from palabre.jobs.outbox import Outbox
from palabre.jobs.worker import HANDLERS
from palabre.model import Site
from palabre.service import Service
from web import desk

READERS = 50


@pytest.fixture(autouse=True)
def by_hand(environ: dict[str, str]) -> None:
    """Visitors have the limit of every new service, and nobody does the work but the test."""
    del environ["PALABRE_SUBMISSION_LIMIT"]
    environ["PALABRE_JOBS"] = "false"


@pytest.fixture
async def alice(service: Service, site: Site) -> dict[str, str]:
    """A moderator who is told by mail."""
    headers = await token_for(service, "alice")
    await moderators.tell_by_mail(service, "alice", "alice@mail.example", language="fr")
    return headers


@pytest.fixture
async def mailed(
    post: Post, service: Service, alice: dict[str, str]
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that sends mail to Alice. First of a test's arguments."""
    async with client_of(service) as client:
        yield client


async def queue(client: httpx2.AsyncClient, screens: int) -> list[str]:
    """The comments on the first screens of the desk's queue."""
    found: list[str] = []
    path = "/desk/"
    for _ in range(screens):
        page = (await client.get(path)).text
        found += desk.cases(page)
        following = page.partition('rel="next" href="')[2].partition('"')[0]
        if not following:
            break
        path = following.replace("&amp;", "&")
    return found


@pytest.mark.parametrize("bots", [1000])
@pytest.mark.engine("sqlite")
async def test_of_a_flood_all_readers_are_on_the_first_two_screens_and_one_mail_is_sent(
    mailed: httpx2.AsyncClient,
    alice: dict[str, str],
    post: Post,
    service: Service,
    clock: Clock,
    bots: int,
) -> None:
    kept = await post_all(mailed, clock, mixed(bots, READERS))
    assert len(kept) == READERS
    answer = await mailed.get("/v1/moderation/comments?limit=1", headers=alice)
    counts = answer.json()["counts"]
    assert counts["pending"] <= 100
    assert counts["pending"] + counts["spam"] == bots + READERS
    await desk.enter(service, mailed, "alice")
    assert set(kept) <= set(await queue(mailed, screens=2))
    clock.advance(minutes=30)
    outbox = Outbox(service, HANDLERS)
    while await outbox.turn():
        pass
    (message,) = post.messages
    assert str(message["Subject"]).startswith(f"{counts['pending']} commentaires")
    lane = (await mailed.get("/v1/moderation/quarantine", headers=alice)).json()
    assert lane["count"] == counts["spam"]
    # A click a burst, and all of it is gone.
    for burst in lane["groups"]:
        sent = {"group": burst["group"], "action": "delete"}
        answer = await mailed.post("/v1/moderation/quarantine", json=sent, headers=alice)
        assert answer.json()["count"] == burst["count"]
    while await outbox.turn():
        pass
    lane = (await mailed.get("/v1/moderation/quarantine", headers=alice)).json()
    assert (lane["count"], lane["groups"]) == (0, [])
    assert len(post.raw) == 1
