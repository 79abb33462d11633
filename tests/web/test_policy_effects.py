"""What a policy changes for readers: first state, links, length, closing, depth, the form."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

import makers
from conftest import Clock
from web.speaking import field_codes, post, problem, put_article, rules, seen_by

TWO_LINKS = "Voyez https://a.example et https://b.example pour en savoir plus."
THREE_LINKS = TWO_LINKS + (
    " Ou https://c.example si vous préférez un texte plus court, qui dit la même chose avec "
    "d’autres exemples et sans les chiffres de l’année dernière."
)


async def state_of(client: httpx2.AsyncClient, **fields: str | None) -> str:
    return str((await makers.submit(client, **fields))["comment"]["state"])


async def test_everything_waits_by_default(client: httpx2.AsyncClient) -> None:
    assert await state_of(client) == "pending"
    assert (await makers.listing(client))["comments"] == []


async def test_a_site_may_publish_what_no_rule_minds(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    sent = (await makers.submit(client))["comment"]
    assert sent["state"] == "approved"
    listed = await makers.listing(client)
    assert listed["comments"] == [sent]
    assert listed["article"]["count"] == 1
    record = await seen_by(client, admin, sent["id"])
    assert [(one["from"], one["to"], one["by"]) for one in record["decisions"]] == [
        (None, "approved", "rule:policy")
    ]
    assert record["decided_by"] == "rule:policy"


async def test_what_a_rule_minds_waits_all_the_same(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    sent = await makers.submit(client, comment=THREE_LINKS)
    assert sent["comment"]["state"] == "pending"
    record = await seen_by(client, admin, sent["comment"]["id"])
    assert record["decisions"][0]["by"] == "rule:links"


async def test_the_number_of_links_that_go_unminded_is_the_sites(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    assert await state_of(client, comment=TWO_LINKS) == "approved"
    await rules(client, admin, max_links=1)
    assert await state_of(client, comment=TWO_LINKS + " !") == "pending"
    await rules(client, admin, max_links=3)
    assert await state_of(client, comment=THREE_LINKS) == "approved"
    await rules(client, admin, max_links=None)
    assert await state_of(client, comment=THREE_LINKS + " !") == "pending"


async def test_a_single_article_may_be_held_or_published(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await put_article(client, moderator, article="/b", policy={"first_state": "approved"})
    assert await state_of(client, article="/a") == "pending"
    assert await state_of(client, article="/b") == "approved"


@pytest.mark.parametrize(
    "text",
    ["é" * 50, "😀" * 50, "e\u0301" * 25, "a\r\n" * 24 + "bc"],
    ids=["accents", "emoji", "combining", "breaks"],
)
async def test_the_sites_comment_limit_counts_characters(
    text: str, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, comment_limit=50)
    kept = (await makers.submit(client, comment=text))["comment"]
    found = await seen_by(client, admin, kept["id"])
    assert found["text"] == text.replace("\r\n", "\n")
    too_long = await post(client, makers.fields(comment=text + "x"))
    assert field_codes(too_long) == {"comment": "too_long"}


async def test_an_articles_comment_limit_stands_before_the_sites(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, comment_limit=50)
    await put_article(client, admin, article="/long", policy={"comment_limit": 60})
    await put_article(client, admin, article="/short", policy={"comment_limit": 40})
    for article, limit in (("/", 50), ("/long", 60), ("/short", 40)):
        good = makers.fields(article=article, comment="x" * limit)
        assert (await post(client, good)).status_code == 201
        bad = makers.fields(article=article, comment="y" * (limit + 1))
        answer = await post(client, bad)
        assert field_codes(answer) == {"comment": "too_long"}
        assert str(limit) in problem(answer, 422, "invalid_submission")["errors"][0]["message"]


async def test_twenty_thousand_characters_are_the_most(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, comment_limit=20_000)
    assert (await post(client, makers.fields(comment="é" * 20_000))).status_code == 201
    answer = await post(client, makers.fields(comment="é" * 20_001))
    assert field_codes(answer) == {"comment": "too_long"}


async def test_an_article_closes_to_the_second_after_its_days(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, close_after_days=14)
    await makers.approved(client, admin)
    etag = (await client.get("/v1/comments?article=/a")).headers["etag"]
    clock.advance(days=13, hours=23, minutes=59, seconds=59)
    assert (await post(client, makers.fields())).status_code == 201
    assert (await makers.listing(client))["article"]["open"] is True
    clock.advance(seconds=1)
    problem(await post(client, makers.fields()), 403, "article_closed")
    after = await client.get("/v1/comments?article=/a", headers={"If-None-Match": etag})
    assert after.status_code == 200
    assert after.json()["article"]["open"] is False
    assert len(after.json()["comments"]) == 1
    assert (await post(client, makers.fields(article="/new"))).status_code == 201


async def test_days_that_are_prolonged_open_an_article_again_but_a_closed_one_stays_closed(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, close_after_days=14)
    await makers.comment(client)
    await makers.comment(client, article="/b")
    await put_article(client, admin, article="/b", open=False)
    clock.advance(days=20)
    await put_article(client, admin, article="/a", policy={"close_after_days": 30})
    assert (await post(client, makers.fields())).status_code == 201
    await rules(client, admin, close_after_days=None)
    problem(await post(client, makers.fields(article="/b")), 403, "article_closed")


async def test_titling_an_article_past_its_days_does_not_close_it_by_hand(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, close_after_days=14)
    await makers.comment(client)
    clock.advance(days=20)
    await put_article(client, admin, title="Un titre")
    await rules(client, admin, close_after_days=None)
    assert (await makers.listing(client))["article"]["open"] is True


async def test_a_reply_hangs_no_deeper_than_the_policy_says(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    thread = [(await makers.submit(client))["comment"]]
    for _ in range(5):
        thread.append((await makers.submit(client, parent=thread[-1]["id"]))["comment"])
    assert [one["depth"] for one in thread] == [0, 1, 2, 3, 3, 3]
    shown_under = thread[2]["id"]
    assert [one["parent"] for one in thread[3:]] == [shown_under] * 3
    listed = (await makers.listing(client))["comments"]
    assert [one["id"] for one in listed] == [one["id"] for one in thread]


async def test_depth_zero_is_a_flat_list(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    await rules(client, admin, first_state="approved", depth=0)
    first = await makers.submit(client)
    second = await makers.submit(client, parent=first["comment"]["id"])
    assert (second["comment"]["parent"], second["comment"]["depth"]) == (None, 0)


async def test_a_thread_that_is_deeper_than_a_new_depth_goes_on_where_it_may(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    thread = [(await makers.submit(client))["comment"]]
    for _ in range(3):
        thread.append((await makers.submit(client, parent=thread[-1]["id"]))["comment"])
    await rules(client, admin, depth=1)
    low = (await makers.submit(client, parent=thread[3]["id"]))["comment"]
    assert (low["parent"], low["depth"]) == (thread[0]["id"], 1)
    listed = (await makers.listing(client))["comments"]
    assert [one["id"] for one in listed] == [one["id"] for one in [*thread, low]]


async def test_a_new_policy_is_in_force_for_the_next_comment(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    waiting = await makers.comment(client)
    await rules(client, admin, first_state="approved", privacy_url="https://blog.example/donnees")
    assert (await seen_by(client, admin, waiting))["state"] == "pending"
    assert await state_of(client) == "approved"
    form = await client.get("/v1/form?article=/a")
    assert 'href="https://blog.example/donnees"' in form.text


async def test_of_equal_texts_sent_at_once_only_the_first_is_published(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    policy = {"policy": {"first_state": "approved"}}
    await client.patch("/v1/moderation/sites/blog", json=policy, headers=admin)
    text = "Le même texte partout, avec son lien : https://promo.example/offre du jour."
    answers = await asyncio.gather(
        *(
            client.post("/v1/comments", json=makers.fields(article=f"/{n}", comment=text))
            for n in range(12)
        )
    )
    states = [answer.json()["comment"]["state"] for answer in answers]
    assert sorted(states) == ["approved"] + ["pending"] * 11
