"""A site's lists of words: over HTTP and at the desk, and what becomes of a comment with one."""

from __future__ import annotations

import html
import json
import re

import httpx2
import pytest

import makers
from conftest import token_for
from palabre.model import Scope
from palabre.service import Service
from palabre.web.body import BODY_BYTES, RULES_BYTES
from web import desk
from web.speaking import BROWSER, problem, put_article, rules, seen_by, signal_of

URL = "/v1/moderation/sites/blog"
MANY = [f"mot interdit {n} ééé" for n in range(10_000)]


@pytest.fixture
async def at_desk(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> dict[str, str]:
    """Ada, who may do anything, has signed in."""
    return await desk.enter(service, client, "ada")


async def test_a_word_that_holds_makes_a_comment_wait_and_says_which(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved", hold_words=["*casino*"])
    assert (await makers.submit(client))["comment"]["state"] == "approved"
    sent = (await makers.submit(client, comment="Venez au c4sin0 ! Merci."))["comment"]
    assert sent["state"] == "pending"
    found = await seen_by(client, admin, sent["id"])
    assert found["decisions"][0]["by"] == "rule:words"
    signal = signal_of(found, "words")
    assert signal["score"] == 0.7
    assert "«\u00a0*casino*\u00a0»" in signal["why"]


async def test_a_word_that_is_refused_refuses_and_the_author_is_told(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved", reject_words=["casino"])
    stored = await makers.submit(client, comment="Venez au CASІNO !", redirect="article")
    assert stored["comment"]["state"] == "rejected"
    token = stored["receipt"]["token"]
    receipt = (await client.get(f"/v1/receipts/{token}")).json()
    assert (receipt["comment"]["state"], receipt["reason"]) == ("rejected", None)
    assert receipt["decided_at"] is not None
    page = await client.get(f"/v1/receipts/{token}", headers=BROWSER)
    assert 'class="state rejected"' in page.text
    assert (await makers.listing(client))["comments"] == []
    found = await seen_by(client, admin, stored["comment"]["id"])
    assert [(one["from"], one["to"], one["by"]) for one in found["decisions"]] == [
        (None, "rejected", "rule:words")
    ]
    assert found["author"]["rejected"] == 1
    back = await makers.act(client, admin, stored["comment"]["id"], "approve")
    assert (back["state"], back["author"]["rejected"]) == ("approved", 0)


async def test_a_blocked_author_reads_the_same_of_a_refused_word_as_anybody(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, reject_words=["casino"])
    first = await makers.comment(client)
    author = (await seen_by(client, admin, first))["author"]["id"]
    url = f"/v1/moderation/authors/{author}/block"
    assert (await client.post(url, json={}, headers=admin)).status_code == 200
    receipts = []
    for email in ("helene@example.com", "autre@example.com"):
        stored = await makers.submit(client, comment=f"Un casino {email[0]}", email=email)
        token = stored["receipt"]["token"]
        receipt = (await client.get(f"/v1/receipts/{token}")).json()
        receipts.append(
            (stored["comment"]["state"], receipt["comment"]["state"], receipt["reason"])
        )
        assert (receipt["decided_at"] is None) is False
    assert receipts[0] == receipts[1] == ("rejected", "rejected", None)


async def test_a_program_replaces_a_list_of_ten_thousand_entries(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    body = {"policy": {"hold_words": MANY, "reject_words": [*MANY, "", MANY[0]]}}
    assert BODY_BYTES < len(json.dumps(body)) < RULES_BYTES
    changed = await client.patch(URL, json=body, headers=admin)
    assert changed.status_code == 200
    assert changed.json()["policy"]["hold_words"] == MANY
    assert changed.json()["policy"]["reject_words"] == MANY
    sent = (await makers.submit(client, comment="Le MOT 1NTERDIT 7777 eee, voilà."))["comment"]
    assert sent["state"] == "rejected"
    too_many = await client.patch(
        URL, json={"policy": {"hold_words": [*MANY, "un de trop"]}}, headers=admin
    )
    (error,) = problem(too_many, 422, "invalid_request")["errors"]
    assert (error["field"], error["code"]) == ("policy.hold_words", "too_long")


async def test_a_bad_entry_is_named_and_nothing_is_changed(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    body = {"policy": {"hold_words": ["bon", "a*"], "depth": 1}}
    answer = await client.patch(URL, json=body, headers=admin)
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert (error["field"], error["code"]) == ("policy.hold_words", "invalid")
    assert "«\u00a0a*\u00a0»" in error["message"]
    assert (await client.get(URL, headers=admin)).json()["policy"]["depth"] == 3


async def test_an_article_has_no_lists_of_its_own_and_is_not_answered_with_the_sites(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved", hold_words=["casino"], languages=["fr"])
    await put_article(client, admin, article="/a", policy={"languages": ["fr", "en"]})
    answer = await client.put(
        "/v1/moderation/articles",
        json={"article": "/a", "policy": {"hold_words": ["autre"]}},
        headers=admin,
    )
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert (error["field"], error["code"]) == ("policy.hold_words", "not_allowed")
    (found,) = (await client.get("/v1/moderation/articles", headers=admin)).json()["articles"]
    assert found["policy"]["languages"] == ["fr", "en"]
    assert not {"hold_words", "reject_words"} & set(found["policy"])
    assert (await makers.submit(client, comment="Un casino."))["comment"]["state"] == "pending"


async def test_nobody_but_who_may_change_rules_sends_as_much(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    big = {"site": "blog", "csrf": "x", "hold_words": "mot\n" * (BODY_BYTES // 4)}
    assert (await client.post("/desk/rules", data=big, headers=desk.FORM)).status_code == 413
    cookie = await desk.enter(service, client, "alice")
    csrf = await desk.csrf(client, cookie)
    answer = await client.post("/desk/rules", data=big | {"csrf": csrf}, headers=desk.FORM)
    assert answer.status_code == 413
    answer = await client.post("/v1/comments", json=makers.fields(comment="x" * BODY_BYTES))
    assert answer.status_code == 413


async def test_a_name_like_a_moderators_is_held_and_says_so(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    await token_for(service, "Martin Durand", Scope.MODERATE)
    for name, state in (("Martin", "approved"), ("Mаrtin DURAND", "pending")):
        sent = (await makers.submit(client, name=name))["comment"]
        assert sent["state"] == state
    found = await seen_by(client, admin, sent["id"])
    assert found["decisions"][0]["by"] == "rule:impersonation"
    assert signal_of(found, "impersonation")["why"].startswith("Le nom ressemble")


async def test_who_no_longer_moderates_is_nobodys_model(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    from palabre.actions import moderators

    await rules(client, admin, first_state="approved")
    await token_for(service, "Martin Durand", Scope.MODERATE)
    await moderators.revoke(service, "Martin Durand")
    sent = await makers.submit(client, name="Martin Durand")
    assert sent["comment"]["state"] == "approved"


async def test_a_comment_in_another_language_is_remarked_on_and_held_once_the_site_says_so(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    text = "I really enjoyed this post, and I will tell all of my friends about it as soon as I can"
    await rules(client, admin, first_state="approved")
    sent = (await makers.submit(client, comment=f"{text}."))["comment"]
    assert sent["state"] == "approved"
    found = await seen_by(client, admin, sent["id"])
    assert signal_of(found, "language")["score"] == 0.3
    await rules(client, admin, languages=["FR", "br"])
    assert (await makers.submit(client, comment=f"{text}!"))["comment"]["state"] == "pending"


def typed(page: str, rule: str) -> str:
    """What stands in the text area of a list."""
    found = re.search(rf'<textarea id="{rule}".*?>\n(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


async def save(client: httpx2.AsyncClient, **changed: str) -> httpx2.Response:
    """The rules' form as a browser sends it once these fields are changed."""
    page = (await client.get("/desk/rules")).text
    data = {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page)
        if not name.startswith("reason-")
    }
    data |= {"first_state": "", "reasons": ""}
    data |= {rule: typed(page, rule) for rule in ("hold_words", "reject_words")} | changed
    lines = {name: re.sub(r"\r?\n", "\r\n", value) for name, value in data.items()}
    files = {name: (None, value.encode()) for name, value in lines.items()}
    return await client.post("/desk/rules", files=files, headers=desk.FORM)


async def test_the_lists_are_edited_at_the_desk_one_entry_a_line(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    saved = await save(client, hold_words="\n".join(MANY), reject_words="viagr*\n\n <b>&amp; \n")
    assert saved.status_code == 200, saved.text
    policy = (await client.get(URL, headers=admin)).json()["policy"]
    assert (policy["hold_words"], policy["reject_words"]) == (MANY, ["viagr*", "<b>&amp;"])
    assert typed((await client.get("/desk/rules")).text, "reject_words") == "viagr*\n<b>&amp;"
    await client.patch(URL, json={"policy": {"languages": ["fr", "en"]}}, headers=admin)
    assert (await save(client, depth="2", hold_words="")).status_code == 200
    policy = (await client.get(URL, headers=admin)).json()["policy"]
    assert (policy["hold_words"], policy["reject_words"]) == ([], ["viagr*", "<b>&amp;"])
    assert (policy["depth"], policy["languages"]) == (2, ["fr", "en"])


async def test_a_list_that_nobody_touched_stays_as_somebody_else_has_left_it(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    await rules(client, admin, hold_words=["casino", "viagra"])
    page = (await client.get("/desk/rules")).text
    before = desk.field(page, "hold_words_before")
    await rules(client, admin, hold_words=["casino", "viagra", "autre"])
    saved = await save(client, depth="2", hold_words="casino\nviagra", hold_words_before=before)
    assert saved.status_code == 200
    policy = (await client.get(URL, headers=admin)).json()["policy"]
    assert (policy["depth"], policy["hold_words"]) == (2, ["casino", "viagra", "autre"])


async def test_a_bad_entry_is_told_at_its_list_and_what_was_typed_is_kept(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    answer = await save(client, hold_words="bon\na*", languages="fr, klingon")
    assert answer.status_code == 422
    assert 'id="error-hold_words"' in answer.text
    assert 'id="error-languages"' in answer.text
    assert typed(answer.text, "hold_words").split() == ["bon", "a*"]


async def test_an_articles_page_shows_no_lists_and_saving_it_leaves_the_sites(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    await rules(client, admin, hold_words=["casino"], languages=["fr"])
    made = await put_article(client, admin, article="/a")
    page = (await client.get(f"/desk/articles/{made['id']}")).text
    assert "textarea" not in page
    assert "fr" in page
    data = {"csrf": desk.field(page, "csrf"), "act": "save", "languages": "fr en"}
    data |= {"title": "", "title_before": "", "first_state": "", "reasons": ""}
    saved = await client.post(f"/desk/articles/{made['id']}", data=data, headers=desk.FORM)
    assert saved.status_code == 200
    found = (await client.get(f"/v1/moderation/articles/{made['id']}", headers=admin)).json()
    assert found["policy"]["languages"] == ["fr", "en"]
    assert (await client.get(URL, headers=admin)).json()["policy"]["hold_words"] == ["casino"]
