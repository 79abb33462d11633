"""`GET /v1/moderation/events`: every decision, soon after it is stored, by whatever process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette

import makers
from conftest import Clock, client_of, token_for
from following import URL, Straight, straight
from palabre import settings
from palabre.actions import follow, moderators, sites
from palabre.app import build
from palabre.model import Scope, Site
from palabre.service import Service, opened
from palabre.store import Store, Tx
from palabre.web import events
from palabre.web.events import Streams
from web.speaking import field_codes, problem

Json = dict[str, Any]


@dataclass
class Served:
    """An application, and a client of it."""

    app: Starlette
    client: httpx2.AsyncClient

    @property
    def streams(self) -> Streams:
        found: Streams = self.app.state.streams
        return found


@pytest.fixture
async def served(service: Service, site: Site) -> AsyncIterator[Served]:
    app = build(service)
    async with client_of(service, app) as client:
        yield Served(app, client)


@contextlib.asynccontextmanager
async def beside(environ: dict[str, str], clock: Clock) -> AsyncIterator[Service]:
    """The same store, opened once more, as a command or another process does."""
    async with opened(settings.load(environ), now=clock) as found:
        yield found


async def test_what_comes_and_what_is_decided_is_told_in_order(
    served: Served, reader: dict[str, str], moderator: dict[str, str]
) -> None:
    await makers.comment(served.client)
    async with straight(served.app, reader) as stream:
        one = await makers.comment(served.client, article="/autre")
        came = await stream.next()
        await makers.act(served.client, moderator, one, "reject", reason="abuse", note="Trop loin")
        decided = await stream.next()
    assert (came.kind, decided.kind) == ("submitted", "decided")
    assert came.data == {
        "comment": one,
        "site": "blog",
        "article": {"url": "https://blog.example/autre"},
        "from": None,
        "to": "pending",
        "by": "rule:policy",
        "at": "2026-11-23T09:00:00Z",
        "reason": None,
        "pending": 2,
    }
    assert decided.data == came.data | {
        "from": "pending",
        "to": "rejected",
        "by": "alice",
        "reason": "abuse",
        "pending": 1,
    }


async def test_its_headers_keep_anybody_from_gathering_or_keeping_it(
    served: Served, reader: dict[str, str]
) -> None:
    async with straight(served.app, reader) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.headers["cache-control"] == "no-store"
        assert stream.headers["x-accel-buffering"] == "no"
        assert "content-length" not in stream.headers
        assert stream.parser.retry_ms == events.RETRY_MS
    head = await served.client.head(URL, headers=reader)
    assert head.status_code == 200
    assert head.headers["content-type"] == "text/event-stream; charset=utf-8"


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(
    served: Served, reader: dict[str, str], moderator: dict[str, str]
) -> None:
    async with straight(served.app, reader) as stream:
        one = await makers.approved(served.client, moderator)
        first = await stream.next()
    ids = [await makers.comment(served.client) for _ in range(3)]
    async with straight(served.app, reader, last_id=first.id) as stream:
        ids.append(await makers.comment(served.client))
        found = [await stream.next() for _ in range(5)]
        assert stream.events.empty()
    assert [event.what for event in found] == [
        (one, "pending", "approved"),
        *((one, None, "pending") for one in ids),
    ]


async def test_who_breaks_off_before_the_first_event_misses_nothing_either(
    served: Served, reader: dict[str, str]
) -> None:
    await makers.comment(served.client)
    async with straight(served.app, reader) as stream:
        here = stream.parser.last_id
    one = await makers.comment(served.client)
    async with straight(served.app, reader, last_id=here) as stream:
        assert (await stream.next()).data["comment"] == one


async def test_a_long_absence_is_made_up_for_page_by_page(
    served: Served, reader: dict[str, str], moderator: dict[str, str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(follow, "PAGE", 3)
    one = await makers.comment(served.client)
    async with straight(served.app, reader) as stream:
        here = stream.parser.last_id
    expected = []
    for action in ("approve", "hold") * 5:
        expected.append((await makers.act(served.client, moderator, one, action))["state"])
    async with straight(served.app, reader, last_id=here) as stream:
        assert [(await stream.next()).data["to"] for _ in expected] == expected
        await makers.act(served.client, moderator, one, "spam")
        assert (await stream.next()).data["to"] == "spam"
    # From the very first decision on, as a program that copies the log would.
    async with straight(served.app, reader, last_id="0") as stream:
        found = [(await stream.next()).data["to"] for _ in range(len(expected) + 2)]
        assert found == ["pending", *expected, "spam"]


async def test_a_reader_who_takes_nothing_for_long_gets_it_all_from_the_log(
    served: Served, reader: dict[str, str], moderator: dict[str, str], monkeypatch: Any
) -> None:
    one = await makers.comment(served.client)
    async with straight(served.app, reader) as slow, straight(served.app, reader) as quick:
        slow.taking.clear()
        expected = []
        for action in ("approve", "hold") * 10:
            expected.append((await makers.act(served.client, moderator, one, action))["state"])
        for state in expected:
            assert (await quick.next()).data["to"] == state
        # As after so many that they are no longer at hand.
        served.streams.tail._recent.clear()
        slow.taking.set()
        assert [(await slow.next()).data["to"] for _ in expected] == expected


async def test_where_to_go_on_has_to_be_the_id_of_an_event(
    served: Served, reader: dict[str, str]
) -> None:
    raw = {name.encode(): text.encode() for name, text in reader.items()}
    for wrong in ("x", "1,2", "-1", "5.6", "5.3.2", "9" * 30, "1.", "5.5", "é"):
        answer = await served.client.get(URL, headers=raw | {b"Last-Event-ID": wrong.encode()})
        assert field_codes(answer, 400) == {"Last-Event-ID": "invalid"}, wrong
    async with straight(served.app, reader, last_id="") as stream:
        assert stream.status == 200


async def test_who_may_not_read_gets_no_stream(served: Served, reader: dict[str, str]) -> None:
    problem(await served.client.get(URL), 401, "unauthenticated")
    unknown = await served.client.get(URL, params={"site": "nobody"}, headers=reader)
    problem(unknown, 404, "site_not_found")
    twice = await served.client.get(f"{URL}?site=a&site=b", headers=reader)
    assert field_codes(twice, 400) == {"site": "invalid"}


async def test_a_bound_token_and_a_chosen_site_see_that_site_alone(
    service: Service, served: Served, reader: dict[str, str]
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    otto = await token_for(service, "otto", Scope.READ, site="other")
    # Behind a first one no number is passed over.
    await makers.comment(served.client, site="blog")
    refused = await served.client.get(URL, params={"site": "blog"}, headers=otto)
    problem(refused, 404, "site_not_found")
    async with (
        straight(served.app, otto) as bound,
        straight(served.app, reader, site="blog") as chosen,
        straight(served.app, reader) as every,
    ):
        ours = await makers.comment(served.client, site="blog")
        theirs = await makers.comment(served.client, site="other")
        for stream, expected in ((bound, [theirs]), (chosen, [ours]), (every, [ours, theirs])):
            assert [(await stream.next()).data["comment"] for _ in expected] == expected
            assert stream.events.empty()
        here = bound.parser.last_id
    last = await makers.comment(served.client, site="blog")
    theirs = await makers.comment(served.client, site="other")
    async with straight(served.app, otto, last_id=here) as stream:
        assert (await stream.next()).data["comment"] == theirs
        assert stream.events.empty()
    async with straight(served.app, reader, last_id=here) as stream:
        assert (await stream.next()).data["comment"] == last


async def test_what_another_process_decides_is_told(
    served: Served, reader: dict[str, str], environ: dict[str, str], clock: Clock
) -> None:
    async with (
        beside(environ, clock) as other,
        client_of(other) as elsewhere,
        straight(served.app, reader) as stream,
    ):
        one = await makers.comment(elsewhere)
        assert (await stream.next()).data["comment"] == one


async def test_a_stream_ends_when_its_token_is_revoked_wherever_that_is_done(
    served: Served,
    service: Service,
    moderator: dict[str, str],
    environ: dict[str, str],
    clock: Clock,
) -> None:
    fanny = await token_for(service, "fanny", Scope.READ)
    async with straight(served.app, fanny) as stream, straight(served.app, moderator) as stays:
        async with beside(environ, clock) as other:
            await moderators.revoke(other, "fanny")
        await stream.end()
        await makers.comment(served.client)
        await stays.next()
        assert stream.events.empty()
        assert not stays.ended.is_set()
    problem(await served.client.get(URL, headers=fanny), 401, "unauthenticated")


async def test_an_expired_token_is_told_nothing_more(
    served: Served, service: Service, clock: Clock
) -> None:
    clock.advance(hours=1)
    token = await moderators.add(service, "eve", scope=Scope.READ, expires_at=clock.now)
    clock.advance(hours=-1)
    async with straight(served.app, {"Authorization": f"Bearer {token}"}) as stream:
        clock.advance(hours=2)
        await makers.comment(served.client)
        await stream.end()
        assert stream.events.empty()


async def test_a_process_has_a_bounded_number_of_streams(
    served: Served, reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST", 1)
    async with straight(served.app, reader):
        answer = await served.client.get(URL, headers=reader)
        problem(answer, 503, "too_many_streams")
        assert int(answer.headers["retry-after"]) > 0
    async with straight(served.app, reader) as stream:
        assert stream.status == 200


async def test_who_goes_away_leaves_nothing_behind(served: Served, reader: dict[str, str]) -> None:
    before = len(asyncio.all_tasks())
    async with straight(served.app, reader), straight(served.app, reader):
        assert served.streams.open == 2
    assert served.streams.open == 0
    assert len(asyncio.all_tasks()) <= before


async def test_who_takes_nothing_keeps_nobody_from_closing(
    served: Served, reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "END_S", 0.01)
    async with straight(served.app, reader) as stream, straight(served.app, reader) as stuck:
        stuck.taking.clear()
        served.streams.close()
        await stream.end()
        async with asyncio.timeout(5):
            assert stuck._task is not None
            await stuck._task
        assert not stuck.ended.is_set()
    problem(await served.client.get(URL, headers=reader), 503, "too_many_streams")


async def test_silence_is_broken_by_a_line_that_is_no_event(
    served: Served, reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.01)
    async with straight(served.app, reader) as stream:
        async with asyncio.timeout(5):
            while stream.parser.comments < 3:
                await asyncio.sleep(0)
        assert stream.events.empty()


class SlowlyRead:
    """A store whose readers get what they have read only once they are let."""

    def __init__(self, store: Store) -> None:
        self.asked = asyncio.Event()
        self.let = asyncio.Event()
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def read(self, unit: Callable[[Tx], Coroutine[Any, Any, Any]]) -> Any:
        found: Any = await self._store.read(unit)
        self.asked.set()
        await self.let.wait()
        return found


async def test_what_comes_while_the_log_is_read_is_told_as_soon_as_it_is_read(
    served: Served,
    service: Service,
    reader: dict[str, str],
    moderator: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 3600.0)
    one = await makers.comment(served.client)
    async with straight(served.app, reader) as stream:
        here = stream.parser.last_id
    slow = SlowlyRead(service.store)
    tail = served.streams.tail = follow.Tail(replace(service, store=slow))
    async with straight(served.app, reader), straight(served.app, reader, last_id=here) as back:
        await slow.asked.wait()
        await makers.act(served.client, moderator, one, "approve")
        await tail.look()
        slow.let.set()
        assert (await back.next()).what == (one, "pending", "approved")


# --- On PostgreSQL, where numbers are given out before they are committed


class Deciding:
    """A transaction of another process that has taken its number, and is not committed."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def take(self, comment_id: str, to: str) -> None:
        await self._connection.execute("begin")
        await self._connection.execute(
            "insert into decision (site_id, comment_id, from_state, to_state, decided_by, at) "
            "select site_id, id, 'pending', $2, 'other', created_at from comment where id = $1",
            comment_id,
            to,
        )

    async def end(self, how: str) -> None:
        await self._connection.execute(how)
        await self._connection.execute("notify palabre_changed")


@pytest.fixture
async def deciding(environ: dict[str, str]) -> AsyncIterator[Deciding]:
    connection = await asyncpg.connect(environ["PALABRE_DATABASE_URL"])
    yield Deciding(connection)
    await connection.close()


async def next_to(stream: Straight) -> str:
    return str((await stream.next()).data["to"])


@pytest.mark.engine("postgres")
async def test_what_is_committed_late_is_told_late_and_to_those_who_come_back_as_well(
    served: Served, reader: dict[str, str], moderator: dict[str, str], deciding: Deciding
) -> None:
    one, two = [await makers.comment(served.client) for _ in range(2)]
    async with straight(served.app, reader) as stays, straight(served.app, reader) as leaves:
        await deciding.take(one, "spam")
        await makers.act(served.client, moderator, two, "approve")
        assert await next_to(stays) == await next_to(leaves) == "approved"
        await leaves.leave()
        async with straight(served.app, reader, last_id=leaves.parser.last_id) as early:
            await deciding.end("commit")
            assert await next_to(stays) == await next_to(early) == "spam"
            await makers.act(served.client, moderator, two, "hold")
            assert await next_to(stays) == await next_to(early) == "pending"
        async with straight(served.app, reader, last_id=leaves.parser.last_id) as back:
            assert [await next_to(back), await next_to(back)] == ["spam", "pending"]
            assert back.events.empty()
        async with straight(served.app, reader, last_id=stays.parser.last_id) as again:
            await makers.act(served.client, moderator, two, "reject")
            assert await next_to(again) == "rejected"


@pytest.mark.engine("postgres")
async def test_what_was_under_way_when_somebody_begins_to_follow_is_told(
    served: Served, reader: dict[str, str], moderator: dict[str, str], deciding: Deciding
) -> None:
    one, two = [await makers.comment(served.client) for _ in range(2)]
    await deciding.take(one, "spam")
    await makers.act(served.client, moderator, two, "approve")
    async with straight(served.app, reader) as stream:
        await deciding.end("commit")
        assert await next_to(stream) == "spam"


@pytest.mark.engine("postgres")
async def test_what_was_rolled_back_is_forgotten_once_it_can_not_come_any_more(
    served: Served,
    service: Service,
    reader: dict[str, str],
    moderator: dict[str, str],
    deciding: Deciding,
) -> None:
    seconds = 0.0
    tail = served.streams.tail = follow.Tail(service, clock=lambda: seconds)
    one, two = [await makers.comment(served.client) for _ in range(2)]
    async with straight(served.app, reader) as stream:
        await deciding.take(one, "spam")
        await makers.act(served.client, moderator, two, "approve")
        assert "." in (await stream.next()).id
        await deciding.end("rollback")
        await tail.look()
        assert len(tail.reached.missing) == 1
        seconds = follow.GAP_S + 1
        await tail.look()
        assert not tail.reached.missing
        await makers.act(served.client, moderator, two, "hold")
        assert "." not in (await stream.next()).id


@pytest.mark.engine("postgres")
async def test_a_connection_that_is_cut_costs_no_event(
    served: Served, reader: dict[str, str], environ: dict[str, str], clock: Clock
) -> None:
    async with (
        beside(environ, clock) as other,
        client_of(other) as elsewhere,
        straight(served.app, reader) as stream,
    ):
        connection = await asyncpg.connect(environ["PALABRE_DATABASE_URL"])
        cut: set[int] = set()

        async def listening() -> int:
            """The one connection that listens, and is not one that was cut and has yet to end."""
            async with asyncio.timeout(20):
                while True:
                    rows = await connection.fetch(
                        "select pid from pg_stat_activity where datname = current_database() "
                        "and query ilike 'listen%'"
                    )
                    if found := {row["pid"] for row in rows} - cut:
                        (one,) = found
                        return int(one)

        for _ in range(3):
            ids = [await makers.comment(elsewhere)]
            cut.add(pid := await listening())
            assert await connection.fetchval("select pg_terminate_backend($1::int)", pid)
            ids.append(await makers.comment(elsewhere))
            assert [(await stream.next()).data["comment"] for _ in ids] == ids
        await connection.close()
