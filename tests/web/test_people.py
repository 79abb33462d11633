"""`/v1/moderation/authors/…`: a person's data found, exported, erased; an author blocked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

import makers
from conftest import Clock, client_of, token_for
from counting import assert_counters_are_true
from palabre.actions import sites
from palabre.model import Site, State
from palabre.service import Service
from web.speaking import browse, problem, rules, seen_by

Json = dict[str, Any]
URL = "/v1/moderation/authors"
EMAIL = "Odile.Tremblay@example.com"
NOBODY = "personne@example.com"


async def ask(
    client: httpx2.AsyncClient, moderator: dict[str, str], path: str, **body: object
) -> httpx2.Response:
    return await client.post(
        f"{URL}/{path}",
        content=json.dumps(body),
        headers={**moderator, "Content-Type": "application/json"},
    )


async def author_of(client: httpx2.AsyncClient, moderator: dict[str, str], email: str) -> Json:
    """The author behind an address."""
    answer = await ask(client, moderator, "lookup", email=email)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def block(
    client: httpx2.AsyncClient, moderator: dict[str, str], email: str, **body: object
) -> Json:
    """Block the author behind an address."""
    author = await author_of(client, moderator, email)
    answer = await ask(client, moderator, f"{author['id']}/block", **body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


@pytest.fixture
async def other(service: Service, site: Site) -> Site:
    """A second site."""
    return await sites.add(service, "other", origins=["https://other.example"])


@pytest.fixture
async def otto(service: Service, other: Site) -> dict[str, str]:
    """The headers of Otto, who moderates the second site alone."""
    return await token_for(service, "otto", site="other")


@pytest.fixture
async def both(service: Service, other: Site) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service with both sites."""
    async with client_of(service) as found:
        yield found


# Lookup.


async def test_a_person_is_found_by_any_spelling_of_their_address(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, email=EMAIL)
    author = (await seen_by(client, moderator, comment_id))["author"]
    expected = {
        "id": author["id"],
        "first_seen": "2026-11-23T09:00:00Z",
        "approved": 0,
        "rejected": 0,
        "spam": 0,
        "blocked": False,
        "blocked_until": None,
        "blocked_reason": None,
    }
    for spelling in (EMAIL, EMAIL.lower(), f" {EMAIL.upper()} "):
        answer = await ask(client, moderator, "lookup", email=spelling)
        assert answer.json() == expected
        assert "tremblay" not in answer.text.lower()


async def test_nobody_is_behind_an_unknown_address(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, email=EMAIL)
    for email in (NOBODY, "odile.tremblay+blog@example.com", "odiletremblay@example.com"):
        answer = await ask(client, moderator, "lookup", email=email)
        problem(answer, 404, "author_not_found")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "email", "required"),
        ({"email": " "}, "email", "required"),
        ({"email": 3}, "email", "invalid"),
        ({"email": "odile"}, "email", "invalid"),
        ({"email": "odile@localhost"}, "email", "invalid"),
        ({"email": "\ud800@example.com"}, "email", "invalid"),
        ({"email": "x" * 300 + "@example.com"}, "email", "too_long"),
        ({"email": "x" * 1001}, "email", "too_long"),
        ({"email": EMAIL, "site": 3}, "site", "invalid"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_bad_address_is_refused_and_not_repeated(
    body: Json, field: str, code: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    answer = await ask(client, moderator, "lookup", **body)
    told = problem(answer, 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert "odile@" not in answer.text


async def test_the_address_is_never_in_a_url(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    answer = await client.get(f"{URL}/lookup", params={"email": EMAIL}, headers=moderator)
    assert answer.status_code == 405


async def test_with_several_sites_a_lookup_needs_the_site(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    await makers.comment(both, site="blog", email=EMAIL)
    told = problem(await ask(both, moderator, "lookup", email=EMAIL), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("site", "required")]
    assert (await ask(both, moderator, "lookup", email=EMAIL, site="blog")).status_code == 200
    elsewhere = await ask(both, moderator, "lookup", email=EMAIL, site="other")
    problem(elsewhere, 404, "author_not_found")
    problem(await ask(both, otto, "lookup", email=EMAIL), 404, "author_not_found")
    problem(await ask(both, otto, "lookup", email=EMAIL, site="blog"), 404, "site_not_found")
    unknown = await ask(both, moderator, "lookup", email=EMAIL, site="nowhere")
    problem(unknown, 404, "site_not_found")


# Export.


async def test_an_export_holds_every_comment_with_all_that_is_kept(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    theirs = [await makers.comment(client, email=EMAIL, article=f"/{n}") for n in range(3)]
    await makers.comment(client, email=NOBODY)
    await makers.act(client, moderator, theirs[0], "reject", reason="abuse", note="Hors de lui")
    await client.patch(
        f"/v1/moderation/comments/{theirs[1]}", json={"text": "Corrigé"}, headers=moderator
    )
    author = await author_of(client, moderator, EMAIL)
    answer = await client.get(f"{URL}/{author['id']}/export", headers=moderator)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["author"] == author
    assert [one["id"] for one in found["comments"]] == theirs
    for one in found["comments"]:
        seen = await seen_by(client, moderator, one["id"])
        # Who reported it is nobody's data but the reporter's.
        assert seen.pop("report_list") == []
        assert one == seen
    assert found["comments"][0]["decisions"][-1]["note"] == "Hors de lui"
    assert len(found["comments"][1]["edits"]) == 1
    assert EMAIL.lower() not in answer.text.lower()


# Erasure.


async def test_an_erased_person_is_gone_and_their_comments_with_them(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    theirs = [
        await makers.comment(client, email=EMAIL, name="Odile Tremblay", article=f"/{n}")
        for n in range(4)
    ]
    for comment_id, action in zip(theirs, ("approve", "reject", "spam"), strict=False):
        await makers.act(client, moderator, comment_id, action, note="Odile, encore")
    kept = await makers.approved(client, moderator, email=NOBODY, parent=None, article="/0")
    author = await author_of(client, moderator, EMAIL)
    answer = await ask(client, moderator, f"{author['id']}/erase")
    assert answer.json() == {"id": author["id"], "erased": 4}
    for comment_id in theirs:
        found = await seen_by(client, moderator, comment_id)
        assert found["state"] == "deleted"
        assert (found["text"], found["author"]["id"], found["author"]["name"]) == (None,) * 3
        last = found["decisions"][-1]
        assert (last["to"], last["by"], last["reason"]) == ("deleted", "alice", "personal_data")
        assert all(one["note"] is None for one in found["decisions"])
    problem(await ask(client, moderator, "lookup", email=EMAIL), 404, "author_not_found")
    gone = await client.get(f"{URL}/{author['id']}/export", headers=moderator)
    problem(gone, 404, "author_not_found")
    again = await ask(client, moderator, f"{author['id']}/erase")
    problem(again, 404, "author_not_found")
    listed = await makers.listing(client, "/0")
    assert [one["id"] for one in listed["comments"]] == [kept]
    await assert_counters_are_true(service)


async def test_an_erased_person_who_comes_back_is_a_new_author(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, email=EMAIL)
    before = await author_of(client, moderator, EMAIL)
    await ask(client, moderator, f"{before['id']}/erase")
    await makers.comment(client, email=EMAIL)
    after = await author_of(client, moderator, EMAIL)
    assert after["id"] != before["id"]


async def test_erasing_takes_the_block_with_it_for_it_hangs_on_the_hash(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, email=EMAIL)
    author = await block(client, moderator, EMAIL, reason="Insultes")
    await ask(client, moderator, f"{author['id']}/erase")
    problem(await ask(client, moderator, "lookup", email=EMAIL), 404, "author_not_found")


async def test_the_replies_of_others_stay_under_a_tombstone(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    first = await makers.approved(client, moderator, email=EMAIL)
    second = await makers.approved(client, moderator, email=NOBODY, parent=first)
    third = await makers.approved(client, moderator, email=EMAIL, parent=second)
    author = await author_of(client, moderator, EMAIL)
    await ask(client, moderator, f"{author['id']}/erase")
    listed = await makers.listing(client)
    assert [(one["id"], one["state"]) for one in listed["comments"]] == [
        (first, "deleted"),
        (second, "approved"),
    ]
    assert listed["article"]["count"] == 1
    assert (await seen_by(client, moderator, third))["state"] == "deleted"
    await assert_counters_are_true(service)


async def test_a_person_of_hundreds_of_comments_is_erased_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    for _ in range(6):
        answers = await asyncio.gather(
            *(client.post("/v1/comments", json=makers.fields(email=EMAIL)) for _ in range(50))
        )
        assert {answer.status_code for answer in answers} == {201}
    author = await author_of(client, moderator, EMAIL)
    answer = await ask(client, moderator, f"{author['id']}/erase")
    assert answer.json() == {"id": author["id"], "erased": 300}
    queue = await client.get(
        "/v1/moderation/comments", params={"state": "deleted", "limit": 200}, headers=moderator
    )
    assert len(queue.json()["comments"]) == 200
    assert set(queue.json()["counts"].values()) == {0}
    await assert_counters_are_true(service)


async def test_the_last_comment_deleted_takes_the_author_with_it(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    first, second = [await makers.comment(client, email=EMAIL) for _ in range(2)]
    await makers.act(client, moderator, first, "delete")
    assert await author_of(client, moderator, EMAIL)
    await makers.act(client, moderator, second, "delete")
    problem(await ask(client, moderator, "lookup", email=EMAIL), 404, "author_not_found")


async def test_a_blocked_author_is_kept_without_a_comment_and_goes_with_the_block(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    only = await makers.comment(client, email=EMAIL)
    author = await block(client, moderator, EMAIL)
    await makers.act(client, moderator, only, "delete")
    assert (await author_of(client, moderator, EMAIL))["blocked"] is True
    await makers.comment(client, email=EMAIL)
    spam = await client.get("/v1/moderation/comments?state=spam", headers=moderator)
    (caught,) = spam.json()["comments"]
    assert caught["author"]["id"] == author["id"]
    await makers.act(client, moderator, caught["id"], "delete")
    freed = await ask(client, moderator, f"{author['id']}/unblock")
    assert (freed.status_code, freed.json()["blocked"]) == (200, False)
    problem(await ask(client, moderator, "lookup", email=EMAIL), 404, "author_not_found")


async def test_a_block_that_is_over_keeps_no_author_without_a_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    only = await makers.comment(client, email=EMAIL)
    await block(client, moderator, EMAIL, until="2026-11-24")
    clock.advance(days=2)
    await makers.act(client, moderator, only, "delete")
    problem(await ask(client, moderator, "lookup", email=EMAIL), 404, "author_not_found")


# Blocking.


async def test_a_block_is_told_with_its_reason_and_its_end(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, email=EMAIL)
    author = await block(
        client, moderator, EMAIL, reason="Insultes", until="2026-12-01T10:00:00+01:00"
    )
    assert author["blocked"] is True
    assert author["blocked_reason"] == "Insultes"
    assert author["blocked_until"] == "2026-12-01T09:00:00Z"
    assert (await seen_by(client, moderator, comment_id))["author"]["blocked"] is True
    freed = (await ask(client, moderator, f"{author['id']}/unblock")).json()
    assert (freed["blocked"], freed["blocked_reason"], freed["blocked_until"]) == (
        False,
        None,
        None,
    )


async def test_new_comments_of_a_blocked_author_are_spam_with_a_signal(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    waiting = await makers.comment(client, email=EMAIL)
    await block(client, moderator, EMAIL)
    sent = await makers.submit(client, email=EMAIL)
    assert sent["comment"]["state"] == "pending"
    found = await seen_by(client, moderator, sent["comment"]["id"])
    assert (found["state"], found["signals"][0]["name"]) == ("spam", "blocked")
    assert found["decisions"][0]["by"] == "rule:blocked"
    assert (await seen_by(client, moderator, waiting))["state"] == "pending"
    await assert_counters_are_true(service)


async def test_a_block_ends_by_itself_and_by_hand(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    await makers.comment(client, email=EMAIL)
    await block(client, moderator, EMAIL, until="2026-11-30")

    async def state_of_a_new_one() -> State:
        comment_id = await makers.comment(client, email=EMAIL)
        return State((await seen_by(client, moderator, comment_id))["state"])

    assert await state_of_a_new_one() is State.SPAM
    clock.advance(days=7)
    assert (await author_of(client, moderator, EMAIL))["blocked"] is False
    assert await state_of_a_new_one() is State.PENDING
    author = await block(client, moderator, EMAIL)
    assert await state_of_a_new_one() is State.SPAM
    await ask(client, moderator, f"{author['id']}/unblock")
    assert await state_of_a_new_one() is State.PENDING


async def test_a_block_may_take_what_waits_as_well_and_nothing_else(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    waiting = [await makers.comment(client, email=EMAIL) for _ in range(2)]
    public = await makers.approved(client, moderator, email=EMAIL)
    someone = await makers.comment(client, email=NOBODY)
    author = await block(client, moderator, EMAIL, also="pending")
    assert (author["approved"], author["spam"]) == (1, 2)
    for comment_id in waiting:
        found = await seen_by(client, moderator, comment_id)
        assert (found["state"], found["version"], found["decided_by"]) == ("spam", 2, "alice")
        assert [one["to"] for one in found["decisions"]] == ["pending", "spam"]
    assert (await seen_by(client, moderator, public))["state"] == "approved"
    assert (await seen_by(client, moderator, someone))["state"] == "pending"
    freed = await ask(client, moderator, f"{author['id']}/unblock")
    assert (freed.json()["spam"], freed.json()["blocked"]) == (2, False)
    await assert_counters_are_true(service)


@pytest.mark.parametrize("first_state", ["pending", "approved"])
async def test_no_answer_tells_a_blocked_author_from_another(
    first_state: str, client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state=first_state)
    for email in (EMAIL, NOBODY):
        await makers.comment(client, email=email)
    await block(client, moderator, EMAIL, reason="Insultes", also="pending")
    answers = {}
    for email in (EMAIL, NOBODY):
        sent = makers.fields(email=email, idempotency_key=f"key of {email}")
        stored = await client.post("/v1/comments", json=sent)
        replayed = await client.post("/v1/comments", json=sent)
        duplicate = await client.post("/v1/comments", json=sent | {"idempotency_key": "another 1"})
        receipt = await client.get(stored.json()["receipt"]["url"])
        page = await client.get(stored.json()["receipt"]["url"], headers={"Accept": "text/html"})
        form = await browse(client, makers.fields(email=email))
        back = await browse(client, makers.fields(email=email, redirect="article"))
        all_of_them = (stored, replayed, duplicate, receipt, page, form, back)
        answers[email] = [
            (
                [answer.status_code for answer in all_of_them],
                [sorted(answer.headers) for answer in all_of_them],
            ),
            {**stored.json()["comment"], "id": None, "html": None},
            {**replayed.json()["comment"], "id": None, "html": None},
            set(stored.json()),
            (receipt.json()["reason"], receipt.json()["decided_at"]),
            {**receipt.json()["comment"], "id": None, "html": None},
            form.headers["location"].rpartition("/")[0],
            back.headers["location"].partition("#")[0].rpartition("/")[0],
            len(page.text) - len(stored.json()["comment"]["html"]),
        ]
    assert answers[EMAIL] == answers[NOBODY]
    assert stored.json()["comment"]["state"] == first_state


async def test_the_receipt_of_what_waited_is_the_same_to_the_byte_after_the_block(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    sent = await makers.submit(client, email=EMAIL)
    urls = [sent["receipt"]["url"]]

    async def receipts() -> list[bytes]:
        return [
            (await client.get(url, headers={"Accept": accept})).content
            for url in urls
            for accept in ("application/json", "text/html")
        ]

    before = await receipts()
    clock.advance(minutes=3)
    await block(client, moderator, EMAIL, also="pending")
    assert await receipts() == before


async def test_once_a_moderator_decides_on_a_blocked_authors_comment_its_author_is_told(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, email=EMAIL)
    await block(client, moderator, EMAIL)
    sent = await makers.submit(client, email=EMAIL)
    url = sent["receipt"]["url"]
    assert (await client.get(url)).json()["comment"]["state"] == "pending"
    await makers.act(client, moderator, sent["comment"]["id"], "reject", reason="abuse")
    told = (await client.get(url)).json()
    assert (told["comment"]["state"], told["reason"]) == ("rejected", "abuse")
    withdrawn = await client.post(f"{url}/withdraw")
    assert withdrawn.json()["comment"]["state"] == "deleted"


async def test_a_blocked_author_may_withdraw_what_they_are_told_waits(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    await makers.comment(client, email=EMAIL)
    await block(client, moderator, EMAIL)
    sent = await makers.submit(client, email=EMAIL)
    withdrawn = await client.post(f"{sent['receipt']['url']}/withdraw")
    assert withdrawn.json()["comment"]["state"] == "deleted"
    assert (await seen_by(client, moderator, sent["comment"]["id"]))["state"] == "deleted"
    await assert_counters_are_true(service)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"reason": 3}, "reason", "invalid"),
        ({"reason": "x" * 301}, "reason", "too_long"),
        ({"reason": "\ud800"}, "reason", "invalid"),
        ({"until": "tomorrow"}, "until", "invalid"),
        ({"until": 3}, "until", "invalid"),
        ({"until": "2026-13-01"}, "until", "invalid"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "until", "invalid"),
        ({"also": "approved"}, "also", "unknown"),
        ({"also": True}, "also", "invalid"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_wrong_value_is_named_and_nobody_is_blocked(
    body: Json, field: str, code: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, email=EMAIL)
    author = await author_of(client, moderator, EMAIL)
    answer = await ask(client, moderator, f"{author['id']}/block", **body)
    told = problem(answer, 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert (await author_of(client, moderator, EMAIL))["blocked"] is False


async def test_a_block_is_of_one_site(
    both: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    await makers.comment(both, site="blog", email=EMAIL)
    found = await ask(both, moderator, "lookup", email=EMAIL, site="blog")
    await ask(both, moderator, f"{found.json()['id']}/block")
    for site, state in (("blog", "spam"), ("other", "pending")):
        comment_id = await makers.comment(both, site=site, email=EMAIL)
        assert (await seen_by(both, moderator, comment_id))["state"] == state


async def test_another_sites_author_and_one_that_is_not_are_both_not_found(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    await makers.comment(both, site="blog", email=EMAIL)
    found = (await ask(both, moderator, "lookup", email=EMAIL, site="blog")).json()
    for author_id in (found["id"], "nobody", "0"):
        export = await both.get(f"{URL}/{author_id}/export", headers=otto)
        problem(export, 404, "author_not_found")
        for verb in ("erase", "block", "unblock"):
            answer = await ask(both, otto, f"{author_id}/{verb}")
            problem(answer, 404, "author_not_found")
    after = (await ask(both, moderator, "lookup", email=EMAIL, site="blog")).json()
    assert after == found
