"""The word index: a search tells what a look at every comment would, in its order, page by page."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest

import makers
from conftest import ORIGIN, START, Clock, client_of, token_for
from counting import assert_counters_are_true
from palabre import schema, settings
from palabre.actions import sites
from palabre.actions.indexing import catch_up
from palabre.model import Scope, Site, State
from palabre.service import Service, opened
from palabre.store import Tx, words_sqlite
from palabre.store.migrate import Migration

URL = "/v1/moderation/comments"
VOCABULARY = ("école", "l’été", "œuvre", "oui", "non")
STATES: tuple[tuple[str, ...], ...] = (
    ("pending",),
    ("approved",),
    ("spam", "rejected"),
    ("approved", "deleted"),
    ("deleted",),
    ("pending", "approved", "rejected", "spam"),
)
ACTIONS = ("approve", "reject", "spam", "hold", "delete")


async def walked(
    client: httpx2.AsyncClient, headers: dict[str, str], *, limit: int, **asked: Any
) -> list[str]:
    """The ids of a list, from its first page to its last."""
    found: list[str] = []
    url = str(httpx2.URL(URL, params={"limit": limit, **asked}))
    while url:
        answer = await client.get(url, headers=headers)
        assert answer.status_code == 200, answer.text
        found += [one["id"] for one in answer.json()["comments"]]
        url = answer.json()["next"]
    return found


async def checked_index(service: Service) -> None:
    """The index holds what its view tells, and nothing else."""
    if service.store.engine == "postgres":
        return  # it is an index like any other there

    async def unit(tx: Tx) -> None:
        await tx.run("insert into word_index (word_index, rank) values ('integrity-check', 1)")

    await catch_up(service)
    await service.store.write(unit)


async def people(
    client: httpx2.AsyncClient, admin: dict[str, str], rng: random.Random, turn: Callable[[], None]
) -> None:
    """Fifty things that readers and moderators do; *turn* moves the clock."""
    ids: list[str] = []
    for number in range(50):
        turn()
        if len(ids) < 10 or rng.random() < 0.6:
            text = " ".join(rng.sample(VOCABULARY, rng.randint(1, 3)))
            sent = {"article": rng.choice(("/a", "/b")), "comment": f"{text} {number}"}
            email = f"person{rng.randrange(3)}@example.com"
            site = rng.choice(("blog", "other"))
            ids.append(await makers.comment(client, email=email, site=site, **sent))
        elif rng.random() < 0.8:
            url = f"{URL}/{rng.choice(ids)}/{rng.choice(ACTIONS)}"
            assert (await client.post(url, headers=admin)).status_code in (200, 409)
        else:
            text = " ".join(rng.sample(VOCABULARY, 2))
            url = f"{URL}/{rng.choice(ids)}"
            edited = await client.patch(url, json={"text": f"{text} {number}"}, headers=admin)
            assert edited.status_code in (200, 409)


async def looked_at(service: Service) -> list[dict[str, Any]]:
    """Every comment, by age."""

    async def unit(tx: Tx) -> list[dict[str, Any]]:
        rows = await tx.all(
            "select c.*, a.address, s.name as site from comment as c "
            "join article as a on a.id = c.article_id join site as s on s.id = c.site_id "
            "order by c.created_at, c.seq"
        )
        return [dict(row) for row in rows]

    return await service.store.read(unit)


@pytest.fixture
async def other(service: Service, site: Site) -> Site:
    return await sites.add(service, "other", origins=["https://other.example"])


@pytest.mark.parametrize("turns", ["none", "some", "more than can be kept apart"])
async def test_a_search_tells_what_a_look_at_every_comment_would(
    turns: str,
    service: Service,
    other: Site,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(turns)
    backwards = 0.0 if turns == "none" else 0.15

    def turn() -> None:
        seconds = rng.choice((0, 0, 1, 60))
        clock.advance(seconds=-rng.randint(1, 200) if rng.random() < backwards else seconds)

    if turns.startswith("more"):
        monkeypatch.setattr(words_sqlite, "TURNS_MOST", 2)
    admin = await token_for(service, "ada", Scope.ADMIN)
    otto = await token_for(service, "otto", site="other")
    async with client_of(service) as client:
        await people(client, admin, rng, turn)
        rows = await looked_at(service)
        authors = sorted({row["author_id"] for row in rows if row["author_id"]})
        scopes: list[dict[str, str]] = [
            {},
            {"site": "blog"},
            {"site": "other", "article": "/a"},
            {"author": rng.choice(authors)},
            {"author": rng.choice(authors), "site": "blog", "article": "/b"},
        ]
        for asked, states, scope in product(("ecole", "ete oeuvre"), STATES, scopes):
            for headers, seen in ((admin, ("blog", "other")), (otto, ("other",))):
                if scope.get("site", "other") not in seen:
                    continue
                expected = [
                    row["id"]
                    for row in rows
                    if row["state"] in states
                    and row["state"] != "deleted"
                    and row["site"] in seen
                    and row["site"] == scope.get("site", row["site"])
                    and row["address"] == scope.get("article", row["address"])
                    and row["author_id"] == scope.get("author", row["author_id"])
                    and all(
                        {"ecole": "école", "ete": "été", "oeuvre": "œuvre"}[word] in row["body"]
                        for word in asked.split()
                    )
                ]
                for order, limit in (("oldest", 2), ("newest", 3)):
                    found = await walked(
                        client, headers, limit=limit, q=asked, state=states, order=order, **scope
                    )
                    told = expected if order == "oldest" else expected[::-1]
                    assert found == told, (asked, states, scope, order)
        await checked_index(service)
        await assert_counters_are_true(service)
        await service.store.scrub()
        await checked_index(service)


async def test_a_search_is_a_page_after_the_other_while_comments_come_and_go(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    waiting = []
    for _ in range(6):
        clock.advance(seconds=1)
        waiting.append(await makers.comment(client))
    asked: dict[str, str | int] = {"q": "outils", "limit": 2}
    first = (await client.get(URL, params=asked, headers=moderator)).json()
    await makers.act(client, moderator, waiting[1], "approve")
    await makers.act(client, moderator, waiting[2], "spam")
    clock.advance(seconds=1)
    late = await makers.comment(client)
    second = (await client.get(first["next"], headers=moderator)).json()
    third = (await client.get(second["next"], headers=moderator)).json()
    pages = [[one["id"] for one in page["comments"]] for page in (first, second, third)]
    assert pages == [waiting[:2], waiting[3:5], [waiting[5], late]]


@pytest.mark.parametrize("asked", ["§tpending", "tpending", "§t pending", "§"])
async def test_no_word_is_a_mark(
    asked: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, comment="Rien du tout")
    found = await client.get(URL, params={"q": asked}, headers=moderator)
    assert found.json()["comments"] == []
    plain = await makers.comment(client, comment="Un §tpending écrit, §t écrit, pending écrit")
    found = await client.get(URL, params={"q": asked}, headers=moderator)
    told = [] if asked == "§" else [plain]
    assert [one["id"] for one in found.json()["comments"]] == told


@pytest.mark.parametrize("author", ['x"', '" OR "de', "é", "A", "a b", "*", ""])
async def test_an_author_that_cannot_be_finds_nothing(
    author: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client)
    answer = await client.get(URL, params={"q": "outils", "author": author}, headers=moderator)
    assert answer.status_code == 200
    assert len(answer.json()["comments"]) == (0 if author else 1)


async def test_a_store_of_the_release_before_is_searched_like_any_other(
    tmp_path: Path, clock: Clock
) -> None:
    chosen = settings.load({"PALABRE_DATA_DIR": str(tmp_path / "data")})
    older_store(tmp_path / "data" / "palabre.sqlite3")
    async with opened(chosen, serving=True, now=clock) as service:
        admin = await token_for(service, "ada", Scope.ADMIN)
        async with client_of(service) as client:
            live = State.PENDING, State.APPROVED
            for order, expected in (("oldest", ["c2", "c1", "c3"]), ("newest", ["c3", "c1", "c2"])):
                asked = {"q": "école", "state": live, "order": order}
                assert await walked(client, admin, limit=1, **asked) == expected
            assert await walked(client, admin, limit=9, q="école", author="w1") == ["c2", "c1"]
            await makers.act(client, admin, "c1", "delete")
            await makers.act(client, admin, "c2", "approve")
            assert await walked(client, admin, limit=9, q="école", state=live) == ["c2", "c3"]
        await checked_index(service)


def older_store(path: Path) -> None:
    """A store of the first migration alone, with comments that did not come in order."""
    first = (schema.root() / "migrations" / "0001_first.sqlite.sql").read_text("utf-8")
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(first)
        db.execute(
            "create table migration (number integer primary key, name text not null, "
            "checksum text not null, applied_at integer not null) strict"
        )
        known = Migration(1, "first", first).checksum
        db.execute("insert into migration values (1, 'first', ?, 0)", (known,))
        db.execute("insert into site values ('s1', 'blog', 'fr', '{}', 0)")
        db.execute("insert into site_origin values (?, 's1', 0)", (ORIGIN,))
        db.execute("insert into site_tally values ('s1', 'pending', 2), ('s1', 'approved', 1)")
        db.execute(
            "insert into article (id, site_id, address, approved, last_place, created_at) "
            "values ('a1', 's1', '/a', 1, 3, 0)"
        )
        db.execute(
            "insert into author (id, site_id, tag, key_id, first_seen_at, approved) "
            "values ('w1', 's1', x'01', 'k', 0, 1)"
        )
        at = int(START.timestamp() * 1000)
        for seq, state, age in ((1, "pending", 5), (2, "pending", 9), (3, "approved", 1)):
            db.execute(
                "insert into comment (seq, id, site_id, article_id, author_id, depth, root, path, "
                "state, name, body, html, is_shown, state_at, created_at) values (?, ?, 's1', "
                "'a1', 'w1', 0, ?, ?, ?, 'Zoé', 'École', '<p>École</p>', ?, ?, ?)",
                (seq, f"c{seq}", seq, f"{seq:08x}", state, state == "approved", at, at - age),
            )
            db.execute(
                "insert into decision (site_id, comment_id, to_state, decided_by, at) "
                "values ('s1', ?, ?, 'rule:policy', ?)",
                (f"c{seq}", state, at),
            )
            db.execute("insert into word_index (rowid, words) values (?, 'zoe ecole')", (seq,))
        db.commit()
