"""Does a thing cost the same on a site of 10,000, 100,000 and a million comments?

`python tests/bench/flat.py [--rounds 5] [--only WORD…] [SIZE…]`. One service a size, all on the
first core; every one is asked the same in its turn, a few at a time, so that drift falls on all.
What is public is not kept ready (cache off), so that every answer is made. The stores are seeded
once and kept beside this file.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import json
import random
import shutil
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parents[1]))

from rich.console import Console
from rich.table import Table

from bench import machine, seed
from bench.answer import JSON, Line, get, post
from palabre import schema
from palabre.model import State
from running import Running

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5
CACHE = Path(__file__).with_name(".cache") / "stores"
GROWS_MOST = 10.0
SEARCH_MS = 50.0
START_MS = 600.0
QUEUE = "/v1/moderation/comments"
AT_A_TIME = 5
KNOWN = 400
"""Comments, articles and authors that are asked for, drawn at random from all."""

Requests = Iterator[bytes]


class Grown(Running):
    """A service on a copy of a seeded store, and what there is in it to ask for."""

    def __init__(self, folder: Path, size: int) -> None:
        super().__init__(
            folder, cache_mib="0", retention_rejected_days="off", retention_spam_days="off"
        )
        self.size = size
        shutil.copytree(stored(size), self.data)
        self.bytes_each = sum(path.stat().st_size for path in self.data.iterdir()) / size
        self.moderator = JSON | self.add_moderator("bench")
        with closing(sqlite3.connect(self.data / "palabre.sqlite3")) as db:
            self._rng = random.Random(size)
            self.articles = self._some(
                db, "select address from article where approved between 5 and 10", size // 50
            )
            self.authors = self._some(
                db, "select id from author where approved between 8 and 12", size // 400
            )
            self.comments = [
                db.execute(
                    "select id from comment where seq > ? and state = 'approved' limit 1", (after,)
                ).fetchone()[0]
                for after in self._rng.sample(range(size * 9 // 10), KNOWN)
            ]
        self.starts_ms: list[float] = []
        self.start()
        self.line = Line(self.port)

    def __enter__(self) -> Grown:
        return self

    def _some(self, db: sqlite3.Connection, sql: str, most: int) -> list[str]:
        found = [row[0] for row in db.execute(f"{sql} limit {most}")]
        return self._rng.sample(found, min(KNOWN, len(found)))

    def start(self) -> None:
        self.process, seconds = machine.launched(
            [sys.executable, "-m", "palabre", "serve"],
            self.port,
            "/healthz",
            environ=self.environ,
            log=self.log,
        )
        self.starts_ms.append(seconds * 1000)

    def warm(self) -> None:
        """Read the files: a machine may have put away what nobody has touched for a while."""
        for path in self.data.glob("palabre.sqlite3*"):
            with path.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass

    def cursors(self, path: str, *, pages: int) -> list[str]:
        """Where the pages of a list are, the last few of the first so many."""
        found: list[str] = []
        following: str | None = path
        while following and len(found) < pages:
            found.append(following)
            answer = self.line.ask(get(following, self.moderator))
            following = json.loads(answer.body)["next"]
        return found[-20:]


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask. `asks`: its requests, without end; `each`: how many a round."""

    name: str
    asks: Callable[[Grown], Requests]
    each: int = 30
    goal_ms: float | None = None


def stored(size: int) -> Path:
    """The seeded store of this size, made when it isn't there."""
    made_by = [Path(seed.__file__), *sorted((schema.root() / "migrations").iterdir())]
    known = hashlib.sha256(b"".join(path.read_bytes() for path in made_by)).hexdigest()[:12]
    folder = CACHE / f"{size}-{known}"
    if not folder.exists():
        unfinished = CACHE / f"{size}-{known}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        machine.say(f"seeding {size:,} comments")
        asyncio.run(seed.seed(unfinished, size))
        unfinished.rename(folder)
    return folder


def reads(*paths: str) -> Callable[[Grown], Requests]:
    """The same paths again and again, as a moderator."""
    return lambda grown: itertools.cycle([get(path, grown.moderator) for path in paths])


def of_each(path: str, things: Callable[[Grown], list[str]]) -> Callable[[Grown], Requests]:
    """A path with one thing after the other in place of its {}."""
    return lambda grown: (
        get(path.format(quote(thing, safe="")), grown.moderator)
        for thing in itertools.cycle(things(grown))
    )


def deep(path: str, pages: int) -> Callable[[Grown], Requests]:
    """The pages far behind the first."""

    def asks(grown: Grown) -> Requests:
        return itertools.cycle(
            [get(page, grown.moderator) for page in grown.cursors(path, pages=pages)]
        )

    return asks


def search(words: str, more: str = "") -> Callable[[Grown], Requests]:
    """The first page of what a search finds, oldest and newest in turns."""
    path = f"{QUEUE}?q={quote(words)}{more}&order="
    return reads(path + "oldest", path + "newest")


def counts(grown: Grown) -> Requests:
    rng = random.Random(1)
    while True:
        asked = "&".join(f"article={quote(one)}" for one in rng.sample(grown.articles, 20))
        yield get(f"/v1/counts?{asked}")


def submissions(grown: Grown) -> Requests:
    writer = seed.Writer()
    for lot in itertools.count(1_000_000):
        for number, draft in enumerate(writer.drafts(lot)):
            fields = {
                "article": grown.articles[number % len(grown.articles)],
                "name": draft.name,
                "email": f"new{number}@example.com",
                "comment": f"{draft.text} {number}",
            }
            body = json.dumps(fields).encode()
            away = JSON | {"X-Forwarded-For": f"198.51.{number >> 8 & 255}.{number & 255}"}
            yield post("/v1/comments", body, away)


def decisions(grown: Grown) -> Requests:
    for action in itertools.cycle(("reject", "approve")):
        for comment in grown.comments:
            yield post(f"{QUEUE}/{comment}/{action}", b"{}", grown.moderator)


def questions() -> list[Question]:
    """Everything that is asked, in this order."""
    rare = seed.vocabulary()[seed.RARE]
    big = f"article={seed.BIG}"

    def found(name: str, words: str, more: str = "") -> Question:
        return Question(f"search: {name}", search(words, more), 20, SEARCH_MS)

    return [
        Question("listing, first page", reads(f"/v1/comments?{big}")),
        Question("listing, newest first", reads(f"/v1/comments?{big}&order=newest")),
        Question("listing, deep pages", deep(f"/v1/comments?{big}", 10**6)),
        Question(
            "listing, small articles", of_each("/v1/comments?article={}", lambda g: g.articles)
        ),
        Question("counts of 20", counts),
        Question("feed of the site", reads("/v1/comments.atom")),
        Question("submission", submissions, 40),
        Question("decision", decisions, 40),
        Question("queue: what waits", reads(QUEUE)),
        Question("queue: what waits, deep", deep(f"{QUEUE}?limit=20", 20)),
        Question("queue: newest spam", reads(f"{QUEUE}?state=spam&order=newest")),
        Question("queue: all states", reads(f"{QUEUE}?state=spam&state=approved&state=rejected")),
        Question("queue: an article's", reads(f"{QUEUE}?state=approved&{big}")),
        Question(
            "queue: authors'",
            of_each(QUEUE + "?state=approved&limit=8&author={}", lambda g: g.authors),
        ),
        Question("one comment", of_each(QUEUE + "/{}", lambda g: g.comments)),
        Question("log", reads("/v1/moderation/log")),
        Question("log, deep", deep("/v1/moderation/log", 40)),
        Question("log: a site's", reads(f"/v1/moderation/log?site={seed.SITE}")),
        Question("log: a moderator's", reads("/v1/moderation/log?moderator=alice")),
        Question(
            "log: theirs on a site", reads(f"/v1/moderation/log?moderator=chloe&site={seed.SITE}")
        ),
        Question("log: comments'", of_each("/v1/moderation/log?comment={}", lambda g: g.comments)),
        found("a rare word, approved", rare, "&state=approved"),
        found("a common word, waiting", "de"),
        found("a common word, approved", "de", "&state=approved"),
        found("a common word, spam", "de", "&state=spam"),
        found("a common word, any state", "de", "".join(f"&state={s}" for s in State)),
        found("a word of spam, approved: nothing", "casino", "&state=approved"),
        found("two common words, approved", "de la", "&state=approved"),
        found("two common words, waiting", "gouvernement société"),
        found("accents, approved", "déjà l’École française", "&state=approved"),
        found("a common word, an article", "les", f"&state=approved&{big}"),
        Question("search: deep", deep(f"{QUEUE}?state=approved&q=de", 20), 20, SEARCH_MS),
    ]


def timed_ms(line: Line, asks: Requests, times: int) -> list[float]:
    """How long each of so many answers takes."""
    found = []
    for raw in itertools.islice(asks, times):
        began = time.perf_counter()
        answer = line.ask(raw)
        found.append((time.perf_counter() - began) * 1000)
        assert answer.status in (200, 201), (raw, answer)
    return found


def measured(question: Question, all_grown: list[Grown], rounds: int) -> list[list[float]]:
    """Round by round, the median of each size."""
    asks = [question.asks(grown) for grown in all_grown]
    for grown, ask in zip(all_grown, asks, strict=True):
        grown.warm()
        timed_ms(grown.line, ask, 10)
    found: list[list[float]] = []
    places = list(range(len(all_grown)))
    for _ in range(rounds):
        times: list[list[float]] = [[] for _ in places]
        for _ in range(question.each // AT_A_TIME):
            places.reverse()
            for place in places:
                times[place] += timed_ms(all_grown[place].line, asks[place], AT_A_TIME)
        found.append([statistics.median(one) for one in times])
    return found


def row(table: Table, name: str, found: list[list[float]], goal_ms: float | None) -> None:
    """What became of a question: each size's median, and the change from smallest to largest."""
    sizes = [statistics.median(times) for times in zip(*found, strict=True)]
    changes = sorted((times[-1] / times[0] - 1) * 100 for times in found)
    middle = statistics.median(changes)
    if goal_ms is None:
        goal, is_met = f"±{GROWS_MOST:.0f} %", abs(middle) <= GROWS_MOST
    else:
        goal, is_met = f"≤ {goal_ms:.0f} ms", sizes[-1] <= goal_ms
    table.add_row(
        name,
        *(f"{size:.2f}" for size in sizes),
        *(f"{change:+.0f} %" for change in (changes[0], middle, changes[-1])),
        f"{goal} {'✓' if is_met else '✗'}",
    )


def main() -> None:
    """Measure everything and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", nargs="*", type=int, default=SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", nargs="+", default=[""], help="words that questions begin with")
    chosen = parser.parse_args()
    for size in chosen.size:
        stored(size)
    machine.take_last_core()
    machine.warn_when_busy()
    table = Table(title=f"{machine.name()}: milliseconds, by comments", title_justify="left")
    table.add_column("what")
    for head in (*(f"{size:,}" for size in chosen.size), "min", "change", "max"):
        table.add_column(head, justify="right")
    table.add_column("goal", no_wrap=True)
    with TemporaryDirectory() as name, ExitStack() as running:
        machine.say("copying the stores, starting the services")
        all_grown = [
            running.enter_context(Grown(Path(name) / str(size), size)) for size in chosen.size
        ]
        for question in questions():
            if question.name.startswith(tuple(chosen.only)):
                machine.say(question.name)
                found = measured(question, all_grown, chosen.rounds)
                row(table, question.name, found, question.goal_ms)
        if "start".startswith(tuple(chosen.only)):
            starts(table, all_grown, chosen.rounds)
    each = (f"{grown.bytes_each:,.0f}" for grown in all_grown)
    table.add_row("bytes on disk a comment", *each, "", "", "", "")
    Console(width=130).print(table)


def starts(table: Table, all_grown: list[Grown], rounds: int) -> None:
    """How long it takes from exec to the first answer."""
    machine.say("start")
    for grown in all_grown:
        grown.starts_ms.clear()
        grown.line.close()
    for _, grown in itertools.product(range(rounds), all_grown):
        grown.stop()
        grown.start()
    found = [list(times) for times in zip(*(grown.starts_ms for grown in all_grown), strict=True)]
    row(table, "start, to the first answer", found, START_MS)


if __name__ == "__main__":
    main()
