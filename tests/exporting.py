"""What `/metrics` of a service that has had something to do exports."""

from __future__ import annotations

import httpx2
from prometheus_client.parser import text_string_to_metric_families

import makers

ONCE_WORK_WAS_DONE = {"palabre_job_runs_total": frozenset({"kind", "outcome"})}
"""Counters whose first sample comes with the first piece of work (tests/web/test_metrics.py)."""


async def exported(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> dict[str, frozenset[str]]:
    """The names of all samples, each with the names of its labels."""
    comment_id = await makers.comment(client)
    await makers.act(client, moderator, comment_id, "approve")
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    found = dict(ONCE_WORK_WAS_DONE)
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name] = frozenset(sample.labels)
    return found
