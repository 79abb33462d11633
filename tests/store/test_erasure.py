"""What is deleted is gone from the files: every byte of the words, raw or folded, and hashes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import asyncpg
import httpx2
import pytest

import makers
from conftest import Clock
from palabre.errors import StoreUnavailable
from palabre.jobs.erasure import erasure
from palabre.jobs.retention import retention
from palabre.model import Site
from palabre.service import Service
from palabre.store import Tx, info
from web.speaking import seen_by

EMAIL = "marked@example.com"
WORDS = ("Xqzékvœj", "Wvfxçqzk", "Kjwqûxvz", "Zkxwôqjf", "Qjvzàwkx")
NAME, TEXT, EDITED, NOTE, SITE = WORDS
MORE = (
    "Toujours aussi convaincue, malgré quelques réserves concernant certains détails "
    "pratiques, notamment horaires, tarifs, billetterie."
)
"""Enough that a text can be compared with others."""
GRAM = 5
"""Bytes of a word that are looked for: the word index leaves out what neighbours share."""


OF_A_TEXT = 9
"""Two hashes, a sketch, and six bands of it."""


@dataclass(frozen=True)
class Marked:
    """A comment that says marked words everywhere, and what is derived from it."""

    id: str
    receipt: str
    hashes: tuple[bytes, ...]


def spellings(word: str) -> Iterator[str]:
    """A word as typed, and as the index has it."""
    yield word
    yield word.lower()
    for plain in (word.lower(), word.lower().replace("œ", "oe")):
        yield "".join(c for c in unicodedata.normalize("NFD", plain) if c.isascii())


def grams(words: tuple[str, ...]) -> set[bytes]:
    """Every piece of every spelling."""
    found = set()
    for word in words:
        for spelling in spellings(word):
            raw = spelling.encode()
            found |= {raw[start : start + GRAM] for start in range(len(raw) - GRAM + 1)}
    return found


async def left(service: Service, *hashes: bytes, words: tuple[str, ...] = WORDS) -> list[str]:
    """Where in the store's files something of the words or one of the hashes still is."""
    return found_in(await files(service), *hashes, words=words)


def found_in(
    contents: Mapping[str, bytes], *hashes: bytes, words: tuple[str, ...] = WORDS
) -> list[str]:
    pieces = [*grams(words), *hashes]
    return [
        f"{piece!r} in {name}"
        for name, raw in contents.items()
        for data in (raw, raw.lower())
        for piece in pieces
        if piece in data
    ]


async def files(service: Service) -> dict[str, bytes]:
    """Every file of the store, but for the log that a PostgreSQL server keeps of all databases."""
    if not service.settings.is_shared:
        folder = service.settings.data_dir
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    connection = await asyncpg.connect(service.settings.database_url)
    try:
        await connection.execute("checkpoint")
        rows = await connection.fetch(
            "select relname, "
            "pg_read_binary_file(pg_relation_filepath(oid), 0, 1 << 29, true) as content "
            "from pg_class where relkind in ('r', 'i', 't') and reltablespace = 0 "
            # Of the server's own tables, the one that may hold samples of ours.
            "and (oid >= 16384 or relname like 'pg_statistic%')"
        )
    finally:
        await connection.close()
    return {row["relname"]: row["content"] for row in rows if row["content"] is not None}


async def marked(
    service: Service, site: Site, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> Marked:
    """A marked comment among others, edited once, with a marked note upon it."""
    for number in range(30):
        await makers.comment(client, email=f"someone{number}@example.com")
    sent = await makers.submit(
        client,
        email=EMAIL,
        name=f"{NAME} Dupont",
        comment=f"Premier jet : {TEXT}, et rien d’autre. {MORE}",
        website=f"https://a.example/{SITE}",
        idempotency_key="marked request",
    )
    comment_id = sent["comment"]["id"]
    first = await hashes_of(service, comment_id)
    await client.patch(
        f"/v1/moderation/comments/{comment_id}",
        json={"text": f"Correction : {EDITED}. {MORE}"},
        headers=moderator,
    )
    await makers.act(client, moderator, comment_id, "reject", note=f"Voir {NOTE}")
    for number in range(30):
        await makers.comment(client, email=f"another{number}@example.com")
    hashes = (
        *first,
        *await hashes_of(service, comment_id),
        service.keys.hash_of(EMAIL, site.id).value,
        service.keys.tag("request", site.id, b"marked request").value,
    )
    return Marked(comment_id, sent["receipt"]["url"], hashes)


async def hashes_of(service: Service, comment_id: str) -> list[bytes]:
    async def unit(tx: Tx) -> list[bytes]:
        row = await tx.one(
            "select seq, fingerprint, body_hash, sketch from comment where id = :id", id=comment_id
        )
        assert row is not None
        bands = await tx.all("select band from comment_band where seq = :seq", seq=row["seq"])
        order: Literal["big", "little"] = "big" if tx.engine == "sqlite" else sys.byteorder
        return [
            row["fingerprint"],
            row["body_hash"],
            row["sketch"],
            *(band["band"].to_bytes(8, order, signed=True) for band in bands),
        ]

    found = await service.store.read(unit)
    assert all(found)
    assert len(found) == OF_A_TEXT
    return found


async def delete(
    how: str,
    one: Marked,
    service: Service,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
) -> None:
    if how == "deleted":
        await makers.act(client, moderator, one.id, "delete", note=NOTE)
    elif how == "withdrawn":
        assert (await client.post(f"{one.receipt}/withdraw")).status_code == 200
    elif how == "erased":
        author = (await seen_by(client, moderator, one.id))["author"]["id"]
        erased = await client.post(f"/v1/moderation/authors/{author}/erase", headers=moderator)
        assert erased.json()["erased"] == 1
    else:
        clock.advance(days=30, seconds=1)


@pytest.mark.parametrize("how", ["deleted", "withdrawn", "erased", "overdue"])
async def test_no_byte_of_the_words_is_left_once_the_job_has_run(
    how: str,
    service: Service,
    site: Site,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
) -> None:
    one = await marked(service, site, client, moderator)
    before = await files(service)
    for word in WORDS:
        assert found_in(before, words=(word,)), "what can't be found can't be missed"
    for hash_ in one.hashes[OF_A_TEXT:]:
        assert found_in(before, hash_, words=()), "what can't be found can't be missed"
    await delete(how, one, service, client, moderator, clock)
    await jobs(service)
    assert await left(service, *one.hashes) == []
    found = await seen_by(client, moderator, one.id)
    assert found["state"] == "deleted"
    assert [decision["to"] for decision in found["decisions"]] == [
        "pending",
        "rejected",
        "deleted",
    ]
    assert found["edits"] == []
    receipt = await client.get(one.receipt)
    assert receipt.json()["comment"]["state"] == "deleted"
    assert (await client.get("/v1/moderation/comments", headers=moderator)).json()["counts"][
        "pending"
    ] == 60
    await service.store.close()
    assert await left(service, *one.hashes) == []


async def test_no_byte_of_what_was_masked_is_left_once_the_job_has_run(
    service: Service, site: Site, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    words, phone = ("xqzkvjwy", "kjwquxvz", "qjvzwkxh"), b"06 71 82 93 46"
    # Long enough to be found again by what is alike.
    rest = (
        "Demandez plutôt directement notre gardienne, votre voisine connaît toutes les adresses "
        "utiles depuis bientôt quarante longues années"
    )
    for number in range(30):
        await makers.comment(client, email=f"someone{number}@example.com")
    comment_id = await makers.comment(
        client,
        name=f"Odile {phone.decode()}",
        comment=f"Premier jet : {words[0]}@{words[1]}.example {rest}",
        idempotency_key="masked request",
    )
    # What is left of it is alike to the same as before.
    hashes = (await hashes_of(service, comment_id))[:3]
    url = f"/v1/moderation/comments/{comment_id}"
    await client.patch(url, json={"text": f"Ou {words[2]}@free.fr. {rest}"}, headers=moderator)
    hashes += [
        *(await hashes_of(service, comment_id))[:3],
        service.keys.tag("request", site.id, b"masked request").value,
    ]
    for number in range(30):
        await makers.comment(client, email=f"another{number}@example.com")
    await jobs(service)
    before = await files(service)
    for word in words:
        assert found_in(before, words=(word,)), "what can't be found can't be missed"
    for piece in (phone, *hashes[3:]):
        assert found_in(before, piece, words=()), "what can't be found can't be missed"
    assert (await client.post(f"{url}/mask", headers=moderator)).status_code == 200
    await jobs(service)
    assert await left(service, phone, *hashes, words=words) == []
    found = await seen_by(client, moderator, comment_id)
    assert found["text"] == f"Ou [adresse de messagerie masquée]. {rest}"
    assert [one["text"] for one in found["edits"]] == [
        f"Premier jet : [adresse de messagerie masquée] {rest}",
        f"Ou [adresse de messagerie masquée]. {rest}",
    ]
    await service.store.close()
    assert await left(service, phone, *hashes, words=words) == []


async def test_the_replay_record_is_gone_so_the_same_request_is_a_new_one(
    service: Service, site: Site, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    sent = makers.fields(email=EMAIL, idempotency_key="marked request")
    first = (await client.post("/v1/comments", json=sent)).json()
    await client.post(f"{first['receipt']['url']}/withdraw")
    again = await client.post("/v1/comments", json=sent)
    assert again.status_code == 201
    assert again.json()["comment"]["id"] != first["comment"]["id"]


async def test_words_leave_the_index_among_thousands_of_others(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    """Several levels of segments, with deletions in between: the index merges them all."""

    async def many(words: str) -> None:
        bodies = [
            makers.fields(
                comment=f"{words} {n} " + " ".join(f"mot{n * k % 997}" for k in range(40))
            )
            for n in range(200)
        ]
        for start in range(0, 200, 50):
            await asyncio.gather(
                *(client.post("/v1/comments", json=body) for body in bodies[start : start + 50])
            )

    await many("avant")
    ids = [await makers.comment(client, comment=f"{TEXT} {n}") for n in range(20)]
    await many("apres")
    for one in ids:
        await makers.act(client, moderator, one, "delete")
    await many("ensuite")
    await service.store.scrub()
    assert await left(service, words=(TEXT,)) == []
    for words, n in (("avant mot0", 200), ("ensuite", 200), (TEXT, 0)):
        found = await client.get(
            "/v1/moderation/comments", params={"q": words, "limit": 200}, headers=moderator
        )
        assert len(found.json()["comments"]) == n


@pytest.mark.engine("sqlite")
async def test_scrubbing_leaves_an_index_that_is_whole(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    ids = [await makers.comment(client, comment=f"{TEXT} commun {n}") for n in range(30)]
    for one in ids[::3]:
        await makers.act(client, moderator, one, "delete")
    await service.store.scrub()

    async def check(tx: Tx) -> int:
        return await tx.run("insert into word_index (word_index) values ('integrity-check')")

    await service.store.write(check)
    found = await client.get(
        "/v1/moderation/comments", params={"q": "commun", "limit": 200}, headers=moderator
    )
    assert [one["id"] for one in found.json()["comments"]] == [
        one for one in ids if one not in ids[::3]
    ]


async def test_scrubbing_lets_readers_and_writers_through(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    ids = [await makers.comment(client, comment=f"{TEXT} {n}") for n in range(20)]
    for one in ids:
        await makers.act(client, moderator, one, "delete")
    scrub = asyncio.create_task(service.store.scrub())
    while not scrub.done():
        await makers.comment(client)
        await makers.listing(client)
    await scrub
    assert await left(service, words=(TEXT,)) == []


async def jobs(service: Service) -> None:
    await retention(service)
    await erasure(service)


async def asked_to_scrub(service: Service) -> bool:
    return "to_scrub" in await service.store.read(info.get)


async def test_the_job_scrubs_only_after_a_deletion(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.comment(client)
    assert not await asked_to_scrub(service)
    await makers.act(client, moderator, one, "delete")
    assert await asked_to_scrub(service)
    await jobs(service)
    assert not await asked_to_scrub(service)


async def test_a_deletion_during_the_scrub_asks_for_the_next(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one, two = [await makers.comment(client) for _ in range(2)]
    await makers.act(client, moderator, one, "delete")
    asked = (await service.store.read(info.get))["to_scrub"]
    await makers.act(client, moderator, two, "delete")
    await service.store.write(lambda tx: info.forget(tx, "to_scrub", value=asked))
    assert await asked_to_scrub(service)


@pytest.mark.engine("sqlite")
async def test_a_journal_that_somebody_still_reads_is_emptied_at_the_next_turn(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.comment(client, comment=TEXT)
    path = service.settings.database_path
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from comment").fetchone()
        await makers.act(client, moderator, one, "delete")
        with pytest.raises(StoreUnavailable):
            await jobs(service)
        assert await asked_to_scrub(service)
        reader.execute("rollback")
    await jobs(service)
    assert await left(service, words=(TEXT,)) == []
    assert not await asked_to_scrub(service)


def test_the_search_looks_for_what_the_index_holds() -> None:
    assert {"xqzé".encode(), b"xqzek", b"zekvo", "kvœj".encode()} <= grams(WORDS)
    assert not any(len(piece) != GRAM for piece in grams(WORDS))


async def test_the_title_that_a_deleted_comment_brought_is_gone_from_the_files(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.approved(client, moderator, title=TEXT)
    assert await left(service, words=(TEXT,))
    await makers.act(client, moderator, one, "delete")
    await jobs(service)
    assert await left(service, words=(TEXT,)) == []


async def test_no_deleted_word_is_left_after_a_busy_day(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    """Rows that were moved between pages leave their bytes in the gaps of the old ones."""
    chance = random.Random(3)
    living: dict[str, str] = {}
    dead = []
    for number in range(250):
        word = f"zq{number:04d}" + "".join(chance.choices("bcdfghjklmnp", k=8))
        padding = "mot " * chance.randrange(1, 120)
        one = await makers.comment(client, name=f"N{word}", comment=f"{padding}{word}")
        living[one] = word
        if number % 3:
            chosen = chance.choice(sorted(living))
            dead.append(living.pop(chosen))
            await makers.act(client, moderator, chosen, "delete")
    await jobs(service)
    kept = b"".join((await files(service)).values())
    assert [word for word in dead if word.encode() in kept] == []
    assert all(word.encode() in kept for word in living.values())
