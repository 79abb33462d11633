"""Limits that refuse nobody, and what comes above them while a site is flooded."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

import makers
from conftest import Clock
from palabre.actions import allowance
from palabre.model import Site
from palabre.screening import MARKS
from palabre.service import Service
from palabre.store import Tx
from web.speaking import NOTHING, post, rules, seen_by, stored

SAME = "Le même texte, encore une fois, sans un mot de plus ni de moins que la fois d’avant."
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def limited(environ: dict[str, str]) -> None:
    environ["PALABRE_SUBMISSION_LIMIT"] = "1000/minute"


async def send(
    client: httpx2.AsyncClient, number: int, *, address: str | None = None, **fields: str
) -> Json:
    """A comment by somebody of their own, from a network of their own."""
    about = {"email": f"lectrice{number}@example.com", "article": f"/{number}"} | fields
    at = address or f"2001:db8:{number:x}::1"
    answer = await post(client, makers.fields(**about), x_forwarded_for=at)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()["comment"]
    return found


async def signals(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: Json
) -> dict[str, float]:
    """Those of a comment that weigh anything: every one from a program says that it is."""
    found = await seen_by(client, moderator, comment["id"])
    return {one["name"]: one["score"] for one in found["signals"] if one["score"] >= MARKS}


# Each limit alone.


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.5", "203.0.113.200", True),
        ("203.0.113.5", "::ffff:203.0.113.9", True),
        ("203.0.113.5", "203.0.112.5", False),
        ("2001:db8:1:2::1", "2001:db8:1:ffff::1", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
    ],
)
async def test_what_is_above_a_network_s_limit_is_held_and_not_refused(
    client: httpx2.AsyncClient, admin: dict[str, str], one: str, other: str, same: bool
) -> None:
    await rules(client, admin, network_limit="2/minute", first_state="approved")
    for number in range(2):
        assert (await send(client, number, address=one))["state"] == "approved"
    third = await send(client, 3, address=other)
    assert third["state"] == ("pending" if same else "approved")
    assert await signals(client, admin, third) == ({"pace": 0.5} if same else {})


async def test_what_is_above_an_author_s_limit_is_held_and_nobody_is_told(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, author_limit="2/minute", first_state="approved")
    told = [await send(client, number, email="zoe@example.com") for number in range(3)]
    others = [await send(client, 10 + number) for number in range(3)]
    assert {one["state"] for one in (*told, *others)} == {"approved"}
    assert await stored(client, admin) == NOTHING | {"approved": 5, "pending": 1}
    assert await signals(client, admin, told[2]) == {"author_pace": 0.5}


async def test_a_crowded_article_holds_what_bears_a_mark_and_leaves_the_others_alone(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, article_limit="3/minute", first_state="approved")
    for number in range(3):
        assert (await send(client, number, article="/a"))["state"] == "approved"
    clean = await send(client, 4, article="/a")
    assert await signals(client, admin, clean) == {"proof": 0.5}
    assert (await seen_by(client, admin, clean["id"]))["decided_by"] is None
    bot = await send(client, 5, article="/a", comment="http://a.example " * 3)
    assert clean["state"] == bot["state"] == "pending"
    found = await seen_by(client, admin, bot["id"])
    assert (found["state"], found["decided_by"]) == ("spam", "rule:flood")
    assert await signals(client, admin, bot) == {"flood": 0.9, "proof": 0.5, "links": 0.6}
    assert (await send(client, 6, article="/b"))["state"] == "approved"
    assert await stored(client, admin) == NOTHING | {"approved": 4, "pending": 1, "spam": 1}


async def test_one_flooder_never_silences_a_site(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, site_limit="3/minute")
    for number in range(30):
        await send(client, number, comment=SAME)
    for number in range(30, 33):
        honest = await send(client, number)
        assert (await seen_by(client, admin, honest["id"]))["state"] == "pending"
    # Three at first, and the readers.
    assert await stored(client, admin) == NOTHING | {"pending": 6, "spam": 27}


async def test_the_first_of_a_text_is_not_known_as_one(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, site_limit="1/minute")
    await send(client, 0)
    found = [await send(client, number, comment=SAME) for number in (1, 2)]
    states = [(await seen_by(client, admin, one["id"]))["state"] for one in found]
    assert states == ["pending", "spam"]


async def test_of_what_looks_clean_the_queue_takes_twice_the_limit(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, site_limit="3/minute")
    found = [await send(client, number) for number in range(12)]
    states = [(await seen_by(client, admin, one["id"]))["state"] for one in found]
    assert states == ["pending"] * (3 + allowance.ROOM * 3) + ["spam"] * 3
    assert await signals(client, admin, found[-1]) == {"flood": 0.9, "proof": 0.5}
    # Room comes back with time.
    clock.advance(seconds=10)
    more = await send(client, 20)
    assert (await seen_by(client, admin, more["id"]))["state"] == "pending"


async def test_what_a_form_of_ours_brings_has_room_of_its_own(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, site_limit="3/minute")
    stamps = []
    for number in range(20, 24):
        answer = await client.get(f"/v1/stamp?article=/{number}")
        stamps.append(answer.json()["stamp"])
    clock.advance(seconds=30)
    for number in range(12):
        await send(client, number)
    for number, stamp in enumerate(stamps, 20):
        sent = await send(client, number, stamp=stamp)
        assert (await seen_by(client, admin, sent["id"]))["state"] == "pending"
    refused = await send(client, 30)
    assert (await seen_by(client, admin, refused["id"]))["state"] == "spam"


@pytest.mark.parametrize("near", ["203.0.113.{}", "2001:db8:7:{}::1"])
async def test_a_few_addresses_of_one_network_leave_the_queue_to_others(
    client: httpx2.AsyncClient, admin: dict[str, str], near: str
) -> None:
    await rules(client, admin, site_limit="10/minute")
    theirs = [await send(client, n, address=near.format(n % 9)) for n in range(40)]
    states = [(await seen_by(client, admin, one["id"]))["state"] for one in theirs]
    assert states == ["pending"] * (10 + allowance.SHARE_LEAST) + ["spam"] * 25
    (why,) = [
        one["why"]
        for one in (await seen_by(client, admin, theirs[-1]["id"]))["signals"]
        if one["name"] == "flood"
    ]
    assert "réseau" in why
    for number in range(60, 70):
        sent = await send(client, number)
        assert (await seen_by(client, admin, sent["id"]))["state"] == "pending"


async def test_a_flood_is_over_ten_minutes_after_the_last_excess(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, site_limit="2/minute", first_state="approved")
    for number in range(3):
        await send(client, number)
    clock.advance(minutes=9, seconds=59)
    assert (await send(client, 10))["state"] == "pending"
    clock.advance(seconds=1)
    assert (await send(client, 11))["state"] == "approved"


async def test_many_at_once_cannot_all_take_the_last_one(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, site_limit="5/minute", first_state="approved")
    found = await asyncio.gather(*(send(client, number) for number in range(20)))
    assert [one["state"] for one in found].count("approved") == 5


async def test_a_limit_that_is_off_is_none(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    off = dict.fromkeys(("site_limit", "article_limit", "author_limit", "network_limit"), "off")
    await rules(client, admin, first_state="approved", **off)
    for _ in range(40):
        same = await send(client, 1)
    assert await stored(client, admin) == NOTHING | {"approved": 15, "pending": 25}
    # The visitor's pace has nothing to do with them.
    assert await signals(client, admin, same) == {"pace": 0.9}


async def test_switching_the_limit_off_ends_the_flood(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, site_limit="1/minute", first_state="approved")
    await send(client, 0)
    assert (await send(client, 1))["state"] == "pending"
    await rules(client, admin, site_limit="off")
    assert (await send(client, 2))["state"] == "approved"


async def test_an_article_may_have_a_limit_of_its_own(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    sent = {"article": "/busy", "policy": {"article_limit": "1/day"}}
    assert (
        await client.put("/v1/moderation/articles", json=sent, headers=admin)
    ).status_code == 201
    states = [(await send(client, n, article="/busy"))["state"] for n in range(2)]
    assert states == ["approved", "pending"]
    assert (await send(client, 3))["state"] == "approved"


async def test_nobody_learns_in_a_flood_that_they_are_blocked(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, site_limit="2/minute", first_state="approved")
    first = await send(client, 0, email="zoe@example.com")
    author = (await seen_by(client, admin, first["id"]))["author"]["id"]
    await client.post(f"/v1/moderation/authors/{author}/block", json={}, headers=admin)
    await send(client, 1)
    told = [await send(client, 2), await send(client, 3, email="zoe@example.com")]
    assert [one["state"] for one in told] == ["pending", "pending"]
    states = [(await seen_by(client, admin, one["id"]))["state"] for one in told]
    assert states == ["pending", "spam"]


async def test_what_is_counted_by_is_no_address_and_changes_daily(
    client: httpx2.AsyncClient, service: Service, site: Site, clock: Clock
) -> None:
    async def tags(tx: Tx) -> set[bytes]:
        return {bytes(row["visitor_tag"]) for row in await tx.all("select * from visit")}

    await send(client, 1, article="/a")
    before = await service.store.read(tags)
    assert {len(tag) for tag in before} == {32}
    # Visitor, network, author, article, site.
    assert len(before) == 5
    clock.advance(days=1)
    await send(client, 1, article="/a")
    assert len(await service.store.read(tags) - before) == 5
