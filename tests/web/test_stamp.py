"""Forms and their stamps: `GET /v1/stamp`, the form page, and what a stamp says of a comment."""

from __future__ import annotations

import asyncio
import base64

import httpx2
import pytest

import makers
from conftest import ORIGIN, Clock
from palabre.actions import sites
from palabre.service import Service
from web.speaking import (
    BROWSER,
    ENCODINGS,
    browse,
    field_codes,
    problem,
    rules,
    seen_by,
    send,
)
from web.tree import Element, read

Json = dict[str, object]
TYPED = {"name": "Paul", "email": "paul@example.com", "comment": "Bonjour à tous."}


async def given(client: httpx2.AsyncClient, article: str = "/a", **parameters: str) -> str:
    answer = await client.get("/v1/stamp", params={"article": article, **parameters})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"stamp"}
    return str(answer.json()["stamp"])


async def told(
    client: httpx2.AsyncClient, moderator: dict[str, str], **fields: str | None
) -> tuple[float, str] | None:
    """What the stamp of a submission is told of: its score, and the sentence."""
    found = await seen_by(client, moderator, await makers.comment(client, **fields))
    return of_stamp(found["signals"])


def of_stamp(signals: list[Json]) -> tuple[float, str] | None:
    for signal in signals:
        if signal["name"] == "stamp":
            return float(str(signal["score"])), str(signal["why"])
    return None


def stamp_in(page: Element) -> str:
    return page.one("input", name="stamp")["value"]


# What it says.


async def test_a_comment_written_in_its_time_has_nothing_said_of_its_stamp(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    stamp = await given(client)
    clock.advance(seconds=2)
    assert await told(client, moderator, stamp=stamp) is None


@pytest.mark.parametrize("article", [f"{ORIGIN}/a/?utm_source=x#c", f"{ORIGIN}/a", "/a/"])
async def test_every_spelling_of_an_article_is_that_article(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock, article: str
) -> None:
    stamp = await given(client, article)
    clock.advance(minutes=5)
    assert await told(client, moderator, stamp=stamp) is None


@pytest.mark.parametrize("stamp", [None, "", "  "])
async def test_a_comment_without_one_is_remarked_on(
    client: httpx2.AsyncClient, moderator: dict[str, str], stamp: str | None
) -> None:
    found = await told(client, moderator, stamp=stamp)
    assert found is not None
    assert found[0] == 0.1


@pytest.mark.parametrize("encoded", ENCODINGS)
@pytest.mark.parametrize("stamp", ["garbage", "A" * 72, "\0", "é" * 72, "x" * 60_000])
async def test_whatever_is_sent_as_a_stamp_is_no_error(
    client: httpx2.AsyncClient, moderator: dict[str, str], stamp: str, encoded: object
) -> None:
    assert callable(encoded)
    answer = await send(client, encoded(makers.fields(stamp=stamp)))
    assert answer.status_code == 201, answer.text
    comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
    found = of_stamp(comment["signals"])
    assert found is not None
    assert found[0] == 0.5


async def test_one_of_another_article_or_site_is_minded(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service, clock: Clock
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    stamps = [await given(client, f"{ORIGIN}/b"), await given(client, "https://news.example/a")]
    clock.advance(minutes=1)
    for stamp in stamps:
        found = await told(client, moderator, article=f"{ORIGIN}/a", stamp=stamp)
        assert found is not None
        assert found[0] == 0.6


async def test_one_that_is_quicker_or_older_than_a_reader_is_told_with_its_time(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    quick, old = await given(client), await given(client)
    clock.advance(seconds=0.83)
    assert await told(client, moderator, stamp=quick, lang="fr") == (
        0.5,
        "Formulaire rempli en 0,8\u00a0s.",
    )
    clock.advance(days=3)
    assert await told(client, moderator, stamp=old) == (
        0.4,
        "Formulaire affiché 72\u00a0h avant l’envoi.",
    )


async def test_how_quick_is_too_quick_is_a_rule_of_the_site(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, first_state="approved", min_seconds=10)
    for min_seconds, state in (
        (10, "pending"),
        (5, "approved"),
        (0, "approved"),
        (None, "approved"),
    ):
        await rules(client, admin, min_seconds=min_seconds)
        stamp = await given(client)
        clock.advance(seconds=7)
        sent = await makers.submit(client, stamp=stamp)
        assert sent["comment"]["state"] == state, min_seconds
    for wrong in (-1, 61, 1.5, "2", True):
        answer = await client.patch(
            "/v1/moderation/sites/blog", json={"policy": {"min_seconds": wrong}}, headers=admin
        )
        errors = problem(answer, 422, "invalid_request")["errors"]
        assert [(one["field"], one["code"]) for one in errors] == [
            ("policy.min_seconds", "invalid")
        ]


# Once.


async def test_one_stamp_is_good_for_one_comment_and_each_further_one_weighs_more(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    stamp = await given(client)
    clock.advance(minutes=1)
    found = [await told(client, moderator, stamp=stamp) for _ in range(5)]
    assert found[0] is None
    assert [one[0] for one in found[1:] if one] == [0.3, 0.3, 0.6, 0.7]


async def test_the_same_request_again_uses_nothing_up(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    fields = makers.fields(stamp=await given(client), idempotency_key="a-key-of-mine")
    clock.advance(minutes=1)
    ids = {(await makers.submit(client, **fields))["comment"]["id"] for _ in range(3)}
    assert len(ids) == 1
    (comment_id,) = ids
    assert of_stamp((await seen_by(client, moderator, comment_id))["signals"]) is None
    # It is the stamp's second comment that is told, not its fourth.
    found = await told(client, moderator, stamp=fields["stamp"])
    assert found is not None
    assert found[0] == 0.3


async def test_another_stamp_makes_no_other_request_of_the_same(
    client: httpx2.AsyncClient, clock: Clock
) -> None:
    """A page that lost its answer may have got another stamp before it tries again."""
    fields = makers.fields(idempotency_key="a-key-of-mine")
    first = await makers.submit(client, **fields, stamp=await given(client))
    again = await makers.submit(client, **fields, stamp=await given(client))
    assert again["comment"] == first["comment"]


async def test_what_is_refused_uses_nothing_up(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    stamp = await given(client)
    clock.advance(minutes=1)
    field_codes(await client.post("/v1/comments", json=makers.fields(stamp=stamp, email="x")))
    twice = makers.fields(stamp=await given(client))
    await makers.submit(client, **twice)
    duplicate = await client.post("/v1/comments", json={**twice, "stamp": stamp})
    problem(duplicate, 409, "duplicate_comment")
    assert await told(client, moderator, stamp=stamp) is None


async def test_of_many_that_race_with_one_stamp_each_counts_the_others(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    stamp = await given(client)
    clock.advance(minutes=1)
    found = await asyncio.gather(*(told(client, moderator, stamp=stamp) for _ in range(6)))
    assert sorted(0.0 if one is None else one[0] for one in found) == [0, 0.3, 0.3, 0.6, 0.7, 0.8]


# Giving it out.


async def test_any_page_s_script_may_ask_and_nobody_keeps_the_answer(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get(
        "/v1/stamp", params={"article": "/a"}, headers={"Origin": "https://elsewhere.example"}
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-credentials" not in answer.headers
    assert (await client.options("/v1/stamp")).status_code == 204


async def test_no_two_are_alike(client: httpx2.AsyncClient) -> None:
    assert len({await given(client) for _ in range(10)}) == 10


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", {"article": "required"}),
        ("article=//evil.example/a&site=blog", {"article": "not_allowed"}),
        ("article=https://evil.example/a&site=blog", {"article": "not_allowed"}),
        ("article=/a&article=/b", {"article": "invalid"}),
        ("article=/a&email=a@b.example", {"email": "not_allowed"}),
    ],
)
async def test_a_stamp_is_for_an_article_of_a_site(
    client: httpx2.AsyncClient, query: str, codes: dict[str, str]
) -> None:
    assert field_codes(await client.get(f"/v1/stamp?{query}"), 400) == codes
    assert "access-control-allow-origin" in (await client.get(f"/v1/stamp?{query}")).headers


async def test_an_unknown_site_has_none(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/v1/stamp?article=/a&site=none"), 404, "site_not_found")


async def test_asking_stores_nothing(client: httpx2.AsyncClient, service: Service) -> None:
    await given(client, "/new")

    async def rows(tx: object) -> list[int]:
        counts = []
        for table in ("spent", "article"):
            row = await tx.one(f"select count(*) as n from {table}")  # type: ignore[attr-defined]
            counts.append(row["n"])
        return counts

    assert await service.store.read(rows) == [0, 0]


# The form page.


async def form(client: httpx2.AsyncClient) -> Element:
    return read((await client.get("/v1/form?article=/a", headers=BROWSER)).text)


def signed_at(stamp: str) -> int:
    """When a stamp says it was given out, in milliseconds."""
    return int.from_bytes(base64.urlsafe_b64decode(stamp)[17:25])


async def newest(client: httpx2.AsyncClient, moderator: dict[str, str]) -> list[Json]:
    answer = await client.get("/v1/moderation/comments?order=newest&limit=1", headers=moderator)
    signals: list[Json] = answer.json()["comments"][0]["signals"]
    return signals


async def test_the_form_page_brings_a_stamp(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    stamp = stamp_in(await form(client))
    clock.advance(seconds=40)
    answer = await browse(client, {**TYPED, "article": "/a", "stamp": stamp})
    assert answer.status_code == 303
    assert of_stamp(await newest(client, moderator)) is None


async def test_whoever_corrects_a_mistake_within_a_second_is_no_program(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    first = stamp_in(await form(client))
    clock.advance(seconds=40)
    again = await browse(client, {**TYPED, "article": "/a", "stamp": first, "email": "paul@"})
    assert again.status_code == 422
    second = stamp_in(read(again.text))
    assert second != first
    assert signed_at(second) == signed_at(first)
    clock.advance(seconds=1)
    answer = await browse(client, {**TYPED, "article": "/a", "stamp": second})
    assert answer.status_code == 303
    assert of_stamp(await newest(client, moderator)) is None


@pytest.mark.parametrize("sent", [{}, {"stamp": "garbage"}, {"stamp": ""}])
async def test_a_form_that_came_without_one_comes_back_without_one(
    client: httpx2.AsyncClient, sent: dict[str, str]
) -> None:
    """When its reader began to write is not known, and they may need no time for the rest."""
    again = await browse(client, {**TYPED, "article": "/a", "email": "paul@", **sent})
    assert again.status_code == 422
    assert read(again.text).all("input", name="stamp") == []


async def test_no_error_makes_another_article_s_stamp_this_one_s(
    client: httpx2.AsyncClient,
) -> None:
    stamp = await given(client, "/b")
    again = await browse(client, {**TYPED, "article": "/a", "email": "paul@", "stamp": stamp})
    assert read(again.text).all("input", name="stamp") == []


async def test_going_back_to_the_form_and_sending_another_comment_is_only_remarked_on(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, first_state="approved")
    stamp = stamp_in(await form(client))
    clock.advance(seconds=40)
    fields = {**TYPED, "article": "/a", "stamp": stamp, "redirect": "article"}
    for comment in ("Une première chose.", "Et une deuxième.", "Et puis une troisième."):
        answer = await browse(client, {**fields, "comment": comment}, accept_language="fr")
        assert answer.headers["location"].startswith(f"{ORIGIN}/a#comment-"), comment
    fourth = await browse(client, {**fields, "comment": "Encore."}, accept_language="fr")
    assert "/v1/receipts/" in fourth.headers["location"]


# The request.


async def test_two_marks_of_a_program_that_passes_for_a_browser_hold_its_comment(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, first_state="approved")
    stamp = await given(client)
    clock.advance(minutes=1)
    fields = {**TYPED, "article": "/a", "stamp": stamp, "redirect": "article"}
    answer = await browse(client, fields, user_agent="curl/8.16.0")
    assert "/v1/receipts/" in answer.headers["location"]
    (signal,) = await newest(client, admin)
    assert (signal["name"], signal["score"]) == ("bot", 0.5)
    assert str(signal["why"]).endswith(": sans langue (Accept-Language), envoyée par curl.")


async def test_a_program_that_asks_for_json_is_published(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    answer = await client.post(
        "/v1/comments", json=makers.fields(), headers={"User-Agent": "python-requests/2.32.5"}
    )
    assert answer.json()["comment"]["state"] == "approved"
