"""`GET /v1/form`: the comment form as a page of its own (contract 3.3)."""

from __future__ import annotations

import httpx2
import pytest

import makers
from conftest import ORIGIN, Clock
from palabre.actions import sites
from palabre.model import Site
from palabre.service import Service
from web.speaking import (
    BROWSER,
    NOTHING,
    Sent,
    browse,
    field_codes,
    problem,
    put_article,
    rules,
    send,
    stored,
)
from web.tree import Element, read

# What the contract's table of fields names, and nothing but.
WRITTEN_BY_HAND = "article=%2Fa&name=Paul&email=paul%40example.com&comment=Bonjour"


async def form(client: httpx2.AsyncClient, query: str = "article=/a") -> Element:
    answer = await client.get(f"/v1/form?{query}", headers=BROWSER)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return read(answer.text)


def filled_in(page: Element, **typed: str) -> dict[str, str]:
    """What a browser sends of the page's form once it is filled in."""
    inputs = {one["name"]: one.get("value") or "" for one in page.one("form").all("input")}
    areas = {one["name"]: one.raw for one in page.one("form").all("textarea")}
    assert set(typed) <= set(inputs | areas)
    return inputs | areas | typed


TYPED = {"comment": "Bonjour.", "name": "Paul", "email": "paul@example.com"}


async def test_the_form_sends_a_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    page = await form(client)
    sent = page.one("form")
    assert (sent["method"], sent["action"]) == ("post", "/v1/comments")
    assert sent["accept-charset"] == "utf-8"
    answer = await browse(client, filled_in(page, **TYPED))
    assert answer.status_code == 303
    assert await stored(client, moderator) == NOTHING | {"pending": 1}


async def test_it_leads_back_to_the_article_when_the_comment_is_public_at_once(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, first_state="approved")
    page = await form(client)
    clock.advance(seconds=30)
    answer = await browse(client, filled_in(page, **TYPED))
    assert answer.headers["location"].startswith("https://blog.example/a#comment-")


async def test_required_fields_are_marked_and_it_is_said_what_becomes_of_the_address(
    client: httpx2.AsyncClient,
) -> None:
    page = await form(client)
    assert (
        "Votre adresse de messagerie ne sera pas publiée. "
        "Les champs obligatoires sont indiqués avec *"
    ) in page.text
    for name, required in (("comment", True), ("name", True), ("email", True), ("website", False)):
        control = page.by_id(f"field-{name}")
        assert ("required" in control.attributes) is required
        label = page.one("label", for_=f"field-{name}")
        assert ("*" in label.text) is required


async def test_it_needs_neither_script_nor_cookie(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/form?article=/a")
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    # The one script is a module of our own, in the head.
    (script,) = read(answer.text).all("script")
    assert (script["type"], script.inside) == ("module", [])
    assert script["src"].startswith("/static/guard.js?v=")


async def test_its_policy_lets_the_answer_lead_to_each_of_the_site_s_origins(
    client: httpx2.AsyncClient, service: Service
) -> None:
    origins = ["https://news.example", "http://127.0.0.1:8080"]
    await sites.add(service, "news", origins=origins)
    answer = await client.get("/v1/form?article=https://news.example/a")
    policies = answer.headers["content-security-policy"].split("; ")
    (action,) = [policy for policy in policies if policy.startswith("form-action")]
    assert action.split() == ["form-action", "'self'", *origins]
    (frame,) = [policy for policy in policies if policy.startswith("frame-ancestors")]
    assert ORIGIN not in frame


async def test_each_form_brings_a_key_of_its_own(client: httpx2.AsyncClient) -> None:
    keys = {(await form(client)).one("input", name="idempotency_key")["value"] for _ in range(3)}
    assert len(keys) == 3
    assert all(8 <= len(key) <= 128 for key in keys)


async def test_a_form_sent_twice_is_one_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    sent = filled_in(await form(client), **TYPED)
    for _ in range(2):
        assert (await browse(client, sent)).status_code == 303
    assert await stored(client, moderator) == NOTHING | {"pending": 1}


@pytest.mark.parametrize(
    ("lang", "language", "button"),
    [
        ("fr", "fr", "Publier le commentaire"),
        ("en", "en", "Post the comment"),
        ("xx", "fr", "Publier le commentaire"),
        ("", "fr", "Publier le commentaire"),
    ],
)
async def test_it_speaks_the_language_that_was_asked_for(
    client: httpx2.AsyncClient, lang: str, language: str, button: str
) -> None:
    page = await form(client, f"article=/a&lang={lang}")
    assert page.one("html")["lang"] == language
    assert page.one("input", name="lang")["value"] == language
    assert page.one("button").text == button


async def test_a_reply_shows_what_it_replies_to(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator, name="Anne", comment="Qu’en *dites*-vous ?")
    page = await form(client, f"article=/a&parent={parent}")
    assert "En réponse à Anne" in page.text
    assert page.one("blockquote").text == "Qu’en dites-vous ?"
    await browse(client, filled_in(page, **TYPED))
    queue = await client.get("/v1/moderation/comments", headers=moderator)
    assert [one["parent"] for one in queue.json()["comments"]] == [parent]


async def test_a_reply_to_what_is_not_public_is_refused_and_shows_nothing_of_it(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    waiting = await makers.comment(client, comment="Un secret.")
    elsewhere = await makers.approved(client, moderator, article="/b")
    for parent in (waiting, elsewhere, "0", "x%00y", "%C3%A9"):
        answer = await client.get(f"/v1/form?article=/a&parent={parent}")
        assert list(field_codes(answer, 400)) == ["parent"]
        assert "secret" not in answer.text


async def test_a_reader_whom_an_old_link_brings_may_still_comment_though_not_reply(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator, comment="Un secret.")
    await makers.act(client, moderator, parent, "hold")
    answer = await client.get(f"/v1/form?article=/a&parent={parent}", headers=BROWSER)
    assert answer.status_code == 400
    page = read(answer.text)
    told = page.one("div", role="alert").text
    assert "n’est pas public sur cet article, ou ne l’est plus." in told
    assert "paraîtra comme un commentaire à part" in told
    assert "est conservé" not in told
    assert "secret" not in page.text
    assert page.all("a", href="https://blog.example/a")
    await browse(client, filled_in(page, **TYPED))
    queue = await client.get("/v1/moderation/comments?order=newest", headers=moderator)
    assert queue.json()["comments"][0]["text"] == TYPED["comment"]
    assert queue.json()["comments"][0]["parent"] is None


async def test_a_closed_article_has_no_form(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await put_article(client, moderator, open=False)
    page = await form(client)
    assert "Les commentaires sont fermés." in page.text
    assert page.all("form") == []
    assert page.all("a", href="https://blog.example/a")


async def test_it_names_the_article_by_the_title_that_somebody_vouches_for(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, title="Achetez maintenant")
    assert "Achetez" not in (await form(client)).text
    await put_article(client, moderator, title="Les réseaux")
    page = await form(client)
    assert "Les réseaux" in [one.text for one in page.all("a", href="https://blog.example/a")]
    assert "Les réseaux" in page.one("title").text


async def test_it_says_what_the_site_does_with_one_s_data(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    assert not [one for one in (await form(client)).all("a") if "vie-privee" in one["href"]]
    await rules(client, admin, privacy_url="https://blog.example/vie-privee")
    page = await form(client)
    assert page.one("a", href="https://blog.example/vie-privee")


async def test_its_limits_never_cut_what_is_allowed(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, comment_limit=100)
    page = await form(client)
    # A browser counts UTF-16 units, of which an emoji takes two.
    assert int(page.by_id("field-comment")["maxlength"]) >= 200
    assert int(page.by_id("field-name")["maxlength"]) >= 160


async def test_of_two_sites_it_knows_its_own(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str]
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    page = await form(client, "article=/a&site=news")
    await browse(client, filled_in(page, **TYPED))
    queue = await client.get("/v1/moderation/comments", headers=moderator)
    assert [one["site"] for one in queue.json()["comments"]] == ["news"]


@pytest.fixture
def below_a_path(environ: dict[str, str]) -> None:
    environ["PALABRE_PUBLIC_URL"] = "https://blog.example/comments"


@pytest.mark.usefixtures("below_a_path")
async def test_below_a_path_every_link_begins_with_it(
    client: httpx2.AsyncClient, site: Site
) -> None:
    page = await form(client)
    assert page.one("form")["action"] == "/comments/v1/comments"
    assert page.one("link")["href"].startswith("/comments/static/")
    answer = await browse(client, filled_in(page, **TYPED))
    assert answer.headers["location"].startswith("/comments/v1/receipts/")
    receipt = (await makers.submit(client))["receipt"]
    assert receipt["url"] == f"https://blog.example/comments/v1/receipts/{receipt['token']}"


async def test_a_form_written_by_hand_works_with_nothing_but_the_contract_s_names(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    sent = Sent(WRITTEN_BY_HAND.encode(), "application/x-www-form-urlencoded")
    answer = await send(client, sent, BROWSER | {"Origin": ORIGIN})
    assert answer.status_code == 303
    assert await stored(client, moderator) == NOTHING | {"pending": 1}


BAD_PARAMETERS = (
    ("", {"article": "required"}),
    ("article=//x", {"article": "not_allowed"}),
    ("article=https://elsewhere.example/", {"article": "not_allowed"}),
    ("article=/a&article=/b", {"article": "invalid"}),
    ("article=/a&lang=fr&lang=fr", {"lang": "invalid"}),
)


async def test_a_bad_parameter_is_named(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for query, errors in BAD_PARAMETERS:
        with subtests.test(query[:40]):
            assert field_codes(await client.get(f"/v1/form?{query}"), 400) == errors


async def test_an_unknown_site_is_not_there(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/v1/form?article=/a&site=nowhere"), 404, "site_not_found")
