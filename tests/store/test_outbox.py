"""Every change leaves, in its own transaction, a row for each who wants to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import httpx2
import pytest

import makers
from conftest import START, Clock, token_for
from palabre.actions import moderators
from palabre.actions import sites as site_actions
from palabre.model import Decider, Scope, Site, State
from palabre.service import Service
from palabre.store import Tx, decisions, jobs, outbox
from palabre.store.jobs import Job
from palabre.store.outbox import Wishes
from palabre.store.sqlite_thread import SqliteTx
from palabre.store.tx import ms
from web.speaking import put_article, rules, seen_by


@pytest.fixture(autouse=True)
def by_hand(environ: dict[str, str]) -> None:
    """Nobody does the work."""
    environ["PALABRE_JOBS"] = "false"


async def webhook(service: Service, site: Site, webhook_id: str, events: str) -> None:
    async def unit(tx: Tx) -> None:
        await tx.run(
            "insert into webhook (id, site_id, url, events, created_at) "
            "values (:id, :site, 'https://receiver.example', :events, 0)",
            id=webhook_id,
            site=site.id,
            events=events,
        )

    await service.store.write(unit)


async def mailbox(service: Service, name: str) -> str:
    """A mailbox of a moderator; the moderator's id."""

    async def unit(tx: Tx) -> str:
        row = await tx.one("select id from moderator where name = :name", name=name)
        assert row is not None
        await tx.run(
            "insert into mailbox (moderator_id, address, language, created_at) "
            "values (:id, 'alice@example.com', 'fr', 0)",
            id=row["id"],
        )
        return str(row["id"])

    return await service.store.write(unit)


async def waiting(service: Service, kind: str) -> list[Job]:
    found = await service.store.read(lambda tx: jobs.page(tx, only_given_up=False, limit=999))
    return [job for job in found if job.kind == kind]


def told(found: Sequence[Job]) -> list[tuple[str, str | None, str, str]]:
    """Of each webhook's row: event, from, to, by."""
    return [
        (job.subject["event"], job.subject["from"], job.subject["to"], job.subject["by"])
        for job in found
    ]


async def test_nobody_subscribed_nothing_is_written(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    assert await service.store.read(jobs.tally) == jobs.Tally(0, 0, None)


@pytest.mark.engine("sqlite")
async def test_nobody_subscribed_a_submission_costs_one_statement_more(
    service: Service, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued: list[str] = []
    plain = SqliteTx._execute

    def noting(self: SqliteTx, sql: str, values: dict[str, object]) -> object:
        issued.append(sql)
        return plain(self, sql, values)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteTx, "_execute", noting)
    await makers.comment(client)
    assert len([sql for sql in issued if "from webhook" in sql]) == 1
    assert [sql for sql in issued if "into job" in sql] == []


async def test_a_webhook_is_told_of_what_it_wants_to_be_told_of(
    service: Service,
    site: Site,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
) -> None:
    for number, events in enumerate(("submitted", "decided withdrawn", "withdrawn")):
        await webhook(service, site, f"hook{number}", events)
    sent = await makers.submit(client)
    comment = sent["comment"]["id"]
    clock.advance(seconds=1)
    await makers.act(client, moderator, comment, "reject", reason="off_topic")
    decided_at = ms(clock.now)
    clock.advance(seconds=1)
    await client.post(f"{sent['receipt']['url']}/withdraw")
    by_hook: dict[str, list[Job]] = {}
    for job in await waiting(service, "webhook"):
        by_hook.setdefault(job.subject["webhook"], []).append(job)
    assert told(by_hook["hook0"]) == [("submitted", None, "pending", "rule:policy")]
    assert told(by_hook["hook1"]) == [
        ("decided", "pending", "rejected", "alice"),
        ("withdrawn", "rejected", "deleted", "author"),
    ]
    assert told(by_hook["hook2"]) == [("withdrawn", "rejected", "deleted", "author")]
    decided, withdrawn = by_hook["hook1"]
    assert decided.subject == {
        "event": "decided",
        "event_id": decided.id.partition(".")[0],
        "webhook": "hook1",
        "comment": comment,
        "from": "pending",
        "to": "rejected",
        "by": "alice",
        "at": decided_at,
        "reason": "off_topic",
    }
    assert decided.id == decided.topic == f"{decided.subject['event_id']}.hook1"
    assert ms(decided.due_at) == decided_at
    # One event, whoever is told of it.
    assert by_hook["hook2"][0].subject["event_id"] == withdrawn.subject["event_id"]


async def test_a_webhook_of_another_site_is_told_nothing(
    service: Service, site: Site, client: httpx2.AsyncClient
) -> None:
    other = await site_actions.add(service, "other", origins=["https://other.example"])
    await webhook(service, other, "hook", "submitted decided withdrawn")
    await makers.comment(client, site="blog")
    assert await waiting(service, "webhook") == []
    await makers.comment(client, site="other")
    assert len(await waiting(service, "webhook")) == 1


async def test_two_changes_in_one_transaction_are_two_happenings(
    service: Service, site: Site, client: httpx2.AsyncClient
) -> None:
    comment = await makers.comment(client)
    await webhook(service, site, "hook", "decided")

    async def unit(tx: Tx) -> None:
        for was, becomes in (
            (State.PENDING, State.APPROVED),
            (State.APPROVED, State.SPAM),
        ):
            by = Decider("rule:test")
            await decisions.add(tx, site.id, comment, was, becomes, by=by, at=START)

    await service.store.write(unit)
    found = await waiting(service, "webhook")
    assert sorted(told(found)) == [
        ("decided", "approved", "spam", "rule:test"),
        ("decided", "pending", "approved", "rule:test"),
    ]
    assert len({job.subject["event_id"] for job in found}) == 2


async def test_what_is_undone_leaves_no_row(
    service: Service, site: Site, client: httpx2.AsyncClient
) -> None:
    await webhook(service, site, "hook", "submitted")
    fields = makers.fields()
    assert (await client.post("/v1/comments", json=fields)).status_code == 201
    assert (await client.post("/v1/comments", json=fields)).status_code == 409
    assert len(await waiting(service, "webhook")) == 1


async def test_a_burst_is_one_digest_for_each_moderator_who_may_act(
    service: Service, site: Site, client: httpx2.AsyncClient, clock: Clock
) -> None:
    await site_actions.add(service, "other", origins=["https://other.example"])
    for name, scope, of in (
        ("alice", Scope.MODERATE, None),
        ("ada", Scope.ADMIN, "blog"),
        ("otto", Scope.MODERATE, "other"),
        ("remi", Scope.READ, None),
        ("revoked", Scope.MODERATE, None),
    ):
        await token_for(service, name, scope, site=of)
    until = START + timedelta(minutes=1)
    await moderators.add(service, "expiring", scope=Scope.MODERATE, expires_at=until)
    ids = {
        name: await mailbox(service, name)
        for name in ("alice", "ada", "otto", "remi", "revoked", "expiring")
    }
    await moderators.revoke(service, "revoked")
    clock.advance(minutes=1)
    for _ in range(3):
        await makers.comment(client, site="blog")
        clock.advance(minutes=1)
    found = await waiting(service, "digest")
    assert {job.topic for job in found} == {ids["alice"], ids["ada"]}
    assert {job.wanted for job in found} == {3}
    assert {job.due_at for job in found} == {START + timedelta(minutes=11)}
    assert all(job.subject == {"moderator": job.topic} for job in found)


async def test_a_digest_tells_of_what_waits_only(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    await mailbox(service, "alice")
    comment = await makers.comment(client)
    assert (await seen_by(client, moderator, comment))["state"] == "approved"
    assert await waiting(service, "digest") == []
    await makers.act(client, moderator, comment, "hold")
    assert len(await waiting(service, "digest")) == 1


async def test_each_changed_article_is_purged_and_published_once(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    service.store.tell(finishing=outbox.finishing(Wishes(purges=True, publishes=True), service.now))
    one = await makers.comment(client, article="/a")
    two = await makers.comment(client, article="/b")
    assert await waiting(service, "purge") == []
    answer = await client.post(
        "/v1/moderation/decisions", json={"action": "approve", "ids": [one, two]}, headers=moderator
    )
    assert answer.status_code == 200
    await client.patch(
        f"/v1/moderation/comments/{one}", json={"text": "Autrement."}, headers=moderator
    )
    articles = [
        (await put_article(client, admin, article=path, open=True))["id"] for path in ("/a", "/b")
    ]
    for kind in ("purge", "publish"):
        found = await waiting(service, kind)
        assert {job.topic for job in found} == set(articles)
        assert all(job.subject == {"article": job.topic} for job in found)
        assert min(job.wanted for job in found) >= 2
