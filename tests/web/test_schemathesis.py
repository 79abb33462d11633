"""The service under requests made from its own description, good and bad ones, over a real socket.

Whatever is sent, the answer has to be one that `schema/openapi.json` names for that operation:
status, content type, headers, and no member of a body that it does not name. The same requests
are made in each run.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
import uvicorn

import makers
from conftest import ORIGIN, token_for
from palabre import settings
from palabre.actions import mail_links, sites
from palabre.actions.moderators import tell_by_mail
from palabre.app import build
from palabre.keys import Keys
from palabre.model import Policy, Scope
from palabre.schema import root
from palabre.service import opened
from palabre.store import mailboxes
from palabre.text import mail_link, policy

Json = dict[str, Any]

CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 1,
        "generation": {"max-examples": 5, "deterministic": True, "database": "none"},
        # Which article, cursor or parent is a good one no schema can say.
        "checks": {"positive_data_acceptance": {"enabled": False}},
    }
)
URL_MOST = 60_000
"""Characters; beyond 64 KiB the HTTP parser answers before the service hears of it."""

WHO = ("admin", "admin", "admin", "read", "nobody")
LIKES = ("application/json", "*/*", "text/html,*/*;q=0.8")


def described() -> Json:
    """The document, with nothing allowed in an answer that it does not name.

    Clients must take members that they don't know; the service must not have any.
    """
    found: Json = json.loads((root() / "openapi.json").read_text("utf-8"))
    done: set[str] = set()

    def close(schema: Any, *, is_part: bool = False) -> None:
        if isinstance(schema, list):
            for one in schema:
                close(one, is_part=is_part)
        if not isinstance(schema, dict):
            return
        # Of a schema put together from parts only the whole knows all members.
        if not is_part and {"$ref", "properties", "allOf"} & schema.keys():
            schema["unevaluatedProperties"] = False
        for name, inside in schema.items():
            if name == "$ref" and inside not in done:
                done.add(inside)
                close(found["components"]["schemas"][inside.rpartition("/")[2]], is_part=True)
            elif name == "properties":
                for member in inside.values():
                    close(member)
            else:
                close(inside, is_part=name in ("allOf", "if", "then"))

    operations = [one for item in found["paths"].values() for one in item.values()]
    answers = [answer for one in operations for answer in one["responses"].values()]
    for answer in [*answers, *found["components"]["responses"].values()]:
        for content in answer.get("content", {}).values():
            close(content["schema"])
    return found


schema = schemathesis.openapi.from_dict(described(), config=CONFIG).exclude(
    path="/v1/moderation/events"  # has no end
)


@dataclass(frozen=True)
class Server:
    """The service on a port of its own; `headers`: of a moderator of each scope, and of nobody.

    `keys` and `to`: what the links of mail to one of them are sealed with, and for.
    """

    url: str
    headers: Mapping[str, Mapping[str, str]]
    keys: Keys
    to: mail_link.Mailbox
    session: requests.Session

    def ask(self, method: str, path: str, body: Json) -> Json:
        """An administrator's request, which has to succeed."""
        answer = self.session.request(
            method, self.url + path, json=body, headers=dict(self.headers["admin"])
        )
        assert answer.ok, answer.text
        found: Json = answer.json()
        return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service with the site `blog`, in a thread."""
    environ = {
        "PALABRE_DATA_DIR": str(tmp_path_factory.mktemp("served")),
        "PALABRE_SUBMISSION_LIMIT": "off",
    }
    ready: queue.Queue[tuple[uvicorn.Server, dict[str, dict[str, str]], Keys, mail_link.Mailbox]]
    ready = queue.Queue()

    async def serve() -> None:
        async with opened(settings.load(environ), serving=True) as service:
            await sites.add(service, "blog", origins=[ORIGIN])
            headers = {scope.value: await token_for(service, scope, scope) for scope in Scope}
            await tell_by_mail(service, Scope.ADMIN, "admin@example.com", language="fr")
            (mailbox,) = (await service.store.read(mailboxes.every)).values()
            config = uvicorn.Config(build(service), log_config=None, access_log=False)
            running = uvicorn.Server(config)
            to = mail_links.sealed_for(mailbox)
            ready.put((running, headers | {"nobody": {}}, service.keys, to))
            await running.serve(sockets=[listening])

    with socket.create_server(("127.0.0.1", 0)) as listening, requests.Session() as session:
        # Or each answer in two parts waits 40 ms for the client's delayed acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        running, headers, keys, to = ready.get(timeout=30)
        host, port = listening.getsockname()
        yield Server(f"http://{host}:{port}", headers, keys, to, session)
        running.should_exit = True
        thread.join()


@dataclass
class Real:
    """What is really there while one operation is tried, and what it answered.

    `comments`: ids, one in each state, and a reply; the first one is approved, the second waits.
    `report`: the token of a reader's report on it, made when it is asked for: few may come.
    `tokens`: of a receipt, and of mail's links, by where they stand.
    """

    article: str
    article_id: str
    author_id: str
    ban_id: str
    report: Callable[[], str]
    tokens: Mapping[str, str]
    comments: list[str]
    finds_nothing: bool = False
    turns: Iterator[int] = field(default_factory=itertools.count)
    answered: set[int] = field(default_factory=set)


_numbers = itertools.count(1)


@pytest.fixture
def real(server: Server) -> Iterator[Real]:
    """Made anew for each operation: the one before may have erased it all, or closed the site."""
    reset = dict.fromkeys(policy.as_json(Policy()))
    server.ask("PATCH", "/v1/moderation/sites/blog", {"policy": reset})
    address = f"/real/{next(_numbers)}"
    comments: list[str] = []
    for action in ("approve", None, "reject", "spam", "delete", "reply"):
        under = comments[0] if action == "reply" else None
        sent = server.ask("POST", "/v1/comments", makers.fields(article=address, parent=under))
        comments.append(sent["comment"]["id"])
        if action is not None:
            path = f"/v1/moderation/comments/{comments[-1]}/{action.replace('reply', 'approve')}"
            server.ask("POST", path, {})
    email = makers.fields()["email"]
    author = server.ask("POST", "/v1/moderation/authors/lookup", {"email": email})
    server.ask("POST", f"/v1/moderation/authors/{author['id']}/unblock", {})
    article = server.ask("PUT", "/v1/moderation/articles", {"article": address})
    ban = {"kind": "link_domain", "domain": "ban.example", "site": "blog"}

    @functools.cache
    def report() -> str:
        path = f"/v1/comments/{comments[0]}/report"
        return str(server.ask("POST", path, {"reason": "other"})["receipt"]["token"])

    found = Real(
        article=article["url"],
        article_id=article["id"],
        author_id=author["id"],
        ban_id=server.ask("POST", "/v1/moderation/bans", ban)["ban"]["id"],
        report=report,
        tokens={
            "/v1/receipts/": sent["receipt"]["token"],
            "/v1/mail/": mail_link.seal(
                server.keys, mail_link.Link("reject", comments[1], 1, server.to, 1 << 40)
            ),
            "/v1/mail/unsubscribe/": mail_link.seal_unsubscribe(server.keys, server.to),
        },
        comments=comments,
    )
    yield found
    assert any(
        status < 400 or (status == 404 and found.finds_nothing) for status in found.answered
    ), found.answered


@schema.parametrize()
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_every_answer_is_one_that_the_description_names(
    case: schemathesis.Case[Any], server: Server, real: Real
) -> None:
    turn = next(real.turns)
    if turn % 4:
        put_real_things_in(case, real, turn)
    if isinstance(case.body, dict) and "idempotency_key" in case.body:
        # The header wins, so a wrong field beside it is rightly passed over.
        case.headers.pop("Idempotency-Key", None)
    if len(str(case.query)) > URL_MOST:
        return
    headers = {"Accept": LIKES[turn % len(LIKES)], **server.headers[WHO[turn % len(WHO)]]}
    answer = case.call(base_url=server.url, session=server.session, headers=headers)
    real.answered.add(answer.status_code)
    # Where nobody has a limit, nothing is ever in quarantine.
    real.finds_nothing = (case.method, case.path) == ("POST", "/v1/moderation/quarantine")
    case.validate_response(answer, headers=headers)


def put_real_things_in(case: schemathesis.Case[Any], real: Real, turn: int) -> None:
    """Made-up ids lead to 404 and made-up articles to 400: put those in that exist.

    What breaks a rule on purpose is left as it is.
    """
    comment = real.comments[turn % len(real.comments)]
    path = case.operation.path
    folder = path.removeprefix("/v1/moderation/").removeprefix("/v1/").partition("/")[0]
    homes = {
        "articles": real.article_id,
        "authors": real.author_id,
        "bans": real.ban_id,
        "comments": comment,
    }
    named = {"site": "blog", "article": real.article, "parent": real.comments[0]}
    token = real.report() if folder == "reports" else real.tokens.get(path.partition("{")[0], "")
    put_in(case.path_parameters, {"id": homes.get(folder, ""), "token": token, "name": "blog"})
    put_in(case.query, {**named, "author": real.author_id, "comment": comment})
    case.query.pop("after", None)
    if isinstance(case.body, dict):
        put_in(case.body, named)
        ids = case.body.get("ids")
        if isinstance(ids, list) and ids and could_be_real(*ids):
            case.body["ids"] = [*real.comments, *ids[len(real.comments) :]]


def put_in(found: dict[str, Any], real: Mapping[str, str]) -> None:
    """Real values for those that are there and could be real."""
    found.update({name: value for name, value in real.items() if could_be_real(found.get(name))})


def could_be_real(*values: object) -> bool:
    """Whether nothing but their meaning is wrong with them: texts as long as ids may be."""
    return all(isinstance(value, str) and 0 < len(value) <= 64 for value in values)
