"""The desk's queue: a page of 50 comments out of a million stored, beside one out of a thousand;
and its numbers of both.

The million is copied within the database from comments that came over HTTP, an eighth of them
waiting, so that it takes a minute; the indexes are the service's own. They came over a year, and
what does not wait was decided by a moderator in the order of its coming.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from bench import machine, sample
from bench.answer import Line
from bench.load import Rate
from bench.ours import Ours
from bench.stage import Stage, alternate
from bench.table import Sheet, at_least, at_most
from bench.wrk import wrk

FEW, MANY = 1_000, 1_000_000
WAITING = 8
"""One comment in so many waits."""
KB_MOST = 60
PAGES = {
    "what waits, oldest first": "",
    "what waits, most urgent first": "order=urgent",
    "published, newest first": "state=approved&order=newest",
    "all states, one article": "state=all&article=/a",
}
RANGES = (30, 365)
"""Days of the numbers."""
YEAR_MS = 364 * 86_400_000

_COPIED = (
    *("site_id", "article_id", "parent_id", "depth", "root", "path", "name", "website", "hue"),
    *("body", "html", "signals", "rank", "is_shown"),
)


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    sheet = Sheet(f"The desk's queue: 50 comments of {MANY:,} beside 50 of {FEW:,}")
    sizes = Sheet("A page of the queue, in kB", " kB")
    first = Sheet(f"The desk's numbers of {MANY:,} comments a year, the first time", " s")
    with ExitStack() as stack:
        many = stack.enter_context(grown(stage, MANY))
        few = stack.enter_context(grown(stage, FEW))
        cookies = {one.port: _cookie(one) for one in (many, few)}
        for what, query in PAGES.items():
            path = f"/desk/?{query}"

            mine, theirs = await alternate(
                stage.rounds, *(_asking(stage, one, path, cookies) for one in (many, few))
            )
            sheet.rates(what, mine, theirs, beside=f"of {FEW:,}", goal=at_least(0.8))
            packed, plain = _size(many, path, cookies[many.port])
            sizes.figures(f"{what}, as sent", [packed / 1000], " kB", goal=at_most(KB_MOST))
            sizes.figures(f"{what}, unpacked", [plain / 1000], " kB")
        for days in RANGES:
            path = f"/desk/numbers?days={days}"
            first.figures(f"{days} days", [_first(many, path, cookies[many.port])], " s")
            _first(few, path, cookies[few.port])
            what = f"numbers, {days} days, again"
            mine, theirs = await alternate(
                stage.rounds, *(_asking(stage, one, path, cookies) for one in (many, few))
            )
            sheet.rates(what, mine, theirs, beside=f"of {FEW:,}")
    return [sheet, sizes, first]


def _asking(
    stage: Stage, one: Ours, path: str, cookies: dict[int, str]
) -> Callable[[], Awaitable[Rate]]:
    headers = {"Cookie": cookies[one.port], "Accept-Encoding": "gzip"}
    return partial(wrk, one.port, path, headers=headers, connections=1, seconds=stage.seconds)


def _first(running: Ours, path: str, cookie: str) -> float:
    """Seconds of one answer, the process not knowing anything yet of these days."""
    began = time.perf_counter()
    answer = httpx2.get(f"{running.url}{path}", headers={"Cookie": cookie}, timeout=120)
    assert answer.status_code == 200
    return time.perf_counter() - began


@contextmanager
def grown(stage: Stage, size: int) -> Iterator[Ours]:
    """A service with so many comments."""
    with TemporaryDirectory(dir=stage.folder) as name, Ours(Path(name) / "ours") as running:
        running.fill("/a", sample.thread())
        with Line(running.port) as line:
            for number in range(50):
                running.submit(line, f"/b/{number}")
        running.command("moderator", "add", "hand")
        running.stop()
        machine.say(f"filling up to {size:,} comments")
        with closing(sqlite3.connect(running.data / "palabre.sqlite3")) as database:
            _fill(database, size)
        running.start()
        yield running
        running.stop()


def _fill(database: sqlite3.Connection, size: int) -> None:
    """Copies of what is there, over a year, under ids of their own, and what was decided."""
    (there,) = database.execute("select max(seq) from comment").fetchone()
    copied = ", ".join(_COPIED)
    chosen = ", ".join(f"c.{name}" for name in _COPIED)
    step_ms = YEAR_MS // size
    (now_ms,) = database.execute("select max(created_at) from comment").fetchone()
    start_ms = now_ms - size * step_ms
    # What came over HTTP came first, as its numbers say.
    database.execute("update comment set created_at = ? + seq * ?", (start_ms, step_ms))
    database.execute("update comment set state_at = created_at")
    database.execute(
        "with recursive n (n) as (select ? + 1 union all select n + 1 from n where n < ?) "
        f"insert into comment (seq, id, state, state_at, created_at, {copied}) "
        "select n, printf('%026d', n), "
        f"iif(n % {WAITING} = 0, 'pending', 'approved'), ? + n * ?, ? + n * ?, "
        # Waiting is not shown.
        f"{chosen.replace('c.is_shown', f'iif(n % {WAITING} = 0, 0, 1)')} "
        "from n join comment as c on c.seq = 1 + n % ?",
        (there, size, start_ms, step_ms, start_ms, step_ms, there),
    )
    _decide(database)
    for state, sign in (("pending", "="), ("approved", "<>")):
        database.execute(
            "update site_tally set comments = (select count(*) from comment "
            f"where seq % {WAITING} {sign} 0) where state = ?",
            (state,),
        )
    # The word index is not what is measured, and filling it would be.
    database.execute(
        "insert into store_info (name, value) values ('indexed_to', ?) "
        "on conflict (name) do update set value = excluded.value",
        (str(size),),
    )
    database.execute("analyze")
    database.commit()


def _decide(database: sqlite3.Connection) -> None:
    """The log of what is there: each comment came to wait, and an hour later what does not wait any
    more was decided."""
    database.execute("delete from decision")
    database.execute(
        "insert into decision (site_id, comment_id, from_state, to_state, moderator_id, "
        "decided_by, at) select * from ("
        "select site_id, id, null, 'pending', null, 'rule:policy', created_at from comment "
        "union all select c.site_id, c.id, 'pending', c.state, m.id, m.name, "
        "c.created_at + 3600000 from comment as c join moderator as m on m.name = 'hand' "
        "where c.state <> 'pending') order by 7"
    )


def _cookie(running: Ours) -> str:
    """The session of somebody who may do anything."""
    running.command("moderator", "add", "desk", "--scope", "admin")
    link = running.command("moderator", "link", "desk").strip()
    answer = httpx2.post(link, data={"lang": "fr"})
    return str(answer.headers["set-cookie"]).partition(";")[0]


def _size(running: Ours, path: str, cookie: str) -> tuple[int, int]:
    """Bytes of a page as it is sent, and as it is."""
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
    answer = httpx2.get(f"{running.url}{path}", headers=headers)
    return int(answer.headers["content-length"]), len(answer.content)
