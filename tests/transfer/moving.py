"""A store with everything in it, places to copy it to, and what a service answers from either."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

import makers
import postgres
from conftest import ORIGIN, PUBLIC_URL, Clock, client_of, token_for
from palabre import settings
from palabre.actions import moderators, sites
from palabre.actions.indexing import catch_up
from palabre.model import Scope
from palabre.service import Service, opened
from palabre.store import Tx
from palabre.transfer import ends
from palabre.transfer.copy import Compared, Told, copy

Json = dict[str, Any]

BESIDE = (
    (
        "insert into webhook (id, site_id, url, events, secret_number, former_until, created_at) "
        "select 'w1', id, 'https://hook.example/é', 'decided', 2, 1764000000000, 1763900000000 "
        "from site where name = 'blog'"
    ),
    (
        "insert into mailbox (moderator_id, address, language, created_at) "
        "select id, 'alice@example.com', 'fr', 1763900000000 from moderator where name = 'alice'"
    ),
    (
        "insert into digest (moderator_id, site_id, told_to, lately) "
        "select m.id, s.id, 9007199254740993, '[\"é\"]' from moderator as m, site as s "
        "where m.name = 'alice' and s.name = 'blog'"
    ),
    "insert into recurring (name, due_at) values ('of the test', 9223372036854775807)",
    (
        "insert into job (id, site_id, kind, topic, subject, wanted, attempts, due_at, lease, "
        "given_up_at, error, created_at) select 'j1', id, 'of the test', 'é', '{\"a\": \"é\"}', 3, "
        "12, 1763900000000, 'held', 1763900000001, 'refused', 1763900000000 from site "
        "where name = 'blog'"
    ),
    (
        "insert into session (token_hash, id, moderator_id, language, has_keys, last, created_at, "
        "seen_at) select cast('abc' as {blob}), 's1', id, 'fr', 0, '{\"é\": 1}', "
        "1763900000000, 1763900000001 from moderator where name = 'alice'"
    ),
    (
        "insert into login_link (token_hash, moderator_id, expires_at) "
        "select cast('def' as {blob}), id, 1763900000000 from moderator where name = 'alice'"
    ),
    (
        "insert into login_attempt (network_tag, due_at, expires_at) "
        "values (cast('ghi' as {blob}), 1763900000000, 1763900000001)"
    ),
    (
        "insert into lease (site_id, comment_id, moderator_id, until_at) "
        "select s.id, 'c1', m.id, 1763900000000 from moderator as m, site as s "
        "where m.name = 'alice' and s.name = 'blog'"
    ),
)
"""Rows that nothing makes by itself here."""


@dataclass(slots=True)
class Filled:
    """What was put into a store: headers, receipts, and a request that may be sent again."""

    moderator: dict[str, str]
    read_only: dict[str, str]
    replayed: dict[str, str]
    first: Json
    receipts: list[str] = field(default_factory=list)


class Places:
    """Databases of each engine that nobody uses yet. The key is the same for all of them."""

    def __init__(self, folder: Path, server: str, undo: contextlib.ExitStack) -> None:
        self.folder = folder
        self._server = server
        self._undo = undo
        self._number = itertools.count(1)

    def empty(self, engine: str) -> str:
        """The URL of a database without tables."""
        number = next(self._number)
        if engine == "postgres":
            name = f"palabre_copy_{os.getpid()}_{number}"
            return self._undo.enter_context(postgres.database(self._server, name))
        return f"sqlite:///{self.folder / f'{number}.sqlite3'}"

    def environ(self, url: str) -> dict[str, str]:
        return {
            "PALABRE_DATA_DIR": str(self.folder),
            "PALABRE_DATABASE_URL": url,
            "PALABRE_PUBLIC_URL": PUBLIC_URL,
            "PALABRE_SUBMISSION_LIMIT": "1000/minute",
        }

    def settings(self, url: str) -> settings.Settings:
        return settings.load(self.environ(url))


@contextlib.asynccontextmanager
async def serving(
    places: Places, url: str, clock: Clock
) -> AsyncIterator[tuple[Service, httpx2.AsyncClient]]:
    """A service on a store, and a client of it."""
    async with (
        opened(places.settings(url), serving=True, now=clock) as service,
        _reader_of(service) as client,
    ):
        yield service, client


@contextlib.asynccontextmanager
async def _reader_of(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client on a page of the site `blog`, one of several."""
    async with client_of(service) as client:
        client.headers["Origin"] = ORIGIN
        yield client


async def copied(
    places: Places, source: str, target: str, clock: Clock, *, told: Told | None = None
) -> list[Compared]:
    async with ends.opened(places.settings(source), places.settings(target)) as both:
        return await copy(both, now=clock, told=told or (lambda what, rows: None))


def equal(compared: list[Compared]) -> dict[str, tuple[int, str]]:
    """What both sides hold of each table."""
    assert [one.table for one in compared if not one.is_equal] == []
    return {one.table: (one.target.rows, one.target.sha256) for one in compared}


async def fill(places: Places, url: str, clock: Clock) -> Filled:
    """Everything that people can do to a store, through the real service."""
    async with opened(places.settings(url), now=clock) as service:
        await sites.add(service, "blog", origins=[ORIGIN, "https://www.blog.example"])
        await sites.add(service, "zurich", origins=["https://zürich.example"], locale="en")
        moderator = await token_for(service, "alice")
        read_only = await token_for(service, "Rémi", Scope.READ, "blog")
        admin = await token_for(service, "ada", Scope.ADMIN)
        await token_for(service, "gone")
        await moderators.revoke(service, "gone")
        async with _reader_of(service) as client:
            filled = await _converse(client, clock, moderator, admin)
            await _report(client, filled)
        filled.read_only = read_only
        await catch_up(service)
        await submit_unindexed(service, clock)

        async def beside(tx: Tx) -> None:
            for statement in BESIDE:
                blob = tx.either(sqlite="blob", postgres="bytea")
                await tx.run(statement.replace("{blob}", blob))

        await service.store.write(beside)
    return filled


async def _report(client: httpx2.AsyncClient, filled: Filled) -> None:
    """A reader reports what is public."""
    listed = await makers.listing(client, "/a0")
    (public, *_) = (one["id"] for one in listed["comments"] if one["state"] == "approved")
    report = {"reason": "other", "note": "Où est-ce ?"}
    answer = await client.post(f"/v1/comments/{public}/report", json=report)
    assert answer.status_code == 201, answer.text


async def submit_unindexed(service: Service, clock: Clock) -> None:
    """A comment that nobody has indexed yet, and older than the one before: a clock put right."""
    clock.advance(seconds=-2)
    async with _reader_of(service) as client:
        await makers.submit(client, article="/late", comment="Mot rarissime : xylophone", title="É")
    clock.advance(seconds=2)


async def _converse(
    client: httpx2.AsyncClient, clock: Clock, moderator: dict[str, str], admin: dict[str, str]
) -> Filled:
    answer = await client.patch(
        "/v1/moderation/sites/blog", json={"policy": {"max_links": 1, "depth": 2}}, headers=admin
    )
    assert answer.status_code == 200, answer.text
    given = (await client.get("/v1/stamp?article=/a&remember=1")).json()
    replayed = makers.fields(idempotency_key="b7f1c0de-0001", comment="Une seule fois", **given)
    answer = await client.post("/v1/comments", json=replayed)
    filled = Filled(moderator, {}, replayed, answer.json(), [answer.json()["receipt"]["url"]])
    for number, action in enumerate(("approve", "reject", "spam", "hold", "delete", "approve")):
        clock.advance(seconds=61, milliseconds=number)
        sent = await makers.submit(
            client,
            article=f"/a{number % 2}",
            email=f"lecteur{number}@example.com",
            name=f"Élodie {number}",
            comment=f"Déjà **vu** {number} 😀 \U0010fffd e\u0301cole http://a.example http://b.example"
            + (" 06 12 34 56 78" if action == "hold" else ""),
            website="https://exemple.fr/é",
            title="L’été \u202f?",
        )
        filled.receipts.append(sent["receipt"]["url"])
        body = {"reason": "off_topic", "note": "déjà dit"} if action == "reject" else {}
        await makers.act(client, moderator, sent["comment"]["id"], action, **body)
        if action == "hold":
            url = f"/v1/moderation/comments/{sent['comment']['id']}/mask"
            assert (await client.post(url, headers=moderator)).json()["edited_at"]
        for _ in range(3):
            clock.advance(seconds=3)
            reply = await makers.submit(client, email=f"o{number}@example.com")
            filled.receipts.append(reply["receipt"]["url"])
            if action == "approve":
                await _answer(client, moderator, sent["comment"]["id"], clock)
    await client.request("DELETE", filled.receipts[-1])
    await _block(client, moderator)
    return filled


async def _answer(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment_id: str, clock: Clock
) -> None:
    """A moderator's reply and a correction of it."""
    url = f"/v1/moderation/comments/{comment_id}"
    answer = await client.post(f"{url}/reply", json={"text": f"Merci {clock()}"}, headers=moderator)
    assert answer.status_code == 201, answer.text
    reply = answer.json()["id"]
    answer = await client.patch(
        f"/v1/moderation/comments/{reply}", json={"text": f"Merci ! {clock()}"}, headers=moderator
    )
    assert answer.status_code == 200, answer.text


async def _block(client: httpx2.AsyncClient, moderator: dict[str, str]) -> None:
    answer = await client.post(
        "/v1/moderation/authors/lookup",
        json={"email": "o1@example.com", "site": "blog"},
        headers=moderator,
    )
    author = answer.json()["id"]
    url = f"/v1/moderation/authors/{author}/block"
    answer = await client.post(url, json={"reason": "insistance"}, headers=moderator)
    assert answer.status_code == 200, answer.text
    blocked = await makers.submit(client, email="o1@example.com", comment="Encore moi")
    assert blocked["comment"]["state"] == "pending"
    source = await makers.comment(
        client, email="o2@example.com", comment="Un texte de trop, et il est bien assez long."
    )
    body = {"kind": "text", "comment": source, "apply": "last_30_days"}
    answer = await client.post("/v1/moderation/bans", json=body, headers=moderator)
    assert answer.json()["moved"] == 1, answer.text


async def answers(client: httpx2.AsyncClient, filled: Filled) -> dict[str, str]:
    """What a service says to whoever asks, by the question."""
    headers, queue = filled.moderator, "/v1/moderation/comments"
    articles = ("/a", "/a0", "/a1", "/late", "/absent")
    asked = [
        *(
            f"/v1/comments{ending}?article={a}"
            for a in articles
            for ending in ("", ".html", ".atom")
        ),
        "/v1/comments?article=/a0&order=newest&limit=2",
        "/v1/counts?article=/a0&article=/a1",
        *(f"{queue}?state={state}" for state in ("pending", "approved", "rejected", "spam")),
        f"{queue}?limit=3&order=newest",
        *(
            f"{queue}?q={word}"
            for word in ("ecole", "deja vu", "xylophone", "elodie", "introuvable")
        ),
        f"{queue}?q=ecole&state=spam&state=approved&order=newest",
        "/v1/moderation/log?limit=100",
        "/v1/moderation/articles?site=blog",
        *filled.receipts,
    ]
    found = {}
    for url in asked:
        answer = await client.get(url, headers=headers if "moderation" in url else {})
        assert answer.status_code == 200, (url, answer.text)
        found[url] = answer.text
    for one in (await client.get(f"{queue}?limit=100", headers=headers)).json()["comments"]:
        answer = await client.get(f"{queue}/{one['id']}", headers=filled.read_only)
        assert answer.status_code == 200, answer.text
        found[one["id"]] = answer.text
    body = {"email": "o1@example.com", "site": "blog"}
    answer = await client.post("/v1/moderation/authors/lookup", json=body, headers=headers)
    found["author"] = answer.text
    export = f"/v1/moderation/authors/{answer.json()['id']}/export"
    found["export"] = (await client.get(export, headers=headers)).text
    assert "Encore moi" in found["export"]
    return found


def held(url: str) -> int:
    """How many rows a copy holds by now, looked at from outside; -1 before it has tables."""
    tables = ("site", "article", "author", "comment", "comment_words", "decision", "receipt")
    sql = "select " + " + ".join(f"(select count(*) from {table})" for table in tables)
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        if not path.exists():
            return -1
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
                return int(raw.execute(sql).fetchone()[0])
        except sqlite3.OperationalError:
            return -1

    async def count(connection: asyncpg.Connection) -> int:
        return int(await connection.fetchval(sql))

    try:
        return postgres.within(url, count)
    except (asyncpg.UndefinedTableError, asyncpg.DeadlockDetectedError):
        return -1
