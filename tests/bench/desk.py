"""The desk's queue: a page of 50 comments out of a million stored, beside one out of a thousand.

The million is copied within the database from comments that came over HTTP, an eighth of them
waiting, so that it takes a minute; the indexes are the service's own.
"""

from __future__ import annotations

import sqlite3
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

_COPIED = (
    *("site_id", "article_id", "parent_id", "depth", "root", "path", "name", "website", "hue"),
    *("body", "html", "signals", "rank", "is_shown"),
)


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    sheet = Sheet(f"The desk's queue: 50 comments of {MANY:,} beside 50 of {FEW:,}")
    sizes = Sheet("A page of the queue, in kB", " kB")
    with ExitStack() as stack:
        many = stack.enter_context(_grown(stage, MANY))
        few = stack.enter_context(_grown(stage, FEW))
        cookies = {one.port: _cookie(one) for one in (many, few)}
        for what, query in PAGES.items():
            path = f"/desk/?{query}"

            def ask(one: Ours, path: str = path) -> Callable[[], Awaitable[Rate]]:
                headers = {"Cookie": cookies[one.port], "Accept-Encoding": "gzip"}
                return partial(
                    wrk, one.port, path, headers=headers, connections=1, seconds=stage.seconds
                )

            mine, theirs = await alternate(stage.rounds, ask(many), ask(few))
            sheet.rates(what, mine, theirs, beside=f"of {FEW:,}", goal=at_least(0.8))
            packed, plain = _size(many, path, cookies[many.port])
            sizes.figures(f"{what}, as sent", [packed / 1000], " kB", goal=at_most(KB_MOST))
            sizes.figures(f"{what}, unpacked", [plain / 1000], " kB")
    return [sheet, sizes]


@contextmanager
def _grown(stage: Stage, size: int) -> Iterator[Ours]:
    """A service with so many comments."""
    with TemporaryDirectory(dir=stage.folder) as name, Ours(Path(name) / "ours") as running:
        running.fill("/a", sample.thread())
        with Line(running.port) as line:
            for number in range(50):
                running.submit(line, f"/b/{number}")
        running.stop()
        machine.say(f"filling up to {size:,} comments")
        with closing(sqlite3.connect(running.data / "palabre.sqlite3")) as database:
            _fill(database, size)
        running.start()
        yield running
        running.stop()


def _fill(database: sqlite3.Connection, size: int) -> None:
    """Copies of what is there, a second apart, under ids of their own."""
    (there,) = database.execute("select max(seq) from comment").fetchone()
    copied = ", ".join(_COPIED)
    chosen = ", ".join(f"c.{name}" for name in _COPIED)
    database.execute(
        "with recursive n (n) as (select ? + 1 union all select n + 1 from n where n < ?) "
        f"insert into comment (seq, id, state, state_at, created_at, {copied}) "
        "select n, printf('%026d', n), "
        f"iif(n % {WAITING} = 0, 'pending', 'approved'), c.created_at + n, c.created_at + n, "
        # Waiting is not shown.
        f"{chosen.replace('c.is_shown', f'iif(n % {WAITING} = 0, 0, 1)')} "
        "from n join comment as c on c.seq = 1 + n % ?",
        (there, size, there),
    )
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
