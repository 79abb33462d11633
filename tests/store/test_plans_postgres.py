"""The same of PostgreSQL: every statement can find its rows by an index, in their order.

What it really chooses depends on how much there is. So what does not scale is forbidden, as far as
there is another way, and the plans must do without.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conftest import Clock
from palabre import store as store_package
from palabre.service import Service
from palabre.store import Tx
from palabre.store.postgres_tx import PostgresTx
from store.test_plans import SMALL, SORTS, drive

pytestmark = pytest.mark.engine("postgres")

FOLDER = Path(store_package.__file__).parent
ALONE = {"words_postgres.find": "as many as hold the words"}
"""Functions that may sort, beside those that may on SQLite too."""
SMALL_ONLY = {
    "decisions._events",
    "words_postgres.find",
    "receipts.forget_expired",
    "visits.forget_expired",
    "spent.forget_expired",
    "reports.forget_tags",
}
"""Functions whose statements join with a few rows that an index finds. As long as there are no more
than that, the planner goes through the table; with 100,000 it looks each of them up."""
QUEUES = {"job", "recurring", "webhook", "mailbox"}
"""Tables that hold what is still to be done, or a row for each of a few."""


@dataclass
class Caught:
    """The statements that were issued, each with who issued it and an example of its values."""

    values: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> Caught:
    found = Caught()
    for name in ("run", "one", "all"):
        plain = getattr(PostgresTx, name)

        async def catching(
            self: PostgresTx, sql: str, /, _plain: Any = plain, **values: Any
        ) -> Any:
            frame = sys._getframe(1)
            path = Path(frame.f_code.co_filename)
            if path.parent == FOLDER and path.stem != "postgres_tx":
                found.values.setdefault((f"{path.stem}.{frame.f_code.co_name}", sql), dict(values))
            return await _plain(self, sql, **values)

        monkeypatch.setattr(PostgresTx, name, catching)
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def faults(plan: dict[str, Any], *, may_sort: bool) -> list[str]:
    """What in a plan costs more the more there is."""
    found = []
    for node in nodes(plan):
        table = node.get("Relation Name")
        # Going through a whole index is no better.
        conditions = {"Index Cond", "Recheck Cond", "TID Cond"}
        if table is not None and not conditions & node.keys() and "Scan" in node["Node Type"]:
            found += [f"scans {table}"] if table not in SMALL | QUEUES else []
        # What is known to be empty before it is looked for may be sorted.
        rows = any("Relation Name" in one for one in nodes(node))
        if node["Node Type"] in ("Sort", "Incremental Sort") and rows and not may_sort:
            found.append(f"sorts by {node['Sort Key']}")
    return found


async def plan_of(service: Service, sql: str, values: dict[str, Any]) -> dict[str, Any]:
    async def unit(tx: Tx) -> dict[str, Any]:
        for way in ("seqscan", "sort", "hashjoin", "mergejoin", "material"):
            await tx.run(f"set local enable_{way} = off")
        row = await tx.one(f"explain (format json, costs off) {sql}", **values)
        assert row is not None
        found: dict[str, Any] = json.loads(row["QUERY PLAN"])[0]["Plan"]
        return found

    return await service.store.write(unit)


async def test_the_check_itself_finds_scans_and_sorts(service: Service) -> None:
    for sql, fault in (
        ("select id from comment where name = :x", "scans comment"),
        ("select count(*) from decision", "scans decision"),
        ("select id from comment where site_id = :x order by name", "sorts"),
        ("delete from visit where window_at = 1", "scans visit"),
    ):
        plan = await plan_of(service, sql, {"x": "x"} if ":x" in sql else {})
        assert any(fault in one for one in faults(plan, may_sort=False)), (sql, plan)
    for sql in (
        "select id from comment where id = :x",
        "select seq from comment_words where string_to_array(words, ' ') @> array[:x]",
        "select id from comment where site_id = :x and state = 'spam' order by created_at, seq",
    ):
        plan = await plan_of(service, sql, {"x": "x"})
        assert faults(plan, may_sort=False) == [], (sql, plan)


async def test_every_statement_can_find_its_rows_by_an_index(
    service: Service, caught: Caught, clock: Clock
) -> None:
    await drive(service, clock)
    assert len(caught.values) > 90
    bad = {}
    for (function, sql), values in list(caught.values.items()):
        if not re.match(r"\s*(select|insert|update|delete|with)", sql):
            continue
        plan = await plan_of(service, sql, values)
        wrong = faults(plan, may_sort=function in SORTS or function in ALONE)
        if function in SMALL_ONLY:
            wrong = [one for one in wrong if not one.startswith("scans")]
        if wrong:
            bad[f"{function}: {sql}"] = wrong
    assert bad == {}
