"""Webhooks: told once of what happens on their site, signed, without an address in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import jsonschema
import pytest

import makers
from conftest import Clock
from jobs.test_signing import verified
from palabre import schema
from palabre.actions import webhooks
from palabre.errors import Refusal
from palabre.jobs import signing
from palabre.jobs.outbox import Outbox
from palabre.jobs.worker import HANDLERS
from palabre.model import Site
from palabre.service import Service
from palabre.store import Tx, jobs
from palabre.store.jobs import Job
from palabre.store.webhooks import Webhook
from receiving import Received, Receiver, receiving

EMAIL = "marked.address@example.com"
SCHEMA = json.loads((schema.root() / "event.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def by_hand(environ: dict[str, str]) -> None:
    """Nobody does the work but the test; receivers are on this machine."""
    environ |= {"PALABRE_JOBS": "false", "PALABRE_WEBHOOK_TARGETS": "127.0.0.0/8"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
async def hook(service: Service, site: Site, receiver: Receiver) -> Webhook:
    return await webhooks.add(service, "blog", receiver.url)


async def turn(service: Service) -> None:
    """All that is due is tried once."""
    outbox = Outbox(service, HANDLERS)
    while await outbox.turn():
        pass
    await outbox.close(grace_s=10)


async def waiting(service: Service) -> list[Job]:
    async def unit(tx: Tx) -> list[Job]:
        return await jobs.page(tx, only_given_up=False, limit=100)

    return await service.store.read(unit)


def told(received: Received) -> dict[str, Any]:
    """A message, held to the schema."""
    found: dict[str, Any] = json.loads(received.body)
    jsonschema.validate(found, SCHEMA, format_checker=jsonschema.FormatChecker())
    return found


async def test_what_happens_to_a_comment_is_told_in_order_and_signed(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    service: Service,
    hook: Webhook,
    receiver: Receiver,
    clock: Clock,
) -> None:
    sent = await makers.submit(client, email=EMAIL, comment="Un **avis**.")
    one = sent["comment"]["id"]
    await turn(service)
    await makers.act(client, moderator, one, "reject", reason="off_topic", note="entre nous")
    await turn(service)
    assert (await client.post(f"{sent['receipt']['url']}/withdraw")).status_code == 200
    await turn(service)
    first, second, third = (told(one) for one in receiver.received)
    assert [one["type"] for one in (first, second, third)] == [
        "comment.submitted",
        "comment.decided",
        "comment.withdrawn",
    ]
    assert first["data"]["comment"]["text"] == "Un **avis**."
    assert first["data"]["comment"]["article"]["url"] == "https://blog.example/a"
    assert first["data"]["decision"]["from"] is None
    assert second["data"]["decision"] == {
        "comment": one,
        "from": "pending",
        "to": "rejected",
        "by": "alice",
        "at": "2026-11-23T09:00:00Z",
        "reason": "off_topic",
    }
    assert third["data"]["comment"] is None
    secret = signing.written(webhooks.secret(service, hook))
    for received in receiver.received:
        assert verified(received.headers, received.body, secret, now=clock.now)
        assert received.headers["content-type"] == "application/json"
        for hidden in (EMAIL, "entre nous", service.keys.hash_of(EMAIL, hook.site_id).value.hex()):
            assert hidden not in received.body.decode()
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 3
    assert await waiting(service) == []


async def test_only_what_was_asked_for_is_told_and_only_of_its_site(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service, receiver: Receiver
) -> None:
    from palabre.actions import sites

    await sites.add(service, "other", origins=["https://other.example"])
    await webhooks.add(service, "blog", receiver.url, events=["decided"])
    await webhooks.add(service, "other", receiver.url)
    await makers.approved(client, moderator, site="blog")
    await turn(service)
    assert [told(one)["type"] for one in receiver.received] == ["comment.decided"]


async def test_a_receiver_that_fails_is_told_again_by_the_same_id(
    client: httpx2.AsyncClient, service: Service, hook: Webhook, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500, 302, 204]
    await makers.comment(client)
    for _ in range(3):
        await turn(service)
        clock.advance(minutes=5)
    assert len(receiver.received) == 3
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.received}) == 3
    assert await waiting(service) == []


async def test_a_receiver_that_is_gone_for_good_is_not_asked_again(
    client: httpx2.AsyncClient, service: Service, hook: Webhook, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [410]
    await makers.comment(client)
    for _ in range(3):
        await turn(service)
        clock.advance(days=1)
    assert len(receiver.received) == 1
    (job,) = await waiting(service)
    assert job.given_up_at is not None
    assert "410" in str(job.error)


async def test_a_comment_that_was_deleted_meanwhile_is_not_told(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    service: Service,
    hook: Webhook,
    receiver: Receiver,
) -> None:
    one = await makers.comment(client, comment="Mots à oublier.")
    await makers.act(client, moderator, one, "delete")
    await turn(service)
    assert len(receiver.received) == 2
    assert all(told(one)["data"]["comment"] is None for one in receiver.received)
    assert not any("oublier" in one.body.decode() for one in receiver.received)


async def test_for_a_day_after_a_roll_over_both_secrets_verify(
    client: httpx2.AsyncClient, service: Service, hook: Webhook, receiver: Receiver, clock: Clock
) -> None:
    old = signing.written(webhooks.secret(service, hook))
    new = signing.written(webhooks.secret(service, await webhooks.roll(service, hook.id)))
    assert old != new
    verifying = []
    for hours in (1, 24):
        clock.advance(hours=hours)
        await makers.comment(client)
        await turn(service)
        one = receiver.received[-1]
        verifying.append([verified(one.headers, one.body, s, now=clock.now) for s in (old, new)])
    assert verifying == [[True, True], [False, True]]


async def test_a_webhook_that_is_removed_is_told_nothing_more(
    client: httpx2.AsyncClient, service: Service, hook: Webhook, receiver: Receiver
) -> None:
    await makers.comment(client)
    assert len(await waiting(service)) == 1
    await webhooks.remove(service, hook.id)
    assert await waiting(service) == []
    await makers.comment(client)
    await turn(service)
    assert receiver.received == []
    with pytest.raises(Refusal, match="no webhook"):
        await webhooks.remove(service, hook.id)


async def test_a_secret_is_nowhere_in_the_store(service: Service, hook: Webhook) -> None:
    secret = webhooks.secret(service, hook)

    async def unit(tx: Tx) -> str:
        return str([dict(row) for row in await tx.all("select * from webhook")])

    stored = await service.store.read(unit)
    assert secret.hex() not in stored
    assert signing.written(secret) not in stored


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://a.example/", "looks like"),
        ("https://", "looks like"),
        ("hooks.example", "looks like"),
        ("https://u:p@hooks.example/", "no user"),
        ("https://hooks.example/#a", "no user"),
        ("https://hooks.example/a b", "no spaces"),
        ("https://hooks.example:x/", "looks like"),
        ("https://" + "a" * 2000 + ".example/", "at most"),
        ("http://10.0.0.1/", "not public"),
        ("http://[::ffff:10.0.0.1]/", "not public"),
        ("http://169.254.169.254/latest", "not public"),
    ],
)
async def test_what_can_t_be_a_webhook_is_refused(
    url: str, why: str, service: Service, site: Site
) -> None:
    with pytest.raises(Refusal, match=why):
        await webhooks.add(service, "blog", url)


async def test_every_mistake_is_told_at_once(service: Service, site: Site) -> None:
    with pytest.raises(Refusal) as caught:
        await webhooks.add(service, "nosuch", "ftp://x", events=["read"])
    assert len(caught.value.sentences) == 3
