"""`/v1/comments/ID/report` and `/v1/reports/TOKEN`: readers report comments (contract 3.3)."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

import makers
from conftest import ORIGIN, Clock, token_for
from counting import assert_counters_are_true
from palabre import locale
from palabre.actions import report as rules_of
from palabre.actions import sites
from palabre.jobs.retention import retention
from palabre.model import REPORT_REASONS, Scope, Site
from palabre.service import Service
from palabre.store import reports
from web.speaking import (
    BROWSER,
    ENCODINGS,
    Json,
    problem,
    rules,
    seen_by,
    signal_of,
    stored,
    urlencoded,
)
from web.speaking import put_article as put
from web.tree import read


def of(network: int | str) -> dict[str, str]:
    """The headers of a reader on a network of their own; a number is one of as many /24."""
    address = network if isinstance(network, str) else f"203.{network // 250}.{network % 250}.7"
    return {"X-Forwarded-For": address}


async def send(
    client: httpx2.AsyncClient, comment: str, network: int | str = 1, **fields: object
) -> httpx2.Response:
    return await client.post(
        f"/v1/comments/{comment}/report", json={"reason": "abuse"} | fields, headers=of(network)
    )


async def report(
    client: httpx2.AsyncClient, comment: str, network: int | str = 1, **fields: object
) -> str:
    """Report a comment; the URL of the receipt."""
    answer = await send(client, comment, network, **fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["receipt"]["url"])


async def told(client: httpx2.AsyncClient, receipt: str) -> Json:
    answer = await client.get(receipt)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()["report"]
    return found


async def outcomes(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> list[str]:
    return [one["outcome"] for one in (await seen_by(client, moderator, comment))["report_list"]]


async def dismiss(client: httpx2.AsyncClient, moderator: dict[str, str], comment: str) -> Json:
    url = f"/v1/moderation/comments/{comment}/dismiss-reports"
    answer = await client.post(url, headers=moderator)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def shown_ids(client: httpx2.AsyncClient) -> list[str]:
    return [one["id"] for one in (await makers.listing(client))["comments"]]


@pytest.fixture
async def comment(client: httpx2.AsyncClient, moderator: dict[str, str]) -> str:
    """A public comment."""
    return await makers.approved(client, moderator, name="Paul", comment="Bonjour *à tous*.")


# The page.


async def test_the_page_quotes_the_comment_and_asks_for_a_reason(
    client: httpx2.AsyncClient, comment: str
) -> None:
    answer = await client.get(f"/v1/comments/{comment}/report", headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["cache-control"] == "no-store"
    assert "script" not in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    page = read(answer.text)
    assert page.one("em").text == "à tous"
    assert "Paul" in page.text
    assert [one["value"] for one in page.all("input", type="radio")] == list(REPORT_REASONS)
    assert page.all("a", href=f"{ORIGIN}/a#comment-{comment}")
    english = await client.get(f"/v1/comments/{comment}/report?lang=en", headers=BROWSER)
    assert read(english.text).one("h1").text == "Report a comment"


async def test_a_program_is_told_the_reasons_that_may_be_given(
    client: httpx2.AsyncClient, comment: str
) -> None:
    answer = await client.get(f"/v1/comments/{comment}/report?lang=en")
    found = answer.json()
    assert found["comment"]["id"] == comment
    assert found["note_limit"] == 1000
    assert {one["reason"]: one["means"] for one in found["reasons"]} == {
        reason: locale.say("en", f"report.reason.{reason}") for reason in REPORT_REASONS
    }
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize("state", ["pending", "reject", "spam", "delete", "unknown", "%00", "é"])
async def test_what_is_not_public_is_not_found(
    client: httpx2.AsyncClient, moderator: dict[str, str], state: str
) -> None:
    one = await makers.comment(client)
    if state in ("reject", "spam", "delete"):
        await makers.act(client, moderator, one, state)
    elif state != "pending":
        one = state
    expected = (await client.get("/v1/comments/nobody/report")).json()
    for headers in ({}, {"Origin": "https://elsewhere.example"}):
        url = f"/v1/comments/{one}/report"
        got = await client.get(url, headers=headers)
        posted = await client.post(url, json={}, headers=headers)
        assert problem(got, 404, "comment_not_found") == expected
        assert problem(posted, 404, "comment_not_found") == expected


async def test_a_tombstone_can_not_be_reported(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    await makers.approved(client, moderator, parent=comment)
    await makers.act(client, moderator, comment, "reject")
    problem(await send(client, comment), 404, "comment_not_found")


# Reporting.


@pytest.mark.parametrize("encode", ENCODINGS)
async def test_a_report_is_stored_and_its_reporter_gets_a_receipt(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str, encode: object
) -> None:
    sent = encode({"reason": "abuse", "note": " Il m’insulte. "})  # type: ignore[operator]
    answer = await client.post(
        f"/v1/comments/{comment}/report",
        content=sent.content,
        headers={"Content-Type": sent.content_type},
    )
    assert answer.status_code == 201
    found = answer.json()
    assert found["report"] == {
        "comment_id": comment,
        "comment": (await makers.listing(client))["comments"][0],
        "outcome": "open",
        "reported_at": "2026-11-23T09:00:00Z",
        "settled_at": None,
    }
    token = found["receipt"]["token"]
    assert len(token) * 6 >= 128
    assert answer.headers["location"] == f"/v1/reports/{token}"
    assert await told(client, found["receipt"]["url"]) == found["report"]
    seen = await seen_by(client, moderator, comment)
    assert (seen["state"], seen["reports"]) == ("approved", 1)
    (one,) = seen["report_list"]
    assert one | {"id": None} == {
        "id": None,
        "reason": "abuse",
        "note": "Il m’insulte.",
        "at": "2026-11-23T09:00:00Z",
        "outcome": "open",
        "settled_at": None,
        "settled_by": None,
        "counts": True,
        "remarks": [],
    }


async def test_a_browser_is_led_to_the_receipt_in_its_language(
    client: httpx2.AsyncClient, comment: str
) -> None:
    page = await client.get(f"/v1/comments/{comment}/report?lang=en", headers=BROWSER)
    form = read(page.text).one("form")
    sent = {one["name"]: one["value"] for one in form.all("input", type="hidden")}
    done = await client.post(form["action"], data=sent | {"reason": "other"}, headers=BROWSER)
    assert done.status_code == 303
    receipt = await client.get(done.headers["location"], headers=BROWSER)
    assert read(receipt.text).one("strong").text == "Your report has been received."
    hidden = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    assert {name: receipt.headers[name] for name in hidden} == hidden
    assert receipt.headers["x-robots-tag"] == "noindex, nofollow"


async def test_everything_wrong_is_told_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    answer = await send(
        client, comment, reason="duplicate", note="x" * 1001, idempotency_key="short", lang=3
    )
    errors = problem(answer, 422, "invalid_report")["errors"]
    assert [(one["field"], one["code"]) for one in errors] == [
        ("reason", "unknown"),
        ("note", "too_long"),
        ("lang", "invalid"),
        ("idempotency_key", "too_short"),
    ]
    assert "offered" in errors[0]["message"] or "proposés" in errors[0]["message"]
    missing = problem(await send(client, comment, reason=None), 422, "invalid_report")
    assert [one["code"] for one in missing["errors"]] == ["required"]
    assert (await seen_by(client, moderator, comment))["reports"] == 0


async def test_the_form_comes_again_with_what_was_typed_and_hostile_text_stays_text(
    client: httpx2.AsyncClient, comment: str
) -> None:
    note = '</textarea><script>alert("1")</script>'
    answer = await client.post(
        f"/v1/comments/{comment}/report",
        data={"note": note, "idempotency_key": "a-key-of-mine", "reason": '"><b>'},
        headers=BROWSER,
    )
    assert answer.status_code == 422
    assert "<script" not in answer.text
    page = read(answer.text)
    assert page.one("textarea").text.strip() == note
    assert page.one("input", name="idempotency_key")["value"] == "a-key-of-mine"
    assert page.one("fieldset")["aria-invalid"] == "true"
    assert page.one("fieldset")["aria-describedby"] == "error-reason"


@pytest.mark.parametrize("note", ["x" * 999 + "🜚", "\r\n" * 3 + "a\r\nb", "é" * 1000])
async def test_a_note_of_the_longest_is_kept_whole(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str, note: str
) -> None:
    await report(client, comment, note=note)
    (one,) = (await seen_by(client, moderator, comment))["report_list"]
    assert one["note"] == note.replace("\r\n", "\n").strip()


async def test_a_page_of_elsewhere_may_not_report_and_those_of_the_site_may_read_the_answer(
    client: httpx2.AsyncClient, comment: str
) -> None:
    url = f"/v1/comments/{comment}/report"
    away = {"Origin": "https://elsewhere.example"} | of(1)
    problem(await client.post(url, json={}, headers=away), 403, "origin_not_allowed")
    asked = {"Access-Control-Request-Method": "POST", "Origin": ORIGIN}
    preflight = await client.options(url, headers=asked)
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    answer = await client.post(url, json={"reason": "abuse"}, headers={"Origin": ORIGIN} | of(1))
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Origin" in answer.headers["vary"]
    wrong = await client.post(url, json={}, headers={"Origin": ORIGIN} | of(2))
    assert problem(wrong, 422, "invalid_report")
    assert wrong.headers["access-control-allow-origin"] == ORIGIN


# Once for each person.


async def test_the_same_network_again_changes_nothing_and_is_answered_alike(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str, clock: Clock
) -> None:
    first = await send(client, comment, note="Une fois.")
    again = await send(client, comment, reason="other", note="Encore une fois.")
    assert again.status_code == 201
    assert again.json()["report"] == first.json()["report"]
    assert again.json()["receipt"] != first.json()["receipt"]
    # Midnight makes nobody somebody else.
    clock.advance(hours=23, minutes=59)
    await report(client, comment)
    (one,) = (await seen_by(client, moderator, comment))["report_list"]
    assert (one["reason"], one["note"]) == ("abuse", "Une fois.")
    for answer in (first, again):
        assert (await told(client, answer.json()["receipt"]["url"]))["outcome"] == "open"


async def test_who_reported_is_forgotten_after_a_day(
    service: Service,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    comment: str,
    clock: Clock,
) -> None:
    await report(client, comment, idempotency_key="a-key-of-mine")
    clock.advance(hours=24)
    await retention(service)
    rows = await service.store.read(
        lambda tx: tx.all("select visitor_tag, area_tag, request_tag, tags_until from report")
    )
    assert [set(row.values()) for row in map(dict, rows)] == [{None}]
    assert (await seen_by(client, moderator, comment))["reports"] == 1
    await report(client, comment, idempotency_key="a-key-of-mine")
    assert (await seen_by(client, moderator, comment))["reports"] == 2


async def test_the_same_request_from_another_network_is_the_same_report(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    other = await makers.approved(client, moderator)
    for network in (1, 2, 3):
        for one in (comment, other):
            await report(client, one, network, idempotency_key="a-key-of-mine")
    for one in (comment, other):
        assert (await seen_by(client, moderator, one))["reports"] == 1


async def test_fifty_equal_reports_at_once_are_one(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    answers = await asyncio.gather(*(send(client, comment) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert (await seen_by(client, moderator, comment))["reports"] == 1


async def test_receipts_of_one_report_are_bounded(
    service: Service, client: httpx2.AsyncClient, comment: str, clock: Clock
) -> None:
    for _ in range(reports.RECEIPTS_MOST + 3):
        clock.advance(seconds=1)
        last = await report(client, comment)
    row = await service.store.read(lambda tx: tx.one("select count(*) as n from report_receipt"))
    assert row is not None
    assert row["n"] == reports.RECEIPTS_MOST
    assert (await told(client, last))["outcome"] == "open"


# Limits.


async def test_ten_at_once_and_then_one_in_six_minutes(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    ids = [await makers.approved(client, moderator) for _ in range(12)]
    for one in ids[:10]:
        await report(client, one)
    answer = await send(client, ids[10])
    problem(answer, 429, "too_fast")
    assert answer.headers["retry-after"] == "360"
    # What is there already is answered, and others are not kept waiting.
    await report(client, ids[0])
    await report(client, ids[10], 2)
    page = await client.post(
        f"/v1/comments/{ids[10]}/report", data={"reason": "other"}, headers=BROWSER | of(1)
    )
    assert page.status_code == 429
    assert read(page.text).one("input", value="other").get("checked") is not None
    clock.advance(minutes=6)
    await report(client, ids[10])
    problem(await send(client, ids[11]), 429, "too_fast")


async def test_a_comment_has_so_many_open_reports_and_no_more(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    comment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "OPEN_MOST", 3)
    await rules(client, admin, reports_to_hold=0)
    receipts = [await report(client, comment, network) for network in range(3)]
    for network in range(3, 3 + 2 * reports.RECEIPTS_MOST):
        problem(await send(client, comment, network), 409, "reported_enough")
    page = await client.post(
        f"/v1/comments/{comment}/report", data={"reason": "other"}, headers=BROWSER | of(3)
    )
    assert page.status_code == 409
    assert locale.say("fr", "problem.reported_enough.detail") in read(page.text).text
    assert (await seen_by(client, admin, comment))["reports"] == 3
    # Who is among those that are stored is answered as ever, and all of them hold a receipt.
    receipts.append(await report(client, comment, 2))
    assert {(await told(client, one))["outcome"] for one in receipts} == {"open"}
    await dismiss(client, admin, comment)
    receipts.append(await report(client, comment, 3))
    await makers.act(client, admin, comment, "reject")
    assert {(await told(client, one))["outcome"] for one in receipts} == {"upheld"}


async def test_racing_reports_are_no_more_than_may_be(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    comment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "OPEN_MOST", 3)
    await rules(client, admin, reports_to_hold=0)
    answers = await asyncio.gather(*(send(client, comment, network) for network in range(9)))
    assert sorted(one.status_code for one in answers) == [201] * 3 + [409] * 6
    kept = [one.json()["receipt"]["url"] for one in answers if one.status_code == 201]
    assert [(await told(client, one))["outcome"] for one in kept] == ["open"] * 3


# Enough of them hold a comment.


async def test_three_independent_reports_hold_a_comment(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    for network in (1, 2):
        await report(client, comment, network)
        assert await shown_ids(client) == [comment]
    last = await report(client, comment, 3)
    assert await shown_ids(client) == []
    assert (await makers.listing(client))["article"]["count"] == 0
    seen = await seen_by(client, moderator, comment)
    assert (seen["state"], seen["reports"]) == ("pending", 3)
    signal = signal_of(seen, "reports")
    assert signal["score"] == 0.6
    assert signal["why"] == "3 signalements indépendants de lecteurs."
    decision = seen["decisions"][-1]
    assert (decision["from"], decision["to"], decision["by"]) == (
        "approved",
        "pending",
        "rule:reports",
    )
    assert (await stored(client, moderator))["pending"] == 1
    await assert_counters_are_true(service)
    # Its words are not told on the receipt; a double click is answered like the first.
    found = await told(client, last)
    assert (found["outcome"], found["comment"]) == ("open", None)
    assert (await told(client, await report(client, comment, 3)))["outcome"] == "open"
    problem(await send(client, comment, 4), 404, "comment_not_found")


async def test_racing_reports_hold_a_comment_once(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    answers = await asyncio.gather(*(send(client, comment, network) for network in range(3)))
    assert [answer.status_code for answer in answers] == [201] * 3
    seen = await seen_by(client, moderator, comment)
    assert [one["by"] for one in seen["decisions"]].count("rule:reports") == 1
    assert seen["reports"] == 3
    await assert_counters_are_true(service)


@pytest.mark.parametrize(
    ("networks", "held"),
    [
        (["192.0.2.1", "192.0.2.2", "192.0.2.250"], False),
        (["192.0.2.1", "192.0.3.1", "192.0.2.9"], False),
        (["192.0.2.1", "192.0.3.1", "192.0.4.1"], True),
        (["2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1"], False),
        (["2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1"], True),
        (["2001:db8:1::1", "::ffff:192.0.2.1", "192.0.2.7"], False),
    ],
)
async def test_neighbours_are_not_independent(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    comment: str,
    networks: list[str],
    held: bool,
) -> None:
    for network in networks:
        await report(client, comment, network)
    seen = await seen_by(client, moderator, comment)
    assert seen["reports"] == 3
    assert (seen["state"] == "pending") is held


@pytest.mark.parametrize(("rule", "n"), [(1, 1), (2, 2), (5, 5)])
async def test_how_many_is_the_site_s_rule(
    client: httpx2.AsyncClient, admin: dict[str, str], comment: str, rule: int, n: int
) -> None:
    await rules(client, admin, reports_to_hold=rule)
    for network in range(n):
        assert await shown_ids(client) == [comment]
        await report(client, comment, network)
    assert await shown_ids(client) == []


async def test_an_article_may_have_a_rule_of_its_own_and_none_holds_anything_at_nought(
    client: httpx2.AsyncClient, admin: dict[str, str], comment: str
) -> None:
    await put(client, admin, policy={"reports_to_hold": 0})
    for network in range(9):
        await report(client, comment, network)
    assert await shown_ids(client) == [comment]
    assert (await seen_by(client, admin, comment))["reports"] == 9


async def test_a_moderator_s_own_words_are_reported_but_never_held(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    url = f"/v1/moderation/comments/{comment}/reply"
    reply = (await client.post(url, json={"text": "Merci."}, headers=moderator)).json()["id"]
    for network in range(4):
        await report(client, reply, network)
    seen = await seen_by(client, moderator, reply)
    assert (seen["state"], seen["reports"]) == ("approved", 4)


async def test_what_a_moderator_approved_takes_twice_as_many_new_ones(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str, clock: Clock
) -> None:
    for network in range(3):
        await report(client, comment, network)
    await makers.act(client, moderator, comment, "approve")
    assert (await seen_by(client, moderator, comment))["reports"] == 0
    for network in range(10, 15):
        await report(client, comment, network)
        assert await shown_ids(client) == [comment]
    await report(client, comment, 15)
    assert await shown_ids(client) == []
    seen = await seen_by(client, moderator, comment)
    signal = signal_of(seen, "reports")
    assert signal["why"].startswith("6 ")
    assert seen["reports"] == 6


# What becomes of a report.


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("reject", "upheld"),
        ("spam", "upheld"),
        ("delete", "upheld"),
        ("approve", "dismissed"),
        ("hold", "open"),
    ],
)
async def test_a_receipt_says_what_moderators_decided_and_when(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    comment: str,
    clock: Clock,
    action: str,
    outcome: str,
) -> None:
    await rules(client, admin, reports_to_hold=1)
    receipt = await report(client, comment, note="Personne ne lit cela ici.")
    clock.advance(minutes=5)
    await makers.act(client, admin, comment, action)
    found = await told(client, receipt)
    assert found["outcome"] == outcome
    assert found["settled_at"] == (None if outcome == "open" else "2026-11-23T09:05:00Z")
    assert (found["comment"] is not None) is (action == "approve")
    for lang in ("fr", "en"):
        page = await client.get(f"{receipt}?lang={lang}", headers=BROWSER)
        text = read(page.text).text
        assert locale.say(lang, f"report.outcome.{outcome}") in text
        assert ("à tous" in text) is (action == "approve")
        assert "Personne" not in text
        assert "ada" not in text


async def test_the_last_word_counts(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    receipt = await report(client, comment)
    for action, outcome, n in (
        ("reject", "upheld", 0),
        ("approve", "dismissed", 0),
        ("hold", "open", 1),
        ("spam", "upheld", 0),
    ):
        await makers.act(client, moderator, comment, action)
        assert (await told(client, receipt))["outcome"] == outcome
        assert (await seen_by(client, moderator, comment))["reports"] == n


async def test_what_its_author_took_back_is_gone(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.submit(client)
    comment = found["comment"]["id"]
    await makers.act(client, moderator, comment, "approve")
    receipt = await report(client, comment, note="Zanzibar")
    await client.post(f"{found['receipt']['url']}/withdraw")
    assert (await told(client, receipt))["outcome"] == "gone"
    (one,) = (await seen_by(client, moderator, comment))["report_list"]
    assert (one["note"], one["outcome"]) == (None, "gone")


async def test_reports_are_dismissed_without_a_decision(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    receipt = await report(client, comment)
    before = await seen_by(client, moderator, comment)
    after = await dismiss(client, moderator, comment)
    assert (after["state"], after["reports"], after["version"]) == (
        "approved",
        0,
        before["version"],
    )
    seen = await seen_by(client, moderator, comment)
    assert seen["decisions"] == before["decisions"]
    assert (seen["report_list"][0]["outcome"], seen["report_list"][0]["settled_by"]) == (
        "dismissed",
        "alice",
    )
    assert (await told(client, receipt))["outcome"] == "dismissed"
    # Then it takes twice as many.
    for network in range(10, 15):
        await report(client, comment, network)
    assert await shown_ids(client) == [comment]
    await report(client, comment, 16)
    assert await shown_ids(client) == []


async def test_who_may_dismiss(
    service: Service,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    reader: dict[str, str],
    comment: str,
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    elsewhere = await token_for(service, "otto", Scope.ADMIN, site="other")
    await report(client, comment)
    url = f"/v1/moderation/comments/{comment}/dismiss-reports"
    problem(await client.post(url), 401, "unauthenticated")
    problem(await client.post(url, headers=reader), 403, "scope_missing")
    problem(await client.post(url, headers=elsewhere), 404, "comment_not_found")
    problem(await client.get(url, headers=moderator), 405, "method_not_allowed")
    assert (await seen_by(client, moderator, comment))["reports"] == 1
    await makers.act(client, moderator, comment, "delete")
    problem(await client.post(url, headers=moderator), 409, "not_allowed_from_here")


async def test_an_unknown_token_is_not_found(client: httpx2.AsyncClient, comment: str) -> None:
    url = await report(client, comment)
    token = url.rpartition("/")[2]
    submitted = (await makers.submit(client))["receipt"]["token"]
    for wrong in (token[:-1], f"{token}A", submitted, "0", "%00", "é"):
        answer = await client.get(f"/v1/reports/{wrong}")
        problem(answer, 404, "receipt_not_found")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    problem(await client.get(f"/v1/receipts/{token}"), 404, "receipt_not_found")


# Reporting can be abused.


async def test_whose_reports_were_dismissed_is_heard_but_holds_nothing(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, reports_to_hold=1)
    for n in range(3):
        one = await makers.approved(client, admin)
        await report(client, one)
        assert (await seen_by(client, admin, one))["state"] == "pending", n
        await makers.act(client, admin, one, "approve")
        clock.advance(minutes=11)
    one = await makers.approved(client, admin)
    await report(client, one)
    seen = await seen_by(client, admin, one)
    assert (seen["state"], seen["reports"]) == ("approved", 1)
    (found,) = seen["report_list"]
    assert found["counts"] is False
    assert found["remarks"] == ["3 signalements de cette personne ont été écartés le même jour."]
    # Another reader is not taken for them, and a day later nobody knows any more.
    await report(client, one, 2)
    assert (await seen_by(client, admin, one))["state"] == "pending"
    clock.advance(hours=25)
    two = await makers.approved(client, admin)
    await report(client, two)
    assert (await seen_by(client, admin, two))["state"] == "pending"


async def test_who_reports_very_many_in_a_short_time_holds_nothing_more(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, reports_to_hold=1)
    states = []
    for _ in range(rules_of.RECENT_MOST + 2):
        one = await makers.approved(client, admin)
        await report(client, one)
        states.append((await seen_by(client, admin, one))["state"])
    assert states == ["pending"] * 5 + ["approved"]
    (found,) = (await seen_by(client, admin, one))["report_list"]
    assert found["remarks"] == ["6 signalements de cette personne en dix minutes."]


# What moderators see.


async def test_reported_comments_are_listed_the_most_reported_first(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, reports_to_hold=0)
    ids = []
    for n in (1, 3, 0, 2, 1):
        clock.advance(minutes=20)
        ids.append(await makers.approved(client, admin))
        for network in range(n):
            await report(client, ids[-1], 100 * len(ids) + network)
    url: str | None = "/v1/moderation/comments?reported=1&limit=2"
    found: list[str] = []
    while url:
        page = (await client.get(url, headers=admin)).json()
        found += [one["id"] for one in page["comments"]]
        url = page["next"]
    assert found == [ids[1], ids[3], ids[0], ids[4]]
    searched = await client.get(
        "/v1/moderation/comments?reported=1&q=service&order=newest", headers=admin
    )
    assert [one["id"] for one in searched.json()["comments"]] == [ids[4], ids[3], ids[1], ids[0]]
    await dismiss(client, admin, ids[1])
    for query in ("reported=1&state=pending", "reported=1&article=/b"):
        empty = await client.get(f"/v1/moderation/comments?{query}", headers=admin)
        assert empty.json()["comments"] == []
    of_one = await client.get("/v1/moderation/comments?reported=1&article=/a", headers=admin)
    assert [one["id"] for one in of_one.json()["comments"]] == [ids[3], ids[0], ids[4]]
    answer = await client.get("/v1/moderation/comments?reported=yes", headers=admin)
    problem(answer, 400, "bad_parameter")


async def test_the_rank_follows_the_open_reports(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], comment: str
) -> None:
    async def rank() -> int:
        row = await service.store.read(
            lambda tx: tx.one("select rank from comment where id = :id", id=comment)
        )
        assert row is not None
        return int(row["rank"])

    before = await rank()
    for network in (1, 2):
        await report(client, comment, network)
        assert await rank() == before - 100 * network
    await report(client, comment, 3)
    assert await rank() == -360
    await makers.act(client, admin, comment, "approve")
    assert await rank() == -60
    await makers.act(client, admin, comment, "hold")
    assert await rank() == -360
    await makers.act(client, admin, comment, "delete")
    assert await rank() == 0


# What is kept, and for how long.


async def test_notes_go_with_the_comment_and_no_author_sees_them(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    comment = await makers.approved(client, admin, email="zoe@example.com")
    await report(client, comment, note="Zanzibar")
    author = (await seen_by(client, admin, comment))["author"]["id"]
    url = f"/v1/moderation/authors/{author}"
    exported = await client.get(f"{url}/export", headers=admin)
    assert exported.status_code == 200
    assert "Zanzibar" not in exported.text
    assert "report_list" not in exported.text
    assert (await client.post(f"{url}/erase", headers=admin)).status_code == 200
    rows = await service.store.read(lambda tx: tx.all("select note from report"))
    assert [row["note"] for row in rows] == [None]


async def test_reports_go_ninety_days_after_they_came_if_the_comment_is_public_no_longer(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    receipts = {}
    ids = {}
    for action in ("reject", "approve", "keep", "delete"):
        ids[action] = await makers.approved(client, admin)
        receipts[action] = await report(client, ids[action])
    for action in ("reject", "delete"):
        await makers.act(client, admin, ids[action], action)
    await dismiss(client, admin, ids["approve"])
    clock.advance(days=89)
    await retention(service)
    assert (await told(client, receipts["reject"]))["outcome"] == "upheld"
    clock.advance(days=2)
    await retention(service)
    for action in ("reject", "delete"):
        problem(await client.get(receipts[action]), 404, "receipt_not_found")
    assert (await told(client, receipts["approve"]))["outcome"] == "dismissed"
    assert (await told(client, receipts["keep"]))["outcome"] == "open"


async def test_the_listing_s_link_leads_to_the_page(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment: str
) -> None:
    await makers.approved(client, moderator, parent=comment)
    await makers.act(client, moderator, comment, "reject")
    fragment = await client.get("/v1/comments.html?article=/a&lang=en")
    (link,) = read(fragment.text).all("a", **{"class": "palabre-report"})
    assert link["rel"] == "nofollow"
    page = await client.get(link["href"], headers=BROWSER)
    assert read(page.text).one("h1").text == "Report a comment"
    assert urlencoded({"lang": "en"}).content.decode() in link["href"]


async def test_reports_are_of_one_site(
    service: Service, site: Site, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    for name, url in (("blog", ORIGIN), ("other", "https://other.example")):
        one = await makers.approved(client, admin, site=name, article=f"{url}/x")
        await report(client, one)
    bound = await token_for(service, "otto", Scope.READ, site="other")
    found = await client.get("/v1/moderation/comments?reported=1", headers=bound)
    assert [one["site"] for one in found.json()["comments"]] == ["other"]
