"""`POST /v1/moderation/comments/ID/reply`: the moderators' own voice on the page."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

import makers
from conftest import token_for
from counting import assert_counters_are_true
from palabre.actions import sites
from palabre.service import Service
from web.speaking import problem, put_article, rules, seen_by

Json = dict[str, Any]


async def reply(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment_id: str, **body: object
) -> httpx2.Response:
    return await client.post(
        f"/v1/moderation/comments/{comment_id}/reply",
        content=json.dumps(body),
        headers={**moderator, "Content-Type": "application/json"},
    )


async def test_a_reply_is_public_at_once_under_what_it_answers(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    parent = await makers.approved(client, moderator)
    later = await makers.approved(client, moderator)
    answer = await reply(client, moderator, parent, text="Merci **beaucoup**.", name="La rédaction")
    assert answer.status_code == 201
    found = answer.json()
    assert (found["state"], found["version"]) == ("approved", 1)
    assert (found["parent"], found["depth"]) == (parent, 1)
    assert found["html"] == "<p>Merci <strong>beaucoup</strong>.</p>"
    assert (found["author"]["name"], found["author"]["moderator"]) == ("La rédaction", True)
    assert (found["author"]["id"], found["author"]["first_seen"]) == (None, None)
    assert found["decided_by"] == "alice"
    decisions = (await seen_by(client, moderator, found["id"]))["decisions"]
    assert [(one["from"], one["to"], one["by"]) for one in decisions] == [
        (None, "approved", "alice")
    ]
    listed = await makers.listing(client)
    assert [one["id"] for one in listed["comments"]] == [parent, found["id"], later]
    assert [one["author"]["moderator"] for one in listed["comments"]] == [False, True, False]
    assert listed["article"]["count"] == 3
    await assert_counters_are_true(service)


async def test_without_a_name_the_moderators_own_is_shown(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    for nameless in ({}, {"name": None}, {"name": " "}):
        answer = await reply(client, moderator, parent, text=f"Merci. {nameless}", **nameless)
        assert answer.json()["author"]["name"] == "alice"


async def test_nobody_else_is_shown_as_a_moderator(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    await reply(client, moderator, parent, text="Merci.", name="Alice")
    fake = makers.fields(name="Alice") | {"moderator": "true", "state": "approved"}
    sent = await client.post("/v1/comments", json=fake)
    await makers.act(client, moderator, sent.json()["comment"]["id"], "approve")
    shown = (await makers.listing(client))["comments"]
    assert [one["author"]["moderator"] for one in shown] == [False, True, False]


@pytest.mark.parametrize("action", ["hold", "reject", "spam", "delete"])
async def test_only_a_public_comment_is_replied_to(
    action: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    await makers.approved(client, moderator, parent=parent)
    await makers.act(client, moderator, parent, action)
    answer = await reply(client, moderator, parent, text="Merci.")
    problem(answer, 409, "not_allowed_from_here")
    assert (await makers.listing(client))["article"]["count"] == 1


async def test_a_closed_article_still_takes_moderators_replies(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    await put_article(client, moderator, open=False)
    refused = await client.post("/v1/comments", json=makers.fields())
    problem(refused, 403, "article_closed")
    assert (await reply(client, moderator, parent, text="Dernier mot.")).status_code == 201


async def test_a_reply_hangs_no_deeper_than_the_policy_says(
    client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    await rules(client, admin, depth=1)
    top = await makers.approved(client, moderator)
    first = (await reply(client, moderator, top, text="un")).json()
    second = (await reply(client, moderator, first["id"], text="deux")).json()
    assert [(one["parent"], one["depth"]) for one in (first, second)] == [(top, 1), (top, 1)]


async def test_the_same_reply_again_is_a_duplicate(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    assert (await reply(client, moderator, parent, text="Merci.")).status_code == 201
    problem(await reply(client, moderator, parent, text="Merci."), 409, "duplicate_comment")
    other = await makers.approved(client, moderator)
    assert (await reply(client, moderator, other, text="Merci.")).status_code == 201


async def test_a_reply_can_be_edited_decided_and_deleted_like_any_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    parent = await makers.approved(client, moderator)
    own = (await reply(client, moderator, parent, text="Merci.")).json()["id"]
    url = f"/v1/moderation/comments/{own}"
    edited = await client.patch(url, json={"text": "Merci !"}, headers=moderator)
    assert edited.status_code == 200
    await makers.act(client, moderator, own, "hold")
    await makers.act(client, moderator, own, "approve")
    await makers.act(client, moderator, own, "delete")
    assert (await makers.listing(client))["article"]["count"] == 1
    await assert_counters_are_true(service)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "text", "required"),
        ({"text": None}, "text", "required"),
        ({"text": " "}, "text", "required"),
        ({"text": 3}, "text", "invalid"),
        ({"text": "\ud800"}, "text", "invalid"),
        ({"text": "x" * 10_001}, "text", "too_long"),
        ({"text": "a", "name": "x" * 81}, "name", "too_long"),
        ({"text": "a", "name": "a\nb"}, "name", "invalid"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_reply_is_held_to_a_submissions_rules(
    body: Json, field: str, code: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    told = problem(await reply(client, moderator, parent, **body), 422, "invalid_submission")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert (await makers.listing(client))["article"]["count"] == 1


async def test_another_sites_comment_is_not_found(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    bound = await token_for(service, "otto", site="other")
    parent = await makers.approved(client, moderator, site="blog")
    problem(await reply(client, bound, parent, text="a"), 404, "comment_not_found")
    problem(await reply(client, moderator, "nobody", text="a"), 404, "comment_not_found")
