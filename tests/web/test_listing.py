"""`GET /v1/comments`: the public listing (contract 3.2)."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import brotli
import httpx2
import pytest

import makers
from conftest import Clock
from palabre import settings
from palabre.actions import decide, moderators, sites
from palabre.model import Scope, State
from palabre.service import Service, opened
from web.speaking import (
    BROWSER,
    Json,
    field_codes,
    post,
    problem,
    put_article,
    rules,
)

PUBLIC = ("id", "parent", "depth", "state", "author", "html", "created_at", "edited_at")


async def get(
    client: httpx2.AsyncClient, query: str, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    return await client.get(f"/v1/comments?{query}", headers=dict(headers or {}))


async def names(client: httpx2.AsyncClient, **parameters: Any) -> list[str]:
    """Who wrote the comments of /a, in reading order; "–" for a tombstone."""
    page = await makers.listing(client, **parameters)
    return [one["author"]["name"] if one["author"] else "–" for one in page["comments"]]


async def walk(client: httpx2.AsyncClient, query: str = "article=/a&limit=2") -> list[Json]:
    """Every comment of a listing, page by page."""
    found: list[Json] = []
    following = f"/v1/comments?{query}"
    while following:
        page = (await client.get(following)).json()
        found += page["comments"]
        following = page["next"]
    return found


class Thread:
    """Makes approved comments by name: `await thread("A1", under="A")`."""

    def __init__(self, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock) -> None:
        self.client, self.moderator, self.clock = client, moderator, clock
        self.ids: dict[str, str] = {}

    async def __call__(self, *new: str, under: str | None = None) -> None:
        for name in new:
            self.clock.advance(seconds=1)
            self.ids[name] = await makers.approved(
                self.client, self.moderator, name=name, parent=self.ids[under] if under else None
            )

    async def act(self, action: str, name: str) -> None:
        await makers.act(self.client, self.moderator, self.ids[name], action)


@pytest.fixture
def thread(client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock) -> Thread:
    return Thread(client, moderator, clock)


# What is shown.


async def test_an_article_nobody_has_commented_on_is_an_empty_page(
    client: httpx2.AsyncClient,
) -> None:
    assert await makers.listing(client, "/never") == {
        "article": {
            "url": "https://blog.example/never",
            "title": None,
            "open": True,
            "count": 0,
        },
        "comments": [],
        "next": None,
    }


async def test_an_approved_comment_is_shown_with_what_is_public_and_nothing_else(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    comment_id = await makers.approved(
        client,
        moderator,
        name="Paul",
        comment="Bonjour *à tous*\nhttps://e.example",
        website="https://paul.example/",
        title="Les réseaux",
    )
    page = await makers.listing(client)
    assert page["article"]["title"] == "Les réseaux"
    assert page["article"]["count"] == 1
    (comment,) = page["comments"]
    assert tuple(comment) == PUBLIC
    hue = comment["author"].pop("hue")
    assert hue in range(360)
    assert comment == {
        "id": comment_id,
        "parent": None,
        "depth": 0,
        "state": "approved",
        "author": {"name": "Paul", "website": "https://paul.example/", "moderator": False},
        "html": (
            "<p>Bonjour <em>à tous</em><br>\n"
            '<a href="https://e.example" rel="nofollow ugc noopener">https://e.example</a></p>'
        ),
        "created_at": "2026-11-23T09:00:00Z",
        "edited_at": None,
    }


@pytest.mark.parametrize("action", ["reject", "spam", "hold", "delete"])
async def test_what_is_no_longer_approved_is_gone_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str], action: str
) -> None:
    comment = await makers.approved(client, moderator)
    await makers.act(client, moderator, comment, action)
    page = await makers.listing(client)
    assert (page["article"]["count"], page["comments"]) == (0, [])


async def test_an_edited_comment_says_when(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    comment = await makers.approved(client, moderator)
    clock.advance(minutes=5)
    url = f"/v1/moderation/comments/{comment}"
    await client.patch(url, json={"text": "Corrigé."}, headers=moderator)
    (shown,) = (await makers.listing(client))["comments"]
    assert (shown["html"], shown["edited_at"]) == ("<p>Corrigé.</p>", "2026-11-23T09:05:00Z")


async def test_a_moderator_s_reply_is_marked(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment = await makers.approved(client, moderator)
    url = f"/v1/moderation/comments/{comment}/reply"
    await client.post(url, json={"text": "Merci."}, headers=moderator)
    shown = (await makers.listing(client))["comments"]
    assert [one["author"]["moderator"] for one in shown] == [False, True]


async def test_a_closed_article_says_so(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await put_article(client, moderator, open=False)
    assert (await makers.listing(client))["article"]["open"] is False


async def test_the_hue_comes_from_the_name_and_the_article_not_from_the_address(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    hues = {}
    for article, name, email in (
        ("/a", "Paul", "one@example.com"),
        ("/a", "Paul", "two@example.com"),
        ("/b", "Paul", "one@example.com"),
        ("/a", "Anne", "one@example.com"),
    ):
        await makers.approved(client, moderator, article=article, name=name, email=email)
        shown = (await makers.listing(client, article))["comments"][-1]
        hues[article, name, email] = shown["author"]["hue"]
    first, same, *others = hues.values()
    assert first == same
    assert set(others) != {first}


async def test_neither_address_nor_author_nor_decision_is_in_it(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment = await makers.comment(client, email="Marquee@example.com")
    done = await makers.act(
        client, moderator, comment, "approve", note="une note à nous", reason="other"
    )
    text = (await get(client, "article=/a")).text
    for secret in ("marquee", done["author"]["id"], "une note", "alice", "other"):
        assert secret not in text.lower()


# Reading order.


async def test_replies_follow_their_parent_and_siblings_are_oldest_first(
    client: httpx2.AsyncClient, thread: Thread
) -> None:
    await thread("A", "B")
    await thread("A1", "A2", under="A")
    await thread("C")
    await thread("B1", under="B")
    await thread("A1a", under="A1")
    assert await names(client) == ["A", "A1", "A1a", "A2", "B", "B1", "C"]
    depths = [one["depth"] for one in (await makers.listing(client))["comments"]]
    assert depths == [0, 1, 2, 1, 0, 1, 0]


async def test_newest_first_turns_the_top_level_only(
    client: httpx2.AsyncClient, thread: Thread
) -> None:
    await thread("A", "B")
    await thread("A1", "A2", under="A")
    await thread("B1", "B2", under="B")
    assert await names(client, order="newest") == ["B", "B1", "B2", "A", "A1", "A2"]


async def test_a_comment_has_its_place_by_when_it_came_not_by_when_it_was_approved(
    client: httpx2.AsyncClient, moderator: dict[str, str], thread: Thread
) -> None:
    early = await makers.comment(client, name="A")
    await thread("B")
    await makers.act(client, moderator, early, "approve")
    assert await names(client) == ["A", "B"]


async def test_a_reply_deeper_than_the_site_s_depth_hangs_at_that_depth(
    client: httpx2.AsyncClient, thread: Thread
) -> None:
    await thread("A")
    for parent, child in zip("ABCDE", "BCDEF", strict=True):
        await thread(child, under=parent)
    shown = (await makers.listing(client))["comments"]
    above = {identity: name for name, identity in thread.ids.items()}
    placed = [(one["author"]["name"], one["depth"], above.get(one["parent"])) for one in shown]
    assert placed == [
        ("A", 0, None),
        ("B", 1, "A"),
        ("C", 2, "B"),
        ("D", 3, "C"),
        ("E", 3, "C"),
        ("F", 3, "C"),
    ]


async def test_without_depth_every_comment_stands_for_itself(
    client: httpx2.AsyncClient, admin: dict[str, str], thread: Thread
) -> None:
    await rules(client, admin, depth=0)
    await thread("A", "B")
    await thread("A1", under="A")
    shown = (await makers.listing(client))["comments"]
    placed = [(one["author"]["name"], one["depth"], one["parent"]) for one in shown]
    assert placed == [("A", 0, None), ("B", 0, None), ("A1", 0, None)]


# Tombstones.


@pytest.mark.parametrize("action", ["reject", "spam", "hold", "delete"])
async def test_a_hidden_comment_with_an_approved_reply_is_a_tombstone(
    client: httpx2.AsyncClient, thread: Thread, action: str
) -> None:
    await thread("A")
    await thread("A1", under="A")
    await thread.act(action, "A")
    page = await makers.listing(client)
    tombstone, reply = page["comments"]
    assert tombstone == {
        "id": thread.ids["A"],
        "parent": None,
        "depth": 0,
        "state": "deleted",
        "author": None,
        "html": None,
        "created_at": None,
        "edited_at": None,
    }
    assert reply["parent"] == thread.ids["A"]
    assert page["article"]["count"] == 1


async def test_tombstones_stand_all_the_way_down_to_the_approved_reply(
    client: httpx2.AsyncClient, thread: Thread
) -> None:
    await thread("A")
    await thread("B", under="A")
    await thread("C", under="B")
    for name in ("A", "B"):
        await thread.act("reject", name)
    assert await names(client) == ["–", "–", "C"]
    await thread.act("reject", "C")
    assert await names(client) == []
    await thread.act("approve", "B")
    assert await names(client) == ["–", "B"]


async def test_a_reply_that_merely_waits_keeps_no_tombstone(
    client: httpx2.AsyncClient, thread: Thread
) -> None:
    await thread("A")
    await makers.comment(client, parent=thread.ids["A"])
    await thread.act("reject", "A")
    assert await names(client) == []


# Pages.


@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_hold_every_comment_once_in_the_order_of_one_long_page(
    client: httpx2.AsyncClient, thread: Thread, order: str, limit: int
) -> None:
    await thread("A", "B", "C")
    await thread("A1", "A2", under="A")
    await thread("C1", under="C")
    whole = (await makers.listing(client, order=order))["comments"]
    assert await walk(client, f"article=/a&order={order}&limit={limit}") == whole


async def test_the_next_page_repeats_every_parameter(
    client: httpx2.AsyncClient, thread: Thread
) -> None:
    await thread("A", "B")
    query = "article=https://blog.example/a?x=1%2526&site=blog&order=newest&limit=1&lang=en"
    await makers.approved(client, thread.moderator, article="/a?x=1%26")
    await makers.approved(client, thread.moderator, article="/a?x=1%26")
    page = (await get(client, query)).json()
    url = httpx2.URL(page["next"])
    assert url.path == "/v1/comments"
    given = dict(url.params)
    assert given.pop("after")
    assert given == {
        "article": "https://blog.example/a?x=1%26",
        "site": "blog",
        "order": "newest",
        "limit": "1",
        "lang": "en",
    }
    assert (await client.get(page["next"])).json()["next"] is None


async def test_fifty_comments_are_a_page_unless_asked_otherwise(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, first_state="approved")
    for _ in range(51):
        clock.advance(minutes=1)
        await makers.submit(client)
    page = await makers.listing(client)
    assert len(page["comments"]) == 50
    assert page["next"]
    assert len((await client.get(page["next"])).json()["comments"]) == 1
    assert len((await makers.listing(client, limit=100))["comments"]) == 51


@pytest.mark.parametrize("order", ["oldest", "newest"])
async def test_each_approved_comment_is_seen_once_while_others_write(
    client: httpx2.AsyncClient, thread: Thread, order: str
) -> None:
    await thread("A", "B", "C", "D")
    await thread("B1", "B2", under="B")
    lasting = set(thread.ids.values())
    await thread("X", "Y")
    seen: list[str] = []
    following, step = f"/v1/comments?article=/a&order={order}&limit=1", 0
    while following:
        page = (await client.get(following)).json()
        seen += [one["id"] for one in page["comments"]]
        following = page["next"]
        step += 1
        if step <= 5:
            await thread(f"new {step}")
            await thread(f"reply {step}", under="B")
        if step == 2:
            await thread.act("reject", "X")
            await thread.act("delete", "Y")
    assert lasting <= set(seen)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize("action", ["reject", "delete"])
async def test_a_cursor_stays_good_when_its_comment_disappears(
    client: httpx2.AsyncClient, thread: Thread, order: str, action: str
) -> None:
    await thread("A", "B", "C")
    page = await makers.listing(client, order=order, limit=2)
    await thread.act(action, "B")
    rest = (await client.get(page["next"])).json()
    expected = "C" if order == "oldest" else "A"
    assert [one["author"]["name"] for one in rest["comments"]] == [expected]


@pytest.fixture
async def cursor(client: httpx2.AsyncClient, thread: Thread) -> str:
    """A good cursor of /a, oldest first."""
    await thread("A", "B")
    page = await makers.listing(client, limit=1)
    return str(httpx2.URL(page["next"]).params["after"])


async def test_a_cursor_is_good_for_its_own_listing(
    client: httpx2.AsyncClient, cursor: str
) -> None:
    assert await names(client, after=cursor) == ["B"]
    assert await names(client, after=cursor, limit=7, lang="en", site="blog") == ["B"]


async def test_a_cursor_of_another_article_or_order_is_refused(
    client: httpx2.AsyncClient, thread: Thread, cursor: str
) -> None:
    await makers.approved(client, thread.moderator, article="/b")
    for query in ("article=/b", "article=/never", "article=/a&order=newest"):
        answer = await get(client, f"{query}&after={cursor}")
        assert field_codes(answer, 400) == {"after": "invalid"}


async def test_a_tampered_cursor_is_refused(client: httpx2.AsyncClient, cursor: str) -> None:
    turned = cursor[:4] + ("A" if cursor[4] != "A" else "B") + cursor[5:]
    tampered = (turned, cursor[:-1], cursor[1:], f"{cursor}A", f"{cursor}=", "x", "é", "[1,2]", "0")
    for wrong in tampered:
        answer = await get(client, f"article=/a&after={wrong}")
        assert field_codes(answer, 400) == {"after": "invalid"}


# Parameters.


BAD_PARAMETERS = (
    ("", {"article": "required"}),
    ("article=", {"article": "required"}),
    ("article=/a&limit=0", {"limit": "invalid"}),
    ("article=/a&limit=101", {"limit": "invalid"}),
    ("article=/a&limit=-1", {"limit": "invalid"}),
    ("article=/a&limit=ten", {"limit": "invalid"}),
    ("article=/a&limit=1e1", {"limit": "invalid"}),
    ("article=/a&limit=%D9%A1", {"limit": "invalid"}),
    ("article=/a&limit=99999999999999999999", {"limit": "invalid"}),
    ("article=/a&order=random", {"order": "unknown"}),
    ("article=/a&order=OLDEST", {"order": "unknown"}),
    ("article=/a&article=/a", {"article": "invalid"}),
    ("article=/a&order=oldest&order=oldest", {"order": "invalid"}),
    ("article=/a&lang=fr&lang=en", {"lang": "invalid"}),
    ("article=/a&after=1&after=1", {"after": "invalid"}),
    ("article=/a&site=blog&site=blog", {"site": "invalid"}),
    ("article=/a%00", {"article": "invalid"}),
    ("article=/a%E9", {"article": "invalid"}),
    ("article=/a%ED%A0%80", {"article": "invalid"}),
    ("article=/a%25zz", {"article": "invalid"}),
    ("article=a", {"article": "not_allowed"}),
    ("article=//blog.example/a", {"article": "not_allowed"}),
    ("article=https://elsewhere.example/a", {"article": "not_allowed"}),
    ("article=/" + "x" * 2000, {"article": "too_long"}),
    ("article=/a&" + "&".join(f"x{n}=1" for n in range(300)), {"query": "invalid"}),
    ("article=/a&zz=1&zz=1", {"query": "invalid"}),
    ("article=/a&limit=", {"limit": "invalid"}),
    ("article=/a&order=", {"order": "unknown"}),
    ("article=/a&after=", {"after": "invalid"}),
    ("article=/a&email=", {"email": "not_allowed"}),
)


async def test_a_bad_parameter_is_named(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for query, errors in BAD_PARAMETERS:
        with subtests.test(query[:40]):
            assert field_codes(await get(client, query), 400) == errors


async def test_an_address_in_the_query_is_refused_and_never_repeated(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for path in ("comments", "comments.html", "comments.atom", "counts", "form", "receipts/x"):
        for accept in ("application/json", BROWSER["Accept"]):
            with subtests.test(f"{path} {accept[:10]}"):
                url = f"/v1/{path}?article=/a&email=Marquee%40example.com"
                answer = await client.get(url, headers={"Accept": accept})
                assert answer.status_code == 400
                assert "marquee" not in (answer.text + str(answer.headers)).lower()
                if accept == "application/json":
                    assert field_codes(answer, 400) == {"email": "not_allowed"}


async def test_an_unknown_site_is_not_there(client: httpx2.AsyncClient) -> None:
    problem(await get(client, "article=/a&site=nowhere"), 404, "site_not_found")


async def test_of_two_sites_one_has_to_be_named(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    assert field_codes(await get(client, "article=/a"), 400) == {"site": "required"}
    for told in ("site=news", "article=https://news.example/a"):
        query = told if "article" in told else f"article=/a&{told}"
        assert (await get(client, query)).json()["article"]["url"] == "https://news.example/a"


async def test_where_the_page_tells_the_site_caches_are_told_that_it_matters(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    for origin in ("https://blog.example", "https://news.example"):
        for path in ("/v1/comments", "/v1/comments.html", "/v1/comments.atom", "/v1/counts"):
            answer = await client.get(f"{path}?article=/a", headers={"Origin": origin})
            assert answer.status_code == 200
            assert "Origin" in answer.headers["vary"].split(", ")
            named = await client.get(f"{path}?article={origin}/a", headers={"Origin": origin})
            assert "Origin" not in named.headers["vary"].split(", ")
    answer = await get(client, "article=/a", {"Origin": "https://news.example"})
    assert answer.json()["article"]["url"] == "https://news.example/a"


async def test_a_parameter_nobody_knows_is_ignored(client: httpx2.AsyncClient) -> None:
    assert (await get(client, "article=/a&utm_source=x&state=pending")).status_code == 200


async def test_filters_that_only_moderators_have_show_nothing(
    client: httpx2.AsyncClient,
) -> None:
    await makers.comment(client)
    page = (await get(client, "article=/a&state=pending&q=outils")).json()
    assert page["comments"] == []


# Headers.


async def test_it_may_be_kept_but_has_to_be_asked_for_again(client: httpx2.AsyncClient) -> None:
    answer = await get(client, "article=/a")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "Location, Retry-After, ETag"
    assert answer.headers["etag"].startswith('"')
    assert "set-cookie" not in answer.headers
    assert "link" not in answer.headers


async def test_it_tells_the_language_that_the_service_would_speak(
    client: httpx2.AsyncClient,
) -> None:
    for lang, told in (("", "fr"), ("en-US", "en"), ("de", "fr"), ("frr", "fr")):
        answer = await get(client, f"article=/a&lang={lang}", {"Accept-Language": "en"})
        assert answer.headers["content-language"] == told


async def test_it_tells_where_the_site_s_privacy_policy_is(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    policy = {"policy": {"privacy_url": "https://blog.example/vie-privée?a=%C3%A9"}}
    answer = await client.patch("/v1/moderation/sites/blog", json=policy, headers=admin)
    assert answer.status_code == 200
    answer = await get(client, "article=/a")
    told = '<https://blog.example/vie-priv%C3%A9e?a=%C3%A9>; rel="privacy-policy"'
    assert answer.headers["link"] == told
    assert answer.headers["access-control-expose-headers"].endswith(", ETag, Link")


@pytest.fixture
def aged(environ: dict[str, str]) -> None:
    environ["PALABRE_LISTING_MAX_AGE_S"] = "30"


@pytest.mark.usefixtures("aged")
async def test_it_may_be_kept_longer_if_the_operator_says_so(client: httpx2.AsyncClient) -> None:
    answer = await get(client, "article=/a")
    assert answer.headers["cache-control"] == "public, max-age=30, must-revalidate"


async def test_who_has_it_already_is_told_just_that(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    first = await get(client, "article=/a")
    tag = first.headers["etag"]
    for given in (tag, f'"other", {tag}', f"W/{tag}", "*", f" {tag} ,"):
        answer = await get(client, "article=/a", {"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b"")
        for name in ("etag", "vary", "cache-control", "access-control-allow-origin"):
            assert answer.headers[name] == first.headers[name]
    for given in ('"other"', tag[:-2] + 'x"', tag.strip('"'), "", '"', "x" * 5000):
        assert (await get(client, "article=/a", {"If-None-Match": given})).status_code == 200


async def test_the_tag_is_another_for_each_representation_coding_language_and_page(
    client: httpx2.AsyncClient, thread: Thread
) -> None:
    await thread("A", "B")
    requests: list[tuple[str, dict[str, str]]] = [
        ("/v1/comments?article=/a", {"Accept-Encoding": ""}),
        ("/v1/comments?article=/a", {"Accept-Encoding": "gzip"}),
        ("/v1/comments?article=/a", {"Accept-Encoding": "br"}),
        ("/v1/comments?article=/a", {"Accept": "text/html"}),
        ("/v1/comments?article=/a&lang=en", {"Accept": "text/html"}),
        ("/v1/comments.html?article=/a", {}),
        ("/v1/comments.html?article=/a&lang=en", {}),
        ("/v1/comments.atom?article=/a", {}),
        ("/v1/counts?article=/a", {}),
        ("/v1/comments?article=/a&order=newest", {}),
        ("/v1/comments?article=/a&limit=1", {}),
        ("/v1/comments?article=/b", {}),
    ]
    answers = [await client.get(url, headers=headers) for url, headers in requests]
    tags = [answer.headers["etag"] for answer in answers]
    assert len(set(tags)) == len(requests)
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


@pytest.mark.parametrize("action", ["approve", "reject", "edit", "close", "title", "reply"])
async def test_whatever_a_reader_could_see_changes_the_tag_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str], action: str
) -> None:
    shown = await makers.approved(client, moderator)
    waiting = await makers.comment(client)
    before = (await get(client, "article=/a")).headers["etag"]
    if action == "approve":
        await makers.act(client, moderator, waiting, "approve")
    elif action == "reject":
        await makers.act(client, moderator, shown, "reject")
    elif action == "edit":
        url = f"/v1/moderation/comments/{shown}"
        await client.patch(url, json={"text": "Corrigé."}, headers=moderator)
    elif action == "close":
        await put_article(client, moderator, open=False)
    elif action == "title":
        await put_article(client, moderator, title="Un titre")
    else:
        url = f"/v1/moderation/comments/{shown}/reply"
        await client.post(url, json={"text": "Merci."}, headers=moderator)
    after = await get(client, "article=/a", {"If-None-Match": before})
    assert after.status_code == 200
    assert after.headers["etag"] != before


async def test_a_comment_that_waits_leaves_the_tag_as_it_is(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    before = (await get(client, "article=/a")).headers["etag"]
    rejected = await makers.comment(client)
    await makers.act(client, moderator, rejected, "reject")
    assert (await get(client, "article=/a")).headers["etag"] == before


async def test_an_article_that_closes_by_its_age_changes_the_tag(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, close_after_days=14)
    await makers.approved(client, admin)
    before = await get(client, "article=/a")
    clock.advance(days=14)
    after = await get(client, "article=/a", {"If-None-Match": before.headers["etag"]})
    assert after.json()["article"]["open"] is False
    problem(await post(client, makers.fields()), 403, "article_closed")


async def test_a_decision_of_another_process_is_seen_at_once(
    client: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    environ: dict[str, str],
    clock: Clock,
) -> None:
    comment = await makers.approved(client, moderator)
    before = await get(client, "article=/a")
    async with opened(settings.load(environ), now=clock) as beside:
        token = await moderators.add(beside, "terminal", scope=Scope.MODERATE, site=None)
        known = await moderators.known(beside, token)
        await decide.decide(beside, known, comment, State.REJECTED)
        after = await get(client, "article=/a", {"If-None-Match": before.headers["etag"]})
        assert after.json()["comments"] == []


CODINGS = (
    ("gzip", "gzip"),
    ("br", "br"),
    ("gzip, deflate, br, zstd", "br"),
    ("gzip;q=1, br;q=0.5", "gzip"),
    ("*", "br"),
    ("br;q=0, *", "gzip"),
    ("gzip;q=0", None),
    ("deflate", None),
    ("identity", None),
    ("identity;q=1, gzip;q=0.5", None),
    ("", None),
    ("GZIP", "gzip"),
    ("br;q=nan, gzip;q=9", None),
    ("x" * 5000, None),
)


async def test_it_is_compressed_as_the_client_likes(
    client: httpx2.AsyncClient, moderator: dict[str, str], subtests: pytest.Subtests
) -> None:
    await makers.approved(client, moderator)
    for accepted, coding in CODINGS:
        with subtests.test(accepted[:40]):
            plain = (await get(client, "article=/a", {"Accept-Encoding": "identity"})).content
            async with client.stream(
                "GET", "/v1/comments?article=/a", headers={"Accept-Encoding": accepted}
            ) as answer:
                assert answer.headers.get("content-encoding") == coding
                assert "Accept-Encoding" in answer.headers["vary"]
                raw = b"".join([chunk async for chunk in answer.aiter_raw()])
            assert int(answer.headers["content-length"]) == len(raw)
            unpack = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[coding]
            assert unpack(raw) == plain


async def test_head_says_what_get_would(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    whole = await get(client, "article=/a")
    head = await client.head("/v1/comments?article=/a")
    assert head.status_code == 200
    assert head.headers["etag"] == whole.headers["etag"]
    assert head.headers["content-length"] == whole.headers["content-length"]


async def test_problems_are_not_to_be_kept(client: httpx2.AsyncClient) -> None:
    answer = await get(client, "article=//x")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert "etag" not in answer.headers
