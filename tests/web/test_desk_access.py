"""Who may what at the desk: every route of it, against everybody who may not."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from conftest import PUBLIC_URL, Clock, client_of, token_for
from following import straight
from palabre import settings
from palabre.actions import moderators, sessions, sites
from palabre.app import build
from palabre.model import Scope, Site
from palabre.service import Service, opened
from palabre.store.copying import TABLES
from web import desk
from web.speaking import problem
from web.test_auth import routes

READ, MODERATE, ADMIN = Scope
WORD = "Zanzibar"
"""Stands in everything that is another site's, and nowhere else."""

ADDRESS = "zoe@zanzibar.example"
AS_PROGRAM = {"Accept": "application/json"}
FROM_OUR_PAGE = {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "same-origin"}

ENTRY = {
    ("GET", "/desk/login"),
    ("POST", "/desk/login"),
    ("GET", "/desk/link/{token}"),
    ("POST", "/desk/link/{token}"),
}
"""The ways in, which nobody has come through yet."""


@dataclass(frozen=True)
class Ask:
    """A request of somebody who is signed in.

    `scope`: the least that will do. `query`, `form`: about what there is, whose ids stand in
    capital letters. `changes`: whether it changes anything once it is let through.
    """

    method: str
    path: str
    scope: Scope
    form: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    changes: bool = True

    def __str__(self) -> str:
        said = " ".join(f"{name}={value}" for name, value in self.form.items())
        return f"{self.method} {self.path}{self.query} {said}".strip()

    @property
    def route(self) -> tuple[str, str]:
        return self.method, self.path


def get(path: str, scope: Scope, *queries: str) -> tuple[Ask, ...]:
    return tuple(Ask("GET", path, scope, query=query, changes=False) for query in ("", *queries))


def post(path: str, least: Scope, /, *, changes: bool = True, **form: str) -> Ask:
    return Ask("POST", path, least, form, changes=changes)


def decide(act: str, **form: str) -> Ask:
    return Ask("POST", "/desk/decide", MODERATE, {"act": act, **form})


PAGES = (
    *get("/desk", READ),
    *get("/desk/", READ, "?site=SITE", "?author=AUTHOR&state=all", "?same=COMMENT&state=all"),
    *get("/desk/sessions", READ),
    *get("/desk/events", READ),
    *get("/desk/comments/{id}", READ, "?ask=reject"),
    *get("/desk/articles", READ, "?site=SITE"),
    *get("/desk/articles/{id}", READ),
    *get("/desk/people", MODERATE),
    *get("/desk/people/{id}", MODERATE),
    *get("/desk/people/{id}/export", MODERATE),
    *get("/desk/quarantine", READ, "?site=SITE"),
    *get("/desk/bans", MODERATE, "?site=SITE"),
    *get("/desk/rules", READ, "?site=SITE"),
    *get("/desk/numbers", READ, "?site=SITE"),
    *get("/desk/log", READ, "?site=SITE", "?comment=COMMENT"),
    *get("/desk/log.csv", READ, "?site=SITE", "?comment=COMMENT", "?moderator=NAME"),
    *get("/desk/moderators", ADMIN),
)
FORMS = (
    post("/desk/people/{id}", MODERATE, act="distrust"),
    post("/desk/comments/{id}/look", MODERATE),
    post("/desk/comments/{id}/leave", MODERATE),
    post(
        "/desk/comments/{id}/edit",
        MODERATE,
        text="Tout autre chose : 06 12 34 56 78",
        version="VERSION",
    ),
    post("/desk/comments/{id}/mask", MODERATE, version="VERSION"),
    post("/desk/comments/{id}/dismiss", MODERATE),
    decide("approve COMMENT"),
    post("/desk/undo", MODERATE),
    post("/desk/comments/{id}/reply", MODERATE, text="Merci à vous.", version="VERSION"),
    decide("hold COMMENT"),
    decide("reject COMMENT", reason="abuse", note="Non"),
    decide("spam COMMENT"),
    decide("approve", ids="COMMENT"),
    Ask("POST", "/desk/decide", MODERATE, {"act": "hold", "which": "picked", "c-COMMENT": "on"}),
    decide("spam", which="shown", shown="COMMENT.VERSION"),
    decide("approve", which="all", back="?state=all&author=AUTHOR"),
    decide("hold", which="all", back="?state=all&same=COMMENT"),
    post("/desk/people", MODERATE, changes=False, site="SITE", email=ADDRESS),
    post("/desk/people/{id}", MODERATE, act="block", reason="Non", also="pending"),
    post("/desk/people/{id}", MODERATE, act="unblock"),
    post("/desk/bans", MODERATE, act="try", what="text", comment="COMMENT", changes=False),
    post("/desk/bans", MODERATE, act="apply", what="text", comment="COMMENT"),
    post("/desk/bans", MODERATE, act="ban", what="author", comment="COMMENT"),
    post("/desk/bans", MODERATE, act="ban", what="link_domain", domain="a.example", site="SITE"),
    post("/desk/bans", MODERATE, act="undo AUTHOR", changes=False),
    post("/desk/bans", MODERATE, act="lift AUTHOR"),
    decide("delete COMMENT", sure="yes"),
    post("/desk/people/{id}", MODERATE, act="erase", sure="yes"),
    post("/desk/articles", MODERATE, site="SITE", article="/tout-autre", act="close"),
    post("/desk/articles/{id}", MODERATE, act="close"),
    post("/desk/articles/{id}", MODERATE, act="save", title="Autre", depth="1"),
    post("/desk/quarantine", MODERATE, changes=False, site="SITE", act="delete COMMENT"),
    post("/desk/quarantine", MODERATE, changes=False, site="SITE", act="release others"),
    post("/desk/rules/try", ADMIN, changes=False, site="SITE", max_links="1"),
    post("/desk/rules", ADMIN, changes=False, site="SITE", act="back", depth="1"),
    post("/desk/rules", ADMIN, site="SITE", depth="1"),
    post("/desk/moderators", ADMIN, act="add", name="neuf", scope="admin", site="SITE"),
    post("/desk/moderators", ADMIN, act="revoke NAME", sure="yes"),
    post("/desk/moderators", ADMIN, act="unlearn NAME", sure="yes"),
    post("/desk/sessions", READ, act="choose", language="en"),
    post("/desk/sessions", READ, act="end SESSION"),
    post("/desk/sessions", READ, act="end"),
    post("/desk/logout", READ),
)
"""In an order in which each finds something to do."""

ALL = (*PAGES, *FORMS)
OF_A_SITE = re.compile("SITE|AUTHOR|COMMENT|ARTICLE|NAME|SESSION|{id}|zanzibar")


def test_every_route_of_the_desk_is_asked_for() -> None:
    at_desk = {(method, path) for method, path in routes() if path.startswith("/desk")}
    assert {ask.route for ask in ALL} == at_desk - ENTRY
    assert at_desk >= ENTRY


@dataclass
class There:
    """What there is on the site `tiers`, and how to ask for it.

    `real`: what the capital letters of the tables stand for.
    """

    service: Service
    app: Starlette
    client: httpx2.AsyncClient
    real: dict[str, str]

    async def enter(self, name: str) -> dict[str, str]:
        """Sign a moderator in; the header of their cookie."""
        cookie = await desk.enter(self.service, self.client, name)
        del self.client.headers["Cookie"]
        return cookie

    async def ask(
        self,
        ask: Ask,
        headers: Mapping[str, str],
        *,
        csrf: str | None = None,
        real: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> httpx2.Response:
        """Ask, about what is there or about *real*; whatever the answer, nobody may keep it."""
        real = self.real if real is None else real
        kinds = {"comments": "COMMENT", "articles": "ARTICLE", "people": "AUTHOR"}
        kind = kinds.get(ask.path.split("/")[2] if ask.path.count("/") > 1 else "", "")
        path = filled(ask.path.replace("{id}", kind) + ask.query, real)
        form = {filled(name, real): filled(value, real) for name, value in ask.form.items()}
        if csrf is not None:
            form["csrf"] = csrf
        answer = await self.client.request(
            method or ask.method,
            path,
            data=None if ask.method == "GET" else form,
            headers=dict(headers),
        )
        not_kept(answer)
        return answer

    async def rows(self, *, but: Collection[str] = ()) -> dict[str, list[str]]:
        """Everything that is stored and does not come and go by itself, as text."""
        by_itself = {"job", "recurring", "comment_words", "store_info", *but}
        names = [table.name for table in TABLES if table.name not in by_itself]
        return await self.service.store.read(lambda tx: _rows(tx, names))


async def _rows(tx: Any, names: list[str]) -> dict[str, list[str]]:
    return {
        name: sorted(str(dict(row)) for row in await tx.all(f"select * from {name}"))
        for name in names
    }


def filled(text: str, real: Mapping[str, str]) -> str:
    return re.sub("|".join(real), lambda found: real[found[0]], text)


def not_kept(answer: httpx2.Response) -> None:
    """What holds of every answer of the desk, whatever it says."""
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    policy = answer.headers.get("content-security-policy", "")
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert "data:" not in policy
    assert "*" not in policy
    given = answer.headers.get("set-cookie")
    if given is not None:
        parts = {part.strip().casefold() for part in given.split(";")}
        assert parts > {"httponly", "samesite=lax", "path=/desk", "secure"}
        assert not any(part.startswith("domain") for part in parts)


@pytest.fixture
async def there(service: Service, site: Site, clock: Clock) -> AsyncIterator[There]:
    """A comment that waits on another site than `blog`, and then one that waits on `blog`.

    Alice may decide everywhere, Ada anything, Rémi may read.
    """
    tiers = await sites.add(service, "tiers", origins=["https://tiers.example"])
    headers = await token_for(service, "ada", ADMIN)
    await token_for(service, "alice", MODERATE)
    await token_for(service, "remi", READ)
    await token_for(service, f"{WORD} Admin", ADMIN, site="tiers")
    app = build(service)
    async with client_of(service, app) as client:
        comment = await makers.comment(
            client,
            site="tiers",
            article="https://tiers.example/a",
            title=f"Un titre de {WORD}",
            name=f"Zoé de {WORD}",
            email=ADDRESS,
            comment=f"Les îles de {WORD} sont loin.",
        )
        # Held again, with a reader's report of when it was public.
        await makers.act(client, headers, comment, "approve")
        await client.post(f"/v1/comments/{comment}/report", json={"reason": "other"})
        await makers.act(client, headers, comment, "hold")
        # By the same person, who is still known when the other is deleted.
        theirs = {"site": "tiers", "article": "https://tiers.example/a"}
        given = await client.get("/v1/stamp", params={**theirs, "remember": "1"})
        await makers.comment(client, **theirs, name=WORD, email=ADDRESS, **given.json())
        clock.advance(minutes=1)
        await makers.comment(client, site="blog", title="Chez nous", name="Hélène")
        url = f"/v1/moderation/comments/{comment}"
        found = (await client.get(url, headers=headers)).json()
        articles = await client.get("/v1/moderation/articles?site=tiers", headers=headers)
        real = {
            "SITE": tiers.name,
            "COMMENT": comment,
            "AUTHOR": found["author"]["id"],
            "ARTICLE": articles.json()["articles"][0]["id"],
            "VERSION": str(found["version"]),
            "NAME": f"{WORD} Admin",
            "SESSION": "",
        }
        yield There(service, app, client, real)


async def refused(
    there: There,
    asks: tuple[Ask, ...],
    headers: Mapping[str, str],
    subtests: pytest.Subtests,
    *,
    but: Collection[str] = (),
) -> None:
    """None of these is answered to whoever has these headers, and none of them changes anything."""
    before = await there.rows(but=but)
    for ask in asks:
        with subtests.test(str(ask)):
            answer = await there.ask(ask, headers)
            if ask.method == "GET":
                assert answer.status_code == 303
                assert answer.headers["location"].startswith("/desk/login?to=")
            else:
                assert answer.status_code == 401
                assert 'name="token"' in answer.text
            assert WORD not in answer.text
            assert "set-cookie" not in answer.headers
            assert await there.rows(but=but) == before


@pytest.mark.engine("sqlite")
async def test_nobody_is_let_in(
    there: There, admin_headers: dict[str, str], subtests: pytest.Subtests
) -> None:
    unknown = {"Cookie": "palabre_desk=" + "x" * 32}
    for headers in ({}, admin_headers, unknown | admin_headers):
        await refused(there, ALL, headers | desk.FORM, subtests)


@pytest.fixture
async def admin_headers(there: There) -> dict[str, str]:
    """A token that opens everything of the interface for programs."""
    return await token_for(there.service, "olga", ADMIN)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("over", ["revoked", "expired", "idle", "a week old", "ended"])
async def test_a_session_that_is_over_opens_nothing(
    there: There, clock: Clock, over: str, subtests: pytest.Subtests
) -> None:
    token = await moderators.add(
        there.service, "brigitte", scope=ADMIN, expires_at=clock() + timedelta(hours=1)
    )
    if over not in ("expired", "revoked"):
        await token_for(there.service, "olga", ADMIN)
    name = "brigitte" if over in ("expired", "revoked") else "olga"
    cookie = await there.enter(name)
    proof = await desk.csrf(there.client, cookie)
    if over == "revoked":
        await moderators.revoke(there.service, name)
    elif over == "expired":
        clock.advance(hours=1)
    elif over == "idle":
        clock.advance(hours=12)
    elif over == "a week old":
        for _ in range(20):
            clock.advance(hours=8, minutes=24)
            await there.client.get("/desk/sessions", headers=cookie)
    else:
        await sessions.end(
            there.service, (await sessions.known(there.service, cookie_of(cookie))).moderator, None
        )
    asks = tuple(
        Ask(one.method, one.path, one.scope, {**one.form, "csrf": proof}, one.query) for one in ALL
    )
    # Sessions and links past their time are cleared away by a job, whenever that is.
    late = ("session", "login_link", "lease")
    await refused(there, asks, cookie | desk.FORM, subtests, but=late)
    entered = await there.client.post("/desk/login", data={"token": token}, headers=desk.FORM)
    assert (entered.status_code == 303) is (over == "ended")


def cookie_of(headers: Mapping[str, str]) -> str:
    return headers["Cookie"].partition("=")[2]


@pytest.mark.engine("sqlite")
async def test_less_than_the_scope_opens_nothing(there: There, subtests: pytest.Subtests) -> None:
    for name, scopes in (("remi", (MODERATE, ADMIN)), ("alice", (ADMIN,))):
        cookie = await there.enter(name)
        proof = await desk.csrf(there.client, cookie)
        before = await there.rows()
        for ask in ALL:
            if ask.scope in scopes:
                with subtests.test(f"{name}: {ask}"):
                    headers = cookie | FROM_OUR_PAGE
                    answer = await there.ask(ask, headers | AS_PROGRAM, csrf=proof)
                    problem(answer, 403, "scope_missing")
                    page = await there.ask(ask, headers | desk.FORM, csrf=proof)
                    assert page.status_code == 403
                    assert WORD not in page.text
                    assert await there.rows() == before


async def test_the_least_scope_that_will_do_does(there: There, subtests: pytest.Subtests) -> None:
    """What the other tests see refused would change something, each of it."""
    names = {READ: "remi", MODERATE: "alice", ADMIN: "ada"}
    cookies = {scope: await there.enter(name) for scope, name in names.items()}
    for ask in ALL:
        with subtests.test(str(ask)):
            if ask.path in ("/desk/sessions", "/desk/logout"):
                cookies[ask.scope] = await there.enter(names[ask.scope])
            cookie = cookies[ask.scope]
            proof = await desk.csrf(there.client, cookie)
            known = await sessions.known(there.service, cookie_of(cookie))
            there.real["SESSION"] = known.session.id
            there.real["VERSION"] = await version(there)
            before = await there.rows()
            # The stream has no end.
            method = "HEAD" if ask.path == "/desk/events" else ask.method
            answer = await there.ask(ask, cookie | desk.FORM, csrf=proof, method=method)
            assert answer.status_code in (200, 204, 303), answer.text
            assert not answer.headers.get("location", "").startswith("/desk/login?")
            after = await there.rows()
            if ask.method == "GET":
                before.pop("lease")
                after.pop("lease")
            assert (after != before) is ask.changes


async def version(there: There) -> str:
    row = await there.service.store.read(
        lambda tx: tx.one("select version from comment where id = :id", id=there.real["COMMENT"])
    )
    return str(row["version"] if row else 1)


async def test_what_is_another_sites_answers_as_if_it_were_not_there(
    there: There, subtests: pytest.Subtests
) -> None:
    await token_for(there.service, "bruno", ADMIN, site="blog")
    theirs = await there.enter(f"{WORD} Admin")
    known = await sessions.known(there.service, cookie_of(theirs))
    there.real["SESSION"] = known.session.id
    cookie = await there.enter("bruno")
    proof = await desk.csrf(there.client, cookie)
    headers = cookie | FROM_OUR_PAGE
    nothing = {name: value[::-1] for name, value in there.real.items()}
    nothing["VERSION"] = there.real["VERSION"]
    for ask in ALL:
        if ask.path == "/desk/events" or not OF_A_SITE.search(str(ask)):
            continue
        with subtests.test(str(ask)):
            absent = await undisturbed(there, ask, headers | desk.FORM, proof, nothing)
            answer = await undisturbed(there, ask, headers | desk.FORM, proof, there.real)
            assert answer == absent


async def undisturbed(
    there: There, ask: Ask, headers: dict[str, str], proof: str, real: Mapping[str, str]
) -> list[tuple[int, str | None, str]]:
    """What is told to whoever asks about *real*, then and on the page that follows."""
    # Nothing is left of what was asked before.
    await there.service.store.write(lambda tx: tx.run("update session set last = null"))
    before = await there.rows()
    answer = await there.ask(ask, headers, csrf=proof, real=real)
    following = await there.ask(Ask("GET", "/desk/", READ), headers)
    after = await there.rows()
    # A session knows what it was that it could not decide.
    assert len(after.pop("session")) == len(before.pop("session"))
    assert after == before
    return [told(answer, real), told(following, real)]


def told(answer: httpx2.Response, real: Mapping[str, str]) -> tuple[int, str | None, str]:
    """An answer, without what it repeats of the question and without what no two pages share."""
    text = re.sub(r'name="csrf" value="\w+"', "", answer.text)
    location = answer.headers.get("location")
    for name in ("COMMENT", "AUTHOR", "ARTICLE", "SESSION", "SITE", "NAME"):
        if real[name]:
            text = text.replace(real[name], name)
            location = location and location.replace(real[name], name)
    assert WORD not in text
    return answer.status_code, location, text


@pytest.mark.engine("sqlite")
async def test_who_is_of_one_site_reads_of_no_other(
    there: There, subtests: pytest.Subtests
) -> None:
    await token_for(there.service, "bruno", ADMIN, site="blog")
    cookie = await there.enter("bruno")
    for ask in PAGES:
        if ask.path != "/desk/events" and not OF_A_SITE.search(str(ask)):
            with subtests.test(str(ask)):
                answer = await there.ask(ask, cookie | desk.FORM)
                assert answer.status_code == 200
                assert WORD not in answer.text
                assert "tiers" not in answer.text


@pytest.mark.engine("sqlite")
async def test_who_is_of_one_site_hears_of_no_other_and_of_nothing_once_revoked(
    there: There,
) -> None:
    await token_for(there.service, "bruno", READ, site="blog")
    cookie = await there.enter("bruno")
    async with straight(there.app, cookie, path="/desk/events") as stream:
        assert (await stream.next()).kind == "looking"
        await makers.comment(there.client, site="tiers", article="https://tiers.example/b")
        ours = await makers.comment(there.client, site="blog")
        assert (await stream.next()).data["comment"] == ours
        await moderators.revoke(there.service, "bruno")
        await makers.comment(there.client, site="blog")
        await stream.end()
        assert stream.events.empty()
        assert stream.headers["cache-control"] == "no-store"


@pytest.mark.engine("sqlite")
async def test_a_form_without_the_proof_of_its_own_session_changes_nothing(
    there: There, subtests: pytest.Subtests
) -> None:
    cookie = await there.enter("ada")
    proof = await desk.csrf(there.client, cookie)
    ended = await there.enter("ada")
    of_an_ended = await desk.csrf(there.client, ended)
    data = {"csrf": of_an_ended}
    await there.client.post("/desk/logout", data=data, headers=ended | desk.FORM)
    proofs = {
        "none": None,
        "blank": "",
        "another session's of hers": await desk.csrf(there.client, await there.enter("ada")),
        "somebody else's": await desk.csrf(there.client, await there.enter("alice")),
        "an ended session's": of_an_ended,
        "cut": proof[:-2],
        "longer": proof + "00",
        "altered": proof[:-1] + format(int(proof[-1], 16) ^ 1, "x"),
        "not hexadecimal": "z" * 64,
        "not ASCII": "é" * 64,
    }
    await something_to_undo(there, cookie, proof)
    before = await there.rows()
    for (name, wrong), ask in itertools.product(proofs.items(), FORMS):
        with subtests.test(f"{name}: {ask}"):
            answer = await there.ask(ask, cookie | FROM_OUR_PAGE | AS_PROGRAM, csrf=wrong)
            problem(answer, 403, "form_expired")
            assert await there.rows() == before


async def something_to_undo(there: There, cookie: dict[str, str], proof: str) -> None:
    for ask in (decide("approve COMMENT"), decide("hold COMMENT")):
        answer = await there.ask(ask, cookie | desk.FORM, csrf=proof)
        assert answer.status_code == 303


ELSEWHERE = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://tiers.example"},
    {"Origin": f"{PUBLIC_URL}:8443"},
    {"Origin": f"{PUBLIC_URL}.evil.example"},
    {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "cross-site"},
    {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


@pytest.mark.engine("sqlite")
async def test_a_form_of_another_page_changes_nothing_though_it_has_the_proof(
    there: There, subtests: pytest.Subtests
) -> None:
    cookie = await there.enter("ada")
    proof = await desk.csrf(there.client, cookie)
    await something_to_undo(there, cookie, proof)
    link = (await sessions.link(there.service, "ada")).removeprefix(PUBLIC_URL)
    token = (await token_for(there.service, "olga", ADMIN))["Authorization"].removeprefix("Bearer ")
    entries = (post(link, READ), post("/desk/login", READ, token=token))
    before = await there.rows()
    for headers, ask in itertools.product(ELSEWHERE, (*FORMS, *entries)):
        with subtests.test(f"{headers}: {ask}"):
            answer = await there.ask(ask, cookie | headers | AS_PROGRAM, csrf=proof)
            problem(answer, 403, "form_expired")
            assert "set-cookie" not in answer.headers
            assert await there.rows() == before


@pytest.mark.engine("sqlite")
async def test_looking_changes_nothing_but_who_is_seen_to_look(
    there: There, subtests: pytest.Subtests
) -> None:
    """By GET or HEAD, with all that a form sends in the URL, or a method that we don't know."""
    cookie = await there.enter("ada")
    proof = await desk.csrf(there.client, cookie)
    await something_to_undo(there, cookie, proof)
    link = (await sessions.link(there.service, "ada")).removeprefix(PUBLIC_URL)
    known = set(routes())
    before = await there.rows(but=["lease"])
    headers = cookie | desk.FORM | {"X-HTTP-Method-Override": "POST"}
    for method, ask in itertools.product(("GET", "HEAD"), (*ALL, *get(link, READ))):
        if method == "GET" and ask.path == "/desk/events":
            continue
        with subtests.test(f"{method} {ask}"):
            sent = {**ask.form, "csrf": proof, "_method": "POST"}
            # An address in a URL is refused as such.
            sent.pop("email", None)
            query = f"{ask.query or '?'}&{urlencode(sent)}"
            asked = Ask("GET", ask.path, ask.scope, query=query)
            answer = await there.ask(asked, headers, method=method)
            exists = ("GET", ask.path) in known or ask.path == link
            assert answer.status_code == (200 if exists else 303)
            assert await there.rows(but=["lease"]) == before
    for method, path in itertools.product(
        ("PUT", "PATCH", "DELETE", "QUERY"), sorted({ask.path for ask in ALL})
    ):
        with subtests.test(f"{method} {path}"):
            answer = await there.ask(post(path, READ, csrf=proof), headers, method=method)
            assert answer.status_code == 405
            assert await there.rows(but=["lease"]) == before


@pytest.mark.engine("sqlite")
async def test_the_cookie_opens_nothing_of_the_interface_for_programs(
    there: There, subtests: pytest.Subtests
) -> None:
    cookie = await there.enter("ada")
    proof = await desk.csrf(there.client, cookie)
    before = await there.rows()
    for method, path in routes():
        if path.startswith("/v1/moderation"):
            with subtests.test(f"{method} {path}"):
                name = path.replace("{id}", there.real["COMMENT"]).replace("{name}", "blog")
                answer = await there.client.request(
                    method, name, headers=cookie | FROM_OUR_PAGE, data={"csrf": proof}
                )
                problem(answer, 401, "unauthenticated")
                assert await there.rows() == before


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    ("public_url", "path", "secure"),
    [
        ("https://comments.example", "/desk", True),
        ("http://comments.example", "/desk", False),
        ("https://comments.example/avis", "/avis/desk", True),
    ],
)
async def test_the_cookie_is_for_the_desk_alone_and_for_no_script(
    environ: dict[str, str], public_url: str, path: str, secure: bool
) -> None:
    chosen = settings.load(environ | {"PALABRE_PUBLIC_URL": public_url})
    origin = "/".join(public_url.split("/")[:3])
    async with opened(chosen, serving=True) as service, client_of(service) as client:
        await token_for(service, "ada", ADMIN)
        link = await sessions.link(service, "ada")
        entered = await client.post(
            link.removeprefix(public_url), data={}, headers={"Origin": origin}
        )
        assert entered.status_code == 303
        name, *parts = (part.strip() for part in entered.headers["set-cookie"].split(";"))
        assert re.fullmatch(r"palabre_desk=[\w-]{32}", name)
        expected = {"HttpOnly", "Max-Age=604800", f"Path={path}", "SameSite=lax"}
        assert set(parts) == expected | ({"Secure"} if secure else set())
