"""Who may ask for what: every route that is not public, against everybody who may not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from starlette.routing import Route

import makers
from conftest import START, Clock, client_of, sqlite_of, token_for
from palabre.actions import moderators, sites
from palabre.model import ACTIONS, Scope, Site
from palabre.service import Service
from palabre.web.routes import ROUTES, Methods
from web.speaking import problem, put_article

Json = dict[str, Any]
READ, MODERATE, ADMIN = Scope

PUBLIC = {
    ("GET", "/v1/comments"),
    ("POST", "/v1/comments"),
    ("GET", "/v1/comments.html"),
    ("GET", "/v1/comments.atom"),
    ("GET", "/v1/counts"),
    ("GET", "/v1/rules"),
    ("GET", "/rules"),
    ("GET", "/v1/form"),
    ("GET", "/v1/stamp"),
    ("GET", "/v1/comments/{id}/report"),
    ("POST", "/v1/comments/{id}/report"),
    ("GET", "/v1/reports/{token}"),
    ("GET", "/v1/receipts/{token}"),
    ("POST", "/v1/receipts/{token}/withdraw"),
    ("GET", "/v1/mail/{token}"),
    ("POST", "/v1/mail/{token}"),
    ("GET", "/v1/mail/unsubscribe/{token}"),
    ("POST", "/v1/mail/unsubscribe/{token}"),
    ("GET", "/desk/login"),
    ("POST", "/desk/login"),
    ("GET", "/desk/link/{token}"),
    ("POST", "/desk/link/{token}"),
    ("GET", "/problems/{code}"),
    ("GET", "/openapi.json"),
    ("GET", "/static/{name}"),
    ("GET", "/favicon.ico"),
    ("GET", "/embed.js"),
    ("GET", "/demo"),
    ("GET", "/demo/"),
    ("GET", "/demo/{name}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}


@dataclass(frozen=True)
class Guarded:
    """A route that needs a token.

    `scope`: the least that will do. `elsewhere`: the problem that another site's token meets, or
    None where it simply sees its own site.
    """

    method: str
    path: str
    scope: Scope
    elsewhere: str | None
    body: Json = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


M = "/v1/moderation"
GUARDED = (
    Guarded("GET", f"{M}/comments", READ, None),
    Guarded("GET", f"{M}/comments/{{id}}", READ, "comment_not_found"),
    Guarded("PATCH", f"{M}/comments/{{id}}", MODERATE, "comment_not_found", {"text": "Non"}),
    Guarded("POST", f"{M}/comments/{{id}}/reply", MODERATE, "comment_not_found", {"text": "Non"}),
    *(
        Guarded("POST", f"{M}/comments/{{id}}/{action}", MODERATE, "comment_not_found")
        for action in ACTIONS
    ),
    Guarded("POST", f"{M}/comments/{{id}}/dismiss-reports", MODERATE, "comment_not_found"),
    Guarded("POST", f"{M}/comments/{{id}}/mask", MODERATE, "comment_not_found"),
    Guarded("POST", f"{M}/decisions", MODERATE, None, {"action": "delete", "ids": ["COMMENT"]}),
    Guarded("GET", f"{M}/log", READ, None),
    Guarded("GET", f"{M}/articles", READ, None),
    Guarded("PUT", f"{M}/articles", MODERATE, "site_not_found", {"article": "URL", "open": False}),
    Guarded("GET", f"{M}/articles/{{id}}", READ, "article_not_found"),
    Guarded("PATCH", f"{M}/articles/{{id}}", MODERATE, "article_not_found", {"open": False}),
    Guarded("GET", f"{M}/sites/{{name}}", READ, "site_not_found"),
    Guarded("PATCH", f"{M}/sites/{{name}}", ADMIN, "site_not_found", {"policy": {"depth": 1}}),
    Guarded("POST", f"{M}/sites/{{name}}/replay", ADMIN, "site_not_found", {"days": 1}),
    Guarded(
        "POST",
        f"{M}/authors/lookup",
        MODERATE,
        "site_not_found",
        {"email": "helene@example.com", "site": "blog"},
    ),
    Guarded("GET", f"{M}/authors/{{id}}/export", MODERATE, "author_not_found"),
    Guarded("POST", f"{M}/authors/{{id}}/erase", MODERATE, "author_not_found"),
    Guarded("POST", f"{M}/authors/{{id}}/block", MODERATE, "author_not_found"),
    Guarded("POST", f"{M}/authors/{{id}}/unblock", MODERATE, "author_not_found"),
    Guarded("POST", f"{M}/authors/{{id}}/distrust", MODERATE, "author_not_found"),
    Guarded("GET", f"{M}/bans", MODERATE, None),
    Guarded(
        "POST", f"{M}/bans", MODERATE, "comment_not_found", {"kind": "text", "comment": "COMMENT"}
    ),
    Guarded("DELETE", f"{M}/bans/{{id}}", MODERATE, "ban_not_found"),
    Guarded("POST", f"{M}/bans/{{id}}/undo", MODERATE, "ban_not_found"),
    Guarded("GET", f"{M}/quarantine", READ, None),
)

QUARANTINED = Guarded(
    "POST", f"{M}/quarantine", MODERATE, None, {"group": "others", "action": "release"}
)
ASKED = (*GUARDED, Guarded("GET", f"{M}/events", READ, None), QUARANTINED)
"""Every route that wants a token: those that answer, the stream, whose answer has no end, and what
is done to the quarantine, where there is nothing here."""


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path that the service answers."""
    for route in ROUTES:
        assert isinstance(route, Route)
        assert isinstance(route.endpoint, Methods), route.path
        for method in route.endpoint.handlers:
            if method not in ("HEAD", "OPTIONS"):
                yield method, route.path


@dataclass(frozen=True)
class There:
    """What there is to be read or changed, and how it is before anybody tries."""

    client: httpx2.AsyncClient
    comment: str
    article: str
    author: str
    ban: str
    owner: dict[str, str]
    before: Json

    def body(self, route: Guarded) -> Json:
        """The route's body about what there is."""
        real = {"COMMENT": self.comment, "URL": "https://blog.example/a"}
        return {
            name: [real.get(one, one) for one in value]
            if isinstance(value, list)
            else real.get(value, value)
            if isinstance(value, str)
            else value
            for name, value in route.body.items()
        }

    async def ask(self, route: Guarded, headers: dict[str, str]) -> httpx2.Response:
        kind = route.path.split("/")[3]
        id_ = {
            "comments": self.comment,
            "articles": self.article,
            "authors": self.author,
            "bans": self.ban,
        }
        path = route.path.replace("{name}", "blog").replace("{id}", id_.get(kind, ""))
        body = None if route.method == "GET" else self.body(route)
        sent = {name.encode(): value.encode() for name, value in headers.items()}
        return await self.client.request(route.method, path, json=body, headers=sent)


async def everything(
    client: httpx2.AsyncClient, owner: dict[str, str], comment: str, article: str
) -> Json:
    """All that could have been changed."""
    found = {}
    for path in (f"comments/{comment}", f"articles/{article}", "sites/blog", "log", "bans"):
        found[path] = (await client.get(f"{M}/{path}", headers=owner)).json()
    return found


async def banned(client: httpx2.AsyncClient, owner: dict[str, str]) -> str:
    """The id of a ban on the site `blog`."""
    ban = {"kind": "link_domain", "domain": "casino.example", "site": "blog"}
    answer = await client.post(f"{M}/bans", json=ban, headers=owner)
    return str(answer.json()["ban"]["id"])


@pytest.fixture
async def other(service: Service, site: Site) -> Site:
    """A second site."""
    return await sites.add(service, "other", origins=["https://other.example"])


@pytest.fixture
async def there(service: Service, other: Site) -> AsyncIterator[There]:
    """A public comment of a known author on an article of the site `blog`, reported by a reader."""
    owner = await token_for(service, "olga", Scope.ADMIN)
    async with client_of(service) as client:
        comment = await makers.approved(client, owner, site="blog")
        article = await put_article(client, owner, site="blog", title="Un titre")
        await client.post(f"/v1/comments/{comment}/report", json={"reason": "other"})
        ban = await banned(client, owner)
        before = await everything(client, owner, comment, article["id"])
        author = before[f"comments/{comment}"]["author"]["id"]
        yield There(client, comment, article["id"], author, ban, owner, before)
        after = await everything(client, owner, comment, article["id"])
        assert after == before, "somebody who may not has changed something"


def test_every_route_is_either_public_or_guarded() -> None:
    guarded = {(route.method, route.path) for route in ASKED}
    assert len(guarded) == len(ASKED)
    assert not guarded & PUBLIC
    at_desk = {(method, path) for method, path in routes() if path.startswith("/desk")} - PUBLIC
    assert set(routes()) == guarded | at_desk | PUBLIC


@pytest.mark.engine("sqlite")
async def test_the_desk_lets_nobody_in_without_a_session(
    client: httpx2.AsyncClient, admin: dict[str, str], subtests: pytest.Subtests
) -> None:
    for method, path in sorted(set(routes()) - PUBLIC):
        if path.startswith("/desk"):
            with subtests.test(f"{method} {path}"):
                for cookie in ("", "palabre_desk=", "palabre_desk=x", f"palabre_desk={'x' * 5000}"):
                    headers = admin | {"Cookie": cookie}
                    answer = await client.request(
                        method, path.replace("{id}", "x"), data={"act": "end"}, headers=headers
                    )
                    if method == "GET":
                        assert answer.status_code == 303
                        assert answer.headers["location"].startswith("/desk/login?to=")
                    else:
                        assert answer.status_code == 401


def refused(answer: httpx2.Response) -> None:
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"


async def test_nobody_is_let_in(there: There, subtests: pytest.Subtests) -> None:
    for route in ASKED:
        with subtests.test(str(route)):
            refused(await there.ask(route, {}))


async def test_garbage_is_no_token(there: There, subtests: pytest.Subtests) -> None:
    token = there.owner["Authorization"].removeprefix("Bearer ")
    garbage = (
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"Basic {token}",
        token,
        f"Bearer {token[:-1]}",
        f"Bearer {token}x",
        f"Bearer {token.swapcase()}",
        f"Bearer {token},{token}",
        "Bearer é",
        "Bearer ' or 1=1 --",
        "Bearer " + "x" * 5000,
    )
    for route in ASKED:
        with subtests.test(str(route)):
            for header in garbage:
                refused(await there.ask(route, {"Authorization": header}))


@pytest.mark.engine("sqlite")
async def test_a_token_anywhere_but_in_its_header_is_none(
    there: There, subtests: pytest.Subtests
) -> None:
    token = there.owner["Authorization"].removeprefix("Bearer ")
    for route in ASKED:
        with subtests.test(str(route)):
            refused(await there.ask(route, {"Cookie": f"token={token}", "X-Authorization": token}))
            answer = await there.client.request(
                route.method,
                route.path.replace("{id}", there.comment),
                params={"access_token": token, "token": token},
            )
            refused(answer)


async def test_an_expired_and_a_revoked_token_are_none(
    there: There, service: Service, clock: Clock, subtests: pytest.Subtests
) -> None:
    brief = await moderators.add(
        service, "brigitte", scope=Scope.ADMIN, expires_at=START + timedelta(hours=1)
    )
    revoked = await token_for(service, "renaud", Scope.ADMIN)
    await moderators.revoke(service, "renaud")
    clock.advance(minutes=60)
    for route in ASKED:
        with subtests.test(str(route)):
            refused(await there.ask(route, {"Authorization": f"Bearer {brief}"}))
            refused(await there.ask(route, revoked))


async def test_too_small_a_scope_is_told_so(
    there: There, service: Service, subtests: pytest.Subtests
) -> None:
    tokens = {scope: await token_for(service, scope.value, scope) for scope in Scope}
    for route in GUARDED:
        with subtests.test(str(route)):
            for scope in [scope for scope in Scope if not scope.allows(route.scope)]:
                problem(await there.ask(route, tokens[scope]), 403, "scope_missing")


async def test_another_sites_token_finds_nothing(
    there: There, service: Service, subtests: pytest.Subtests
) -> None:
    headers = await token_for(service, "otto", Scope.ADMIN, site="other")
    for route in GUARDED:
        with subtests.test(str(route)):
            found_nothing(await there.ask(route, headers), route, there)


def found_nothing(answer: httpx2.Response, route: Guarded, there: There) -> None:
    if route.elsewhere is not None:
        problem(answer, 404, route.elsewhere)
        return
    assert answer.status_code == 200
    told = answer.json()
    assert not any(told.get(name) for name in ("comments", "articles", "decisions"))
    assert there.article not in answer.text
    if "results" in told:
        assert told == {"results": [{"id": there.comment, "status": 404, "state": None}]}
    else:
        assert there.comment not in answer.text


async def test_who_may_not_learns_nothing_of_what_is_there(
    there: There, subtests: pytest.Subtests
) -> None:
    """An unknown id, a broken body: all the same without a token."""
    for route in GUARDED:
        path = route.path.replace("{id}", "nobody").replace("{name}", "nowhere")
        with subtests.test(str(route)):
            answer = await there.client.request(
                route.method, path, content=b"{", headers={"Content-Type": "application/json"}
            )
            refused(answer)


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_the_least_scope_that_will_do_does(
    route: Guarded, client: httpx2.AsyncClient, service: Service
) -> None:
    owner = await token_for(service, "olga", Scope.ADMIN)
    headers = await token_for(service, "lea", route.scope, site="blog")
    comment = await makers.approved(client, owner)
    article = await put_article(client, owner)
    record = (await client.get(f"{M}/comments/{comment}", headers=owner)).json()
    ban = await banned(client, owner)
    there = There(client, comment, article["id"], record["author"]["id"], ban, headers, {})
    answer = await there.ask(route, headers)
    assert answer.status_code in (200, 201), answer.text


@pytest.mark.engine("sqlite")
async def test_the_scheme_is_written_in_any_case(there: There) -> None:
    token = there.owner["Authorization"].removeprefix("Bearer ")
    for scheme in ("bearer", "BEARER"):
        answer = await there.ask(GUARDED[0], {"Authorization": f"{scheme}  {token} "})
        assert answer.status_code == 200


async def test_a_good_token_works_until_the_moment_it_expires(
    client: httpx2.AsyncClient, service: Service, clock: Clock
) -> None:
    token = await moderators.add(
        service, "brigitte", scope=Scope.READ, expires_at=START + timedelta(hours=1)
    )
    headers = {"Authorization": f"Bearer {token}"}
    clock.advance(minutes=59, seconds=59)
    assert (await client.get(f"{M}/comments", headers=headers)).status_code == 200
    clock.advance(seconds=1)
    refused(await client.get(f"{M}/comments", headers=headers))


@pytest.mark.engine("sqlite")
async def test_a_token_is_stored_hashed(service: Service, site: Site) -> None:
    token = (await token_for(service, "alice"))["Authorization"].removeprefix("Bearer ")
    await sqlite_of(service).empty_journal()
    for path in service.settings.data_dir.iterdir():
        assert token.encode() not in path.read_bytes()
        assert token.removeprefix("palabre_").encode() not in path.read_bytes()
