"""`POST /v1/moderation/comments/ID/…`, over HTTP: the arrows of contract section 2."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

import makers
from conftest import Clock
from counting import assert_counters_are_true
from palabre.model import ACTIONS, ARROWS, REASONS, State
from palabre.service import Service
from web.speaking import problem, seen_by

Json = dict[str, Any]
Headers = Mapping[str, str]

ACTION = {state: action for action, state in ACTIONS.items()}
PAIRS = [(was, becomes) for was in State for becomes in State]
ARROWS_THERE_ARE = [(was, becomes) for was, becomes in PAIRS if becomes in ARROWS[was]]


async def in_state(
    client: httpx2.AsyncClient, moderator: dict[str, str], state: State, **fields: str | None
) -> str:
    """A comment that a moderator has brought to a state."""
    comment_id = await makers.comment(client, **fields)
    if state is not State.PENDING:
        await makers.act(client, moderator, comment_id, ACTION[state])
    return comment_id


async def ask(
    client: httpx2.AsyncClient, moderator: Headers, comment_id: str, action: str, **body: object
) -> httpx2.Response:
    """A decision, whatever comes of it."""
    return await client.post(
        f"/v1/moderation/comments/{comment_id}/{action}",
        # In ASCII, so that a lone surrogate can be sent as well.
        content=json.dumps(body),
        headers={**moderator, "Content-Type": "application/json"},
    )


async def test_an_approved_comment_is_public_and_a_rejected_one_is_gone_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    assert (await makers.listing(client))["comments"] == []
    await makers.act(client, moderator, comment_id, "approve")
    shown = (await makers.listing(client))["comments"]
    assert [comment["id"] for comment in shown] == [comment_id]
    await makers.act(client, moderator, comment_id, "reject", reason="abuse")
    assert (await makers.listing(client))["comments"] == []


def test_the_arrows_are_those_of_the_contract() -> None:
    assert {was: sorted(becomes) for was, becomes in ARROWS.items()} == {
        "pending": ["approved", "deleted", "rejected", "spam"],
        "approved": ["deleted", "pending", "rejected", "spam"],
        "rejected": ["approved", "deleted", "pending", "spam"],
        "spam": ["approved", "deleted", "pending", "rejected"],
        "deleted": [],
    }
    assert len(ARROWS_THERE_ARE) == 16


@pytest.mark.parametrize(("was", "becomes"), ARROWS_THERE_ARE)
async def test_every_arrow_changes_the_state_and_appends_one_decision(
    was: State,
    becomes: State,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    service: Service,
    clock: Clock,
) -> None:
    comment_id = await in_state(client, moderator, was)
    before = await seen_by(client, moderator, comment_id)
    clock.advance(minutes=1)
    after = await makers.act(
        client,
        moderator,
        comment_id,
        ACTION[becomes],
        reason="off_topic",
        note="vu avec Rémi",
        version=before["version"],
    )
    assert after["state"] == becomes
    assert after["version"] == before["version"] + 1
    assert (after["decided_by"], after["decided_at"]) == ("alice", "2026-11-23T09:01:00Z")
    record = await seen_by(client, moderator, comment_id)
    assert record["decisions"][:-1] == before["decisions"]
    assert record["decisions"][-1] == {
        "from": was,
        "to": becomes,
        "by": "alice",
        "at": "2026-11-23T09:01:00Z",
        "reason": "off_topic",
        "note": None if becomes is State.DELETED else "vu avec Rémi",
    }
    await assert_counters_are_true(service)


async def test_the_first_state_is_a_decision_too(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await seen_by(client, moderator, await makers.comment(client))
    assert found["decisions"] == [
        {
            "from": None,
            "to": "pending",
            "by": "rule:policy",
            "at": "2026-11-23T09:00:00Z",
            "reason": None,
            "note": None,
        }
    ]
    assert (found["version"], found["decided_at"], found["decided_by"]) == (1, None, None)


@pytest.mark.parametrize("state", list(State))
async def test_asking_for_the_state_it_has_changes_nothing_whatever_the_version(
    state: State, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    comment_id = await in_state(client, moderator, state)
    before = await seen_by(client, moderator, comment_id)
    clock.advance(minutes=1)
    for version in (None, 1, before["version"], 99):
        answer = await ask(
            client, moderator, comment_id, ACTION[state], version=version, reason="abuse", note="!"
        )
        assert answer.status_code == 200
        assert answer.json()["version"] == before["version"]
    assert await seen_by(client, moderator, comment_id) == before


@pytest.mark.parametrize("becomes", [state for state in State if state is not State.DELETED])
async def test_deleted_is_final(
    becomes: State, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await in_state(client, moderator, State.DELETED)
    before = await seen_by(client, moderator, comment_id)
    problem(await ask(client, moderator, comment_id, ACTION[becomes]), 409, "not_allowed_from_here")
    current = await ask(client, moderator, comment_id, ACTION[becomes], version=before["version"])
    problem(current, 409, "not_allowed_from_here")
    assert await seen_by(client, moderator, comment_id) == before


async def test_a_stale_version_is_refused_with_the_present_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    present = await makers.act(client, moderator, comment_id, "approve", version=1)
    answer = await ask(client, moderator, comment_id, "reject", version=1)
    told = problem(answer, 409, "decided_meanwhile")
    assert told["comment"] == present
    assert len((await seen_by(client, moderator, comment_id))["decisions"]) == 2
    again = await ask(client, moderator, comment_id, "reject", version=told["comment"]["version"])
    assert again.status_code == 200


async def test_a_version_that_is_yet_to_come_is_stale_too(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    problem(await ask(client, moderator, comment_id, "reject", version=2), 409, "decided_meanwhile")


async def test_an_edit_makes_a_version_stale(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    edited = await client.patch(
        f"/v1/moderation/comments/{comment_id}", json={"text": "Autre chose."}, headers=moderator
    )
    assert edited.json()["version"] == 2
    answer = await ask(client, moderator, comment_id, "approve", version=1)
    assert problem(answer, 409, "decided_meanwhile")["comment"]["text"] == "Autre chose."


async def test_a_decision_without_a_body_is_one(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    answer = await client.post(f"/v1/moderation/comments/{comment_id}/approve", headers=moderator)
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")


@pytest.mark.parametrize("reason", REASONS)
async def test_every_reason_is_taken_and_told_to_the_author_but_never_the_note(
    reason: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    sent = await makers.submit(client)
    await makers.act(
        client, moderator, sent["comment"]["id"], "reject", reason=reason, note="Trop-Loin"
    )
    receipt = await client.get(sent["receipt"]["url"])
    assert receipt.json()["reason"] == reason
    assert receipt.json()["comment"]["state"] == "rejected"
    page = await client.get(sent["receipt"]["url"], headers={"Accept": "text/html"})
    assert "Trop-Loin" not in receipt.text + page.text


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"reason": "boring"}, "reason", "unknown"),
        ({"reason": ""}, "reason", "unknown"),
        ({"reason": 3}, "reason", "invalid"),
        ({"reason": ["abuse"]}, "reason", "invalid"),
        ({"note": 3}, "note", "invalid"),
        ({"note": "a\0b"}, "note", "invalid"),
        ({"note": "\ud800"}, "note", "invalid"),
        ({"note": "x" * 2001}, "note", "too_long"),
        ({"version": "1"}, "version", "invalid"),
        ({"version": 1.0}, "version", "invalid"),
        ({"version": True}, "version", "invalid"),
        ({"version": 0}, "version", "invalid"),
        ({"version": 2**63}, "version", "invalid"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_wrong_value_is_named_and_nothing_is_decided(
    body: Json, field: str, code: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    answer = await ask(client, moderator, comment_id, "approve", **body)
    told = problem(answer, 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    found = await seen_by(client, moderator, comment_id)
    assert (found["state"], len(found["decisions"])) == ("pending", 1)


@pytest.mark.engine("sqlite")
async def test_all_wrong_values_are_named_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    answer = await ask(client, moderator, comment_id, "approve", reason="x", note=1, version=-1)
    told = problem(answer, 422, "invalid_request")
    assert {error["field"] for error in told["errors"]} == {"reason", "note", "version"}


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_body"),
        (b"[]", "application/json", 400, "malformed_body"),
        (b'{"version": NaN}', "application/json", 400, "malformed_body"),
        (b"[" * 20_000, "application/json", 400, "malformed_body"),
        (b"reason=abuse", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"reason": "abuse"}', "text/plain", 415, "unsupported_media_type"),
        (b" " * (256 * 1024 + 1), "application/json", 413, "body_too_large"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_body_that_is_no_json_object_decides_nothing(
    content: bytes,
    kind: str,
    status: int,
    code: str,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
) -> None:
    comment_id = await makers.comment(client)
    answer = await client.post(
        f"/v1/moderation/comments/{comment_id}/approve",
        content=content,
        headers={**moderator, "Content-Type": kind},
    )
    problem(answer, status, code)
    assert (await seen_by(client, moderator, comment_id))["state"] == "pending"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.engine("sqlite")
async def test_only_post_decides(
    method: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    answer = await client.request(
        method, f"/v1/moderation/comments/{comment_id}/approve", headers=moderator
    )
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"
    assert (await seen_by(client, moderator, comment_id))["state"] == "pending"


@pytest.mark.parametrize("comment_id", ["nobody", "0", "%00", "9" * 64, "' or 1=1 --", "é"])
async def test_an_unknown_comment_is_not_found(
    comment_id: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    problem(await ask(client, moderator, comment_id, "approve"), 404, "comment_not_found")
    found = await client.get(f"/v1/moderation/comments/{comment_id}", headers=moderator)
    problem(found, 404, "comment_not_found")


async def test_deleting_wipes_everything_but_the_decisions(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(
        client, name="Odile Tremblay", website="https://odile.example/", comment="Mot-clé perdu"
    )
    await makers.act(client, moderator, comment_id, "approve", note="Odile, comme toujours")
    url = f"/v1/moderation/comments/{comment_id}"
    await client.patch(url, json={"text": "Mot-clé retrouvé"}, headers=moderator)
    await makers.act(client, moderator, comment_id, "delete", reason="personal_data", note="Odile!")
    found = await seen_by(client, moderator, comment_id)
    assert found["state"] == "deleted"
    for nulled in ("text", "html", "edited_at"):
        assert found[nulled] is None, nulled
    assert found["signals"] == []
    assert found["edits"] == []
    author = found["author"]
    assert (author["id"], author["name"], author["website"], author["hue"]) == (None,) * 4
    assert [(one["to"], one["reason"], one["note"]) for one in found["decisions"]] == [
        ("pending", None, None),
        ("approved", None, None),
        ("deleted", "personal_data", None),
    ]
    assert "Odile" not in str(found)
    for words in ("Odile", "perdu", "retrouvé"):
        queue = await client.get(
            "/v1/moderation/comments",
            params={"q": words, "state": list(State)},
            headers=moderator,
        )
        assert queue.json()["comments"] == []


async def test_the_author_withdrawing_is_a_decision_of_the_author(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    sent = await makers.submit(client)
    comment_id = sent["comment"]["id"]
    await makers.act(client, moderator, comment_id, "approve")
    for _ in range(2):
        answer = await client.post(f"{sent['receipt']['url']}/withdraw")
        assert answer.json()["comment"]["state"] == "deleted"
    found = await seen_by(client, moderator, comment_id)
    assert [(one["from"], one["to"], one["by"]) for one in found["decisions"]] == [
        (None, "pending", "rule:policy"),
        ("pending", "approved", "alice"),
        ("approved", "deleted", "author"),
    ]
    await assert_counters_are_true(service)


TOMBSTONE = {
    "state": "deleted",
    "author": None,
    "html": None,
    "created_at": None,
    "edited_at": None,
}


async def shown(client: httpx2.AsyncClient) -> list[tuple[str, str]]:
    """What the listing shows: ids and states, in reading order, tombstones checked."""
    found = await makers.listing(client)
    for comment in found["comments"]:
        if comment["state"] == "deleted":
            assert comment | TOMBSTONE == comment
    approved = sum(comment["state"] == "approved" for comment in found["comments"])
    assert found["article"]["count"] == approved
    return [(comment["id"], comment["state"]) for comment in found["comments"]]


@pytest.mark.parametrize("action", ["reject", "spam", "hold", "delete"])
async def test_what_has_an_approved_reply_becomes_a_tombstone(
    action: str, client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    parent = await makers.approved(client, moderator, name="Odile Tremblay")
    reply = await makers.approved(client, moderator, parent=parent)
    await makers.act(client, moderator, parent, action)
    assert await shown(client) == [(parent, "deleted"), (reply, "approved")]
    fragment = await client.get("/v1/comments.html?article=/a")
    feed = await client.get("/v1/comments.atom?article=/a")
    assert "Odile" not in fragment.text + feed.text
    await makers.act(client, moderator, reply, "hold")
    assert await shown(client) == []
    await makers.act(client, moderator, reply, "approve")
    assert await shown(client) == [(parent, "deleted"), (reply, "approved")]
    if action != "delete":
        await makers.act(client, moderator, parent, "approve")
        assert await shown(client) == [(parent, "approved"), (reply, "approved")]
    await assert_counters_are_true(service)


async def test_a_tombstone_stands_as_long_as_anything_beneath_it_is_approved(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    top = await makers.approved(client, moderator)
    middle = await makers.approved(client, moderator, parent=top)
    low = await makers.approved(client, moderator, parent=middle)
    other = await makers.approved(client, moderator, parent=top)
    await makers.act(client, moderator, top, "delete")
    await makers.act(client, moderator, middle, "spam")
    assert await shown(client) == [
        (top, "deleted"),
        (middle, "deleted"),
        (low, "approved"),
        (other, "approved"),
    ]
    await makers.act(client, moderator, low, "reject")
    assert await shown(client) == [(top, "deleted"), (other, "approved")]
    await makers.act(client, moderator, other, "delete")
    assert await shown(client) == []
    await makers.act(client, moderator, low, "approve")
    assert await shown(client) == [(top, "deleted"), (middle, "deleted"), (low, "approved")]
    await assert_counters_are_true(service)


async def test_a_tombstone_tells_readers_and_moderators_apart(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator, name="Odile Tremblay")
    await makers.approved(client, moderator, parent=parent)
    await makers.act(client, moderator, parent, "reject")
    found = await seen_by(client, moderator, parent)
    assert (found["state"], found["author"]["name"]) == ("rejected", "Odile Tremblay")
    assert found["html"]
    refused = await client.post("/v1/comments", json=makers.fields(parent=parent))
    assert refused.status_code == 422


async def test_fifty_equal_decisions_at_once_are_one(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    comment_id = await makers.comment(client)
    answers = await asyncio.gather(
        *(ask(client, moderator, comment_id, "approve") for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["version"] for answer in answers} == {2}
    assert len((await seen_by(client, moderator, comment_id))["decisions"]) == 2
    await assert_counters_are_true(service)


async def test_fifty_decisions_at_once_log_one_per_change_of_state(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    parent = await makers.approved(client, moderator)
    comment_id = await makers.comment(client, parent=parent)
    actions = ["approve", "reject", "approve", "spam", "hold"] * 10
    answers = await asyncio.gather(
        *(ask(client, moderator, comment_id, action) for action in actions)
    )
    assert {answer.status_code for answer in answers} == {200}
    found = await seen_by(client, moderator, comment_id)
    changes = found["decisions"]
    assert all(one["from"] != one["to"] for one in changes)
    assert [one["from"] for one in changes[1:]] == [one["to"] for one in changes[:-1]]
    assert found["version"] == len(changes)
    assert found["state"] == changes[-1]["to"]
    await assert_counters_are_true(service)


async def test_of_fifty_decisions_upon_one_version_one_counts(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    comment_id = await makers.comment(client)
    actions = ["approve", "reject", "spam", "delete", "approve"] * 10
    answers = await asyncio.gather(
        *(ask(client, moderator, comment_id, action, version=1) for action in actions)
    )
    found = await seen_by(client, moderator, comment_id)
    assert len(found["decisions"]) == 2
    for action, answer in zip(actions, answers, strict=True):
        if ACTIONS[action] == found["state"]:
            assert answer.status_code == 200
        else:
            assert problem(answer, 409, "decided_meanwhile")["comment"]["version"] == 2
    await assert_counters_are_true(service)


async def test_a_decision_changes_the_listings_etag_and_its_count(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.approved(client, moderator)
    first = await client.get("/v1/comments?article=/a")
    known = {"If-None-Match": first.headers["etag"]}
    assert (await client.get("/v1/comments?article=/a", headers=known)).status_code == 304
    await makers.act(client, moderator, comment_id, "hold")
    second = await client.get("/v1/comments?article=/a", headers=known)
    assert second.status_code == 200
    assert second.json()["article"]["count"] == 0
    counts = await client.get("/v1/counts?article=/a")
    assert counts.json() == {"counts": {"/a": 0}}
