"""The idempotency key: the same request again is the same comment again (contract 3.1)."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

import makers
from conftest import Clock
from palabre.actions import sites
from palabre.service import Service
from web.speaking import (
    BROWSER,
    NOTHING,
    Json,
    browse,
    post,
    problem,
    put_article,
    rules,
    stored,
)

KEY = "b7f1c0de-0001"


async def taken(client: httpx2.AsyncClient, fields: dict[str, str], **headers: str) -> Json:
    answer = await post(client, fields, **headers)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def test_the_same_request_again_is_the_same_comment_with_a_fresh_receipt(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    fields = makers.fields(idempotency_key=KEY)
    first = await taken(client, fields)
    again = await taken(client, fields)
    assert again["comment"] == first["comment"]
    assert again["receipt"]["token"] != first["receipt"]["token"]
    assert await stored(client, moderator) == NOTHING | {"pending": 1}


async def test_both_receipts_are_good(client: httpx2.AsyncClient) -> None:
    fields = makers.fields(idempotency_key=KEY)
    receipts = [(await taken(client, fields))["receipt"]["url"] for _ in range(2)]
    shown = [(await client.get(url)).json() for url in receipts]
    assert shown[0] == shown[1]
    withdrawn = await client.post(f"{receipts[0]}/withdraw")
    assert withdrawn.status_code == 200
    assert (await client.get(receipts[1])).json()["comment"]["state"] == "deleted"


async def test_the_first_receipt_outlives_any_number_of_repetitions(
    client: httpx2.AsyncClient, clock: Clock
) -> None:
    fields = makers.fields(idempotency_key=KEY)
    receipts = []
    for _ in range(30):
        receipts.append((await taken(client, fields))["receipt"]["url"])
        clock.advance(seconds=1)
    assert (await client.get(receipts[0])).status_code == 200
    assert (await client.get(receipts[-1])).status_code == 200


async def test_a_browser_is_led_to_a_receipt_again(client: httpx2.AsyncClient) -> None:
    fields = makers.fields(idempotency_key=KEY)
    places = [(await browse(client, fields)).headers["location"] for _ in range(2)]
    assert places[0] != places[1]
    for place in places:
        assert (await client.get(place, headers=BROWSER)).status_code == 200


async def test_the_comment_is_told_as_it_is_by_now(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    fields = makers.fields(idempotency_key=KEY)
    first = await taken(client, fields)
    await makers.act(client, moderator, first["comment"]["id"], "approve")
    assert (await taken(client, fields))["comment"]["state"] == "approved"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("article", "/b"),
        ("name", "Quelqu’un d’autre"),
        ("email", "other@example.com"),
        ("website", "https://other.example"),
        ("comment", "Autre chose."),
        ("title", "Un autre titre"),
    ],
)
async def test_other_fields_under_the_same_key_are_a_mistake(
    client: httpx2.AsyncClient, moderator: dict[str, str], field: str, value: str
) -> None:
    fields = makers.fields(idempotency_key=KEY)
    await taken(client, fields)
    problem(await post(client, fields | {field: value}), 422, "idempotency_mismatch")
    assert await stored(client, moderator) == NOTHING | {"pending": 1}


async def test_another_parent_under_the_same_key_is_a_mistake(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    fields = makers.fields(idempotency_key=KEY)
    await taken(client, fields)
    problem(await post(client, fields | {"parent": parent}), 422, "idempotency_mismatch")


async def test_spelling_that_makes_no_difference_is_the_same_request(
    client: httpx2.AsyncClient,
) -> None:
    fields = makers.fields(idempotency_key=KEY, name="Hélène", comment="a\nb")
    first = await taken(client, fields)
    spelt = {
        "article": "https://BLOG.example/a/?utm_source=x#y",
        "name": " He\u0301le\u0300ne ",
        "email": "HELENE@example.com",
        "comment": " a\r\nb\n",
        "idempotency_key": f" {KEY} ",
        "lang": "en",
        "redirect": "article",
        "site": "blog",
    }
    assert (await taken(client, fields | spelt))["comment"] == first["comment"]


async def test_the_header_counts_as_the_field(client: httpx2.AsyncClient) -> None:
    fields = makers.fields()
    first = await taken(client, fields, idempotency_key=KEY)
    again = await taken(client, fields | {"idempotency_key": KEY})
    assert again["comment"] == first["comment"]


async def test_the_header_wins_over_the_field(client: httpx2.AsyncClient) -> None:
    fields = makers.fields(idempotency_key="the-field-s-own")
    first = await taken(client, fields, idempotency_key=KEY)
    other = makers.fields(idempotency_key=KEY)
    assert (await taken(client, other, idempotency_key="another-key"))["comment"] != first[
        "comment"
    ]
    problem(await post(client, other), 422, "idempotency_mismatch")


async def test_a_blank_header_leaves_it_to_the_field(client: httpx2.AsyncClient) -> None:
    fields = makers.fields(idempotency_key=KEY)
    first = await taken(client, fields, idempotency_key=" ")
    assert (await taken(client, fields))["comment"] == first["comment"]


@pytest.mark.parametrize(("key", "code"), [("x" * 7, "too_short"), ("x" * 129, "too_long")])
async def test_a_header_that_is_no_key_is_refused_like_the_field(
    client: httpx2.AsyncClient, key: str, code: str
) -> None:
    answer = await post(client, makers.fields(), idempotency_key=key)
    errors = problem(answer, 422, "invalid_submission")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [("idempotency_key", code)]


async def test_without_a_key_the_same_again_is_a_duplicate(client: httpx2.AsyncClient) -> None:
    fields = makers.fields()
    await taken(client, fields)
    problem(await post(client, fields), 409, "duplicate_comment")


async def test_a_key_is_known_for_24_hours(client: httpx2.AsyncClient, clock: Clock) -> None:
    fields = makers.fields(idempotency_key=KEY)
    first = await taken(client, fields)
    clock.advance(hours=23, minutes=59)
    assert (await taken(client, fields))["comment"] == first["comment"]
    clock.advance(minutes=1)
    problem(await post(client, fields), 409, "duplicate_comment")
    other = await taken(client, makers.fields(idempotency_key=KEY))
    assert other["comment"]["id"] != first["comment"]["id"]


async def test_a_key_that_came_back_is_known_for_another_24_hours(
    client: httpx2.AsyncClient, clock: Clock
) -> None:
    await taken(client, makers.fields(idempotency_key=KEY))
    clock.advance(hours=24)
    second = makers.fields(idempotency_key=KEY)
    first = await taken(client, second)
    clock.advance(hours=23)
    assert (await taken(client, second))["comment"] == first["comment"]


@pytest.mark.parametrize("by", ["moderator", "author"])
async def test_a_deleted_comment_s_key_is_forgotten(
    client: httpx2.AsyncClient, moderator: dict[str, str], by: str
) -> None:
    fields = makers.fields(idempotency_key=KEY)
    first = await taken(client, fields)
    if by == "moderator":
        await makers.act(client, moderator, first["comment"]["id"], "delete")
    else:
        await client.post(f"{first['receipt']['url']}/withdraw")
    again = await taken(client, fields)
    assert again["comment"]["id"] != first["comment"]["id"]
    assert await stored(client, moderator) == NOTHING | {"pending": 1}


async def test_a_key_on_another_site_is_another_key(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    here = makers.fields(article="https://blog.example/a", idempotency_key=KEY)
    first = await taken(client, here)
    there = here | {"article": "https://news.example/a"}
    assert (await taken(client, there))["comment"]["id"] != first["comment"]["id"]


async def test_a_refused_request_does_not_use_its_key_up(client: httpx2.AsyncClient) -> None:
    fields = makers.fields(idempotency_key=KEY)
    assert (await post(client, fields | {"email": "x"})).status_code == 422
    await taken(client, fields)


async def test_a_reply_is_repeated_though_its_parent_is_gone_by_now(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    fields = makers.fields(parent=parent, idempotency_key=KEY)
    first = await taken(client, fields)
    await makers.act(client, moderator, parent, "reject")
    assert (await taken(client, fields))["comment"] == first["comment"]


async def test_a_request_is_repeated_though_the_rules_are_stricter_by_now(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    fields = makers.fields(idempotency_key=KEY)
    first = await taken(client, fields)
    await put_article(client, admin, open=False)
    await rules(client, admin, first_state="approved")
    assert (await taken(client, fields))["comment"] == first["comment"]


async def test_many_at_once_with_one_key_are_one_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    fields = makers.fields(idempotency_key=KEY)
    answers = await asyncio.gather(*(taken(client, fields) for _ in range(20)))
    assert len({answer["comment"]["id"] for answer in answers}) == 1
    assert len({answer["receipt"]["token"] for answer in answers}) == 20
    assert await stored(client, moderator) == NOTHING | {"pending": 1}
