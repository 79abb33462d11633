"""Comments as rows: whatever happens to them, every counter and every listing stays true."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

import makers
from counting import assert_counters_are_true
from palabre.model import ACTIONS, AUTHOR, State
from palabre.service import Service
from palabre.store import Tx, comments
from web.speaking import rules

Row = Mapping[str, Any]
ARTICLES = ("/a", "/b")
EMAILS = tuple(f"person{number}@example.com" for number in range(4))


async def rows_of(service: Service) -> dict[str, Row]:
    """Every comment by its id, in the order in which they came."""

    async def unit(tx: Tx) -> dict[str, Row]:
        found = await tx.all(
            "select c.*, a.address from comment as c join article as a on a.id = c.article_id "
            "order by c.seq"
        )
        return {row["id"]: dict(row) for row in found}

    return await service.store.read(unit)


class Walk:
    """Things that people do at random; `versions` grow by one for what each of them touches."""

    def __init__(
        self, seed: int, service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
    ) -> None:
        self.random = random.Random(seed)
        self.service = service
        self.client = client
        self.admin = admin
        self.receipts: dict[str, str] = {}

    async def step(self) -> None:
        before = await rows_of(self.service)
        doing = [self.submit, self.decide, self.edit, self.reply, self.withdraw]
        rarely = [self.block, self.erase, self.decide_many]
        weights = [30, 40, 8, 5, 5, 2, 1, 4]
        (act,) = self.random.choices([*doing, *rarely], weights)
        touched = await act(before)
        after = await rows_of(self.service)
        grown = {one: after[one]["version"] - row["version"] for one, row in before.items()}
        assert {one for one, n in grown.items() if n} <= touched, act
        assert set(grown.values()) <= {0, 1}, act

    def some(self, rows: Mapping[str, Row], *states: State) -> str | None:
        fitting = [one for one, row in rows.items() if not states or row["state"] in states]
        return self.random.choice(fitting) if fitting else None

    async def submit(self, rows: Mapping[str, Row]) -> set[str]:
        article, parent = self.random.choice(ARTICLES), None
        public = self.some(rows, State.APPROVED)
        if public and self.random.random() < 0.7:
            article, parent = rows[public]["address"], public
        email = self.random.choice(EMAILS)
        sent = await makers.submit(self.client, article=article, parent=parent, email=email)
        self.receipts[sent["comment"]["id"]] = sent["receipt"]["url"]
        return set()

    async def decide(self, rows: Mapping[str, Row]) -> set[str]:
        one = self.some(rows)
        if one is None:
            return set()
        action = self.random.choice([*ACTIONS, "approve", "approve"])
        version = self.random.choice([None, rows[one]["version"], rows[one]["version"] - 1])
        body = {"version": version} if version else {}
        answer = await self.post(f"comments/{one}/{action}", body)
        assert answer.status_code in (200, 409)
        return {one}

    async def decide_many(self, rows: Mapping[str, Row]) -> set[str]:
        ids = self.random.sample(list(rows), min(len(rows), 5))
        if ids:
            action = self.random.choice(list(ACTIONS))
            answer = await self.post("decisions", {"action": action, "ids": ids})
            assert answer.status_code == 200
        return set(ids)

    async def edit(self, rows: Mapping[str, Row]) -> set[str]:
        one = self.some(rows)
        if one is None:
            return set()
        text = f"Corrigé {self.random.random()}"
        answer = await self.client.patch(
            f"/v1/moderation/comments/{one}", json={"text": text}, headers=self.admin
        )
        assert answer.status_code == (409 if rows[one]["state"] == "deleted" else 200)
        return {one}

    async def reply(self, rows: Mapping[str, Row]) -> set[str]:
        one = self.some(rows, State.APPROVED)
        if one is not None:
            text = f"Merci {self.random.random()}"
            answer = await self.post(f"comments/{one}/reply", {"text": text})
            assert answer.status_code == 201
        return set()

    async def withdraw(self, rows: Mapping[str, Row]) -> set[str]:
        one = self.some(rows)
        if one is None or one not in self.receipts:
            return set()
        answer = await self.client.post(f"{self.receipts[one]}/withdraw")
        assert answer.status_code == 200
        return {one}

    async def block(self, rows: Mapping[str, Row]) -> set[str]:
        author = self.author(rows)
        if author is None:
            return set()
        verb = self.random.choice(["block", "unblock"])
        body = {"also": "pending"} if verb == "block" else {}
        assert (await self.post(f"authors/{author}/{verb}", body)).status_code == 200
        return {one for one, row in rows.items() if row["author_id"] == author}

    async def erase(self, rows: Mapping[str, Row]) -> set[str]:
        author = self.author(rows)
        if author is None:
            return set()
        assert (await self.post(f"authors/{author}/erase", {})).status_code == 200
        return {one for one, row in rows.items() if row["author_id"] == author}

    def author(self, rows: Mapping[str, Row]) -> str | None:
        # In the order of their comments: ids are random, and the walk shall not be.
        known = list(dict.fromkeys(row["author_id"] for row in rows.values() if row["author_id"]))
        return self.random.choice(known) if known else None

    async def post(self, path: str, body: object) -> httpx2.Response:
        return await self.client.post(f"/v1/moderation/{path}", json=body, headers=self.admin)


def listing_of(rows: Mapping[str, Row], article: str, *, newest: bool) -> list[tuple[str, str]]:
    """What the contract says an article's listing is, worked out the slow way."""
    replies: dict[str | None, list[str]] = defaultdict(list)
    for one, row in rows.items():
        if row["address"] == article:
            replies[row["parent_id"]].append(one)

    def walk(one: str) -> list[tuple[str, str]]:
        beneath = [entry for reply in replies[one] for entry in walk(reply)]
        if rows[one]["state"] == "approved":
            return [(one, "approved"), *beneath]
        return [(one, "deleted"), *beneath] if beneath else []

    tops = replies[None][::-1] if newest else replies[None]
    return [entry for one in tops for entry in walk(one)]


async def listed(client: httpx2.AsyncClient, article: str, order: str) -> list[tuple[str, str]]:
    """What the listing shows, a few at a time."""
    found: list[tuple[str, str]] = []
    url: str | None = f"/v1/comments?article={article}&order={order}&limit=7"
    while url:
        page = (await client.get(url)).json()
        found += [(comment["id"], comment["state"]) for comment in page["comments"]]
        url = page["next"]
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_counters_and_listings_stay_true_through_a_random_walk(
    seed: int, service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    if seed % 2:
        await rules(client, admin, first_state="approved", depth=seed)
    walk = Walk(seed, service, client, admin)
    seen = set()
    for round_ in range(6):
        for _ in range(25):
            await walk.step()
        await assert_counters_are_true(service)
        rows = await rows_of(service)
        seen |= {row["state"] for row in rows.values()}
        for article in ARTICLES:
            for order in ("oldest", "newest"):
                expected = listing_of(rows, article, newest=order == "newest")
                assert await listed(client, article, order) == expected, round_
    assert seen == set(State)


async def test_counters_stay_true_when_many_decide_at_once(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    parent = await makers.approved(client, admin)
    ids = [parent] + [await makers.comment(client, parent=parent) for _ in range(5)]
    chance = random.Random(7)
    doing = [(chance.choice(ids), chance.choice(list(ACTIONS)[:4])) for _ in range(200)]
    answers = await asyncio.gather(
        *(
            client.post(f"/v1/moderation/comments/{one}/{action}", json={}, headers=admin)
            for one, action in doing
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    await assert_counters_are_true(service)
    rows = await rows_of(service)
    assert await listed(client, "/a", "oldest") == listing_of(rows, "/a", newest=False)


async def test_a_walk_through_the_pages_shows_each_once_while_others_write(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    tops = [await makers.approved(client, admin) for _ in range(6)]
    replies = [await makers.approved(client, admin, parent=top) for top in tops for _ in range(2)]
    for order in ("oldest", "newest"):
        seen: list[str] = []
        url: str | None = f"/v1/comments?article=/a&order={order}&limit=2"
        chance = random.Random(3)
        while url:
            page = (await client.get(url)).json()
            seen += [comment["id"] for comment in page["comments"]]
            url = page["next"]
            if len(seen) < 16:
                await makers.approved(client, admin)
                await makers.approved(client, admin, parent=chance.choice(tops))
        assert len(seen) == len(set(seen))
        assert set(tops + replies) <= set(seen)


async def test_a_deep_thread_is_counted_up_to_its_top(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved", depth=10)
    thread = [await makers.comment(client)]
    for _ in range(10):
        thread.append(await makers.comment(client, parent=thread[-1]))
    for one in thread[:-1]:
        await makers.act(client, admin, one, "delete")
    assert [state for _, state in await listed(client, "/a", "oldest")] == [
        *["deleted"] * 10,
        "approved",
    ]
    await assert_counters_are_true(service)
    await makers.act(client, admin, thread[-1], "reject")
    assert await listed(client, "/a", "oldest") == []
    await assert_counters_are_true(service)


async def test_a_change_upon_a_stale_reading_changes_nothing(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    one = await makers.comment(client)
    stale = await service.store.write(lambda tx: comments.standing(tx, one, site_id=None))
    assert stale is not None
    await makers.act(client, admin, one, "approve")
    before = await rows_of(service)

    async def unit(tx: Tx) -> bool:
        return await comments.set_state(tx, stale, State.SPAM, by=AUTHOR, at=service.now())

    assert await service.store.write(unit) is False
    assert await rows_of(service) == before
    await assert_counters_are_true(service)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Bonjour à tous", "  bonjour \n à\tTOUS "),
        ("Straße", "STRASSE"),
    ],
)
def test_two_texts_are_the_same_whatever_their_case_spacing_and_marks(
    first: str, second: str
) -> None:
    assert comments.text_hash(first) == comments.text_hash(second)
    assert comments.text_hash(first) == comments.text_hash(first + " !")
    assert comments.text_hash(first) != comments.text_hash(first + " encore")


def test_a_fingerprint_is_of_name_parent_and_text_each_in_its_place() -> None:
    found = {
        comments.fingerprint("a", None, "b"),
        comments.fingerprint("a", "None", "b"),
        comments.fingerprint("ab", None, ""),
        comments.fingerprint("b", None, "a"),
        comments.fingerprint("a", "b", ""),
        comments.fingerprint("A", None, "b"),
        comments.fingerprint('a", "b', None, ""),
    }
    assert len(found) == 7
    assert comments.fingerprint("a", None, "b") in found
