"""The numbers at the desk, counted again from the log."""

from __future__ import annotations

import asyncio
import csv
import io
import random
import re
from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

import httpx2
import pytest

import makers
from conftest import ORIGIN, Clock
from palabre.actions import sites as site_actions
from palabre.actions.numbers import RANGES, Counting, Day, Numbers, _Summed, _Sums, quantile
from palabre.model import Site, State
from palabre.rendering import desk as desk_pages
from palabre.rendering import desk_numbers
from palabre.service import Service
from palabre.store import Tx
from palabre.store import numbers as sums
from web import desk

VERBS = ("approve", "approve", "reject", "spam", "hold", "delete")
Line = dict[str, str]


async def live(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    *,
    seed: int = 5,
    comments: int = 80,
) -> None:
    """A fortnight of comments and decisions, some of them on second thought, at any moment of a
    second."""
    dice = random.Random(seed)
    ids = []
    for number in range(comments):
        clock.advance(hours=dice.choice((1, 3, 9)), milliseconds=dice.randrange(1000))
        links = " https://a.example" * dice.choice((0, 0, 3))
        ids.append(
            await makers.comment(
                client,
                article=f"/a{dice.randint(1, 3)}",
                email=f"{number}@example.com",
                comment=f"Avis {seed} {number}{links}",
                **({"subject": "1"} if number % 8 == 0 else {}),
            )
        )
        for _ in range(dice.choice((0, 1, 2))):
            clock.advance(
                minutes=dice.choice((1, 2, 40, 300)), milliseconds=dice.randint(-999, 999)
            )
            one = dice.choice(ids)
            verb = dice.choice(VERBS)
            if number % 10 == 0:
                reply = {"text": f"Merci {clock.now}"}
                await client.post(f"/v1/moderation/comments/{one}/reply", json=reply, headers=admin)
            url = f"/v1/moderation/comments/{one}/{verb}"
            assert (await client.post(url, json={}, headers=admin)).status_code in (200, 409)


async def log_of(service: Service, client: httpx2.AsyncClient, name: str) -> list[Line]:
    """The whole log as the desk gives it to a spreadsheet, oldest first."""
    await desk.enter(service, client, name)
    answer = await client.get("/desk/log.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))[::-1]


def minutes(start: str, end: str) -> int:
    passed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return int(passed.total_seconds()) // 60


def ranked(values: list[int], share: float) -> int | None:
    """The least value that at least this share of all do not exceed."""
    return next(
        (one for one in sorted(values) if sum(v <= one for v in values) >= share * len(values)),
        None,
    )


async def test_every_number_is_counted_again_from_the_log(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], site: Site, clock: Clock
) -> None:
    await live(client, admin, clock)
    log = await log_of(service, client, "ada")
    found = await Counting(service).of_site(site, days=30)
    came = {one["comment"]: one for one in log if not one["from"]}
    state = {one["comment"]: one["to"] for one in log}
    assert set(state.values()) == set(State)
    states = Counter((one["at"][:10], state[comment]) for comment, one in came.items())
    waits: dict[str, list[int]] = defaultdict(list)
    decided = set()
    for one in log:
        if one["by"] == "ada" and one["comment"] not in decided:
            decided.add(one["comment"])
            if one["from"]:
                waits[one["at"][:10]].append(minutes(came[one["comment"]]["at"], one["at"]))
    assert "spam" in {one["from"] for one in log if one["by"] == "ada"}
    for day in found.days:
        name = day.day.isoformat()
        assert day.states == {one: states[name, one] for one in State}, name
        assert day.median_min == ranked(waits[name], 0.5), name
        assert day.most_min == ranked(waits[name], 0.9), name
    assert sum(day.came for day in found.days) == len(came)
    for rule in found.rules:
        caught = [
            one for one in came.values() if one["by"] == rule.name and one["to"] != "approved"
        ]
        assert rule.caught == len(caught)
        assert rule.approved == sum(state[one["comment"]] == "approved" for one in caught)
    assert {rule.name for rule in found.rules} >= {"rule:policy", "rule:links", "rule:honeypot"}
    published = Counter(
        one["article"] for comment, one in came.items() if state[comment] == "approved"
    )
    assert {ORIGIN + one.title: one.published for one in found.discussed} == published
    counts = [one.published for one in found.discussed]
    assert counts == sorted(counts, reverse=True)
    assert sum(found.ages) == sum(to == "pending" for to in state.values())


async def test_what_was_summed_before_is_gone_on_from(
    service: Service,
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    site: Site,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = Counting(service)
    for seed, days in enumerate((7, 30, 7, 365)):
        with monkeypatch.context() as patch:
            # As if there were a great deal more of it.
            patch.setattr(sums, "AT_ONCE", 7)
            await live(client, admin, clock, seed=seed, comments=40)
            found = await kept.of_site(site, days=days)
        assert found == await Counting(service).of_site(site, days=days)
    clock.advance(days=500)
    assert (await kept.of_site(site, days=365)).rules == ()


async def test_a_decision_that_comes_to_light_late_is_counted(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], site: Site, clock: Clock
) -> None:
    """PostgreSQL numbers decisions before they are committed: a lower one may be seen later."""
    ids = [await makers.comment(client, email=f"{n}@example.com") for n in range(2)]
    await makers.comment(client)
    clock.advance(minutes=2)
    kept = Counting(service)

    async def found() -> Numbers:
        return await kept.of_site(site, days=7)

    async def decided(tx: Tx, seq: int, comment: str) -> None:
        await tx.run(
            "insert into decision (seq, site_id, comment_id, from_state, to_state, moderator_id, "
            "decided_by, at) select :seq, site_id, id, 'pending', 'rejected', "
            "(select id from moderator), 'ada', :at from comment where id = :id",
            seq=seq,
            id=comment,
            at=int(clock.now.timestamp() * 1000),
        )

    await service.store.write(lambda tx: decided(tx, 1_000_020, ids[0]))
    assert (await found()).days[-1].median_min == 2
    clock.advance(minutes=8)
    await service.store.write(lambda tx: decided(tx, 1_000_010, ids[1]))
    assert (await found()).days[-1].most_min == 10


@pytest.mark.parametrize("is_summed_at_once", [True, False])
async def test_what_a_rule_held_back_is_published_while_nobody_takes_it_back(
    service: Service,
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    is_summed_at_once: bool,
) -> None:
    if not is_summed_at_once:
        monkeypatch.setattr(sums, "AT_ONCE", 1)
    one = await makers.comment(client)
    await makers.comment(client, email="b@example.com")
    await desk.enter(service, client, "ada")
    for verb, n in (("approve", 1), ("hold", 0), ("approve", 1), ("delete", 0)):
        clock.advance(hours=1)
        await makers.act(client, admin, one, verb)
        page = (await client.get("/desk/numbers?lang=en")).text
        told = re.search(r"Site setting.*?</svg> (\d+).*?of which (\d+) published now", page)
        assert told is not None
        assert told.groups() == ("2", str(n))


async def test_a_moderator_s_own_comment_waits_for_nobody(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], site: Site, clock: Clock
) -> None:
    one = await makers.approved(client, admin)
    clock.advance(minutes=5)
    url = f"/v1/moderation/comments/{one}/reply"
    reply = await client.post(url, json={"text": "Merci"}, headers=admin)
    clock.advance(minutes=5)
    await makers.act(client, admin, reply.json()["id"], "reject")
    today = (await Counting(service).of_site(site, days=7)).days[-1]
    assert (today.came, today.most_min) == (2, 0)


async def test_however_many_ask_one_is_served_after_the_other(
    service: Service, client: httpx2.AsyncClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await makers.comment(client)
    plain, reading, most = type(service.store).read, 0, 0

    async def read(self: Any, unit: Any, /) -> Any:
        nonlocal reading, most
        if unit.__module__ != Counting.__module__:
            # What runs beside it reads when it likes.
            return await plain(self, unit)
        reading += 1
        most = max(most, reading)
        try:
            return await plain(self, unit)
        finally:
            reading -= 1

    monkeypatch.setattr(type(service.store), "read", read)
    counting = Counting(service)
    await asyncio.gather(*(counting.of_site(site, days=days) for days in RANGES))
    assert most == 1


@pytest.mark.parametrize("days", RANGES)
async def test_only_the_days_that_are_asked_for_count(
    service: Service, client: httpx2.AsyncClient, site: Site, clock: Clock, days: int
) -> None:
    await makers.comment(client)
    clock.advance(days=days)
    await makers.comment(client, email="b@example.com")
    found = await Counting(service).of_site(site, days=days)
    assert len(found.days) == days
    assert sum(day.came for day in found.days) == 1
    assert sum(rule.caught for rule in found.rules) == 1
    assert found.ages[-1] == (days > 7)


async def test_what_waits_is_counted_no_further_than_anybody_wants_to_know(
    service: Service, client: httpx2.AsyncClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums, "AGES_MOST", 2)
    for number in range(4):
        await makers.comment(client, email=f"{number}@example.com")
    assert (await Counting(service).of_site(site, days=7)).ages[0] == 3
    drawn = desk_numbers.bars([("a", 3, ""), ("b", 2, "")], "fr", counted_to=2)
    assert [bar.number for bar in drawn] == ["plus de 2", "2"]


async def test_articles_are_counted_alike_whichever_way_is_shorter(
    service: Service,
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(12):
        await makers.approved(client, admin, article=f"/{number // 2 % 4}", email=f"{number}@a.com")
    found = (await Counting(service).of_site(site, days=7)).discussed
    assert [one.published for one in found] == [4, 4, 2, 2]
    monkeypatch.setattr(sums, "AT_ONCE", 11)
    assert (await Counting(service).of_site(site, days=7)).discussed == found


async def test_the_page_draws_what_it_counts_and_asks_nobody_for_style(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await desk.enter(service, client, "ada")
    empty = await client.get("/desk/numbers")
    assert empty.status_code == 200
    await makers.approved(client, admin, title="<script>alert(1)</script>")
    await makers.comment(client, comment="https://a.example " * 3)
    page = (await client.get("/desk/numbers?days=7")).text
    assert "&lt;script&gt;alert(1)" in page
    assert page.count('<rect class="approved"') >= 1
    assert 'aria-label="Une colonne par jour\u00a0: 2 commentaires reçus, au plus 2' in page
    assert "Réglage du site" in page
    assert "rule:" not in page
    assert not re.search(r"<script(?! src)| style=", page)
    for wrong in ("days=8", "days=", "days=x", "site=nope"):
        assert (await client.get(f"/desk/numbers?{wrong}")).status_code in (400, 404)


async def test_times_that_differ_are_told_apart_in_the_table(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    for waited in (55, 75):
        one = await makers.comment(client)
        clock.advance(minutes=waited)
        await makers.act(client, admin, one, "approve")
    await desk.enter(service, client, "ada")
    page = (await client.get("/desk/numbers?days=7&lang=fr")).text
    assert "<td>55\u00a0min</td><td>1\u202fh 15\u00a0min</td></tr>" in page


async def test_another_site_is_shown_over_the_same_days(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await site_actions.add(service, "other", origins=["https://other.example"])
    await desk.enter(service, client, "ada")
    page = (await client.get("/desk/numbers?site=blog&days=90")).text
    form = re.search(r'<form class="filters".*?</form>', page, re.DOTALL)
    assert form is not None
    assert desk.field(form[0], "days") == "90"


async def test_the_table_holds_what_the_plots_show(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await makers.approved(client, admin)
    await makers.comment(client, email="b@example.com")
    other = await makers.comment(client, email="c@example.com")
    await makers.act(client, admin, other, "delete")
    await desk.enter(service, client, "ada")
    page = (await client.get("/desk/numbers?days=7")).text
    row = re.findall(r"<tr><th scope=\"row\">[^<]*</th>(.*?)</tr>", page)[0]
    # Received, published, pending, refused, spam, deleted: in the order of the column.
    assert re.findall("<td>(.*?)</td>", row)[:6] == ["3", "1", "1", "0", "0", "1"]
    heights = re.findall(r'<rect class="(\w+)".* x="[\d.]+%".* height="([\d.]+)%"', page)
    assert heights == [("approved", "33.333"), ("pending", "33.333"), ("deleted", "33.333")]


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        (
            "fr",
            [
                "moins de 1\u00a0heure",
                "de 1 à 4 heures",
                "de 4 à 24 heures",
                "de 1 à 3 jours",
                "de 3 à 7 jours",
                "plus de 7 jours",
            ],
        ),
        (
            "en",
            [
                "under 1 hour",
                "from 1 to 4 hours",
                "from 4 to 24 hours",
                "from 1 to 3 days",
                "from 3 to 7 days",
                "over 7 days",
            ],
        ),
    ],
)
async def test_ages_are_called_what_they_are(
    service: Service,
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    language: str,
    labels: list[str],
) -> None:
    await makers.comment(client)
    clock.advance(hours=5)
    await desk.enter(service, client, "ada")
    page = (await client.get(f"/desk/numbers?lang={language}")).text
    bars = re.search(r'id="ages".*?</section>', page, re.DOTALL)
    assert bars is not None
    rows = re.findall(r'<th scope="row"[^>]*>([^<]+)</th><td>.*?</svg> (\d+)', bars[0])
    assert [label for label, _ in rows] == labels
    assert [n for _, n in rows] == ["0", "0", "1", "0", "0", "0"]


def day_of(median: int | None = None, most: int | None = None, /, **states: int) -> Day:
    return Day(date(2026, 1, 1), {State(name): n for name, n in states.items()}, median, most)


def test_columns_are_as_high_as_what_they_stand_for() -> None:
    days = [day_of(approved=3, spam=1), day_of(), day_of(pending=1)]
    drawn = desk_numbers.states(days, "en")
    assert [(line.y, line.label) for line in drawn.lines] == [
        (100.0, "0"),
        (75.0, "1"),
        (50.0, "2"),
        (25.0, "3"),
        (0.0, "4"),
    ]
    heights = [(box.kind, box.y, box.height) for box in drawn.boxes]
    assert heights == [("approved", 25, 75), ("spam", 0, 25), ("pending", 75, 25)]
    assert drawn.boxes[2].x == 70
    assert drawn.label == "A column for each day: 5 comments came, at most 4 on a day."
    assert desk_numbers.states([], "en").boxes == ()


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (5, ["0", "2", "4", "6"]),
        (17, ["0", "5", "10", "15", "20"]),
        (3210, ["0", "1,000", "2,000", "3,000", "4,000"]),
    ],
)
def test_lines_stand_for_round_numbers_and_reach_over_all(most: int, labels: list[str]) -> None:
    drawn = desk_numbers.states([day_of(approved=most)], "en")
    assert [line.label for line in drawn.lines] == labels


def test_a_wait_is_a_dot_at_the_median_and_a_bar_up_to_nine_in_ten() -> None:
    days = [day_of(0, 0), day_of(1, 600), day_of()]
    drawn = desk_numbers.waits(days, "en")
    at = {line.label: line.y for line in drawn.lines}
    assert list(at) == ["0", "1 min", "10 mins", "1 hr", "1 day"]
    short, long = drawn.waits
    assert short.y == short.top == at["0"] == 100
    assert long.y == at["1 min"]
    assert at["1 day"] < long.top < at["1 hr"]
    assert desk_numbers.waits([], "fr").waits == ()


def test_the_longest_wait_is_in_sight_and_no_two_words_touch() -> None:
    drawn = desk_numbers.waits([day_of(1, 10**7)], "en")
    assert drawn.waits[0].top == 0
    assert [line.label for line in drawn.lines][:3] == ["0", "10 mins", "1 hr"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rule:pace", "Many in a short time"),
        ("rule:policy", "Site setting"),
        ("rule:unheard_of", "rule:unheard_of"),
        ("ada", "ada"),
    ],
)
def test_a_rule_is_named_in_words(name: str, words: str) -> None:
    assert desk_pages.rule_words(name, "en") == words


@pytest.mark.parametrize(
    ("waits", "half", "most"),
    [
        ([(5, 1)], 5, 5),
        ([(1, 5), (9, 5)], 1, 9),
        ([(1, 9), (99, 1)], 1, 1),
        ([(1, 63), (2, 7)], 1, 1),
        ([(1, 62), (2, 8)], 1, 2),
    ],
)
def test_a_quantile_is_one_of_the_values(
    waits: list[tuple[int, int]], half: int, most: int
) -> None:
    assert quantile(waits, 5) == half
    assert quantile(waits, 9) == most


def test_the_sums_of_a_day_that_is_over_take_no_room_for_every_minute() -> None:
    """What is kept of a year is little: see `SITES_KEPT`."""
    kept = _Sums(0, 0)
    for day in range(365):
        part = sums.Part("s", day, day, (day + 1) * sums.DAY_MS)
        waits = [(day, minute, 1) for minute in range(500)]
        kept.add(_Summed(part, caught=[], freed=[], waits=waits))
    assert len(kept.waits) <= 2
    assert len(kept.waited) >= 363
