"""The numbers at the desk, counted again from the log."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from datetime import datetime

import httpx2
import pytest

import makers
from conftest import Clock
from palabre.actions import numbers
from palabre.model import Site
from palabre.rendering import desk_numbers
from palabre.service import Service
from web import desk

VERBS = ("approve", "reject", "spam", "hold")


async def live(client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock) -> None:
    """A fortnight of comments and decisions, some of them on second thought."""
    dice = random.Random(5)
    ids = []
    for number in range(60):
        clock.advance(hours=dice.choice((1, 3, 9)))
        links = " https://a.example" * dice.choice((0, 0, 3))
        article = f"/a{dice.randint(1, 3)}"
        email = f"{number}@example.com"
        ids.append(
            await makers.comment(
                client, article=article, email=email, comment=f"Avis {number}{links}"
            )
        )
        for _ in range(dice.choice((0, 1, 2))):
            clock.advance(minutes=dice.choice((2, 40, 300)))
            one = dice.choice(ids)
            url = f"/v1/moderation/comments/{one}/{dice.choice(VERBS)}"
            assert (await client.post(url, json={}, headers=admin)).status_code == 200


async def log_of(client: httpx2.AsyncClient, admin: dict[str, str]) -> list[dict[str, str]]:
    """The whole log, oldest first."""
    found: list[dict[str, str]] = []
    url: str | None = "/v1/moderation/log?limit=200"
    while url:
        page = (await client.get(url, headers=admin)).json()
        found += page["decisions"]
        url = page["next"]
    return found[::-1]


def minutes(start: str, end: str) -> int:
    passed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return int(passed.total_seconds()) // 60


async def test_every_number_is_counted_again_from_the_log(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], site: Site, clock: Clock
) -> None:
    await live(client, admin, clock)
    log = await log_of(client, admin)
    found = await numbers.of_site(service, site, days=30)
    came = {one["comment"]: one for one in log if one["from"] is None}
    by_day: Counter[tuple[str, str]] = Counter()
    waits: dict[str, list[int]] = defaultdict(list)
    decided = set()
    for one in log:
        day = one["at"][:10]
        if one["from"] is None:
            by_day[day, "submitted"] += 1
        if one["to"] != "pending":
            by_day[day, one["to"]] += 1
        if one["by"] == "ada":
            if one["from"] == "pending" and one["comment"] not in decided:
                waits[day].append(minutes(came[one["comment"]]["at"], one["at"]))
            decided.add(one["comment"])
    for counted in found.days:
        name = counted.day.isoformat()
        for kind in ("submitted", "approved", "rejected", "spam"):
            assert getattr(counted, kind) == by_day[name, kind], (name, kind)
        ordered = sorted(waits[name])
        half = ordered[-(-len(ordered) // 2) - 1] if ordered else None
        assert counted.median_min == half
        assert (counted.most_min is None) == (not ordered)
    assert sum(day.submitted for day in found.days) == 60
    approved = {one["comment"] for one in log if one["to"] == "approved" and one["by"] == "ada"}
    for rule in found.rules:
        caught = [
            one for one in came.values() if one["by"] == rule.name and one["to"] != "approved"
        ]
        assert rule.caught == len(caught)
        assert rule.approved == sum(one["comment"] in approved for one in caught)
    assert {rule.name for rule in found.rules} == {"rule:policy", "rule:links"}
    assert sum(one.approved for one in found.discussed) == len(approved)
    state = {one["comment"]: one["to"] for one in log}
    assert sum(found.ages) == sum(to == "pending" for to in state.values())


@pytest.mark.parametrize("days", numbers.RANGES)
async def test_only_the_days_that_are_asked_for_count(
    service: Service, client: httpx2.AsyncClient, site: Site, clock: Clock, days: int
) -> None:
    await makers.comment(client)
    clock.advance(days=days)
    await makers.comment(client, email="b@example.com")
    found = await numbers.of_site(service, site, days=days)
    assert len(found.days) == days
    assert sum(day.submitted for day in found.days) == 1
    assert found.ages[-1] == (days > 7)


async def test_the_page_draws_what_it_counts_and_asks_nobody_for_style(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await desk.enter(service, client, "ada")
    empty = await client.get("/desk/numbers")
    assert empty.status_code == 200
    await makers.approved(client, admin, title="<script>alert(1)</script>")
    page = (await client.get("/desk/numbers?days=7")).text
    assert "&lt;script&gt;alert(1)" in page
    assert page.count('<rect class="approved"') >= 1
    assert not re.search(r"<script(?! src)| style=", page)
    for wrong in ("days=8", "days=", "days=x", "site=nope"):
        assert (await client.get(f"/desk/numbers?{wrong}")).status_code in (400, 404)


def test_columns_are_as_high_as_what_they_stand_for() -> None:
    def day(approved: int, spam: int) -> numbers.Day:
        return numbers.Day(datetime(2026, 1, 1).date(), 0, approved, 0, spam, None, None)

    drawn = desk_numbers.states([day(3, 1), day(0, 0), day(1, 0)])
    assert drawn.most == 4
    heights = [(box.kind, box.height) for box in drawn.boxes]
    assert heights == [("approved", 135.0), ("spam", 45.0), ("approved", 45.0)]
    assert drawn.boxes[1].y == 0
    assert drawn.boxes[2].x == 480
    assert desk_numbers.states([]).boxes == ()


@pytest.mark.parametrize(
    ("waits", "half", "most"),
    [([], None, None), ([(5, 1)], 5, 5), ([(1, 5), (9, 5)], 1, 9), ([(1, 9), (99, 1)], 1, 1)],
)
def test_a_quantile_is_one_of_the_values(
    waits: list[tuple[int, int]], half: int | None, most: int | None
) -> None:
    assert numbers.quantile(waits, 0.5) == half
    assert numbers.quantile(waits, 0.9) == most
