"""Every statement that the store issues finds its rows by an index, however much there is.

The whole service is driven, each statement is caught, and SQLite is asked how it would go about it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

import makers
from conftest import START, Clock, client_of, token_for
from palabre import store as store_package
from palabre.actions import digests, follow, learn, mail_links, replay, sessions
from palabre.actions import moderators as moderator_actions
from palabre.actions import sites as site_actions
from palabre.actions import webhooks as webhook_actions
from palabre.jobs import erasure, retention
from palabre.model import Moderator, Scope, State
from palabre.screening import learned as learned_rule
from palabre.service import Service, claim
from palabre.settings import Rate
from palabre.store import (
    Tx,
    info,
    jobs,
    mailboxes,
    moderators,
    numbers,
    outbox,
    queue,
    reports,
    sites,
    spent,
    visits,
    webhooks,
    words_sqlite,
)
from palabre.store import retention as retention_rows
from palabre.store.outbox import Wishes
from palabre.store.sqlite import open_sqlite
from palabre.store.sqlite_thread import SqliteTx
from palabre.text import mail_link
from palabre.text.reached import Reached
from palabre.transfer import digests as copied_digests
from palabre.transfer.copy import copy, rows_about
from palabre.transfer.ends import Ends
from web import desk
from web.speaking import put_article, rules

pytestmark = pytest.mark.engine("sqlite")

FOLDER = Path(store_package.__file__).parent

SMALL = {
    "site",
    "site_origin",
    "site_tally",
    "store_info",
    "moderator",
    "mailbox",
    "recurring",
    "webhook",
    "session",
    "login_link",
    "lease",
}
"""Tables that grow with sites and moderators, not with comments."""

BOUNDED = re.compile(
    r"json_each|CONSTANT|part\d+|same|hit|got|own|up|other|due|waiting|given_up|\(subquery-\d+\)|\d+"
)
"""What is made while the statement runs: lists given to it, and rows it has found by an index."""

SORTS = {
    "words_sqlite._sorted": "only what has come out of order many times over",
    "ranges._merged": "merges ranges of `limit` rows that come in order",
    "receipts.trim": "a comment's receipts, some twenty at most",
    "reports._trim": "a report's receipts, some twenty at most",
    "facts.about": "the bans on what one submission brings: its network, domains and text",
    "bans.on_groups": "the bans on texts like one",
    "bans.hit_after": "what a ban hits of 30 days, once for every thousand of it",
    "comments.of_author": "all of one person's comments, which are all wanted",
    "comments.names_of": "the names of one person's comments, which are all wanted",
    "browsers.settle": "the names of 200 comments at most",
    "browsers.of_author": "the browsers of one person, which are all wanted",
    "sites.tally": "four rows a site",
    **dict.fromkeys(
        ("quarantine.ids", "quarantine.count"),
        "groups, or orders by id what came at one moment: of LOOKED_AT_MOST rows at most",
    ),
    **dict.fromkeys(
        (f"numbers.{name}" for name in ("caught", "freed", "waits")),
        "groups what it has found in a part of the log: see `numbers.AT_ONCE`",
    ),
    "numbers.discussed": "as many comments as are summed at once, or the articles of a site",
    "webhooks.every": "all there are, which are few",
}
"""Functions whose statements may sort: what, and why it stays small."""

_LOG = r"SEARCH d USING .+ \((site_id=\? AND )?(seq|rowid)>\? AND (seq|rowid)<\?\)"
_BEFORE = r"SEARCH [ef] USING INDEX decision_by_comment \(comment_id=\? AND seq<\?\)"
_GROUPED = r"CORRELATED SCALAR SUBQUERY \d+|USE TEMP B-TREE FOR GROUP BY"

_ALIKE = r"\(site_id=\? AND (alike|body_hash)=\? AND created_at>\?\)"

RANGES = {
    "decisions.page": r"SEARCH decision USING .+ \((\w+=\? AND )*(seq|rowid)>\? AND .+<\?\)",
    "decisions.since": r"SEARCH decision USING .+ \((site_id=\? AND )?(seq|rowid)>\? AND .+<\?\)",
    "decisions.last_numbers": r"SEARCH decision USING .+ \((seq|rowid)<\?\)",
    "retention.overdue": (
        r"SEARCH comment USING .+ \(site_id=\? AND state=\? AND (state_at|created_at)<\?\)"
    ),
    "retention.overdue_as_told": r"SEARCH comment USING .+ \(site_id=\? AND told=\? AND .+<\?\)",
    "numbers.caught": rf"{_LOG}|USE TEMP B-TREE FOR GROUP BY",
    **dict.fromkeys(("numbers.freed", "numbers.waits"), rf"{_LOG}|{_BEFORE}|{_GROUPED}"),
    "numbers.discussed": (
        r"SEARCH comment USING COVERING INDEX comment_by_site .+ AND created_at>\?\)"
        r"|SEARCH c USING INTEGER PRIMARY KEY \(rowid=\?\)|SCAN part1|CO-ROUTINE part1"
        r"|SEARCH a USING .+ \(site_id=\?\)"
        r"|SEARCH c USING COVERING INDEX comment_by_article \(.+ AND created_at>\?\)"
        r"|SEARCH article USING .+ \(id=\?\)|LIST SUBQUERY .+|SCAN json_each .+"
        rf"|{_GROUPED}|USE TEMP B-TREE FOR ORDER BY"
    ),
    "alike.earlier": (
        r"SEARCH k USING INTEGER PRIMARY KEY \(rowid=\?\)|(SCAN|CO-ROUTINE) part\d"
        r"|LIST SUBQUERY .+|SCAN json_each .+|COMPOUND QUERY|LEFT-MOST SUBQUERY|UNION ALL"
        rf"|SEARCH comment USING .+ {_ALIKE}|SEARCH comment USING .+ \(id=\?\)"
    ),
    "alike.add": (
        r"SEARCH (comment|c) USING .+ \((rowid|id)=\?\)|MATERIALIZE due|SCAN due"
        r"|SEARCH comment USING .+ \(site_id=\? AND alike=\?\)|LIST SUBQUERY .+|SCAN json_each .+"
        r"|SEARCH ban USING INDEX ban_by_alike \(site_id=\? AND alike=\?\)"
    ),
    "facts.about": (
        r"SEARCH [swa] USING .+|SEARCH k USING INTEGER PRIMARY KEY \(rowid=\?\)"
        r"|SEARCH comment_band USING PRIMARY KEY \(site_id=\? AND band=\?\)"
        r"|CO-ROUTINE (part\d|same|got|own)|SCAN (part\d|same|got|own)"
        r"|SEARCH (b|browser) USING PRIMARY KEY \(site_id=\? AND token_hash=\?\)"
        r"|SEARCH k USING INDEX comment_by_earned \(.+ AND state=\? AND <expr>=\? AND state_at>\?\)"
        r"|SEARCH r USING INDEX comment_by_refused \(site_id=\? AND browser=\?\)"
        r"|SEARCH browser USING COVERING INDEX browser_by_outline \(site_id=\? AND outline=\?\)"
        r"|((CORRELATED )?SCALAR|LIST|LEFT-MOST) SUBQUERY.*"
        # People who moderate are few.
        r"|SCAN moderator"
        r"|SEARCH b USING INDEX sqlite_autoindex_ban_2 \(site_id=\? AND tag=\?\)|SCAN json_each .+"
        # Bans on what it brings, which are few.
        r"|(CO-ROUTINE|SCAN) hit|USE TEMP B-TREE FOR ORDER BY"
        r"|COMPOUND QUERY|UNION ALL"
        r"|SEARCH [lf] USING PRIMARY KEY \(site_id=\?( AND bucket=\?)?\)"
        rf"|SEARCH comment USING .+ {_ALIKE}"
    ),
    "words_sqlite.page": (
        r"SEARCH turn .+|SCAN w VIRTUAL TABLE INDEX \d+:M2><|SEARCH c .+ \(rowid=\?\)"
        r"|CORRELATED SCALAR SUBQUERY 1|SEARCH m USING PRIMARY KEY .+ AND seq=\?\)"
    ),
}
"""Functions whose every row is one that is wanted: each step of their plans."""

WHOLE = {
    "copying.columns": "the columns of a table",
    "copying.page": "the first page of a table, all of which is wanted",
    "copying.last": "one row, at the table's end",
    "copying.held": "any one row",
    "copying.estimate": "counts what is to be copied",
}
"""Functions whose statements look through something from its end, if they don't say where."""

JUMPED_OVER = {"comments.add": "SCAN comment"}
"""Steps that are never taken: whether a new row mends a broken reference to it is only looked up
while there is one (SQLite's opcode FkIfZero), and references are never left broken."""


ELSEWHERE = ("pg_advisory_xact_lock", "order by id{held(tx)}", "setval", "analyze")
"""What the statements hold that are issued on PostgreSQL alone."""


@dataclass
class Caught:
    """The statements that were issued, each with who issued it and an example of its values."""

    values: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    lines: set[tuple[str, int]] = field(default_factory=set)


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> Caught:
    """Catches every statement of every unit."""
    found = Caught()
    plain = SqliteTx._execute

    def catching(self: SqliteTx, sql: str, values: dict[str, Any]) -> Any:
        frame = sys._getframe(2)
        module = Path(frame.f_code.co_filename).stem
        if Path(frame.f_code.co_filename).parent == FOLDER:
            found.values.setdefault((f"{module}.{frame.f_code.co_name}", sql), dict(values))
            found.lines.add((module, frame.f_lineno))
        return plain(self, sql, values)

    monkeypatch.setattr(SqliteTx, "_execute", catching)
    return found


def statements() -> Iterator[tuple[str, int, int]]:
    """Where a statement is issued: module, first and last line."""
    for path in sorted(set(FOLDER.glob("*.py")) - set(FOLDER.glob("*postgres*.py"))):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("run", "one", "all")
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "tx"
                and not any(one in str(ast.get_source_segment(text, node)) for one in ELSEWHERE)
            ):
                yield path.stem, node.lineno, node.end_lineno or node.lineno


def faults(plan: list[str], *, may_sort: bool) -> list[str]:
    """What in a plan costs more the more there is."""
    found = []
    for step in plan:
        scanned = re.match(r"SCAN (\S+)(.*)", step)
        if scanned:
            is_searched = re.fullmatch(r" VIRTUAL TABLE INDEX \d+:.+", scanned[2])
            is_small = scanned[1] in SMALL or BOUNDED.fullmatch(scanned[1])
            if not is_small and not is_searched:
                found.append(step)
        elif "AUTOMATIC" in step or ("TEMP B-TREE" in step and not may_sort):
            found.append(step)
    return found


async def plan_of(service: Service, sql: str, values: dict[str, Any]) -> list[str]:
    async def unit(tx: Tx) -> list[str]:
        return [row["detail"] for row in await tx.all(f"explain query plan {sql}", **values)]

    # On the writer's connection: a reader plans no change.
    return await service.store.write(unit)


async def test_the_check_itself_finds_scans_and_sorts(service: Service) -> None:
    for sql, fault in (
        ("select id from comment where name = :x", "SCAN comment"),
        ("select id from comment as c where name = :x", "SCAN c"),
        ("select count(*) from decision", "SCAN decision"),
        ("select id from comment where site_id = :x order by name", "TEMP B-TREE"),
        ("delete from visit where window_at = :x", "SCAN visit"),
        ("select rowid from word_index where words = :x", "SCAN word_index"),
        ("select 1 from comment as a join comment as b on a.name = b.name", "AUTOMATIC"),
    ):
        plan = await plan_of(service, sql, {"x": "x"} if ":x" in sql else {})
        assert any(fault in one for one in faults(plan, may_sort=False)), (sql, plan)
    for sql in (
        "select id from comment where id = :x",
        "select rowid from word_index where word_index match :x",
        "select id from comment where site_id = :x and state = 'spam' order by created_at, seq",
    ):
        plan = await plan_of(service, sql, {"x": "x"})
        assert faults(plan, may_sort=False) == [], (sql, plan)


async def test_every_statement_finds_its_rows_by_an_index(
    service: Service, caught: Caught, clock: Clock
) -> None:
    await drive(service, clock)
    unseen = [
        f"{module}.py:{first}"
        for module, first, last in statements()
        if not any((module, line) in caught.lines for line in range(first, last + 1))
    ]
    assert unseen == [], "statements that this test does not drive"
    assert len(caught.values) > 90
    bad = {}
    for (function, sql), values in list(caught.values.items()):
        plan = await plan_of(service, sql, values)
        plan = [step for step in plan if step != JUMPED_OVER.get(function)]
        if function in WHOLE and ":after_" not in sql:
            plan = [step for step in plan if not step.startswith("SCAN")]
        wrong = faults(plan, may_sort=function in SORTS)
        wrong += [step for step in plan if not re.fullmatch(RANGES.get(function, ".+"), step)]
        if wrong:
            bad[f"{function}: {sql}"] = wrong
    assert bad == {}


LIKELY = {
    ("decision", "decision_by_moderator"): "995995 995995 995995 1",
    ("decision", "decision_by_comment"): "1995995 2 1",
    ("decision", "decision_by_site"): "1995995 1995995 1",
    ("comment", "comment_by_article"): "1000000 50 17 1 1",
    ("comment", "comment_by_site"): "1000000 1000000 250000 1 1",
    ("comment", "comment_by_rank"): "4005 4005 4005 1 1",
    ("comment", "comment_newest"): "846891 43 1 1",
    ("comment", "comment_oldest"): "846891 43 1",
    ("comment", "sqlite_autoindex_comment_1"): "1000000 1",
    ("article", "article_by_age"): "20000 20000 20000 1",
    ("article", "sqlite_autoindex_article_1"): "20000 1",
}
"""What `analyze` says of a million comments on one site (tables and their indexes)."""


async def test_the_numbers_begin_with_their_range_whatever_is_known_of_the_tables(
    service: Service, caught: Caught, clock: Clock
) -> None:
    await site_actions.add(service, "blog", origins=["https://blog.example"])
    async with client_of(service) as client:
        admin = await token_for(service, "ada", Scope.ADMIN)
        await makers.approved(client, admin)
        await desk.enter(service, client, "ada")
        await drive_numbers(client)

    async def told(tx: Tx) -> None:
        await tx.run("analyze")
        # Makes the table, too.
        await tx.run("delete from sqlite_stat1")
        for (table, index), stat in LIKELY.items():
            await tx.run(
                "insert into sqlite_stat1 (tbl, idx, stat) values (:table, :index, :stat)",
                table=table,
                index=index,
                stat=stat,
            )
        await tx.run("analyze sqlite_schema")

    issued = {key: values for key, values in caught.values.items() if "numbers." in key[0]}
    await service.store.write(told)
    functions = {function for function, _ in issued}
    assert {"numbers.waits", "numbers.discussed", "numbers.ages"} <= functions
    bad = {}
    for (function, sql), values in issued.items():
        plan = await plan_of(service, sql, values)
        wrong = faults(plan, may_sort=function in SORTS)
        wrong += [step for step in plan if not re.fullmatch(RANGES.get(function, ".+"), step)]
        if wrong:
            bad[f"{function}: {sql}"] = wrong
    assert bad == {}


async def drive(service: Service, clock: Clock) -> None:
    """Make the service do everything that it can do."""
    await site_actions.add(service, "blog", origins=["https://blog.example"])
    async with client_of(service) as client:
        admin = await token_for(service, "ada", Scope.ADMIN)
        await drive_readers(client, admin)
        await drive_likeness(client)
        await drive_moderators(client, admin)
        await drive_persons(client, admin)
        await drive_searches(clock, client, admin)
        await drive_bans(client, admin, clock)
        await drive_another_site(service, client, admin)
        await drive_followers(service, client)
        await drive_flood(service, client, admin)
        await drive_replay(client, admin)
        await drive_desk(service, client, clock)
        await client.get("/metrics")
        await client.get("/readyz")
    await drive_mail(service)
    await drive_webhooks(service)
    await drive_jobs(service, clock)
    if service.store.engine == "sqlite":
        await drive_copy(service, clock)
    await drive_learning(service)
    await drive_operators(service)


async def drive_readers(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    top = await makers.approved(client, admin, title="Un titre", idempotency_key="key number 1")
    sent = makers.fields(parent=top, idempotency_key="key number 2")
    answers = [await client.post("/v1/comments", json=sent) for _ in range(2)]
    reply = answers[0].json()["comment"]["id"]
    await makers.act(client, admin, reply, "approve")
    await makers.approved(client, admin, parent=reply)
    await makers.approved(client, admin)
    await client.post("/v1/comments", json=sent | {"idempotency_key": "key number 3"})
    for order in ("oldest", "newest"):
        url: str | None = f"/v1/comments?article=/a&limit=1&order={order}"
        while url:
            url = (await client.get(url)).json()["next"]
    for path in (
        "comments.atom?article=/a",
        "comments.atom",
        "counts?article=/a&article=/b",
        f"form?article=/a&parent={top}",
    ):
        assert (await client.get(f"/v1/{path}")).status_code == 200
    await drive_reports(client, admin, top)
    token = (await client.get("/v1/stamp?article=/a&remember=1")).json()["token"]
    for action in ("approve", "reject", "delete"):
        remembered = await makers.comment(client, token=token)
        await makers.act(client, admin, remembered, action)
    receipt = answers[1].json()["receipt"]["url"]
    await client.get(receipt)
    await client.post(f"{receipt}/withdraw")


async def drive_likeness(client: httpx2.AsyncClient) -> None:
    """Two groups of texts that are alike, and one that is alike to both."""
    one = "Notre lessive merveilleuse, garantie naturelle, livrée gratuitement partout : {}"
    two = "Vendons aussi aspirateurs silencieux, balais télescopiques, éponges increvables : {}"
    for number, text in enumerate((one, one, two, two, f"{one} {two}")):
        text = text.replace("{}", "http://menage.example/")
        await makers.comment(client, comment=f"{text} numéro {number}", name=f"Nom {number}")


async def drive_reports(client: httpx2.AsyncClient, admin: dict[str, str], one: str) -> None:
    """Report a comment until it is held, let it stand, and report it more than may be."""
    path, moderated = f"/v1/comments/{one}/report", f"/v1/moderation/comments/{one}"

    async def report(network: int, status: int = 201) -> None:
        headers = {"X-Forwarded-For": f"203.0.{network}.1"}
        answer = await client.post(path, json={"reason": "other", "note": "Oh."}, headers=headers)
        assert answer.status_code == status
        if status == 201:
            await client.get(answer.json()["receipt"]["url"])

    await client.get(path)
    for network in (1, 1, 2, 3):
        await report(network)
    await makers.act(client, admin, one, "approve")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reports, "OPEN_MOST", 1)
        await report(4)
        await report(5, 409)
    await client.get(moderated, headers=admin)
    for query in ("", "&article=/a", "&site=blog&state=pending", "&q=nous"):
        url: str | None = f"/v1/moderation/comments?reported=1&limit=1{query}"
        while url:
            url = (await client.get(url, headers=admin)).json()["next"]
    assert (await client.post(f"{moderated}/dismiss-reports", headers=admin)).status_code == 200
    other = await makers.approved(client, admin)
    await client.post(f"/v1/comments/{other}/report", json={"reason": "abuse"})
    await makers.act(client, admin, other, "delete")


async def drive_moderators(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    article = await put_article(client, admin, open=True, title="Titre", policy={"depth": 1})
    await put_article(client, admin, article="/other")
    one = await makers.approved(client, admin)
    two = await makers.approved(client, admin, parent=one)
    await makers.comment(client, parent=two)
    other = await makers.comment(client)
    await client.post(f"/v1/moderation/comments/{one}/reply", json={"text": "Merci"}, headers=admin)
    for text in ("Mon numéro : 06 12 34 56 78", "Autre"):
        await client.patch(f"/v1/moderation/comments/{one}", json={"text": text}, headers=admin)
    await client.post(f"/v1/moderation/comments/{one}/mask", headers=admin)
    await client.post(
        "/v1/moderation/decisions", json={"action": "reject", "ids": [one, other]}, headers=admin
    )
    author = (await client.get(f"/v1/moderation/comments/{one}", headers=admin)).json()["author"]
    for query in (
        "",
        "state=pending&state=spam&state=approved&order=newest",
        "q=merci%20utilisons&state=approved",
        "article=/a&state=approved",
        f"author={author['id']}&article=/a&state=approved&state=rejected&q=nous",
        f"author={author['id']}",
        "site=blog&state=approved",
    ):
        url: str | None = f"/v1/moderation/comments?limit=1&{query}"
        for _ in range(3):
            if url:
                url = (await client.get(url, headers=admin)).json()["next"]
    for path in (
        f"articles/{article['id']}",
        "articles?limit=1",
        "articles?article=/a",
        "log",
        "log?limit=1",
        f"log?comment={one}",
        "log?moderator=ada",
        f"log?moderator=ada&comment={one}&site=blog",
        "sites/blog",
    ):
        answer = await client.get(f"/v1/moderation/{path}", headers=admin)
        assert answer.status_code == 200, path
        if answer.json().get("next"):
            await client.get(answer.json()["next"], headers=admin)
    await client.patch(
        f"/v1/moderation/articles/{article['id']}", json={"open": True}, headers=admin
    )
    await rules(client, admin, close_after_days=100)


async def drive_searches(clock: Clock, client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    """Search where time has turned back, and where it has too often."""
    for hours in (-1, -1, 3):
        clock.advance(hours=hours)
        for _ in range(2):
            await makers.comment(client)
    for most in (words_sqlite.TURNS_MOST, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(words_sqlite, "TURNS_MOST", most)
            for order in ("oldest", "newest"):
                url = f"/v1/moderation/comments?q=nous&limit=2&order={order}"
                for _ in range(3):
                    url = (await client.get(url, headers=admin)).json()["next"]


async def drive_persons(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    for email in ("helene@example.com", "odile@example.com"):
        await makers.comment(client, email=email)
        found = await client.post(
            "/v1/moderation/authors/lookup", json={"email": email}, headers=admin
        )
        author = f"/v1/moderation/authors/{found.json()['id']}"
        await client.get(f"{author}/export", headers=admin)
        await client.post(f"{author}/block", json={"also": "pending"}, headers=admin)
        await client.post(f"{author}/unblock", headers=admin)
        await client.post(f"{author}/erase", headers=admin)


async def drive_bans(client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock) -> None:
    """Each kind of ban tried out, made, applied, undone; lifted, or left until its end."""
    url = "/v1/moderation/bans"
    text = "Voir https://casino.example/ et rien d’autre."
    source = await makers.comment(client, comment=text, email="zoe@jetable.example")
    await makers.act(client, admin, source, "approve")
    await client.post(f"/v1/comments/{source}/report", json={"reason": "abuse"})
    of_domain = {"kind": "link_domain", "domain": "casino.example", "site": "blog"}
    of_comment = [
        {"kind": kind, "comment": source} for kind in ("author", "text", "mail_domain", "network")
    ]
    for what in (of_domain, *of_comment):
        for apply in ("preview", "last_30_days"):
            answer = await client.post(url, json={**what, "apply": apply}, headers=admin)
            assert answer.status_code in (200, 201), answer.text
        made = answer.json()["ban"]
        await client.post(f"{url}/{made['id']}/undo", headers=admin)
        await client.get(f"{url}?limit=1", headers=admin)
        await client.get(f"{url}?site=blog", headers=admin)
        await makers.comment(client, comment=f"{text} {what['kind']}", email="zoe@jetable.example")
        if what["kind"] != "network":
            await client.delete(f"{url}/{made['id']}", headers=admin)
    clock.advance(days=7)


async def drive_desk(service: Service, client: httpx2.AsyncClient, clock: Clock) -> None:
    """Everything that can be done at the desk."""
    links = "https://a.example https://b.example https://c.example"
    one = await makers.comment(client, site="blog", comment=links)
    await makers.comment(client, site="blog", article="/other", comment=links)
    right = (await token_for(service, "by-token"))["Authorization"].removeprefix("Bearer ")
    for token in (right, *["wrong"] * 6):
        await client.post("/desk/login", data={"token": token}, headers=desk.FORM)
    await sessions.link(service, "ada")
    cookie = await desk.enter(service, client, "ada")
    clock.advance(minutes=10)
    for query in (
        "order=urgent",
        "order=urgent&signal=links&article=/a&site=blog",
        "signal=links&state=all&site=blog",
        "signal=links&since=2026-11-01&until=2026-12-31",
        "signal=links&order=newest",
        f"same={one}&state=all",
        f"same={one}&signal=links&order=newest",
        "q=example&signal=links&since=2026-11-01&site=blog",
        "site=blog&since=2026-11-01",
    ):
        assert (await client.get(f"/desk/?{query}")).status_code == 200
    await drive_numbers(client)
    for path in ("", "quarantine?site=blog"):
        assert (await client.get(f"/desk/{path}")).status_code == 200
    for query in ("", "&site=blog", f"&comment={one}", "&moderator=ada"):
        asked = f"since=2026-11-20&until=2026-11-30{query}"
        for page in ("log", "log.csv"):
            assert (await client.get(f"/desk/{page}?{asked}")).status_code == 200
    at = f"/desk/comments/{one}"
    for order in ("oldest", "newest", "urgent"):
        await client.get(at, headers={"Referer": f"https://comments.example/desk/?order={order}"})
        await desk.act(client, f"spam {one}", at=at)
        data = {"csrf": await desk.csrf(client, cookie), "act": "choose", "back": f"order={order}"}
        await client.post(f"{at}/leave", data=data, headers=desk.FORM)
        await client.post("/desk/undo", data=data, headers=desk.FORM)
    version = desk.field((await client.get(at)).text, "version")
    said = data | {"text": "Merci.", "version": version}
    assert (await client.post(f"{at}/reply", data=said, headers=desk.FORM)).status_code == 303
    whose = re.search(r"author=(\w+)", (await client.get(at)).text)
    assert whose is not None
    erasing = {"csrf": data["csrf"], "act": "erase"}
    asked_sure = await client.post(f"/desk/people/{whose[1]}", data=erasing, headers=desk.FORM)
    assert asked_sure.status_code == 200
    await client.post("/desk/sessions", data=data, headers=desk.FORM)
    await client.post("/desk/sessions", data=data | {"act": "end"}, headers=desk.FORM)
    del client.headers["Cookie"]


async def drive_flood(service: Service, client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    """A flood of one text and some others, let out, put back and deleted."""
    flooding = replace(
        service, settings=service.settings.model_copy(update={"submission_limit": Rate(99, 60)})
    )
    await rules(client, admin, site_limit="1/day", article_limit="1/day")
    async with client_of(flooding) as bots:
        links = "https://a.example https://b.example https://c.example"
        for number, text in enumerate((links, links, links, f"{links} 1", f"{links} 2")):
            await makers.comment(bots, site="blog", name=f"Bot {number}", comment=text)
        puzzle = (await bots.get("/v1/stamp?article=/a&site=blog")).json()["puzzle"]
        assert puzzle["bits"] > 0
    await rules(client, admin, site_limit=None, article_limit=None)
    url = "/v1/moderation/quarantine"
    found = (await client.get(f"{url}?site=blog", headers=admin)).json()
    alike = found["groups"][0]["group"]
    await service.store.write(
        lambda tx: tx.run("update comment set alike = id where id = :id", id=alike)
    )
    # Left to a job twice, up to a later moment; here, lest somebody does it in between.
    await service.store.write(lambda tx: jobs.subject_of(tx, "none"))
    await service.store.write(lambda tx: jobs.change_subject(tx, "none", {}))
    for action in ("release", "restore", "delete"):
        for group in (alike, found["groups"][0]["group"], "others"):
            sent = {"site": "blog", "group": group, "action": action}
            await client.post(url, json=sent, headers=admin)


async def drive_replay(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    """Try rules on what has come, in several pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "AT_ONCE", 2)
        url = "/v1/moderation/sites/blog/replay"
        answer = await client.post(url, json={"policy": {"max_links": 0}}, headers=admin)
        assert answer.json()["comments"] > 4


async def drive_numbers(client: httpx2.AsyncClient) -> None:
    """The numbers of few comments, and of more than are looked up one by one."""
    assert (await client.get("/desk/numbers?days=365")).status_code == 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "AT_ONCE", 0)
        assert (await client.get("/desk/numbers?days=365")).status_code == 200


async def drive_another_site(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await site_actions.add(service, "other", origins=["https://other.example"])
    bound = await token_for(service, "otto", Scope.ADMIN, site="other")
    await makers.comment(client, site="other")
    await client.get("/v1/comments?article=https://other.example/a")
    for path in ("comments", "articles", "log", "log?moderator=otto", "comments?article=/a"):
        answer = await client.get(f"/v1/moderation/{path}", headers=bound)
        assert answer.status_code == 200, path
    await client.get("/v1/moderation/comments", headers=admin)


async def drive_jobs(service: Service, clock: Clock) -> None:
    """Everything that may become of work in the outbox, with a webhook and caches to purge."""
    site = await service.store.read(lambda tx: sites.by_name(tx, "blog"))
    assert site is not None
    service.store.tell(finishing=outbox.finishing(Wishes(purges=True), clock))
    await service.store.write(
        lambda tx: tx.run(
            "insert into webhook (id, site_id, url, events, created_at) "
            "values ('hook', :site, '', 'submitted', 0)",
            site=site.id,
        )
    )
    async with client_of(service) as client:
        admin = await token_for(service, "otis", Scope.ADMIN)
        await makers.approved(client, admin, site="blog", name="Otis")
    for became in ("done", "failed", "given_up", "let_go"):
        clock.advance(days=1)
        await service.store.write(partial(_claimed, became=became, now=clock.now))
    for ids in (None, ["unknown"]):
        await service.store.write(partial(jobs.retry, now=clock.now, ids=ids))
    await service.store.read(partial(jobs.known, ids=["unknown"]))
    for done in (jobs.drop, jobs.hold, jobs.withdraw):
        await service.store.write(partial(done, job_id="unknown"))
    for only_given_up in (True, False):
        await service.store.read(partial(jobs.page, only_given_up=only_given_up, limit=9))


async def _claimed(tx: Tx, *, became: str, now: datetime) -> None:
    kinds = ["purge", "webhook"]
    assert await jobs.is_due(tx, kinds, now=now)
    for job in await jobs.claim(
        tx, kinds, lease="x", now=now, until=now + timedelta(minutes=1), most=1
    ):
        for_another = replace(job, wanted=0)
        if became == "done":
            await jobs.done(tx, for_another)
        elif became == "failed":
            await jobs.failed(tx, job, error="x", due_at=now)
        elif became == "let_go":
            await jobs.let_go(tx, job, at=now)
        else:
            await jobs.given_up(tx, job, error="x", at=now)


async def drive_mail(service: Service) -> None:
    """Tell Ada of what waits, and follow a link."""
    await moderator_actions.tell_by_mail(service, "ada", "ada@example.com", language="fr")
    site = await service.store.read(lambda tx: sites.by_name(tx, "blog"))
    ((moderator_id, mailbox),) = (await service.store.read(mailboxes.every)).items()
    assert site is not None
    told = await digests.of(service, site.id, moderator_id)
    assert told is not None
    await digests.sent(service, told)
    to = mail_links.sealed_for(mailbox)
    link = mail_link.Link("approve", told.comments[0].id, 1, to, 1 << 40)
    await mail_links.look(service, mail_link.seal(service.keys, link))
    await mail_links.unsubscribe(service, mail_link.seal_unsubscribe(service.keys, to))


async def drive_webhooks(service: Service) -> None:
    added = await webhook_actions.add(service, "blog", "https://hooks.example/")
    await webhook_actions.roll(service, added.id)
    await service.store.read(webhooks.every)
    await webhook_actions.remove(service, added.id)


async def drive_copy(service: Service, clock: Clock) -> None:
    target = await open_sqlite(service.settings.data_dir / "copy.sqlite3")
    try:
        await target.migrate()
        await target.write(lambda tx: claim(tx, service.keys))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(copied_digests, "PAGE", 2)
            ends = Ends(service.store, target, service.keys)
            compared = await copy(ends, now=clock, told=lambda what, rows: None)
            assert await rows_about(service.store) >= sum(one.target.rows for one in compared)
        assert [one.table for one in compared if not one.is_equal] == []
    finally:
        await target.close()


async def drive_followers(service: Service, client: httpx2.AsyncClient) -> None:
    """Follow from now on, and from a place that leaves something out, on one site and on all."""
    tail = follow.Tail(service)
    await token_for(service, "fanny", Scope.READ)
    known = await service.store.read(lambda tx: moderators.id_of(tx, "fanny"))
    reader = Moderator(str(known), "fanny", Scope.READ, None)
    site = await service.store.read(lambda tx: sites.by_name(tx, "blog"))
    for site_id in (None, site.id if site else None):
        async with tail.followed(reader, site_id=site_id, reached=Reached(2, (1,))) as follower:
            while await follower.next(within_s=0):
                pass
            await makers.comment(client, site="blog")
            await tail.look()
            assert len(await follower.next(within_s=0)) == 1


async def drive_learning(service: Service) -> None:
    """Score what waits, and take back what Ada's decisions taught."""
    site = await service.store.read(lambda tx: sites.by_name(tx, "blog"))
    assert site is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learned_rule, "ENOUGH", 1)
        assert await learn.rescore(service, site.id) > 0
    assert await learn.taught_by(service, "ada") > 0
    assert await learn.forget(service, "ada", since=START) > 0


async def drive_operators(service: Service) -> None:
    await service.store.write(lambda tx: info.claim(tx, name="value"))
    site = await service.store.read(lambda tx: sites.by_name(tx, "blog"))
    assert site is not None
    await moderator_actions.revoke(service, "otto")
    await service.store.read(moderators.every)
    await service.store.read(sites.every)
    await service.store.read(queue.waiting)
    await service.store.write(lambda tx: sites.add_origin(tx, site.id, "https://www.blog.example"))
    await service.store.write(lambda tx: sites.put_first(tx, site.id, "https://www.blog.example"))
    bucket = visits.Bucket(b"v", 1, 60)
    for _ in range(2):
        await service.store.write(lambda tx: spent.spend(tx, site.id, b"t", until=START))
        await service.store.write(lambda tx: visits.take(tx, site.id, [bucket], now=START))
    await service.store.read(lambda tx: visits.wait(tx, site.id, bucket, now=START))
    await service.store.read(
        lambda tx: retention_rows.overdue(
            tx, site_id=site.id, state=State.PENDING, before=START, limit=9
        )
    )
    later = replace(service, now=lambda: START + LATER)
    await retention.retention(later)
    await erasure.erasure(later)


LATER = timedelta(days=100)
