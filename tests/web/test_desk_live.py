"""What the queue's page hears while it is open: the log as it grows, and who looks at what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from conftest import Clock, client_of, token_for
from following import Straight, straight
from palabre.actions import moderators, sites
from palabre.app import build
from palabre.model import Site
from palabre.service import Service
from palabre.store import leases
from web import desk

EVENTS = "/desk/events"


@dataclass(frozen=True)
class Desk:
    """A desk at which alice is signed in, and ada's session. `ids`: two comments that wait."""

    app: Starlette
    client: httpx2.AsyncClient
    ada: dict[str, str]
    ids: list[str]


@pytest.fixture
async def open_desk(
    service: Service, site: Site, moderator: dict[str, str], admin: dict[str, str]
) -> AsyncIterator[Desk]:
    app = build(service)
    async with client_of(service, app) as client:
        ids = [await makers.comment(client) for _ in range(2)]
        ada = await desk.enter(service, client, "ada")
        await desk.enter(service, client, "alice")
        yield Desk(app, client, ada, ids)


async def lookers(stream: Straight) -> object:
    """What is told next, which is who looks."""
    event = await stream.next()
    assert event.kind == "looking", event
    assert list(event.data) == ["lookers"]
    return event.data["lookers"]


async def test_who_begins_to_look_and_who_leaves_is_told_to_the_others(open_desk: Desk) -> None:
    first, second = open_desk.ids
    await desk.say(open_desk.client, first, "look")
    async with straight(open_desk.app, open_desk.ada, path=EVENTS) as stream:
        assert await lookers(stream) == {first: "alice"}
        await desk.say(open_desk.client, second, "look")
        assert await lookers(stream) == {first: "alice", second: "alice"}
        await desk.say(open_desk.client, first, "leave")
        assert await lookers(stream) == {second: "alice"}
        await desk.say(open_desk.client, second, "leave")
        assert await lookers(stream) == {}
        assert stream.events.empty()


async def test_two_who_look_at_the_same_are_told_of_once_however_often_they_say_so(
    service: Service, open_desk: Desk
) -> None:
    first, second = open_desk.ids
    alice = {"Cookie": open_desk.client.headers["Cookie"]}
    await token_for(service, "bruno")
    bruno = await desk.enter(service, open_desk.client, "bruno")
    async with straight(open_desk.app, open_desk.ada, path=EVENTS) as stream:
        assert await lookers(stream) == {}
        for who in (bruno, alice, bruno, alice):
            open_desk.client.headers.update(who)
            await desk.say(open_desk.client, first, "look")
        assert await lookers(stream) in ({first: "alice"}, {first: "bruno"})
        while not stream.events.empty():
            assert await lookers(stream) == {first: "alice"}
        await desk.say(open_desk.client, first, "look")
        await desk.say(open_desk.client, second, "look")
        assert await lookers(stream) == {first: "alice", second: "alice"}


async def test_who_opens_very_many_is_told_to_look_at_the_last_of_them(
    open_desk: Desk, clock: Clock
) -> None:
    ids = [await makers.comment(open_desk.client) for _ in range(leases.MOST + 2)]
    for one in ids:
        await open_desk.client.get(f"/desk/comments/{one}")
        clock.advance(seconds=1)
    async with straight(open_desk.app, open_desk.ada, path=EVENTS) as stream:
        assert await lookers(stream) == dict.fromkeys(ids[2:], "alice")


async def test_whose_token_has_been_revoked_looks_at_nothing(
    service: Service, open_desk: Desk
) -> None:
    await desk.say(open_desk.client, open_desk.ids[0], "look")
    async with straight(open_desk.app, open_desk.ada, path=EVENTS) as stream:
        assert await lookers(stream) == {open_desk.ids[0]: "alice"}
        await moderators.revoke(service, "alice")
        assert await lookers(stream) == {}


async def test_a_browser_that_has_forgotten_where_it_was_may_say_so_in_the_address(
    open_desk: Desk,
) -> None:
    first, _ = open_desk.ids
    async with straight(open_desk.app, open_desk.ada, path=EVENTS) as stream:
        assert await lookers(stream) == {}
    await desk.act(open_desk.client, f"approve {first}")
    place = stream.parser.last_id
    async with straight(open_desk.app, open_desk.ada, path=EVENTS, last=place) as again:
        assert (await again.next()).data["comment"] == first
        assert await lookers(again) == {}
        place = again.parser.last_id
    # What the browser says itself is newer.
    async with straight(
        open_desk.app, open_desk.ada, path=EVENTS, last=stream.parser.last_id, last_id=place
    ) as newer:
        assert await lookers(newer) == {}
    answer = await open_desk.client.get(f"{EVENTS}?last=x")
    assert answer.status_code == 400


async def test_nobody_is_told_of_themselves(open_desk: Desk) -> None:
    alice = {"Cookie": open_desk.client.headers["Cookie"]}
    async with straight(open_desk.app, alice, path=EVENTS) as stream:
        assert await lookers(stream) == {}
        await desk.say(open_desk.client, open_desk.ids[0], "look")
        open_desk.client.headers.update(open_desk.ada)
        await desk.say(open_desk.client, open_desk.ids[0], "look")
        assert await lookers(stream) == {open_desk.ids[0]: "ada"}


async def test_looking_ends_by_itself_after_two_minutes(open_desk: Desk, clock: Clock) -> None:
    first, second = open_desk.ids
    await desk.say(open_desk.client, first, "look")
    async with straight(open_desk.app, open_desk.ada, path=EVENTS) as stream:
        assert await lookers(stream) == {first: "alice"}
        clock.advance(minutes=1)
        await desk.say(open_desk.client, second, "look")
        assert await lookers(stream) == {first: "alice", second: "alice"}
        clock.advance(minutes=1)
        assert await lookers(stream) == {second: "alice"}


async def test_who_has_decided_is_told_to_look_no_more_and_goes_on_in_the_log_from_there(
    open_desk: Desk,
) -> None:
    first, second = open_desk.ids
    await desk.say(open_desk.client, first, "look")
    async with straight(open_desk.app, open_desk.ada, path=EVENTS) as stream:
        assert await lookers(stream) == {first: "alice"}
        await desk.act(open_desk.client, f"approve {first}")
        decided = await stream.next()
        assert (decided.kind, decided.data["comment"]) == ("decided", first)
        assert await lookers(stream) == {}
        assert stream.parser.last_id == decided.id
    async with straight(
        open_desk.app, open_desk.ada, path=EVENTS, last_id=stream.parser.last_id
    ) as again:
        assert await lookers(again) == {}
        await desk.act(open_desk.client, f"spam {second}")
        assert (await again.next()).data["comment"] == second


async def test_what_happens_on_another_site_is_told_to_nobody_of_this_one(
    service: Service, open_desk: Desk
) -> None:
    await sites.add(service, "other", origins=["https://other.example"], locale="fr")
    there = await makers.comment(open_desk.client, article="https://other.example/a", site="other")
    await token_for(service, "bruno", site="blog")
    alice = {"Cookie": open_desk.client.headers["Cookie"]}
    bruno = await desk.enter(service, open_desk.client, "bruno")
    async with straight(open_desk.app, bruno, path=EVENTS) as stream:
        assert await lookers(stream) == {}
        open_desk.client.headers.update(alice)
        await desk.say(open_desk.client, there, "look")
        await desk.say(open_desk.client, open_desk.ids[0], "look")
        assert await lookers(stream) == {open_desk.ids[0]: "alice"}


async def test_programs_are_told_of_decisions_alone(
    open_desk: Desk, moderator: dict[str, str]
) -> None:
    first, _ = open_desk.ids
    async with straight(open_desk.app, moderator) as stream:
        await desk.say(open_desk.client, first, "look")
        await desk.act(open_desk.client, f"approve {first}")
        assert (await stream.next()).kind == "decided"
