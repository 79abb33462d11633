"""`GET /metrics`: what an operator's monitoring reads (contract 3.3)."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

import makers
from conftest import Clock
from palabre.model import Site
from palabre.service import Service
from palabre.store import Tx, jobs
from palabre.web.metrics import Metrics
from web.speaking import browse, client_at, post, problem

Samples = dict[str, float]


async def read(client: httpx2.AsyncClient) -> Samples:
    """Every sample as `name{label,label}`, values of labels in the order of their names."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(value for _, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


async def test_requests_are_counted_by_route_never_by_what_stands_in_it(
    client: httpx2.AsyncClient,
) -> None:
    token = (await makers.submit(client))["receipt"]["token"]
    for path in (f"/v1/receipts/{token}", "/v1/receipts/secret", "/nowhere/secret"):
        await client.get(path)
    await client.request("BREW", "/v1/comments?article=/secret")
    samples = await read(client)
    assert samples["palabre_requests_total{POST,/v1/comments,201}"] == 1
    assert samples["palabre_requests_total{GET,/v1/receipts/{token},200}"] == 1
    assert samples["palabre_requests_total{GET,/v1/receipts/{token},404}"] == 1
    assert samples["palabre_requests_total{GET,unmatched,404}"] == 1
    assert samples["palabre_requests_total{OTHER,/v1/comments,405}"] == 1
    assert samples["palabre_request_seconds_count{/v1/comments}"] == 2
    text = str(samples)
    assert "secret" not in text
    assert token not in text


async def test_submissions_are_counted_by_what_became_of_them(client: httpx2.AsyncClient) -> None:
    fields = makers.fields(idempotency_key="the-same-key")
    await post(client, fields)
    await browse(client, makers.fields())
    await browse(client, makers.fields(email="x"))
    await post(client, makers.fields(email="x"))
    await post(client, {key: value for key, value in fields.items() if key != "idempotency_key"})
    await post(client, fields | {"name": "B"})
    await post(client, fields | {"site": "nowhere"})
    await client.post("/v1/comments", content=b"x")
    samples = await read(client)
    assert samples["palabre_submissions_total{stored}"] == 2
    assert samples["palabre_submissions_total{invalid_submission}"] == 2
    assert samples["palabre_submissions_total{duplicate_comment}"] == 1
    assert samples["palabre_submissions_total{idempotency_mismatch}"] == 1
    assert samples["palabre_submissions_total{site_not_found}"] == 1
    assert samples["palabre_submissions_total{unsupported_media_type}"] == 1


async def test_decisions_are_counted_by_the_state_they_led_to(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    first, second = [await makers.submit(client) for _ in range(2)]
    await makers.act(client, moderator, first["comment"]["id"], "approve")
    await client.post(
        "/v1/moderation/decisions",
        json={"action": "spam", "ids": [second["comment"]["id"], "unknown"]},
        headers=moderator,
    )
    await client.post(f"{first['receipt']['url']}/withdraw")
    samples = await read(client)
    assert samples["palabre_decisions_total{approved}"] == 1
    assert samples["palabre_decisions_total{spam}"] == 1
    assert samples["palabre_decisions_total{deleted}"] == 1


async def test_the_queue_has_a_length_and_an_oldest(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    samples = await read(client)
    assert samples["palabre_queue_comments{}"] == 0
    assert samples["palabre_queue_oldest_seconds{}"] == 0
    first = await makers.comment(client)
    clock.advance(minutes=2)
    await makers.comment(client)
    clock.advance(minutes=1)
    samples = await read(client)
    assert samples["palabre_queue_comments{}"] == 2
    assert samples["palabre_queue_oldest_seconds{}"] == 180
    await makers.act(client, moderator, first, "reject")
    samples = await read(client)
    assert samples["palabre_queue_comments{}"] == 1
    assert samples["palabre_queue_oldest_seconds{}"] == 60


async def test_work_that_waits_or_was_given_up_is_counted(
    client: httpx2.AsyncClient, service: Service, site: Site, clock: Clock
) -> None:
    samples = await read(client)
    for name in ("waiting", "given_up", "oldest_seconds"):
        assert samples[f"palabre_jobs_{name}{{}}"] == 0

    async def unit(tx: Tx) -> None:
        for topic in "abc":
            await jobs.put(
                tx,
                "unknown",
                job_id=topic,
                site_id=site.id,
                topic=topic,
                subject={},
                at=clock.now,
            )
        until = clock.now + timedelta(minutes=1)
        [job] = await jobs.claim(tx, ["unknown"], lease="x", now=clock.now, until=until, most=1)
        await jobs.given_up(tx, job, error="gone", at=clock.now)

    await service.store.write(unit)
    clock.advance(seconds=30)
    samples = await read(client)
    assert samples["palabre_jobs_waiting{}"] == 2
    assert samples["palabre_jobs_given_up{}"] == 1
    assert samples["palabre_jobs_oldest_seconds{}"] == 30


def test_attempts_are_counted_by_kind_and_outcome() -> None:
    metrics = Metrics()
    for outcome in ("failed", "failed", "done"):
        metrics.ran("webhook", outcome)
    [family] = [one for one in metrics.families(0, 0.0) if one.name == "palabre_job_runs"]
    found = {(*sample.labels.values(), sample.value) for sample in family.samples}
    assert found == {("webhook", "failed", 2), ("webhook", "done", 1)}


async def test_commits_are_timed_and_their_batches_measured(client: httpx2.AsyncClient) -> None:
    before = await read(client)
    await makers.submit(client)
    after = await read(client)
    for name in ("palabre_commit_seconds_count{}", "palabre_write_batch_units_count{}"):
        assert after[name] > before[name]


async def test_only_programs_on_this_machine_may_read_them(
    client: httpx2.AsyncClient, service: Service
) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        problem(await client.get("/metrics", headers={header: "203.0.113.5"}), 404, "not_found")
    for host in ("203.0.113.5", "2001:db8::1", "10.0.0.1"):
        async with client_at(service, host) as stranger:
            problem(await stranger.get("/metrics"), 404, "not_found")
    for host in ("127.0.0.1", "::1"):
        async with client_at(service, host) as local:
            assert await read(local)


@pytest.fixture
def for_everybody(environ: dict[str, str]) -> None:
    environ["PALABRE_METRICS_PUBLIC"] = "true"


@pytest.mark.usefixtures("for_everybody")
async def test_an_operator_may_open_them_to_everybody(
    client: httpx2.AsyncClient, service: Service
) -> None:
    async with client_at(service, "203.0.113.5") as stranger:
        assert await read(stranger)
