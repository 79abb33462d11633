"""`POST /v1/moderation/decisions`: one action on many comments, each on its own."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

import makers
from conftest import token_for
from counting import assert_counters_are_true
from palabre.actions import sites
from palabre.model import ACTIONS, State
from palabre.service import Service
from web.speaking import problem, seen_by

Json = dict[str, Any]


async def decide(
    client: httpx2.AsyncClient, moderator: dict[str, str], body: object
) -> httpx2.Response:
    return await client.post(
        "/v1/moderation/decisions",
        content=json.dumps(body),
        headers={**moderator, "Content-Type": "application/json"},
    )


async def results(
    client: httpx2.AsyncClient, moderator: dict[str, str], **body: object
) -> list[Json]:
    answer = await decide(client, moderator, body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"results"}
    found: list[Json] = answer.json()["results"]
    return found


async def test_each_stands_alone_and_is_answered_in_the_order_asked(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    fresh, stale, deleted, already = [await makers.comment(client) for _ in range(4)]
    await makers.act(client, moderator, stale, "reject")
    await makers.act(client, moderator, deleted, "delete")
    await makers.act(client, moderator, already, "approve")
    found = await results(
        client,
        moderator,
        action="approve",
        ids=[stale, "nobody", deleted, fresh, already],
        versions={stale: 1, fresh: 1, already: 1},
        reason="other",
        note="en bloc",
    )
    assert found == [
        {"id": stale, "status": 409, "state": "rejected"},
        {"id": "nobody", "status": 404, "state": None},
        {"id": deleted, "status": 409, "state": "deleted"},
        {"id": fresh, "status": 200, "state": "approved"},
        {"id": already, "status": 200, "state": "approved"},
    ]
    decisions = (await seen_by(client, moderator, fresh))["decisions"]
    assert (decisions[-1]["reason"], decisions[-1]["note"]) == ("other", "en bloc")
    assert len((await seen_by(client, moderator, stale))["decisions"]) == 2
    assert len((await seen_by(client, moderator, already))["decisions"]) == 2
    await assert_counters_are_true(service)


@pytest.mark.parametrize("action", ACTIONS)
async def test_every_action_is_taken(
    action: str, client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    ids = [await makers.comment(client) for _ in range(3)]
    found = await results(client, moderator, action=action, ids=ids)
    state = ACTIONS[action]
    assert found == [{"id": one, "status": 200, "state": state} for one in ids]
    appended = 1 if state is State.PENDING else 2
    for one in ids:
        assert len((await seen_by(client, moderator, one))["decisions"]) == appended
    await assert_counters_are_true(service)


async def test_an_id_that_stands_twice_is_decided_once_and_answered_twice(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.comment(client)
    found = await results(client, moderator, action="approve", ids=[one, one], versions={one: 1})
    assert found == [{"id": one, "status": 200, "state": "approved"}] * 2
    assert len((await seen_by(client, moderator, one))["decisions"]) == 2


async def test_five_hundred_are_taken_and_one_more_is_not(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.comment(client)
    ids = [one, *(f"id{number}" for number in range(499))]
    found = await results(client, moderator, action="reject", ids=ids)
    assert [entry["status"] for entry in found] == [200, *[404] * 499]
    answer = await decide(client, moderator, {"action": "approve", "ids": [*ids, "more"]})
    told = problem(answer, 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("ids", "too_long")]
    assert (await seen_by(client, moderator, one))["state"] == "rejected"


async def test_another_sites_comment_is_not_there_for_a_bound_token(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    bound = await token_for(service, "otto", site="other")
    one = await makers.comment(client, site="blog")
    found = await results(client, bound, action="approve", ids=[one])
    assert found == [{"id": one, "status": 404, "state": None}]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"action": None}, "action", "required"),
        ({"action": "publish"}, "action", "unknown"),
        ({"action": 3}, "action", "invalid"),
        ({"action": "x" * 21}, "action", "too_long"),
        ({"ids": None}, "ids", "required"),
        ({"ids": []}, "ids", "required"),
        ({"ids": "abc"}, "ids", "invalid"),
        ({"ids": [1]}, "ids", "invalid"),
        ({"ids": ["\ud800"]}, "ids", "invalid"),
        ({"versions": []}, "versions", "invalid"),
        ({"versions": {"a": "1"}}, "versions", "invalid"),
        ({"versions": {"a": True}}, "versions", "invalid"),
        ({"reason": "boring"}, "reason", "unknown"),
        ({"note": 3}, "note", "invalid"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_wrong_value_is_named_and_nothing_is_decided(
    changes: Json, field: str, code: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.comment(client)
    answer = await decide(client, moderator, {"action": "approve", "ids": [one]} | changes)
    told = problem(answer, 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert (await seen_by(client, moderator, one))["state"] == "pending"
