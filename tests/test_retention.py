"""The retention job: what is refused goes after its days, and hashes after theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

import makers
from conftest import Clock, client_of, token_for
from counting import assert_counters_are_true
from palabre.actions import sites, tidy
from palabre.jobs import worker
from palabre.jobs.retention import retention
from palabre.model import State
from palabre.service import Service
from palabre.store import Tx
from web.speaking import seen_by

ACTION = {"approved": "approve", "rejected": "reject", "spam": "spam"}


async def one_in_each_state(
    client: httpx2.AsyncClient, moderator: dict[str, str], **fields: str | None
) -> dict[str, str]:
    found = {}
    for state in ("pending", "approved", "rejected", "spam"):
        found[state] = await makers.comment(client, **fields)
        if state in ACTION:
            await makers.act(client, moderator, found[state], ACTION[state])
    return found


async def states(
    client: httpx2.AsyncClient, moderator: dict[str, str], ids: dict[str, str]
) -> dict[str, str]:
    return {name: (await seen_by(client, moderator, one))["state"] for name, one in ids.items()}


@pytest.fixture
def chosen(request: pytest.FixtureRequest, environ: dict[str, str]) -> dict[str, str]:
    """The settings with a test's own, before the service is opened."""
    environ |= request.param
    return environ


async def test_what_is_refused_goes_after_thirty_days_and_nothing_else(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    ids = await one_in_each_state(client, moderator)
    clock.advance(days=30)
    await retention(service)
    assert await states(client, moderator, ids) == {state: state for state in ids}
    clock.advance(seconds=1)
    await retention(service)
    assert await states(client, moderator, ids) == {
        "pending": "pending",
        "approved": "approved",
        "rejected": "deleted",
        "spam": "deleted",
    }
    for name in ("rejected", "spam"):
        last = (await seen_by(client, moderator, ids[name]))["decisions"][-1]
        assert (last["from"], last["to"], last["by"]) == (name, "deleted", "rule:retention")
    await assert_counters_are_true(service)
    clock.advance(days=10_000)
    await retention(service)
    assert (await states(client, moderator, ids))["pending"] == "pending"


async def test_days_count_from_the_decision_not_from_the_comment(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    one = await makers.comment(client)
    clock.advance(days=29)
    await makers.act(client, moderator, one, "reject")
    clock.advance(days=29)
    await retention(service)
    assert (await seen_by(client, moderator, one))["state"] == "rejected"
    await makers.act(client, moderator, one, "spam")
    clock.advance(days=29)
    await retention(service)
    assert (await seen_by(client, moderator, one))["state"] == "spam"
    clock.advance(days=2)
    await retention(service)
    assert (await seen_by(client, moderator, one))["state"] == "deleted"


@pytest.mark.parametrize(
    ("chosen", "days", "gone"),
    [
        ({"PALABRE_RETENTION_REJECTED_DAYS": "3"}, 4, {"rejected"}),
        ({"PALABRE_RETENTION_SPAM_DAYS": "1"}, 2, {"spam"}),
        ({"PALABRE_RETENTION_PENDING_DAYS": "7"}, 8, {"pending"}),
        ({"PALABRE_RETENTION_PENDING_DAYS": "90"}, 60, {"rejected", "spam"}),
        (
            {
                "PALABRE_RETENTION_REJECTED_DAYS": "off",
                "PALABRE_RETENTION_SPAM_DAYS": "off",
            },
            10_000,
            set(),
        ),
    ],
    indirect=["chosen"],
)
async def test_each_of_the_times_is_a_setting(
    chosen: dict[str, str],
    days: int,
    gone: set[str],
    service: Service,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
) -> None:
    ids = await one_in_each_state(client, moderator)
    clock.advance(days=days)
    await retention(service)
    assert await states(client, moderator, ids) == {
        state: "deleted" if state in gone else state for state in ids
    }
    await assert_counters_are_true(service)


@pytest.fixture
async def both(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service with two sites."""
    for name in ("one", "two"):
        await sites.add(service, name, origins=[f"https://{name}.example"])
    async with client_of(service) as found:
        yield found


async def test_every_site_is_tidied_and_more_than_one_turn_takes(
    service: Service, both: httpx2.AsyncClient, clock: Clock
) -> None:
    moderator = await token_for(service, "alice")
    for name in ("one", "two"):
        number = tidy.AT_ONCE + 5 if name == "one" else 3
        ids = [
            str(answer.json()["comment"]["id"])
            for answer in await asyncio.gather(
                *(both.post("/v1/comments", json=makers.fields(site=name)) for _ in range(number))
            )
        ]
        answer = await both.post(
            "/v1/moderation/decisions", json={"action": "spam", "ids": ids}, headers=moderator
        )
        assert {one["status"] for one in answer.json()["results"]} == {200}
    clock.advance(days=31)
    assert await tidy.tidy(service) == tidy.AT_ONCE + 8
    assert await tidy.tidy(service) == 0
    await assert_counters_are_true(service)


async def count(service: Service, table: str) -> int:
    async def unit(tx: Tx) -> int:
        row = await tx.one(f"select count(*) as n from {table}")
        return int(row["n"]) if row else -1

    return await service.store.read(unit)


async def test_a_used_stamp_is_known_again_for_an_hour_longer_than_it_is_good(
    service: Service, client: httpx2.AsyncClient, clock: Clock
) -> None:
    stamp = (await client.get("/v1/stamp?article=/a")).json()["stamp"]
    await makers.submit(client, stamp=stamp)
    clock.advance(hours=24, minutes=59, seconds=59)
    await retention(service)
    assert await count(service, "spent") == 1
    clock.advance(seconds=1)
    await retention(service)
    assert await count(service, "spent") == 0


async def test_visitors_and_replays_are_forgotten_after_a_day(
    service: Service, client: httpx2.AsyncClient, clock: Clock
) -> None:
    sent = makers.fields(idempotency_key="a key of mine")
    first = await client.post("/v1/comments", json=sent)
    assert (await count(service, "visit"), await count(service, "replay")) == (1, 1)
    clock.advance(hours=23, minutes=59, seconds=59)
    await retention(service)
    assert (await count(service, "visit"), await count(service, "replay")) == (1, 1)
    again = await client.post("/v1/comments", json=sent)
    assert again.json()["comment"]["id"] == first.json()["comment"]["id"]
    clock.advance(seconds=1)
    await retention(service)
    assert (await count(service, "visit"), await count(service, "replay")) == (0, 0)
    assert await count(service, "receipt") == 2


async def test_an_author_without_a_comment_left_is_forgotten(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    rejected = await makers.comment(client, email="a@example.com")
    await makers.act(client, moderator, rejected, "reject")
    await makers.comment(client, email="b@example.com")
    assert await count(service, "author") == 2
    clock.advance(days=31)
    await retention(service)
    assert await count(service, "author") == 1


async def test_a_comment_that_replies_hang_on_becomes_a_tombstone(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    parent = await makers.approved(client, moderator)
    reply = await makers.approved(client, moderator, parent=parent)
    await makers.act(client, moderator, parent, "spam")
    clock.advance(days=31)
    await retention(service)
    listed = (await makers.listing(client))["comments"]
    assert [(one["id"], one["state"]) for one in listed] == [
        (parent, State.DELETED),
        (reply, State.APPROVED),
    ]


async def test_the_job_runs_as_soon_as_the_service_does(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    one = await makers.comment(client)
    await makers.act(client, moderator, one, "spam")
    clock.advance(days=31)
    async with worker.running(service):
        for _ in range(1000):
            if (await seen_by(client, moderator, one))["state"] == "deleted":
                break
    assert (await seen_by(client, moderator, one))["state"] == "deleted"


async def test_time_does_not_tell_a_blocked_author_that_they_are_blocked(
    service: Service,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
) -> None:
    known = await makers.comment(client, email="blocked@example.com")
    author = (await seen_by(client, moderator, known))["author"]["id"]
    block = f"/v1/moderation/authors/{author}/block"
    assert (await client.post(block, headers=moderator)).status_code == 200
    blocked = await makers.submit(client, email="blocked@example.com")
    other = await makers.submit(client, email="other@example.com")
    clock.advance(days=31)
    await retention(service)
    receipts = [
        (await client.get(f"/v1/receipts/{one['receipt']['token']}")).json()["comment"]["state"]
        for one in (blocked, other)
    ]
    assert receipts == ["pending", "pending"]


async def test_what_a_program_put_into_the_honeypot_goes_like_all_spam(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    lured = await makers.comment(client, subject="robot")
    clock.advance(days=31)
    await retention(service)
    assert (await seen_by(client, moderator, lured))["state"] == "deleted"
