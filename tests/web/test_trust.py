"""Readers whom their browser remembers: what that earns them, and nobody else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

import makers
from conftest import Clock, client_of, token_for
from palabre.actions import sites
from palabre.keys import Keys
from palabre.model import Scope
from palabre.service import Service
from palabre.store import Tx
from web import desk
from web.speaking import (
    ENCODINGS,
    field_codes,
    problem,
    rules,
    seen_by,
    send,
    signal_of,
)

Json = dict[str, Any]
ZOE = {"name": "Zoé Lambert", "email": "zoe@example.com"}
VARYING = ("id", "html", "created_at", "hue")
BLOG = "https://blog.example/a"


async def token_of(client: httpx2.AsyncClient, article: str = BLOG) -> str:
    """A token for a browser that is to be remembered."""
    query = {"article": article, "remember": "1"}
    answer = await client.get("/v1/stamp", params=query)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"stamp", "token"}
    return str(answer.json()["token"])


async def earn(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
    n: int = 3,
    **fields: str | None,
) -> str:
    """Have *n* comments of Zoé's approved that come with one token; the token."""
    token = fields.pop("token", None) or await token_of(client)
    for _ in range(n):
        given = {"article": BLOG, **ZOE, **fields, "token": token}
        await makers.approved(client, moderator, **given)
        clock.advance(minutes=1)
    return token


async def state_of(client: httpx2.AsyncClient, **fields: str | None) -> str:
    """What the author of a comment like Zoé's is told that it is."""
    sent = await makers.submit(client, **{"article": BLOG, **ZOE, **fields})
    return str(sent["comment"]["state"])


async def author_of(
    client: httpx2.AsyncClient, moderator: dict[str, str], email: str = ZOE["email"]
) -> str:
    answer = await client.post(
        "/v1/moderation/authors/lookup", json={"email": email, "site": "blog"}, headers=moderator
    )
    return str(answer.json()["id"])


async def exported(client: httpx2.AsyncClient, moderator: dict[str, str], author: str) -> Json:
    answer = await client.get(f"/v1/moderation/authors/{author}/export", headers=moderator)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def rows(service: Service, table: str = "browser") -> int:
    async def unit(tx: Tx) -> int:
        row = await tx.one(f"select count(*) as n from {table}")
        return int(row["n"]) if row else -1

    return await service.store.read(unit)


@pytest.fixture
async def trusting(client: httpx2.AsyncClient, admin: dict[str, str]) -> dict[str, str]:
    """The headers of an administrator of `blog`, which trusts after three approved comments."""
    await rules(client, admin, trust_after=3)
    return admin


# The token.


async def test_it_is_given_to_who_asks_and_nothing_is_kept_of_that(
    client: httpx2.AsyncClient, service: Service
) -> None:
    answer = await client.get("/v1/stamp?article=/a&remember=1")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    assert len({await token_of(client) for _ in range(10)}) == 10
    assert await rows(service) == 0
    for query in ("article=/a", "article=/a&remember=0"):
        assert set((await client.get(f"/v1/stamp?{query}")).json()) == {"stamp"}
    answer = await client.get("/v1/stamp?article=/a&remember=yes")
    assert field_codes(answer, 400) == {"remember": "unknown"}


@pytest.mark.parametrize("encoded", ENCODINGS)
@pytest.mark.parametrize("token", ["", " ", "garbage", "A" * 76, "\0", "é" * 76, "x" * 60_000])
async def test_whatever_is_sent_as_a_token_is_no_error_and_leaves_nothing(
    client: httpx2.AsyncClient, service: Service, encoded: Any, token: str
) -> None:
    answer = await send(client, encoded(makers.fields(token=token)))
    assert answer.status_code == 201, answer.text
    assert await rows(service) == 0


@pytest.mark.parametrize("field", ["token", "stamp", "proof"])
@pytest.mark.parametrize("value", [7, 0, [], {}, True, False, ["a"], 1.5])
async def test_what_is_no_text_is_invalid(
    client: httpx2.AsyncClient, field: str, value: object
) -> None:
    answer = await client.post("/v1/comments", json={**makers.fields(), field: value})
    assert field_codes(answer, 422) == {field: "invalid"}


@pytest.mark.parametrize("field", ["token", "stamp", "proof"])
async def test_what_is_given_twice_is_invalid_and_null_is_nothing(
    client: httpx2.AsyncClient, field: str
) -> None:
    twice = [*makers.fields().items(), (field, "a"), (field, "b")]
    answer = await client.post(
        "/v1/comments",
        content=urlencode(twice),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert field_codes(answer, 422) == {field: "invalid"}
    answer = await client.post("/v1/comments", json={**makers.fields(), field: None})
    assert answer.status_code == 201, answer.text


async def test_no_token_stands_in_the_store(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, moderator, clock, 1)

    async def unit(tx: Tx) -> str:
        return repr([dict(row) for row in await tx.all("select * from browser")])

    assert token not in await service.store.read(unit)
    assert await rows(service) == 1


# Trust.


async def test_after_as_many_approved_comments_as_the_site_says_nobody_has_to_wait_for_the_next(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, trusting, clock, 2)
    third = await makers.submit(client, **ZOE, token=token)
    assert third["comment"]["state"] == "pending"
    assert await state_of(client, token=token) == "pending"
    await makers.act(client, trusting, third["comment"]["id"], "approve")
    fourth = await makers.submit(client, **ZOE, token=token)
    assert fourth["comment"]["state"] == "approved"
    found = await seen_by(client, trusting, fourth["comment"]["id"])
    assert (found["state"], found["decided_by"]) == ("approved", "rule:trust")
    assert fourth["comment"]["id"] in [
        one["id"] for one in (await makers.listing(client))["comments"]
    ]


async def test_by_default_nobody_is_trusted(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, admin, clock, 5)
    assert await state_of(client, token=token) == "pending"
    await rules(client, admin, trust_after=5)
    assert await state_of(client, token=token) == "approved"
    await rules(client, admin, trust_after=6)
    # What trust let through earns none.
    assert await state_of(client, token=token) == "pending"
    await earn(client, admin, clock, 1, token=token)
    assert await state_of(client, token=token) == "approved"
    await rules(client, admin, trust_after=50)
    assert await state_of(client, token=token) == "pending"


async def test_where_nothing_waits_trust_decides_nothing(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, trusting, clock)
    await rules(client, trusting, first_state="approved")
    comment = await makers.comment(client, **ZOE, token=token)
    assert (await seen_by(client, trusting, comment))["decided_by"] == "rule:policy"


async def test_what_nobody_approved_earns_no_trust(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    await rules(client, trusting, first_state="approved")
    token = await token_of(client)
    for _ in range(4):
        assert await state_of(client, token=token) == "approved"
        clock.advance(minutes=1)
    author = await author_of(client, trusting)
    assert (await exported(client, trusting, author))["browsers"][0]["approved"] == 0
    await rules(client, trusting, first_state="pending")
    assert await state_of(client, token=token) == "pending"
    await earn(client, trusting, clock, 3, token=token)
    assert (await exported(client, trusting, author))["browsers"][0]["approved"] == 3
    assert await state_of(client, token=token) == "approved"


async def test_approved_comments_without_the_token_earn_nothing(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    for _ in range(5):
        await makers.approved(client, trusting, **ZOE)
        clock.advance(minutes=1)
    assert await state_of(client) == "pending"
    assert await state_of(client, token=await token_of(client)) == "pending"


@pytest.mark.parametrize(
    ("comment", "state", "by"),
    [
        ("Voir " + "http://a.example/ " * 4, "pending", "rule:links"),
        ("Un mot de casino ici.", "pending", "rule:words"),
        ("Un mot de viagra ici.", "rejected", "rule:words"),
    ],
)
async def test_what_a_rule_minds_it_minds_of_whoever_is_trusted_too(
    client: httpx2.AsyncClient,
    trusting: dict[str, str],
    clock: Clock,
    comment: str,
    state: str,
    by: str,
) -> None:
    await rules(client, trusting, hold_words=["casino"], reject_words=["viagra"])
    token = await earn(client, trusting, clock)
    sent = await makers.submit(client, **ZOE, token=token, comment=comment)
    assert sent["comment"]["state"] == state
    history = await client.get(
        f"/v1/moderation/log?comment={sent['comment']['id']}", headers=trusting
    )
    assert history.json()["decisions"][0]["by"] == by


async def test_the_honeypot_takes_whoever_is_trusted_too_and_tells_them_nothing(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, trusting, clock)
    sent = await makers.submit(client, **ZOE, token=token, subject="x")
    assert sent["comment"]["state"] == "approved"
    assert (await seen_by(client, trusting, sent["comment"]["id"]))["state"] == "spam"


# Nothing is gained by less than the token and its reader's address.


def comparable(answer: httpx2.Response) -> tuple[int, list[tuple[str, str]], Json]:
    """An answer but for what differs between any two comments."""
    assert answer.status_code == 201, answer.text
    body: Json = answer.json()
    said = {name: value for name, value in body["comment"].items() if name not in VARYING}
    said["author"] = {k: v for k, v in said["author"].items() if k not in VARYING}
    headers = [
        (name, "…" if name in ("location", "x-request-id", "etag") else value)
        for name, value in answer.headers.items()
        if name != "content-length"
    ]
    receipt = {name: len(value) for name, value in body["receipt"].items()}
    return answer.status_code, headers, {"comment": said, "receipt": receipt, "keys": list(body)}


async def test_every_answer_to_less_than_both_is_the_same(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, service: Service
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    token = await earn(client, trusting, clock)
    others = await earn(client, trusting, clock, email="paul@example.com", name="Paul Martinez")
    elsewhere = await token_of(client, "https://news.example/a")
    zoe, paul, unknown = ZOE["email"], "paul@example.com", "personne@example.com"
    tried: list[tuple[str, str | None]] = [
        *((email, None) for email in (zoe, paul, unknown)),
        (zoe, await token_of(client)),
        (unknown, await token_of(client)),
        *((email, elsewhere) for email in (zoe, unknown)),
        *((email, "garbage") for email in (zoe, unknown)),
        *((email, token[:-1] + ("A" if token[-1] != "A" else "B")) for email in (zoe, unknown)),
        (paul, token),
        (unknown, token),
        (zoe, others),
    ]
    answers = []
    for number, (email, one) in enumerate(tried):
        # A name that is nobody's, texts that have nothing to do with each other, no haste.
        clock.advance(minutes=15)
        sent = makers.fields(article=BLOG, name="Odile", email=email, token=one)
        sent["comment"] = f"{number:x}" * 9
        answers.append(comparable(await client.post("/v1/comments", json=sent)))
    assert answers == [answers[0]] * len(answers)
    assert answers[0][2]["comment"]["state"] == "pending"
    clock.advance(minutes=15)
    assert await state_of(client, token=token) == "approved"
    assert await state_of(client, email=paul, name="Paul Martinez", token=others) == "approved"


async def test_a_token_of_another_site_counts_there_alone(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, service: Service
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    token = await earn(client, trusting, clock)
    there = "https://news.example/a"
    assert await state_of(client, token=token, article=there) == "pending"
    assert await state_of(client, token=token) == "approved"


async def test_trust_outlives_a_rotation_of_the_keys(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, service: Service
) -> None:
    token = await earn(client, trusting, clock)
    rotated = Keys((*service.keys._masters, bytes(range(32))))

    async def wrap(tx: Tx) -> None:
        row = await tx.one("select id, site_id from author")
        assert row is not None
        tag = rotated.hash_of(ZOE["email"], row["site_id"])
        await tx.run("update author set tag = :tag where id = :id", tag=tag.value, id=row["id"])

    await service.store.write(wrap)
    async with client_of(dataclasses.replace(service, keys=rotated)) as later:
        assert await state_of(later, token=token) == "approved"
        assert await state_of(later, token=await token_of(later)) == "pending"


# How it is lost.


@pytest.mark.parametrize("action", ["reject", "spam"])
async def test_the_first_refusal_takes_it_and_new_approvals_bring_it_back(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, action: str
) -> None:
    token = await earn(client, trusting, clock)
    refused = await makers.comment(client, **ZOE, token=token)
    await makers.act(client, trusting, refused, action)
    clock.advance(minutes=1)
    assert await state_of(client, token=token) == "pending"
    await earn(client, trusting, clock, 2, token=token)
    assert await state_of(client, token=token) == "pending"
    await earn(client, trusting, clock, 1, token=token)
    assert await state_of(client, token=token) == "approved"


@pytest.mark.parametrize("action", ["reject", "spam"])
async def test_what_comes_under_the_address_without_the_token_takes_nothing(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, action: str
) -> None:
    token = await earn(client, trusting, clock)
    await rules(client, trusting, reject_words=["viagra"])
    for other in (None, await token_of(client), "garbage"):
        odile = {"name": "Odile", "token": other}
        refused = await makers.comment(client, **ZOE | odile)
        await makers.act(client, trusting, refused, action)
        clock.advance(minutes=1)
        assert await state_of(client, **odile, comment=f"Du viagra, {other}") == "rejected"
        clock.advance(minutes=15)
        assert await state_of(client, token=token) == "approved"


@pytest.mark.parametrize("action", ["reject", "spam"])
@pytest.mark.parametrize("again", ["approve", "hold"])
async def test_it_comes_back_when_the_refusal_is_taken_back(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, action: str, again: str
) -> None:
    token = await earn(client, trusting, clock)
    first = await makers.comment(client, **ZOE, token=token)
    second = await makers.comment(client, **ZOE, token=token)
    for one in (first, second):
        await makers.act(client, trusting, one, action)
        clock.advance(minutes=15)
    await makers.act(client, trusting, second, again)
    assert await state_of(client, token=token) == "pending"
    await makers.act(client, trusting, first, again)
    assert await state_of(client, token=token) == "approved"


async def test_it_comes_back_when_the_desk_undoes_the_refusal(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, service: Service
) -> None:
    token = await earn(client, trusting, clock)
    await rules(client, trusting, hold_words=["casino"])
    refused = await makers.comment(client, **ZOE, token=token, comment="Voir casino")
    await desk.enter(service, client, "ada")
    await desk.act(client, f"spam {refused}")
    clock.advance(minutes=15)
    assert await state_of(client, token=token) == "pending"
    page = (await client.get("/desk/")).text
    data = {name: desk.field(page, name) for name in ("csrf", "back", "undo")}
    assert (await client.post("/desk/undo", data=data, headers=desk.FORM)).status_code == 303
    assert await state_of(client, token=token) == "approved"


@pytest.mark.parametrize("action", ["reject", "spam"])
async def test_what_a_refusal_took_stays_taken_when_the_comment_goes(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, action: str
) -> None:
    token = await earn(client, trusting, clock)
    sent = await makers.submit(client, **ZOE, token=token)
    await makers.act(client, trusting, sent["comment"]["id"], action)
    clock.advance(minutes=1)
    answer = await client.post(f"{sent['receipt']['url']}/withdraw")
    assert answer.status_code == 200, answer.text
    assert await state_of(client, token=token) == "pending"


async def test_a_refusal_by_the_site_s_words_takes_it_too(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, trusting, clock)
    await rules(client, trusting, reject_words=["viagra"])
    assert await state_of(client, token=token, comment="Du viagra.") == "rejected"
    assert await state_of(client, token=token) == "pending"


async def test_another_reader_s_refusal_takes_nothing(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, trusting, clock)
    other = await makers.comment(client, email="paul@example.com", token=token)
    await makers.act(client, trusting, other, "spam")
    assert await state_of(client, token=token) == "approved"


async def test_what_is_held_or_deleted_again_counts_no_more(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, trusting, clock)
    first, second = [one["id"] for one in (await makers.listing(client))["comments"]][:2]
    await makers.act(client, trusting, first, "hold")
    assert await state_of(client, token=token) == "pending"
    await makers.act(client, trusting, first, "approve")
    assert await state_of(client, token=token) == "approved"
    for one in (first, second):
        await makers.act(client, trusting, one, "delete")
    assert await state_of(client, token=token) == "pending"


async def test_a_moderator_withdraws_it(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, trusting, clock)
    author = await author_of(client, trusting)
    answer = await client.post(f"/v1/moderation/authors/{author}/distrust", headers=trusting)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["approved"]) == (author, 3)
    assert await state_of(client, token=token) == "pending"
    clock.advance(minutes=1)
    await earn(client, trusting, clock, 3, token=token)
    assert await state_of(client, token=token) == "approved"


async def test_a_block_shows_in_no_answer_while_it_stands_and_takes_all_trust_when_it_ends(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, trusting, clock)
    author = f"/v1/moderation/authors/{await author_of(client, trusting)}"
    until = {"until": "2026-12-24T00:00:00Z"}
    assert (await client.post(f"{author}/block", json=until, headers=trusting)).status_code == 200
    for _ in range(3):
        sent = await makers.submit(client, **ZOE, token=token)
        assert sent["comment"]["state"] == "approved"
        assert (await seen_by(client, trusting, sent["comment"]["id"]))["state"] == "spam"
        clock.advance(minutes=1)
    clock.advance(days=60)
    assert await state_of(client, token=token) == "pending"
    clock.advance(minutes=1)
    await earn(client, trusting, clock, 3, token=token)
    assert await state_of(client, token=token) == "approved"
    await client.post(f"{author}/block", json={}, headers=trusting)
    assert await state_of(client, token=token) == "approved"
    await client.post(f"{author}/unblock", headers=trusting)
    assert await state_of(client, token=token) == "pending"


# Names.


@pytest.fixture
async def open_(client: httpx2.AsyncClient, admin: dict[str, str]) -> dict[str, str]:
    """The headers of an administrator of `blog`, where nothing waits that no rule minds."""
    await rules(client, admin, first_state="approved")
    return admin


@pytest.mark.parametrize("email", [ZOE["email"], "other@example.com"])
@pytest.mark.parametrize("name", ["Zoé Lambert", "ZOE LAMBERT", "Zоé Lаmbert", "Zoe.Lambert"])
async def test_a_known_reader_s_name_waits_without_their_token_whatever_the_address(
    client: httpx2.AsyncClient,
    open_: dict[str, str],
    clock: Clock,
    moderator: dict[str, str],
    name: str,
    email: str,
) -> None:
    token = await token_of(client)
    for number in range(3):
        # Not theirs yet: two of that name are nobody's impersonators.
        assert await state_of(client, name=name, email=email) == "approved", number
        assert await state_of(client, token=token) == "approved"
        clock.advance(minutes=1)
    for foreign in (None, "garbage", await token_of(client)):
        sent = await makers.submit(client, name=name, email=email, token=foreign)
        assert sent["comment"]["state"] == "pending"
        found = await seen_by(client, moderator, sent["comment"]["id"])
        signal = signal_of(found, "impersonation")
        assert signal["score"] == 0.55
        assert "lecteur connu" in signal["why"]
    assert await state_of(client, token=token) == "approved"
    assert await state_of(client, name="Zoé Lambertin", email=email) == "approved"


async def test_a_browser_that_is_new_does_not_become_its_owner_s_by_the_address(
    client: httpx2.AsyncClient, open_: dict[str, str], clock: Clock
) -> None:
    await earn(client, open_, clock)
    second = await token_of(client)
    for _ in range(2):
        assert await state_of(client, token=second) == "pending"


async def test_a_name_that_two_readers_have_earned_is_neither_s_alone(
    client: httpx2.AsyncClient, open_: dict[str, str], clock: Clock
) -> None:
    first = await earn(client, open_, clock)
    second = await earn(client, open_, clock, email="other@example.com")
    assert await state_of(client, email="third@example.com") == "approved"
    assert await state_of(client, token=first) == "approved"
    assert await state_of(client, token=second) == "approved"


async def test_a_reader_with_two_browsers_owns_their_name_still(
    client: httpx2.AsyncClient, open_: dict[str, str], clock: Clock
) -> None:
    tokens = [await earn(client, open_, clock), await earn(client, open_, clock)]
    assert await state_of(client, email="third@example.com") == "pending"
    for token in tokens:
        assert await state_of(client, token=token) == "approved"


@pytest.mark.parametrize("name", ["Zoé", "Paul", "Li Wu", "王小明", "…"])
async def test_short_names_are_everybody_s(
    client: httpx2.AsyncClient, open_: dict[str, str], clock: Clock, name: str
) -> None:
    await earn(client, open_, clock, 4, name=name)
    assert await state_of(client, name=name, email="other@example.com") == "approved"


async def test_the_name_of_most_comments_is_the_reader_s_as_it_stands_now(
    client: httpx2.AsyncClient, open_: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, open_, clock, 2)
    await earn(client, open_, clock, 1, token=token, name="Madame Lambert")
    other = {"email": "other@example.com"}
    assert await state_of(client, **other, name="Madame Lambert") == "approved"
    held = await makers.submit(client, **ZOE | other)
    assert held["comment"]["state"] == "pending"
    theirs = [
        one["id"]
        for one in (await makers.listing(client))["comments"]
        if one["author"]["name"] == "Zoé Lambert"
    ]
    for one in theirs:
        answer = await client.patch(
            f"/v1/moderation/comments/{one}", json={"name": "Madame Lambert"}, headers=open_
        )
        assert answer.status_code == 200, answer.text
    assert await state_of(client, **other) == "approved"
    assert await state_of(client, **other, name="Mme Lambert") == "approved"
    assert await state_of(client, **other, name="Madame Lambert") == "pending"
    await makers.act(client, open_, theirs[0], "hold")
    assert await state_of(client, **other, name="madame lambert") == "approved"


async def test_a_reader_called_as_a_moderator_waits_once_with_their_token(
    client: httpx2.AsyncClient, open_: dict[str, str], clock: Clock, service: Service
) -> None:
    await token_for(service, "zoe", Scope.MODERATE)
    named, token = {"name": "Zoé"}, await token_of(client)
    assert await state_of(client, **named, token=token) == "pending"
    await earn(client, open_, clock, 1, token=token, **named)
    assert await state_of(client, **named, token=token) == "approved"
    assert await state_of(client, **named) == "pending"
    assert await state_of(client, **named, token=await token_of(client)) == "pending"
    refused = await makers.comment(client, **ZOE | named, token=token)
    await makers.act(client, open_, refused, "reject")
    clock.advance(minutes=15)
    assert await state_of(client, **named, token=token) == "pending"


async def test_a_reader_s_own_name_is_theirs_though_a_moderator_has_it_too(
    client: httpx2.AsyncClient, open_: dict[str, str], clock: Clock, service: Service
) -> None:
    await token_for(service, "zoe.lambert", Scope.MODERATE)
    token = await earn(client, open_, clock, 2)
    assert await state_of(client, token=token) == "pending"
    await earn(client, open_, clock, 1, token=token)
    clock.advance(minutes=15)
    assert await state_of(client, token=token) == "approved"
    assert await state_of(client) == "pending"


async def test_a_host_of_the_site_is_nobody_s_name(
    client: httpx2.AsyncClient, open_: dict[str, str]
) -> None:
    assert await state_of(client, name="Blog.example") == "pending"
    assert await state_of(client, name="Blog d’exemple") == "approved"


async def test_a_refusal_takes_a_name_that_no_moderator_gave(
    client: httpx2.AsyncClient, open_: dict[str, str], clock: Clock
) -> None:
    token = await token_of(client)
    other = {"email": "other@example.com"}

    async def publish(n: int) -> None:
        for _ in range(n):
            assert await state_of(client, token=token) == "approved"
            clock.advance(minutes=1)

    await publish(3)
    assert await state_of(client, **other) == "pending"
    # Whoever else uses the address takes nothing.
    await makers.act(client, open_, await makers.comment(client, **ZOE), "reject", reason="abuse")
    clock.advance(minutes=1)
    assert await state_of(client, **other) == "pending"
    # The three others stay.
    refused = await makers.comment(client, **ZOE, token=token)
    await makers.act(client, open_, refused, "reject", reason="abuse")
    clock.advance(minutes=1)
    assert await state_of(client, **other) == "approved"
    await publish(2)
    assert await state_of(client, **other) == "approved"
    await publish(1)
    assert await state_of(client, **other) == "pending"


async def test_a_name_of_comments_that_a_moderator_approved_stays(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    token = await earn(client, admin, clock)
    refused = await makers.comment(client, **ZOE, token=token)
    await makers.act(client, admin, refused, "reject", reason="abuse")
    clock.advance(minutes=1)
    sent = await makers.comment(client, **ZOE | {"email": "other@example.com"})
    assert signal_of(await seen_by(client, admin, sent), "impersonation") != {}


# What is kept, told and erased.


async def test_an_export_says_since_when_a_browser_is_known(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock
) -> None:
    since = clock().isoformat()[:19] + "Z"
    token = await earn(client, trusting, clock)
    author = await author_of(client, trusting)
    found = await exported(client, trusting, author)
    assert found["browsers"] == [{"since": since, "approved": 3, "lost_at": None}]
    refused = await makers.comment(client, **ZOE, token=token)
    await makers.act(client, trusting, refused, "reject")
    lost = clock().isoformat()[:19] + "Z"
    found = await exported(client, trusting, author)
    assert found["browsers"] == [{"since": since, "approved": 0, "lost_at": lost}]
    assert token not in str(found)
    await makers.approved(client, trusting, email="paul@example.com")
    other = await author_of(client, trusting, "paul@example.com")
    assert (await exported(client, trusting, other))["browsers"] == []


async def test_erasing_a_person_forgets_their_browsers(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, service: Service
) -> None:
    token = await earn(client, trusting, clock)
    author = await author_of(client, trusting)
    answer = await client.post(f"/v1/moderation/authors/{author}/erase", headers=trusting)
    assert answer.json()["erased"] == 3
    assert await rows(service) == 0
    assert await rows(service, "comment where browser is not null") == 0
    # Whoever comes with it afterwards is its first.
    await earn(client, trusting, clock, 3, token=token, email="paul@example.com")
    assert await state_of(client, token=token, email="paul@example.com") == "approved"


async def test_a_browser_is_forgotten_with_its_last_comment(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, service: Service
) -> None:
    sent = [await makers.submit(client, **ZOE, token=await token_of(client)) for _ in range(2)]
    assert await rows(service) == 2
    await client.post(f"{sent[0]['receipt']['url']}/withdraw")
    assert await rows(service) == 1
    await makers.act(client, trusting, sent[1]["comment"]["id"], "delete")
    assert await rows(service) == 0


# At the desk.


async def test_the_desk_tells_of_a_person_s_browsers_and_withdraws_trust(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, service: Service
) -> None:
    token = await earn(client, trusting, clock)
    author = await author_of(client, trusting)
    await makers.approved(client, trusting, email="paul@example.com")
    other = await author_of(client, trusting, "paul@example.com")
    await token_for(service, "eve", Scope.MODERATE)
    await desk.enter(service, client, "eve")
    page = (await client.get(f"/desk/people/{author}?lang=en")).text
    assert "Recognised by a browser’s token, first seen" in page
    assert "; 3 comments that a moderator approved count." in page
    assert "The count began anew" not in page
    assert "token" not in (await client.get(f"/desk/people/{other}?lang=en")).text
    data = {"csrf": desk.field(page, "csrf"), "act": "distrust"}
    answer = await client.post(f"/desk/people/{author}", data=data, headers=desk.FORM)
    assert answer.status_code == 303
    page = (await client.get(f"/desk/people/{author}?lang=en")).text
    assert "; 0 comments that a moderator approved count. The count began anew:" in page
    assert await state_of(client, token=token) == "pending"


async def test_a_trusted_comment_s_history_says_so(
    client: httpx2.AsyncClient, trusting: dict[str, str], clock: Clock, service: Service
) -> None:
    token = await earn(client, trusting, clock)
    comment = await makers.comment(client, **ZOE, token=token)
    await desk.enter(service, client, "ada")
    page = (await client.get(f"/desk/comments/{comment}?lang=en")).text
    assert "the rule “Trust”" in page
    assert "Sent from a browser that remembers this person." in page
    other = await makers.comment(client, **ZOE)
    page = (await client.get(f"/desk/comments/{other}?lang=en")).text
    assert "Sent from a browser" not in page


async def test_an_unknown_person_cannot_be_distrusted(
    client: httpx2.AsyncClient, trusting: dict[str, str]
) -> None:
    answer = await client.post("/v1/moderation/authors/nobody/distrust", headers=trusting)
    problem(answer, 404, "author_not_found")


async def test_the_rule_is_set_at_the_desk(
    client: httpx2.AsyncClient, admin: dict[str, str], service: Service
) -> None:
    await desk.enter(service, client, "ada")
    for typed, expected in (("4", 4), ("", None)):
        page = (await client.get("/desk/rules?site=blog")).text
        data: Mapping[str, str] = {
            "site": "blog",
            "csrf": desk.field(page, "csrf"),
            "trust_after": typed,
            "trust_after_before": desk.field(page, "trust_after_before"),
        }
        answer = await client.post("/desk/rules", data=data, headers=desk.FORM)
        assert answer.status_code in (200, 303), answer.text
        told = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()
        assert told["policy"]["trust_after"] == expected
