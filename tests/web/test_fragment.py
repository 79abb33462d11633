"""The listing as a piece of HTML: `/v1/comments.html`, or `Accept: text/html` (contract 3.2)."""

from __future__ import annotations

import httpx2
import pytest

import makers
from web.speaking import BROWSER, PUBLIC_URL, put_article
from web.tree import Element, read


async def fragment(client: httpx2.AsyncClient, query: str = "article=/a") -> Element:
    answer = await client.get(f"/v1/comments.html?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return read(answer.text).one("section")


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/v1/comments", BROWSER["Accept"]), ("/v1/comments.html", "*/*")],
)
async def test_both_ways_lead_to_the_fragment(
    client: httpx2.AsyncClient, moderator: dict[str, str], path: str, accept: str
) -> None:
    await makers.approved(client, moderator, name="Paul", comment="Bonjour *à tous*.")
    answer = await client.get(path, params={"article": "/a"}, headers={"Accept": accept})
    section = read(answer.text).one("section")
    assert "Bonjour à tous." in section.text
    assert "<!doctype" not in answer.text.lower()
    assert answer.headers["content-language"] == "fr"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"
    again = await client.get(
        path,
        params={"article": "/a"},
        headers={"Accept": accept, "If-None-Match": answer.headers["etag"]},
    )
    assert again.status_code == 304


async def test_a_program_can_tell_what_is_what_from_the_microdata(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.approved(
        client, moderator, name="Paul", website="https://paul.example/", comment="Bonjour."
    )
    section = await fragment(client)
    assert section.one("meta", itemprop="commentCount")["content"] == "1"
    comment = section.one("li", itemprop="comment")
    assert comment["itemtype"] == "https://schema.org/Comment"
    assert comment["id"] == f"comment-{comment_id}"
    assert comment.one("bdi", itemprop="name").text == "Paul"
    assert comment.one("div", itemprop="text").text == "Bonjour."
    time = comment.one("time", itemprop="dateCreated")
    assert time["datetime"] == "2026-11-23T09:00:00Z"
    assert time.text.startswith("23 novembre 2026")
    link = comment.one("a", href="https://paul.example/")
    assert link["rel"] == "nofollow ugc noopener"


async def test_replies_are_inside_their_parent_and_tombstones_say_only_that(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator, name="Paul")
    reply = await makers.approved(client, moderator, name="Anne", parent=parent)
    await makers.act(client, moderator, parent, "reject")
    section = await fragment(client)
    tombstone = section.by_id(f"comment-{parent}")
    assert "Commentaire supprimé." in tombstone.text
    assert "Paul" not in section.text
    assert tombstone.one("li")["id"] == f"comment-{reply}"
    assert section.one("meta", itemprop="commentCount")["content"] == "1"


async def test_every_link_of_the_service_is_absolute(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    first = await makers.approved(client, moderator)
    await makers.approved(client, moderator)
    section = await fragment(client, "article=/a&limit=1")
    links = [link["href"] for link in section.all("a")]
    assert all(link.startswith((PUBLIC_URL, "https://blog.example/a")) for link in links)
    replies = [link for link in links if f"parent={first}" in link]
    assert replies[0].startswith(f"{PUBLIC_URL}/v1/form?")
    for link in links:
        if link.startswith(PUBLIC_URL):
            assert (await client.get(link)).status_code == 200


async def test_the_next_page_is_a_fragment_too(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator, name="Paul")
    await makers.approved(client, moderator, name="Anne")
    first = await fragment(client, "article=/a&limit=1&lang=en")
    following = first.one("a", rel="next")
    answer = await client.get(following["href"])
    second = read(answer.text).one("section")
    assert (first["lang"], second["lang"]) == ("en", "en")
    assert ("Paul" in first.text, "Anne" in first.text) == (True, False)
    assert ("Paul" in second.text, "Anne" in second.text) == (False, True)
    assert second.all("a", rel="next") == []


@pytest.mark.parametrize(
    ("lang", "accepted", "none_yet"),
    [
        ("fr", "en", "Aucun commentaire"),
        ("en", "fr", "No comments yet"),
        # The site's own language comes before the browser's.
        ("", "en", "Aucun commentaire"),
        ("xx", "en", "Aucun commentaire"),
    ],
)
async def test_it_speaks_the_language_that_was_asked_for_or_the_site_s(
    client: httpx2.AsyncClient, lang: str, accepted: str, none_yet: str
) -> None:
    answer = await client.get(
        f"/v1/comments.html?article=/a&lang={lang}", headers={"Accept-Language": accepted}
    )
    assert none_yet in read(answer.text).text


async def test_a_closed_article_invites_nobody(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    assert (await fragment(client)).text.count("Répondre") == 1
    await put_article(client, moderator, open=False)
    section = await fragment(client)
    assert "Les commentaires sont fermés." in section.text
    assert "Répondre" not in section.text
    assert not [link for link in section.all("a") if "/v1/form" in link["href"]]


async def test_nothing_that_was_typed_is_markup_of_the_page(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"
    await makers.approved(
        client,
        moderator,
        name=hostile[:80],
        comment=f"{hostile} [x](javascript:alert(1)) ![y](http://z.example/y.png)",
        title=hostile,
        article="/a?b='%22",
    )
    section = await fragment(client, "article=/a?b='%2522")
    allowed = {"section", "link", "meta", "h2", "ol", "li", "div", "svg", "circle", "text", "span"}
    allowed |= {"b", "bdi", "a", "time", "p", "br", "em", "strong", "del", "code", "pre"}
    assert {element.tag for element in section.walk()} <= allowed | {"blockquote", "ul"}
    for element in section.walk():
        assert not [name for name in element.attributes if name.startswith(("on", "style"))]
        assert "javascript" not in (element.get("href") or "")
    assert "<script>alert(1)</script>" in section.text


async def test_it_runs_no_script_and_sets_no_cookie(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    answer = await client.get("/v1/comments.html?article=/a")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    assert read(answer.text).all("script") == []


async def test_a_problem_is_a_page_to_a_browser(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/comments?article=//x", headers=BROWSER)
    assert answer.status_code == 400
    page = read(answer.text)
    assert page.one("h1").text == "Adresse à corriger"
    assert "Cette page n’est pas celle d’un site" in page.text
