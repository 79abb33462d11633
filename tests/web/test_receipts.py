"""`/v1/receipts/TOKEN`: what an author may see and do (contract 3.3)."""

from __future__ import annotations

import httpx2
import pytest

import makers
from conftest import Clock
from web.speaking import BROWSER, Json, browse, post, problem, rules, seen_by, stored
from web.tree import read

HIDDEN = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
}


async def shown(client: httpx2.AsyncClient, url: str) -> Json:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def page_of(client: httpx2.AsyncClient, url: str, query: str = "") -> str:
    answer = await client.get(f"{url}{query}", headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return read(answer.text).text


# What an author sees.


async def test_a_comment_that_waits_is_told_so(client: httpx2.AsyncClient) -> None:
    found = await makers.submit(client)
    assert await shown(client, found["receipt"]["url"]) == {
        "comment": found["comment"],
        "reason": None,
        "decided_at": None,
    }
    page = await page_of(client, found["receipt"]["url"])
    assert "Votre commentaire est en attente de modération." in page


@pytest.mark.parametrize(
    ("action", "state", "sentence"),
    [
        ("approve", "approved", "Votre commentaire est publié."),
        ("reject", "rejected", "Votre commentaire a été refusé."),
        ("spam", "spam", "Votre commentaire a été classé comme indésirable."),
        ("delete", "deleted", "Votre commentaire est supprimé."),
    ],
)
async def test_a_decision_is_told_with_its_time(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
    action: str,
    state: str,
    sentence: str,
) -> None:
    found = await makers.submit(client)
    clock.advance(minutes=10)
    await makers.act(client, moderator, found["comment"]["id"], action)
    receipt = await shown(client, found["receipt"]["url"])
    assert receipt["comment"]["state"] == state
    assert receipt["decided_at"] == "2026-11-23T09:10:00Z"
    page = await page_of(client, found["receipt"]["url"])
    assert sentence in page
    assert "Décision~: aujourd’hui à 9~h~10~UTC." in page


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("off_topic", "hors sujet"),
        ("abuse", "propos abusifs"),
        ("illegal", "contenu illicite"),
        ("personal_data", "données personnelles"),
        ("advertising", "publicité"),
        ("duplicate", "doublon"),
        ("other", "autre"),
    ],
)
async def test_a_refusal_is_told_with_its_reason_but_never_the_note(
    client: httpx2.AsyncClient, moderator: dict[str, str], reason: str, words: str
) -> None:
    found = await makers.submit(client)
    await makers.act(
        client, moderator, found["comment"]["id"], "reject", reason=reason, note="Encore lui."
    )
    url = found["receipt"]["url"]
    assert (await shown(client, url))["reason"] == reason
    assert words in await page_of(client, url)
    for accept in ("application/json", BROWSER["Accept"]):
        text = (await client.get(url, headers={"Accept": accept})).text
        assert "Encore lui" not in text
        assert "alice" not in text


async def test_an_approval_has_no_reason(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.submit(client)
    comment_id, url = found["comment"]["id"], found["receipt"]["url"]
    await makers.act(client, moderator, comment_id, "reject", reason="abuse")
    for reason in (None, "other"):
        await makers.act(client, moderator, comment_id, "approve", reason=reason)
        receipt = await shown(client, url)
        assert (receipt["comment"]["state"], receipt["reason"]) == ("approved", None)
        await makers.act(client, moderator, comment_id, "hold", reason=reason)
        assert (await shown(client, url))["reason"] is None


async def test_an_author_reads_their_own_words_and_the_way_back(
    client: httpx2.AsyncClient,
) -> None:
    found = await makers.submit(client, name="Paul", comment="Bonjour *à tous*.")
    answer = await client.get(found["receipt"]["url"], headers=BROWSER)
    page = read(answer.text)
    assert "Bonjour à tous." in page.text
    assert page.one("em").text == "à tous"
    assert "Paul" in page.text
    assert page.all("a", href="https://blog.example/a")


async def test_a_published_comment_is_linked_to(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.submit(client)
    comment_id = found["comment"]["id"]
    await makers.act(client, moderator, comment_id, "approve")
    answer = await client.get(found["receipt"]["url"], headers=BROWSER)
    assert read(answer.text).one("a", href=f"https://blog.example/a#comment-{comment_id}")


async def test_a_deleted_comment_s_words_are_gone_from_its_receipt(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.submit(client, name="Paul", comment="Bonjour.")
    await makers.act(client, moderator, found["comment"]["id"], "delete")
    url = found["receipt"]["url"]
    assert (await shown(client, url))["comment"] | {"created_at": None} == {
        "id": found["comment"]["id"],
        "parent": None,
        "depth": 0,
        "state": "deleted",
        "author": None,
        "html": None,
        "created_at": None,
        "edited_at": None,
    }
    page = await page_of(client, url)
    assert "Paul" not in page
    assert "Bonjour." not in page


async def test_it_speaks_the_language_that_was_asked_for(client: httpx2.AsyncClient) -> None:
    url = (await makers.submit(client))["receipt"]["url"]
    assert "awaiting moderation" in await page_of(client, url, "?lang=en")
    assert "en attente" in await page_of(client, url, "?lang=xx")


# Withdrawing.


async def test_an_author_withdraws_their_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    found = await makers.submit(client)
    comment_id, url = found["comment"]["id"], found["receipt"]["url"]
    await makers.act(client, moderator, comment_id, "approve")
    clock.advance(hours=1)
    answer = await client.post(f"{url}/withdraw")
    assert answer.status_code == 200
    assert answer.json() == await shown(client, url)
    assert answer.json()["comment"]["state"] == "deleted"
    assert answer.json()["decided_at"] == "2026-11-23T10:00:00Z"
    assert (await makers.listing(client))["comments"] == []
    assert sum((await stored(client, moderator)).values()) == 0
    decisions = (await seen_by(client, moderator, comment_id))["decisions"]
    assert (decisions[-1]["by"], decisions[-1]["to"]) == ("author", "deleted")


async def test_a_withdrawn_comment_with_replies_leaves_a_tombstone(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.submit(client)
    parent = found["comment"]["id"]
    await makers.act(client, moderator, parent, "approve")
    await makers.approved(client, moderator, parent=parent)
    await client.post(f"{found['receipt']['url']}/withdraw")
    states = [one["state"] for one in (await makers.listing(client))["comments"]]
    assert states == ["deleted", "approved"]


async def test_withdrawing_again_changes_nothing(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.submit(client)
    answers = [await client.post(f"{found['receipt']['url']}/withdraw") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    decisions = (await seen_by(client, moderator, found["comment"]["id"]))["decisions"]
    assert [one["to"] for one in decisions] == ["pending", "deleted"]


async def test_the_page_s_button_withdraws_and_comes_back_in_the_reader_s_language(
    client: httpx2.AsyncClient,
) -> None:
    answer = await browse(client, makers.fields(lang="en"))
    page = read((await client.get(answer.headers["location"], headers=BROWSER)).text)
    button = page.one("form")
    assert button["method"] == "post"
    sent = {one["name"]: one["value"] for one in button.all("input")}
    done = await client.post(button["action"], data=sent, headers=BROWSER)
    assert done.status_code == 303
    after = await client.get(done.headers["location"], headers=BROWSER)
    page = read(after.text)
    assert "Your comment is deleted." in page.text
    assert page.all("form") == []


async def test_looking_withdraws_nothing(client: httpx2.AsyncClient) -> None:
    url = (await makers.submit(client))["receipt"]["url"]
    for method in ("GET", "HEAD"):
        answer = await client.request(method, f"{url}/withdraw")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST, OPTIONS"
    assert (await shown(client, url))["comment"]["state"] == "pending"


# Who may not see it.


async def test_a_receipt_is_neither_kept_nor_indexed_nor_passed_on(
    client: httpx2.AsyncClient,
) -> None:
    url = (await makers.submit(client))["receipt"]["url"]
    for accept in ("application/json", BROWSER["Accept"]):
        for answer in (
            await client.get(url, headers={"Accept": accept}),
            await client.get(f"{url}x", headers={"Accept": accept}),
            await client.post(f"{url}/withdraw", headers={"Accept": accept}),
        ):
            assert {name: answer.headers.get(name) for name in HIDDEN} == HIDDEN
            assert "set-cookie" not in answer.headers
            is_for_scripts = accept == "application/json" and answer.request.method == "GET"
            allowed = answer.headers.get("access-control-allow-origin")
            assert allowed == ("*" if is_for_scripts else None)


async def test_a_token_has_at_least_128_random_bits(client: httpx2.AsyncClient) -> None:
    tokens = [(await makers.submit(client))["receipt"]["token"] for _ in range(5)]
    assert len(set(tokens)) == 5
    # Six bits a character.
    assert all(len(token) * 6 >= 128 for token in tokens)


async def test_a_token_that_is_not_one_is_not_found_in_one_and_the_same_way(
    client: httpx2.AsyncClient,
) -> None:
    token = (await makers.submit(client))["receipt"]["token"]
    turned = token[:-1] + ("A" if token[-1] != "A" else "B")
    wrong = (turned, token[:-1], f"{token}A", token.swapcase(), "0", "x" * 5000, "%00", "%ff", "é")
    bodies = []
    for one in wrong:
        bodies.append(problem(await client.get(f"/v1/receipts/{one}"), 404, "receipt_not_found"))
        answer = await client.post(f"/v1/receipts/{one}/withdraw")
        bodies.append(problem(answer, 404, "receipt_not_found"))
    assert all(body == bodies[0] for body in bodies)


async def test_a_page_for_an_unknown_token_says_no_more(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/receipts/unknown?lang=en", headers=BROWSER)
    assert answer.status_code == 404
    assert read(answer.text).one("h1").text == "Status not found"


# What is known of an author stays with the moderators.


async def block(client: httpx2.AsyncClient, moderator: dict[str, str], email: str) -> None:
    body = {"email": email, "site": "blog"}
    url = "/v1/moderation/authors/lookup"
    author = (await client.post(url, json=body, headers=moderator)).json()["id"]
    url = f"/v1/moderation/authors/{author}/block"
    answer = await client.post(url, json={"reason": "spam", "also": "pending"}, headers=moderator)
    assert answer.status_code == 200, answer.text


async def test_a_blocked_author_s_receipt_looks_like_anybody_s(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.submit(client, email="blocked@example.com")
    await block(client, moderator, "blocked@example.com")
    told = []
    for who in ("blocked", "stranger"):
        found = await makers.submit(client, email=f"{who}@example.com")
        receipt = await shown(client, found["receipt"]["url"])
        assert receipt["comment"] == found["comment"]
        page = await page_of(client, found["receipt"]["url"])
        assert "en attente de modération" in page
        assert "indésirable" not in page
        unlike = {"id": None, "html": None}
        told.append(receipt | {"comment": receipt["comment"] | unlike})
    assert told[0] == told[1]
    assert (await stored(client, moderator))["spam"] == 2


async def test_a_comment_that_waited_when_its_author_was_blocked_still_seems_to_wait(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    found = await makers.submit(client, email="blocked@example.com")
    clock.advance(hours=1)
    await block(client, moderator, "blocked@example.com")
    assert (await seen_by(client, moderator, found["comment"]["id"]))["state"] == "spam"
    assert await shown(client, found["receipt"]["url"]) == {
        "comment": found["comment"],
        "reason": None,
        "decided_at": None,
    }


async def test_where_comments_are_public_at_once_a_blocked_author_s_seem_to_be(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await makers.submit(client, email="blocked@example.com")
    await block(client, admin, "blocked@example.com")
    await rules(client, admin, first_state="approved")
    fields = makers.fields(email="blocked@example.com", redirect="article")
    found = (await post(client, fields)).json()
    assert found["comment"]["state"] == "approved"
    receipt = await shown(client, found["receipt"]["url"])
    assert receipt["comment"]["state"] == "approved"
    assert receipt["decided_at"] == "2026-11-23T09:00:00Z"
    again = makers.fields(email="blocked@example.com", redirect="article")
    place = (await browse(client, again)).headers["location"]
    assert place.startswith("https://blog.example/a#comment-")
    assert (await makers.listing(client))["comments"] == []


async def test_a_blocked_author_may_still_withdraw(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.submit(client, email="blocked@example.com")
    await block(client, moderator, "blocked@example.com")
    found = await makers.submit(client, email="blocked@example.com")
    await client.post(f"{found['receipt']['url']}/withdraw")
    assert (await shown(client, found["receipt"]["url"]))["comment"]["state"] == "deleted"


async def test_what_a_moderator_decides_on_it_afterwards_is_told(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.submit(client, email="blocked@example.com")
    await block(client, moderator, "blocked@example.com")
    await makers.act(client, moderator, found["comment"]["id"], "approve")
    assert (await shown(client, found["receipt"]["url"]))["comment"]["state"] == "approved"


async def test_a_page_that_is_neither_the_sites_nor_ours_withdraws_nothing(
    client: httpx2.AsyncClient,
) -> None:
    token = (await makers.submit(client))["receipt"]["token"]
    path = f"/v1/receipts/{token}/withdraw"
    refused = await client.post(path, headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert (await client.get(f"/v1/receipts/{token}")).json()["comment"]["state"] == "pending"
    for origin in ("null", "https://blog.example"):
        assert (await client.post(path, headers={"Origin": origin})).status_code == 200


async def test_the_page_gives_the_reason_for_spam_as_well(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    stored = await makers.submit(client)
    await makers.act(client, moderator, stored["comment"]["id"], "spam", reason="advertising")
    page = await client.get(
        f"/v1/receipts/{stored['receipt']['token']}", headers={"Accept": "text/html"}
    )
    assert "publicité" in page.text
