"""`GET /v1/comments.atom`: an Atom feed (RFC 4287) of the newest approved comments."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, fromstring

import httpx2
import pytest

import makers
from conftest import Clock
from naughty import NAUGHTY
from palabre.actions import sites
from palabre.service import Service
from web.speaking import PUBLIC_URL, field_codes, post, problem, rules

ATOM = "{http://www.w3.org/2005/Atom}"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def text(element: Element, name: str) -> str:
    """The text of the one child of that name."""
    (found,) = element.findall(f"{ATOM}{name}")
    return found.text or ""


def link(element: Element, rel: str) -> str:
    (found,) = [one for one in element.findall(f"{ATOM}link") if one.get("rel") == rel]
    return str(found.get("href"))


def entries(feed: Element) -> list[Element]:
    return feed.findall(f"{ATOM}entry")


async def read(client: httpx2.AsyncClient, query: str = "article=/a") -> Element:
    """A feed, with everything that RFC 4287 asks of one."""
    answer = await client.get(f"/v1/comments.atom?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml"
    assert answer.content.startswith(b"<?xml")
    feed = fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"
    ids = []
    for element in (feed, *entries(feed)):
        assert urlsplit(text(element, "id")).scheme
        ids.append(text(element, "id"))
        assert text(element, "title").strip()
        assert INSTANT.fullmatch(text(element, "updated"))
        assert datetime.fromisoformat(text(element, "updated"))
        assert link(element, "alternate").startswith("https://")
        (author,) = element.findall(f"{ATOM}author")
        assert text(author, "name").strip()
    assert len(set(ids)) == len(ids)
    assert link(feed, "self").startswith(f"{PUBLIC_URL}/v1/comments.atom?")
    return feed


async def test_a_comment_is_an_entry(client: httpx2.AsyncClient, moderator: dict[str, str]) -> None:
    comment_id = await makers.approved(
        client,
        moderator,
        name="Paul & Cie",
        website="https://paul.example/?a=1&b=2",
        comment="Bonjour <b>*à tous*</b> ]]>",
        title="Les réseaux",
    )
    feed = await read(client)
    assert text(feed, "title") == "Commentaires – Les réseaux"
    assert link(feed, "alternate") == "https://blog.example/a"
    (entry,) = entries(feed)
    assert text(entry, "title") == "Commentaire de Paul & Cie"
    assert text(entry, "published") == "2026-11-23T09:00:00Z"
    assert link(entry, "alternate") == f"https://blog.example/a#comment-{comment_id}"
    assert uuid.UUID(text(entry, "id").removeprefix("urn:uuid:"))
    (author,) = entry.findall(f"{ATOM}author")
    assert (text(author, "name"), text(author, "uri")) == (
        "Paul & Cie",
        "https://paul.example/?a=1&b=2",
    )
    (content,) = entry.findall(f"{ATOM}content")
    assert content.get("type") == "html"
    (shown,) = (await makers.listing(client))["comments"]
    assert content.text == shown["html"]


async def test_an_article_nobody_has_commented_on_has_an_empty_feed(
    client: httpx2.AsyncClient,
) -> None:
    feed = await read(client, "article=/never")
    assert entries(feed) == []
    assert link(feed, "alternate") == "https://blog.example/never"


async def test_the_newest_comes_first(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    ids = []
    for _ in range(3):
        clock.advance(minutes=1)
        ids.append(await makers.approved(client, moderator))
    feed = await read(client)
    links = [link(entry, "alternate").partition("#comment-")[2] for entry in entries(feed)]
    assert links == ids[::-1]
    assert text(feed, "updated") == "2026-11-23T09:03:00Z"


async def test_replies_are_in_it_and_tombstones_are_not(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator, name="Paul")
    await makers.approved(client, moderator, name="Anne", parent=parent)
    await makers.comment(client, name="Zoé")
    await makers.act(client, moderator, parent, "reject")
    feed = await read(client)
    assert [text(entry, "title") for entry in entries(feed)] == ["Commentaire de Anne"]


async def test_an_edit_is_told_by_its_time(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    comment = await makers.approved(client, moderator)
    clock.advance(hours=1)
    url = f"/v1/moderation/comments/{comment}"
    await client.patch(url, json={"text": "Corrigé."}, headers=moderator)
    feed = await read(client)
    (entry,) = entries(feed)
    assert text(entry, "published") == "2026-11-23T09:00:00Z"
    assert text(entry, "updated") == text(feed, "updated") == "2026-11-23T10:00:00Z"


async def test_without_an_article_it_is_the_site_s(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str]
) -> None:
    await sites.add(service, "news", origins=["https://news.example"], locale="en")
    for article in ("https://blog.example/a", "https://blog.example/b", "https://news.example/a"):
        await makers.approved(client, moderator, article=article)
    feed = await read(client, "site=blog")
    places = {link(entry, "alternate").partition("#")[0] for entry in entries(feed)}
    assert places == {"https://blog.example/a", "https://blog.example/b"}
    assert text(await read(client, "site=news"), "title") == "Comments – news"


async def test_it_holds_no_more_than_fifty(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, first_state="approved")
    for _ in range(52):
        clock.advance(minutes=1)
        await makers.submit(client)
    assert len(entries(await read(client))) == 50


async def test_characters_that_no_xml_may_hold_do_not_break_it(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved", max_links=100)
    taken = 0
    for number, naughty in enumerate(NAUGHTY):
        fields = makers.fields(
            comment=f"{naughty} \ufffe\uffff n° {number}", name=f"N {naughty}"[:80]
        )
        answer = await post(client, fields)
        if answer.status_code == 422:
            answer = await post(client, fields | {"name": f"N {number}"})
        taken += answer.status_code == 201
    assert taken > len(NAUGHTY) / 2
    feed = await read(client)
    assert entries(feed)
    assert all("\ufffe" not in text(entry, "content") for entry in entries(feed))


async def test_it_speaks_the_site_s_language_or_the_one_asked_for(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator, name="Paul")
    feed = await read(client, "article=/a&lang=en")
    assert text(entries(feed)[0], "title") == "Comment by Paul"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


async def test_a_title_that_nobody_vouches_for_is_not_in_it(client: httpx2.AsyncClient) -> None:
    await makers.comment(client, title="Achetez maintenant")
    assert text(await read(client), "title") == "Commentaires – https://blog.example/a"


async def test_who_has_it_already_is_told_just_that(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    first = await client.get("/v1/comments.atom?article=/a")
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert first.headers["access-control-allow-origin"] == "*"
    known = {"If-None-Match": first.headers["etag"]}
    assert (await client.get("/v1/comments.atom?article=/a", headers=known)).status_code == 304
    await makers.approved(client, moderator)
    assert (await client.get("/v1/comments.atom?article=/a", headers=known)).status_code == 200


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("article=//x", {"article": "not_allowed"}),
        ("article=/a&article=/b", {"article": "invalid"}),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_bad_parameter_is_named(
    client: httpx2.AsyncClient, query: str, errors: dict[str, str]
) -> None:
    assert field_codes(await client.get(f"/v1/comments.atom?{query}"), 400) == errors


async def test_an_unknown_site_is_not_there(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/v1/comments.atom?site=nowhere"), 404, "site_not_found")
