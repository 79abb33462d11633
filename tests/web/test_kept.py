"""Public answers kept as bytes: as they were the first time, and never what a change took away.

What is kept has to equal what is made. So every answer here is compared with the same request
that has a header twice, which is never answered from what is kept.
"""

from __future__ import annotations

import asyncio
import gc
import io
import itertools
import json
import re
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.types import Message

import logged
import makers
from conftest import Clock, client_of
from palabre import logs, settings
from palabre.actions import decide, moderators, sites
from palabre.app import build
from palabre.model import Scope, State
from palabre.service import Service, opened
from palabre.store import Unit
from palabre.store import sites as stored_sites
from web.speaking import BROWSER, field_codes, problem, put_article, rules

LISTING = "/v1/comments?article=/a"
NEWEST = "/v1/comments?article=/a&order=newest&limit=5"
FRAGMENT = "/v1/comments.html?article=/a"
FEED = "/v1/comments.atom?article=/a"
SITE_FEED = "/v1/comments.atom"
COUNTS = "/v1/counts?article=/a&article=/b&article=/a/"
OF_THE_ARTICLE = (LISTING, NEWEST, FRAGMENT, FEED, COUNTS)
EVERYTHING = (*OF_THE_ARTICLE, SITE_FEED)
CODINGS = ("identity", "gzip", "br")

T = TypeVar("T")
Headers = Sequence[tuple[str, str]]
TWICE: Headers = (("X-Twice", "1"), ("X-Twice", "2"))


@dataclass(frozen=True)
class Answer:
    """What came, byte for byte and header for header, but for the request's id."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: str) -> str:
        (value,) = [value for known, value in self.headers if known == name.encode()]
        return value.decode()


async def ask(
    client: httpx2.AsyncClient, url: str, *headers: tuple[str, str], method: str = "GET"
) -> Answer:
    """Ask for the answer as it is sent, uncompressed where nothing else is said."""
    given = [*headers]
    if not any(name == "Accept-Encoding" for name, _ in headers):
        given.append(("Accept-Encoding", "identity"))
    sent = [(name.encode(), value.encode("latin-1")) for name, value in given]
    async with client.stream(method, url, headers=sent) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    raw = [(name.lower(), value) for name, value in answer.headers.raw]
    assert len([name for name, _ in raw if name == b"x-request-id"]) == 1
    return Answer(
        answer.status_code, tuple(pair for pair in raw if pair[0] != b"x-request-id"), body
    )


async def made(client: httpx2.AsyncClient, url: str, *headers: tuple[str, str]) -> Answer:
    """The same, made for this request."""
    return await ask(client, url, *headers, *TWICE)


async def kept_of(client: httpx2.AsyncClient) -> Mapping[str, float]:
    """`hits`, `misses` and `bytes` as the operator's monitoring reads them."""
    text = (await client.get("/metrics")).text
    found = re.findall(r"^palabre_cache_(hits|misses|bytes)(?:_total)? (\S+)$", text, re.M)
    assert len(found) == 3
    return {name: float(value) for name, value in found}


async def hits_of(client: httpx2.AsyncClient) -> float:
    return (await kept_of(client))["hits"]


async def look(client: httpx2.AsyncClient, urls: Sequence[str] = EVERYTHING) -> list[Answer]:
    """What readers get, each answer kept from now on."""
    for url in urls:
        await ask(client, url)
    before = await hits_of(client)
    found = [await ask(client, url) for url in urls]
    assert await hits_of(client) == before + len(urls)
    return found


# The same to the byte.


@pytest.fixture
async def thread(client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock) -> list[str]:
    """Three approved comments of /a, the last one a reply to the first; their ids."""
    first = await makers.approved(client, moderator, name="Anne", title="Un titre")
    clock.advance(seconds=1)
    second = await makers.approved(client, moderator, name="Bruno", email="bruno@example.com")
    clock.advance(seconds=1)
    return [first, second, await makers.approved(client, moderator, name="Chloé", parent=first)]


@pytest.mark.usefixtures("thread")
async def test_what_is_kept_is_the_first_answer_to_the_byte(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    kinds: list[tuple[str, Headers]] = [(url, ()) for url in EVERYTHING]
    kinds += [(LISTING, (("Accept", BROWSER["Accept"]),)), (LISTING, (("Origin", "null"),))]
    for (url, headers), coding in itertools.product(kinds, CODINGS):
        with subtests.test(f"{url} {headers} {coding}"):
            headers = (*headers, ("Accept-Encoding", coding))
            before = await hits_of(client)
            first = await ask(client, url, *headers)
            assert first.status == 200
            assert await hits_of(client) == before
            assert await ask(client, url, *headers) == first
            assert await hits_of(client) == before + 1
            assert await made(client, url, *headers) == first
            assert await hits_of(client) == before + 1


@pytest.mark.usefixtures("thread")
async def test_each_kept_answer_has_a_request_id_of_its_own(client: httpx2.AsyncClient) -> None:
    found = [await client.get(url) for url in (LISTING, LISTING, LISTING, FEED, FEED)]
    assert len({answer.headers["x-request-id"] for answer in found}) == 5
    assert {len(answer.headers["x-request-id"]) for answer in found} == {16}


@pytest.mark.usefixtures("thread")
async def test_who_has_it_already_is_told_just_that_of_what_is_kept_too(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for url, coding in itertools.product((LISTING, FRAGMENT, FEED, COUNTS), CODINGS):
        accepted = ("Accept-Encoding", coding)
        tag = (await ask(client, url, accepted)).header("etag")
        other = '"0123456789abcdef01234567"'
        known = (tag, f"W/{tag}", f"{other}, {tag}", f"W/{other},W/{tag} ,", "*", f" {tag}")
        unknown = ("", other, tag.strip('"'), tag[:-1], f"x{tag}", '"', ",", "W/", "W/*", "é")
        before = await hits_of(client)
        for status, given in [(304, one) for one in known] + [(200, one) for one in unknown]:
            with subtests.test(f"{url} {coding} {given}"):
                answer = await ask(client, url, accepted, ("If-None-Match", given))
                assert answer.status == status
                assert answer.header("etag") == tag
                assert (answer.body == b"") is (status == 304)
                assert await made(client, url, accepted, ("If-None-Match", given)) == answer
        assert await hits_of(client) == before + len(known) + len(unknown)


@pytest.mark.usefixtures("thread")
async def test_head_says_what_get_would_and_is_not_counted_as_kept(
    client: httpx2.AsyncClient,
) -> None:
    for url in EVERYTHING:
        (whole,) = await look(client, [url])
        before = await hits_of(client)
        head = await ask(client, url, method="HEAD")
        assert (head.status, head.headers) == (whole.status, whole.headers)
        assert await hits_of(client) == before


@pytest.mark.usefixtures("thread")
async def test_other_methods_are_what_they_are_though_an_answer_is_kept(
    client: httpx2.AsyncClient,
) -> None:
    await look(client)
    preflight = {"Origin": "https://blog.example", "Access-Control-Request-Method": "POST"}
    assert (await client.options(LISTING, headers=preflight)).status_code == 204
    assert (await client.post(LISTING, json={"comment": ""})).status_code == 422
    problem(await client.delete(LISTING), 405, "method_not_allowed")
    problem(await client.get("/v1/comments/?article=/a"), 404, "not_found")


@pytest.mark.usefixtures("thread")
async def test_a_header_given_twice_means_what_it_always_did(client: httpx2.AsyncClient) -> None:
    fragment = await ask(client, LISTING, ("Accept", "text/html"))
    listing = await ask(client, LISTING, ("Accept", "application/json"))
    before = await kept_of(client)
    html, as_json = ("Accept", "text/html"), ("Accept", "application/json")
    assert await ask(client, LISTING, html, as_json) == fragment
    assert await ask(client, LISTING, as_json, html) == listing
    assert await kept_of(client) == before


# What is not kept.


BAD_QUERIES = (
    ("/v1/comments?article=/a&article=/a", {"article": "invalid"}),
    ("/v1/comments?article=/a&limit=0", {"limit": "invalid"}),
    ("/v1/comments?article=/a&email=x@example.com", {"email": "not_allowed"}),
    ("/v1/comments?article=/a&after=x", {"after": "invalid"}),
    ("/v1/comments.html", {"article": "required"}),
    ("/v1/comments.atom?article=https://elsewhere.example/", {"article": "not_allowed"}),
    ("/v1/counts?article=/a&article=//x", {"article": "not_allowed"}),
)


@pytest.mark.usefixtures("thread")
async def test_what_is_wrong_is_as_wrong_the_second_time(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    await look(client)
    for url, errors in BAD_QUERIES:
        with subtests.test(url):
            before = await kept_of(client)
            for _ in range(2):
                assert field_codes(await client.get(url), 400) == errors
            after = await kept_of(client)
            assert (after["hits"], after["bytes"]) == (before["hits"], before["bytes"])


@pytest.mark.usefixtures("thread")
async def test_a_parameter_nobody_knows_is_ignored_the_second_time_too(
    client: httpx2.AsyncClient,
) -> None:
    listing = json.loads((await ask(client, LISTING)).body)
    for answer in await look(client, [f"{LISTING}&utm_source=x", f"{LISTING}&state=pending&q=a"]):
        assert json.loads(answer.body) == listing


async def test_what_was_refused_is_there_as_soon_as_it_is_true(
    client: httpx2.AsyncClient, service: Service
) -> None:
    elsewhere, named = "article=https://news.example/a", "article=/a&site=news"
    for _ in range(2):
        answer = await client.get(f"/v1/comments?{elsewhere}")
        assert field_codes(answer, 400) == {"article": "not_allowed"}
        problem(await client.get(f"/v1/comments?{named}"), 404, "site_not_found")
    await sites.add(service, "news", origins=["https://news.example"])
    for query in (elsewhere, named):
        for _ in range(2):
            answer = await client.get(f"/v1/comments?{query}")
            assert answer.json()["article"]["url"] == "https://news.example/a"
    # And with two sites a path is no longer anybody's.
    assert field_codes(await client.get(LISTING), 400) == {"site": "required"}


async def test_nothing_kept_is_sent_once_the_store_is_closed(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await look(client)
    await service.store.close()
    problem(await client.get(LISTING), 503, "store_unavailable")


# Whatever a reader can see changes at once.


@dataclass
class Scene:
    """An article with something of everything: what may happen to it.

    `top` brought the title, `reply` hangs under it, `waiting` waits and would bring another one;
    `by_otto` is on the article too, from another address.
    """

    client: httpx2.AsyncClient
    service: Service
    headers: dict[str, str]
    clock: Clock
    environ: dict[str, str]
    top: str
    reply: str
    by_otto: str
    waiting: str
    receipt: str
    article: str

    async def act(self, comment_id: str, action: str) -> None:
        await makers.act(self.client, self.headers, comment_id, action)

    async def send(self, method: str, path: str, body: object = None) -> None:
        url = f"/v1/moderation/{path}"
        answer = await self.client.request(method, url, json=body or {}, headers=self.headers)
        assert answer.status_code in (200, 201), answer.text

    async def author(self, email: str) -> str:
        """The id of the author behind an address."""
        url = "/v1/moderation/authors/lookup"
        answer = await self.client.post(url, json={"email": email}, headers=self.headers)
        return str(answer.json()["id"])


@pytest.fixture
async def scene(
    client: httpx2.AsyncClient,
    service: Service,
    admin: dict[str, str],
    clock: Clock,
    environ: dict[str, str],
) -> Scene:
    top = await makers.approved(client, admin, title="Les réseaux", name="Anne")
    clock.advance(seconds=1)
    reply = await makers.submit(client, parent=top, name="Bruno", email="bruno@example.com")
    await makers.act(client, admin, reply["comment"]["id"], "approve")
    clock.advance(seconds=1)
    by_otto = await makers.approved(client, admin, name="Otto", email="otto@example.com")
    waiting = await makers.comment(client, title="Autre titre", name="Eve", email="eve@example.com")
    await makers.approved(client, admin, article="/b", email="otto@example.com")
    return Scene(
        client=client,
        service=service,
        headers=admin,
        clock=clock,
        environ=environ,
        top=top,
        reply=reply["comment"]["id"],
        by_otto=by_otto,
        waiting=waiting,
        receipt=reply["receipt"]["url"],
        article=(await put_article(client, admin))["id"],
    )


Change = Callable[[Scene], Awaitable[None]]


def acting(name: str, action: str) -> Change:
    """A moderator's decision about one of the scene's comments."""

    async def change(scene: Scene) -> None:
        await scene.act(getattr(scene, name), action)

    return change


def sending(method: str, path: str, body: object = None) -> Change:
    """A moderator's request; the path may hold the scene's ids."""

    async def change(scene: Scene) -> None:
        await scene.send(method, path.format(**vars(scene)), body)

    return change


def both(first: Change, second: Change) -> Change:
    async def change(scene: Scene) -> None:
        await first(scene)
        await second(scene)

    return change


async def withdrawn(scene: Scene) -> None:
    answer = await scene.client.post(f"{scene.receipt}/withdraw")
    assert answer.status_code == 200


async def erased(scene: Scene) -> None:
    await scene.send("POST", f"authors/{await scene.author('otto@example.com')}/erase")


async def blocked(scene: Scene) -> None:
    author = await scene.author("eve@example.com")
    await scene.send("POST", f"authors/{author}/block", {"also": "pending"})


async def published_at_once(scene: Scene) -> None:
    await rules(scene.client, scene.headers, first_state="approved")
    await makers.comment(scene.client, name="Zoé", email="zoe@example.com")


async def aged(scene: Scene) -> None:
    """A rule of the site closes the article, by nothing but the clock."""
    await rules(scene.client, scene.headers, close_after_days=14)
    assert json.loads((await look(scene.client))[0].body)["article"]["open"] is True
    scene.clock.advance(days=14)


async def aged_by_its_own_rule(scene: Scene) -> None:
    await scene.send("PATCH", f"articles/{scene.article}", {"policy": {"close_after_days": 3}})
    scene.clock.advance(days=2)
    assert json.loads((await look(scene.client))[0].body)["article"]["open"] is True
    scene.clock.advance(days=1)


async def moved(scene: Scene) -> None:
    """The site's pages are on another origin first."""

    async def write(unit: Unit[None]) -> None:
        await scene.service.store.write(unit)

    (site,) = await scene.service.store.read(stored_sites.every)
    await write(lambda tx: stored_sites.add_origin(tx, site.id, "https://new.example"))
    assert (await look(scene.client))[0] == await made(scene.client, LISTING)
    await write(lambda tx: stored_sites.put_first(tx, site.id, "https://new.example"))


async def by_command(scene: Scene) -> None:
    """What `palabre site set` does, in a process of its own."""
    scene.clock.advance(days=20)
    async with opened(settings.load(scene.environ), now=scene.clock) as beside:
        await sites.change_policy(beside, "blog", {"close_after_days": 14})


async def decided_elsewhere(scene: Scene) -> None:
    async with opened(settings.load(scene.environ), now=scene.clock) as beside:
        token = await moderators.add(beside, "terminal", scope=Scope.MODERATE)
        known = await moderators.known(beside, token)
        await decide.decide(beside, known, scene.reply, State.REJECTED)


BULK = {"action": "approve", "ids": ["unknown"]}
IN_WORDS = (LISTING, NEWEST, FRAGMENT, FEED, SITE_FEED)
"""Where a comment's words are."""

OPEN = (LISTING, NEWEST)
"""Where it stands whether the article is open."""

TITLED = (LISTING, NEWEST, FEED)

CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "approve": (acting("waiting", "approve"), EVERYTHING),
    "reject": (acting("reply", "reject"), EVERYTHING),
    "spam": (acting("by_otto", "spam"), EVERYTHING),
    "hold": (acting("by_otto", "hold"), EVERYTHING),
    "delete": (acting("reply", "delete"), EVERYTHING),
    "a tombstone": (acting("top", "reject"), EVERYTHING),
    "the end of a tombstone": (
        both(acting("top", "delete"), acting("reply", "reject")),
        EVERYTHING,
    ),
    "many at once": (
        lambda scene: scene.send(
            "POST", "decisions", {"action": "reject", "ids": ["?", scene.reply, scene.by_otto]}
        ),
        EVERYTHING,
    ),
    "edit": (
        sending("PATCH", "comments/{reply}", {"text": "Corrigé."}),
        IN_WORDS,
    ),
    "edit of a name": (
        sending("PATCH", "comments/{by_otto}", {"name": "Otto W."}),
        IN_WORDS,
    ),
    "reply": (
        sending("POST", "comments/{by_otto}/reply", {"text": "Merci."}),
        EVERYTHING,
    ),
    "withdrawal": (withdrawn, EVERYTHING),
    "erasure": (erased, EVERYTHING),
    "a comment that is published at once": (published_at_once, EVERYTHING),
    "close": (sending("PUT", "articles", {"article": "/a", "open": False}), OPEN),
    "open": (
        both(
            sending("PATCH", "articles/{article}", {"open": False}),
            both(
                lambda scene: _kept(scene),
                sending("PATCH", "articles/{article}", {"open": True}),
            ),
        ),
        (),
    ),
    "title": (sending("PATCH", "articles/{article}", {"title": "Corrigé"}), TITLED),
    "no title": (acting("top", "reject"), TITLED),
    "another's title": (
        both(acting("top", "reject"), acting("waiting", "approve")),
        TITLED,
    ),
    "age by the site's rule": (aged, OPEN),
    "age by the article's rule": (aged_by_its_own_rule, OPEN),
    "age by a command": (by_command, OPEN),
    "another first origin": (moved, (LISTING, NEWEST, FEED, SITE_FEED)),
    "another process": (decided_elsewhere, EVERYTHING),
    # What nobody can see.
    "block": (blocked, ()),
    "depth": (sending("PATCH", "articles/{article}", {"policy": {"depth": 1}}), ()),
    "reject one that waits": (acting("waiting", "reject"), ()),
    "edit one that waits": (sending("PATCH", "comments/{waiting}", {"text": "Autre"}), ()),
    "a decision about nobody": (sending("POST", "decisions", BULK), ()),
}


async def _kept(scene: Scene) -> None:
    assert json.loads((await look(scene.client))[0].body)["article"]["open"] is False


@pytest.mark.parametrize("change", CHANGES)
async def test_whatever_a_reader_can_see_changes_in_the_next_answer(
    scene: Scene, change: str
) -> None:
    apply, changed = CHANGES[change]
    before = dict(zip(EVERYTHING, await look(scene.client), strict=True))
    await apply(scene)
    for url in EVERYTHING:
        truth = await made(scene.client, url)
        assert await ask(scene.client, url) == truth
        assert await ask(scene.client, url, ("If-None-Match", "x")) == truth
        if url in changed:
            assert truth.body != before[url].body, url
            assert truth.header("etag") != before[url].header("etag")
            again = await ask(scene.client, url, ("If-None-Match", before[url].header("etag")))
            assert again.status == 200
        elif not changed:
            assert truth == before[url]


async def test_an_article_nobody_had_commented_on_changes_with_its_first_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    before = await look(client)
    waiting = await makers.comment(client, title="Un titre")
    # One that waits is nobody's business.
    assert await look(client) == before
    await makers.act(client, moderator, waiting, "approve")
    after = [await ask(client, url) for url in EVERYTHING]
    assert after == [await made(client, url) for url in EVERYTHING]
    assert all(old.body != new.body for old, new in zip(before, after, strict=True))


async def test_an_article_nobody_had_commented_on_is_closed_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await look(client)
    await put_article(client, moderator, open=False)
    assert json.loads((await ask(client, LISTING)).body)["article"]["open"] is False


async def test_what_was_read_before_a_decision_is_not_kept_after_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader whose look at the store takes so long that a decision comes in between."""
    has_read, may_answer = asyncio.Event(), asyncio.Event()
    store = scene.service.store

    async def slowly(unit: Unit[T], /) -> T:
        found = await store.read(unit)
        has_read.set()
        await may_answer.wait()
        return found

    with monkeypatch.context() as slow:
        slow.setattr(store, "glance", slowly)
        reading = asyncio.create_task(ask(scene.client, COUNTS))
        await has_read.wait()
    await scene.act(scene.reply, "reject")
    may_answer.set()
    asked_before = await reading
    assert await ask(scene.client, COUNTS) == await made(scene.client, COUNTS)
    assert (await ask(scene.client, COUNTS)).body != asked_before.body


# What changes nothing here.


async def test_what_waits_and_what_happens_elsewhere_leaves_the_answers_of_an_article_alone(
    scene: Scene,
) -> None:
    client = scene.client
    before = await look(client, OF_THE_ARTICLE)
    hits = await hits_of(client)
    await makers.comment(client, name="Encore")
    refused = await client.post("/v1/comments", json=makers.fields(email="x"))
    assert refused.status_code == 422
    await makers.approved(client, scene.headers, article="/c")
    await put_article(client, scene.headers, article="/d", open=False)
    assert [await ask(client, url) for url in OF_THE_ARTICLE] == before
    assert await hits_of(client) == hits + len(OF_THE_ARTICLE)


async def test_the_sites_feed_changes_with_any_article_and_an_articles_feed_with_its_own(
    scene: Scene,
) -> None:
    feed, site_feed = await look(scene.client, [FEED, SITE_FEED])
    hits = await hits_of(scene.client)
    await makers.approved(scene.client, scene.headers, article="/c", name="Ailleurs")
    assert await ask(scene.client, FEED) == feed
    assert await hits_of(scene.client) == hits + 1
    after = await ask(scene.client, SITE_FEED)
    assert "Ailleurs" in after.body.decode()
    assert after.header("etag") != site_feed.header("etag")
    assert await hits_of(scene.client) == hits + 1


# Which site, which language, which kind.


@pytest.fixture
async def news(service: Service) -> str:
    """The origin of a second site, which has the same paths."""
    await sites.add(service, "news", origins=["https://news.example"], locale="en")
    return "https://news.example"


@pytest.mark.parametrize("path", ["comments", "comments.html", "comments.atom", "counts"])
async def test_two_sites_with_the_same_path_are_never_mixed_up(
    client: httpx2.AsyncClient, moderator: dict[str, str], news: str, path: str
) -> None:
    await makers.approved(client, moderator, site="blog", name="Anne")
    for name in ("Bob", "Carol"):
        await makers.approved(client, moderator, site="news", name=name)
    bare = f"/v1/{path}?article=/a"
    told: dict[str, list[tuple[str, Headers]]] = {
        "blog": [
            (f"{bare}&site=blog", ()),
            (f"{bare}&site=blog", (("Origin", news),)),
            (bare, (("Origin", "https://blog.example"),)),
            (f"/v1/{path}?article=https://blog.example/a", (("Origin", news),)),
        ],
        "news": [
            (f"{bare}&site=news", ()),
            (f"{bare}&site=news", (("Origin", "https://blog.example"),)),
            (bare, (("Origin", news),)),
            (f"/v1/{path}?article={news}/a", (("Origin", "https://blog.example"),)),
        ],
    }
    found = {
        site: [await ask(client, url, *headers) for url, headers in ways]
        for site, ways in told.items()
    }
    before = await hits_of(client)
    for site, ways in told.items():
        for (url, headers), first in zip(ways, found[site], strict=True):
            assert await ask(client, url, *headers) == first
            assert await made(client, url, *headers) == first
            vary = first.header("vary").split(", ")
            assert ("Origin" in vary) is (url == bare)
    assert await hits_of(client) == before + 8
    for site, inside in (("blog", r"Anne|:1"), ("news", r"Bob|:2")):
        assert all(re.search(inside, answer.body.decode()) for answer in found[site])
    # Neither without a word of which, however often the other ways were asked.
    assert field_codes(await client.get(bare), 400) == {"site": "required"}


async def test_where_the_page_tells_the_site_of_one_article_caches_are_told_so_for_all(
    client: httpx2.AsyncClient, news: str
) -> None:
    for articles in (("/a", f"{news}/a"), (f"{news}/a", "/a")):
        url = "/v1/counts?" + "&".join(f"article={article}" for article in articles)
        answer = await ask(client, url, ("Origin", "https://blog.example"))
        assert "Origin" in answer.header("vary").split(", ")


async def test_a_decision_on_one_site_leaves_the_other_alone(
    client: httpx2.AsyncClient, moderator: dict[str, str], news: str
) -> None:
    comment = await makers.approved(client, moderator, site="blog")
    urls = [f"{url}{'&' if '?' in url else '?'}site=news" for url in EVERYTHING]
    before = await look(client, urls)
    hits = await hits_of(client)
    await makers.act(client, moderator, comment, "reject")
    assert [await ask(client, url) for url in urls] == before
    assert await hits_of(client) == hits + len(urls)


async def test_each_language_that_is_asked_for_is_kept_apart(scene: Scene) -> None:
    urls = [f"{FRAGMENT}&lang={lang}" for lang in ("fr", "en", "xx")]
    french, english, site_s = await look(scene.client, urls)
    assert french.header("content-language") == site_s.header("content-language") == "fr"
    assert english.header("content-language") == "en"
    assert french.body == site_s.body != english.body
    # The site's language is the readers' that ask for none, whatever their browser prefers.
    for accepted in ("en", "fr", "de"):
        answer = await ask(scene.client, FRAGMENT, ("Accept-Language", accepted))
        assert answer.header("content-language") == "fr"
        assert answer == await made(scene.client, FRAGMENT, ("Accept-Language", accepted))


SAME = {
    "Accept": (
        ("text/html", "TEXT/HTML", "text/html;q=1.0, application/json;q=0.5", BROWSER["Accept"]),
        ("application/json", "*/*", "", "application/json, text/html;q=0.9", "text/plain"),
    ),
    "Accept-Encoding": (
        ("gzip", "GZIP", "gzip;q=0.5, deflate", "x-custom, gzip"),
        ("br", "gzip, deflate, br, zstd", "*", "br;q=1.0, gzip;q=0.8"),
        ("identity", "", "deflate", "gzip;q=0"),
    ),
}


@pytest.mark.usefixtures("thread")
@pytest.mark.parametrize("header", SAME)
async def test_one_answer_is_kept_for_every_spelling_of_the_same_wish(
    client: httpx2.AsyncClient, header: str
) -> None:
    different = set()
    for spellings in SAME[header]:
        before = await kept_of(client)
        first, *others = [await ask(client, LISTING, (header, given)) for given in spellings]
        assert all(other == first for other in others)
        different.add(first.header("etag"))
        after = await kept_of(client)
        assert after["hits"] == before["hits"] + len(others)
        assert after["misses"] == before["misses"] + 1
    assert len(different) == len(SAME[header])


# The bound.


@pytest.fixture
def small(environ: dict[str, str]) -> None:
    environ["PALABRE_CACHE_MIB"] = "1"


MIB = 1024 * 1024
LONG = "x" * 20_000
FLOODS: dict[str, tuple[int, Callable[[int], tuple[str, str, str, str]]]] = {
    # How many requests; of each: path, query, and a header.
    "unknown parameters": (600, lambda n: ("comments", f"article=/a&x={n}", "x", "x")),
    "articles": (600, lambda n: ("comments.html", f"article=/{n}", "x", "x")),
    "long queries": (200, lambda n: ("comments", f"article=/a&x={n}{LONG}", "x", "x")),
    "many articles": (
        100,
        lambda n: ("counts", "&".join(f"article=/{n}-{m}" for m in range(100)), "x", "x"),
    ),
    "one article often": (
        100,
        lambda n: ("counts", "&".join(f"article=/a/?utm_x={n}-{m}" for m in range(90)), "x", "x"),
    ),
    "origins": (300, lambda n: ("comments", "article=/a", "origin", f"{n}{LONG}")),
    "accept": (300, lambda n: ("comments", "article=/a", "accept", f"{n}{LONG}")),
    "codings": (300, lambda n: ("comments", "article=/a", "accept-encoding", f"{n}{LONG}")),
    "tags": (300, lambda n: ("comments", "article=/a", "if-none-match", f"{n}{LONG}")),
}


async def send(app: Starlette, path: str, query: str, header: str, value: str) -> None:
    """A request without a client around it, which would take more memory than the service."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def sent(message: Message) -> None:
        assert message.get("status", 200) == 200

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/v1/{path}",
        "query_string": query.encode(),
        "headers": [(header.encode(), value.encode())],
    }
    await app(scope, receive, sent)


@pytest.mark.engine("sqlite")  # it is the process's memory, whatever the store is
@pytest.mark.usefixtures("small", "site")
@pytest.mark.parametrize("flood", FLOODS)
async def test_however_much_is_asked_for_the_memory_stays_within_bounds(
    service: Service, flood: str
) -> None:
    app = build(service)
    requests, request = FLOODS[flood]
    await send(app, *request(-1))
    async with client_of(service):
        tracemalloc.start()
        try:
            for number in range(requests):
                await send(app, *request(number))
            gc.collect()
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # Twice the bound, for what is kept of the headers that many requests have.
    assert taken < 2.5 * MIB


@pytest.mark.usefixtures("small")
async def test_the_operator_sees_how_much_is_kept_and_that_it_is_bounded(
    client: httpx2.AsyncClient,
) -> None:
    assert await kept_of(client) == {"hits": 0, "misses": 0, "bytes": 0}
    await ask(client, LISTING)
    once = await kept_of(client)
    assert (once["hits"], once["misses"]) == (0, 1)
    assert once["bytes"] > len((await ask(client, LISTING)).body)
    assert await kept_of(client) == {**once, "hits": 1}
    for number in range(20):
        await ask(client, f"{LISTING}&x={number}{'x' * 60_000}")
    full = await kept_of(client)
    assert 0.9 * MIB < full["bytes"] <= MIB
    assert full["misses"] == 21
    # The oldest went for the others.
    await ask(client, LISTING)
    assert (await kept_of(client))["misses"] == 22


@pytest.fixture
def none_at_all(environ: dict[str, str]) -> None:
    environ["PALABRE_CACHE_MIB"] = "0"


@pytest.mark.usefixtures("none_at_all")
async def test_without_memory_nothing_is_kept_and_every_answer_is_right(scene: Scene) -> None:
    before = [await ask(scene.client, url) for url in EVERYTHING]
    assert [await ask(scene.client, url) for url in EVERYTHING] == before
    assert [await made(scene.client, url) for url in EVERYTHING] == before
    await scene.act(scene.reply, "reject")
    after = [await ask(scene.client, url) for url in EVERYTHING]
    assert all(old.body != new.body for old, new in zip(before, after, strict=True))
    found = await kept_of(scene.client)
    assert (found["hits"], found["bytes"]) == (0, 0)
    assert found["misses"] > 0


# What operators are told.


@pytest.mark.usefixtures("thread")
async def test_kept_answers_are_counted_among_the_requests(client: httpx2.AsyncClient) -> None:
    async def counted() -> dict[str, float]:
        text = (await client.get("/metrics")).text
        return {
            line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if '"/v1/counts"' in line
        }

    tag = (await ask(client, COUNTS)).header("etag")
    before = await counted()
    for headers in ((), (("If-None-Match", tag),), ()):
        await ask(client, COUNTS, *headers)
    after = await counted()
    ok = 'palabre_requests_total{method="GET",route="/v1/counts",status="200"}'
    known = 'palabre_requests_total{method="GET",route="/v1/counts",status="304"}'
    seconds = 'palabre_request_seconds_count{route="/v1/counts"}'
    assert after[ok] == before[ok] + 2
    assert (before.get(known, 0), after[known]) == (0, 1)
    assert after[seconds] == before[seconds] + 3


@pytest.fixture
def log_in() -> Iterator[Callable[[str], io.StringIO]]:
    """Configures the logs in a format; where they go then. As it was afterwards."""

    def configure(format: str) -> io.StringIO:
        stream = io.StringIO()
        logs.configure(format=format, level="info", stream=stream)
        return stream

    with logged.as_it_was():
        yield configure


REQUESTS: tuple[tuple[str, str, Headers, int], ...] = (
    ("/v1/comments", f"{LISTING}&utm_source=Marquee", (), 200),
    ("/v1/comments", f"{LISTING}&utm_source=Marquee", (), 200),
    ("/v1/comments", f"{LISTING}&utm_source=Marquee", (("If-None-Match", "*"),), 304),
    ("/v1/comments", f"{LISTING}&utm_source=Marquee", TWICE, 200),
    ("/v1/comments.atom", SITE_FEED, (), 200),
    ("/v1/comments.atom", SITE_FEED, (), 200),
    ("/v1/comments", f"{LISTING}&limit=Marquee", (), 400),
    ("unmatched", "/Marquee", (), 404),
    ("/v1/receipts/{token}", "/v1/receipts/Marquee", (), 404),
)
PLAIN = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO palabre\.access \[(?P<id>[0-9a-f]{16})\] "
    r"GET (?P<route>\S+) (?P<status>\d+) method=GET route=(?P=route) status=(?P=status) "
    r"ms=(?P<ms>\d+\.\d+)"
)
MEMBERS = [
    *("time", "level", "logger", "message", "request_id"),
    *("method", "route", "status", "ms"),
]


def written(stream: io.StringIO) -> list[str]:
    """The lines that are not the client's own."""
    return [line for line in stream.getvalue().splitlines() if "httpx2" not in line]


async def asked_for(client: httpx2.AsyncClient) -> list[str]:
    """Send all of REQUESTS; their ids."""
    ids = []
    for _, url, headers, status in REQUESTS:
        answer = await client.get(url, headers=[*headers])
        assert answer.status_code == status
        ids.append(answer.headers["x-request-id"])
    # Lines are written at the end of the loop's turn.
    await asyncio.sleep(0)
    return ids


async def test_a_kept_answer_has_its_log_line_like_any_other(
    client: httpx2.AsyncClient, log_in: Callable[[str], io.StringIO]
) -> None:
    stream = log_in("plain")
    ids = await asked_for(client)
    assert await hits_of(client) == 3
    lines = [line for line in written(stream) if "/metrics" not in line]
    found = [PLAIN.fullmatch(line) for line in lines]
    assert all(found), lines
    assert [one and one["id"] for one in found] == ids
    assert [(one and one["route"], one and int(one["status"])) for one in found] == [
        (route, status) for route, _, _, status in REQUESTS
    ]
    assert "arquee" not in "".join(written(stream))


async def test_a_kept_answer_has_its_line_for_programs_too(
    client: httpx2.AsyncClient, log_in: Callable[[str], io.StringIO]
) -> None:
    stream = log_in("json")
    ids = await asked_for(client)
    lines = [json.loads(line) for line in written(stream)]
    assert [[*line] for line in lines] == [MEMBERS] * len(REQUESTS)
    for line, request_id, (route, _, _, status) in zip(lines, ids, REQUESTS, strict=True):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert isinstance(line["ms"], float)
        del line["time"], line["ms"]
        assert line == {
            "level": "info",
            "logger": "palabre.access",
            "message": f"GET {route} {status}",
            "request_id": request_id,
            "method": "GET",
            "route": route,
            "status": status,
        }
    assert "arquee" not in "".join(written(stream))
