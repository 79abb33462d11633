"""`PATCH /v1/moderation/comments/ID`: a moderator's correction, by a submission's rules."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

import makers
from conftest import Clock, token_for
from counting import assert_counters_are_true
from palabre.actions import sites
from palabre.service import Service
from web.speaking import problem, rules, seen_by

Json = dict[str, Any]


async def edit(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment_id: str, **body: object
) -> httpx2.Response:
    return await client.patch(
        f"/v1/moderation/comments/{comment_id}",
        content=json.dumps(body),
        headers={**moderator, "Content-Type": "application/json"},
    )


async def test_an_edit_is_rendered_dated_and_kept_with_the_text_before(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock, service: Service
) -> None:
    comment_id = await makers.approved(client, moderator, comment="Premier jet")
    clock.advance(minutes=5)
    answer = await edit(client, moderator, comment_id, text="Deuxième **jet** <b>", version=2)
    assert answer.status_code == 200
    found = answer.json()
    assert found["text"] == "Deuxième **jet** <b>"
    assert found["html"] == "<p>Deuxième <strong>jet</strong> &lt;b&gt;</p>"
    assert found["edited_at"] == "2026-11-23T09:05:00Z"
    assert (found["version"], found["state"], found["decided_by"]) == (3, "approved", "alice")
    record = await seen_by(client, moderator, comment_id)
    assert record["edits"] == [{"by": "alice", "at": "2026-11-23T09:05:00Z", "text": "Premier jet"}]
    assert len(record["decisions"]) == 2
    shown = (await makers.listing(client))["comments"][0]
    assert (shown["html"], shown["edited_at"]) == (found["html"], found["edited_at"])
    await assert_counters_are_true(service)


async def test_every_edit_is_kept_in_order(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment="un")
    for version, text in enumerate(("deux", "trois", "quatre"), start=1):
        answer = await edit(client, moderator, comment_id, text=text, version=version)
        assert answer.json()["version"] == version + 1
    record = await seen_by(client, moderator, comment_id)
    assert [one["text"] for one in record["edits"]] == ["un", "deux", "trois"]


async def test_only_what_is_sent_changes(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(
        client, name="Odile", website="https://odile.example/", comment="Bonjour"
    )
    renamed = (await edit(client, moderator, comment_id, name=" Odile T. ")).json()
    assert (renamed["author"]["name"], renamed["text"]) == ("Odile T.", "Bonjour")
    assert renamed["author"]["website"] == "https://odile.example/"
    moved = (await edit(client, moderator, comment_id, website="HTTPS://Odile.Example/b")).json()
    assert moved["author"]["website"] == "https://odile.example/b"
    for nothing in (None, " "):
        bare = (await edit(client, moderator, comment_id, website=nothing)).json()
        assert (bare["author"]["website"], bare["author"]["name"]) == (None, "Odile T.")
    kept = (await edit(client, moderator, comment_id, text=None, name=None)).json()
    assert (kept["text"], kept["author"]["name"]) == ("Bonjour", "Odile T.")


async def test_an_edit_that_changes_nothing_leaves_no_trace(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, name="Odile", comment="Bonjour")
    before = await seen_by(client, moderator, comment_id)
    for body in ({}, {"text": " Bonjour\r\n"}, {"name": "Odile", "website": None}):
        answer = await edit(client, moderator, comment_id, **body)
        assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert await seen_by(client, moderator, comment_id) == before


async def test_a_new_name_has_another_hue_that_stays_the_same_for_the_same_name(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, name="Odile")
    hue = (await seen_by(client, moderator, comment_id))["author"]["hue"]
    hues = set()
    for name in ("Odette", "Odin", "Ode", "Odilon"):
        hues.add((await edit(client, moderator, comment_id, name=name)).json()["author"]["hue"])
    assert len(hues) > 1
    back = (await edit(client, moderator, comment_id, name="Odile")).json()
    assert back["author"]["hue"] == hue


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"text": " \n "}, "text", "required"),
        ({"text": "x" * 10_001}, "text", "too_long"),
        ({"text": "a\0b"}, "text", "invalid"),
        ({"text": "\udc80"}, "text", "invalid"),
        ({"text": 3}, "text", "invalid"),
        ({"name": ""}, "name", "required"),
        ({"name": "x" * 81}, "name", "too_long"),
        ({"name": "a\u202eb"}, "name", "invalid"),
        ({"name": ["Odile"]}, "name", "invalid"),
        ({"website": "javascript:alert(1)"}, "website", "invalid"),
        ({"website": "https://a.example/" + "x" * 500}, "website", "too_long"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_an_edit_is_held_to_a_submissions_rules(
    body: Json, field: str, code: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    before = await seen_by(client, moderator, comment_id)
    answer = await edit(client, moderator, comment_id, **body)
    told = problem(answer, 422, "invalid_submission")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert await seen_by(client, moderator, comment_id) == before


async def test_a_moderator_may_hold_no_more_html_than_anybody(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    text = "<script>x</script> [a](javascript:b) ![i](https://x.example/i.png)"
    html = (await edit(client, admin, comment_id, text=text)).json()["html"]
    submitted = (await makers.submit(client, comment=text + "."))["comment"]["html"]
    assert html.removesuffix("</p>") == submitted.removesuffix(".</p>")
    assert "<script" not in html
    assert "<img" not in html


async def test_the_sites_comment_limit_holds_for_edits(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment="court")
    await rules(client, admin, comment_limit=10)
    too_long = await edit(client, admin, comment_id, text="x" * 11)
    problem(too_long, 422, "invalid_submission")
    assert (await edit(client, admin, comment_id, text="é" * 10)).status_code == 200


async def test_a_stale_edit_is_refused_with_the_present_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment="un")
    await edit(client, moderator, comment_id, text="deux", version=1)
    answer = await edit(client, moderator, comment_id, text="trois", version=1)
    told = problem(answer, 409, "decided_meanwhile")
    assert (told["comment"]["text"], told["comment"]["version"]) == ("deux", 2)
    assert len((await seen_by(client, moderator, comment_id))["edits"]) == 1
    decided = await makers.act(client, moderator, comment_id, "approve", version=2)
    after = await edit(client, moderator, comment_id, text="trois", version=decided["version"])
    assert after.status_code == 200


@pytest.mark.parametrize("version", ["1", 0, True, 1.5])
@pytest.mark.engine("sqlite")
async def test_a_version_that_is_no_number_is_refused(
    version: object, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    answer = await edit(client, moderator, comment_id, text="a", version=version)
    problem(answer, 422, "invalid_request")


async def test_a_deleted_comment_cannot_be_written_anew(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    await makers.act(client, moderator, comment_id, "delete")
    for body in ({"text": "revenant"}, {"name": "Odile"}, {}):
        answer = await edit(client, moderator, comment_id, **body)
        problem(answer, 409, "not_allowed_from_here")
    assert (await seen_by(client, moderator, comment_id))["edits"] == []


async def test_an_edit_into_the_very_same_comment_is_a_duplicate(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    await makers.comment(client, name="Odile", comment="Bonjour")
    other = await makers.comment(client, name="Odile", comment="Bonsoir")
    answer = await edit(client, moderator, other, text="Bonjour")
    problem(answer, 409, "duplicate_comment")
    found = await seen_by(client, moderator, other)
    assert (found["text"], found["version"], found["edits"]) == ("Bonsoir", 1, [])
    await assert_counters_are_true(service)


async def test_an_edited_comment_may_be_sent_again_as_it_was_but_not_as_it_is(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment="Bonjour")
    await edit(client, moderator, comment_id, text="Bonsoir")
    again = await client.post("/v1/comments", json=makers.fields(comment="Bonsoir"))
    problem(again, 409, "duplicate_comment")
    await makers.submit(client, comment="Bonjour")


async def test_a_search_finds_the_new_words_and_no_longer_the_old_ones(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, name="Odile", comment="ancien mot")
    await edit(client, moderator, comment_id, text="nouveau mot", name="Odette")

    async def found(words: str) -> list[str]:
        answer = await client.get("/v1/moderation/comments", params={"q": words}, headers=moderator)
        return [comment["id"] for comment in answer.json()["comments"]]

    assert await found("ancien") == await found("Odile") == []
    assert await found("nouveau mot odette") == [comment_id]


async def test_an_edit_of_a_public_comment_changes_the_listings_etag(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.approved(client, moderator)
    etag = (await client.get("/v1/comments?article=/a")).headers["etag"]
    await edit(client, moderator, comment_id, name="Quelqu’un d’autre")
    after = await client.get("/v1/comments?article=/a", headers={"If-None-Match": etag})
    assert after.status_code == 200
    assert after.json()["comments"][0]["author"]["name"] == "Quelqu’un d’autre"


async def test_another_sites_comment_is_not_found(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    bound = await token_for(service, "otto", site="other")
    comment_id = await makers.comment(client, site="blog")
    problem(await edit(client, bound, comment_id, text="a"), 404, "comment_not_found")
    problem(await edit(client, bound, "nobody", text="a"), 404, "comment_not_found")
