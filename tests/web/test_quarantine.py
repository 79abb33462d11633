"""The quarantine: bursts of what came in a flood, deleted or let out with one click."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Any

import httpx2
import pytest

import makers
from conftest import START, Clock, token_for
from counting import assert_counters_are_true
from palabre.actions import quarantine
from palabre.actions.quarantine import COUNTED_MOST
from palabre.jobs.outbox import Outbox
from palabre.jobs.retention import retention
from palabre.jobs.worker import HANDLERS
from palabre.model import Scope
from palabre.rendering import desk_quarantine
from palabre.service import Service
from palabre.store import Tx
from palabre.store.quarantine import Held
from web import desk
from web.speaking import NOTHING, post, problem, rules, seen_by, stored

URL = "/v1/moderation/quarantine"
WATCH = "Les meilleures montres de luxe à moitié prix, plus que quelques-unes, dépêchez-vous !"
JOB = "Un emploi de rêve, mille euros sans bouger de chez soi, demandez-moi donc comment."
LINKS = "http://a.example http://b.example http://c.example http://d.example {n}"

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def limited(environ: dict[str, str]) -> None:
    environ["PALABRE_SUBMISSION_LIMIT"] = "1000/minute"
    environ["PALABRE_JOBS"] = "false"


async def flood(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, *texts: str
) -> list[str]:
    """The ids of comments with these texts, each by somebody else, of a flood that has begun."""
    await rules(client, admin, site_limit="1/day", article_limit="off")
    found = []
    for number, text in enumerate(("Le premier de la journée.", *texts)):
        fields = makers.fields(
            article=f"/{number % 2}",
            name=f"Camille {number}",
            email=f"camille{number}@example.com",
            comment=text.format(n=number),
        )
        answer = await post(client, fields, x_forwarded_for=f"2001:db8:{number:x}::1")
        assert answer.status_code == 201, answer.text
        found.append(answer.json()["comment"]["id"])
        clock.advance(seconds=1)
    return found[1:]


async def groups(client: httpx2.AsyncClient, headers: dict[str, str]) -> dict[str, int]:
    found = (await client.get(URL, headers=headers)).json()
    return {one["group"]: one["count"] for one in found["groups"]}


def small(monkeypatch: pytest.MonkeyPatch, before: int, of_a_run: int | None = None) -> None:
    """Bursts are done in parts of two, so many of them before the answer, the rest by jobs."""
    monkeypatch.setattr(quarantine, "AT_ONCE", 2)
    monkeypatch.setattr(quarantine, "BEFORE_THE_ANSWER", before)
    if of_a_run is not None:
        monkeypatch.setattr(quarantine, "OF_A_RUN", of_a_run)


async def decide(
    client: httpx2.AsyncClient, headers: dict[str, str], group: str, action: str, **more: str
) -> httpx2.Response:
    body = {"group": group, "action": action} | more
    return await client.post(URL, json=body, headers=headers)


async def work(service: Service) -> None:
    """Everything in the outbox."""
    outbox = Outbox(service, HANDLERS)
    while await outbox.turn():
        pass


async def test_bursts_are_what_is_alike_the_newest_first_and_the_others_last(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    ids = await flood(client, admin, clock, WATCH, WATCH, JOB, LINKS, WATCH, JOB, LINKS, JOB)
    found = (await client.get(URL, headers=admin)).json()
    # The first of each text is not known as one of many.
    assert [(one["group"], one["count"]) for one in found["groups"]] == [
        (ids[5], 2),
        (ids[1], 2),
        ("others", 2),
    ]
    assert (found["site"], found["count"]) == ("blog", 6)
    assert found["flooded_until"] is not None
    burst = found["groups"][1]
    assert [one["id"] for one in burst["examples"]] == [ids[4], ids[1]]
    assert {one["text"] for one in burst["examples"]} == {WATCH}
    assert sum(one["count"] for one in burst["articles"]) == 2
    assert found["since"] == burst["since"] < burst["until"]


async def test_a_burst_is_deleted_at_once_and_nothing_else(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    ids = await flood(client, admin, clock, *[WATCH] * 5, LINKS)
    answer = await decide(client, admin, ids[1], "delete")
    assert answer.json() == {"group": ids[1], "count": 4, "done": 4}
    assert await groups(client, admin) == {"others": 1}
    assert await stored(client, admin) == NOTHING | {"pending": 2, "spam": 1}
    wiped = await seen_by(client, admin, ids[1])
    assert (wiped["state"], wiped["text"], wiped["signals"]) == ("deleted", None, [])
    problem(await decide(client, admin, ids[1], "delete"), 404, "comment_not_found")
    await assert_counters_are_true(service)


async def test_a_burst_that_is_let_out_waits_in_the_queue_and_can_be_put_back(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    ids = await flood(client, admin, clock, *[WATCH] * 5, LINKS)
    for _ in range(2):
        before = await groups(client, admin)
        assert before == {ids[1]: 4, "others": 1}
        assert (await decide(client, admin, ids[1], "release")).json()["count"] == 4
        assert await groups(client, admin) == {"others": 1}
        assert await stored(client, admin) == NOTHING | {"pending": 6, "spam": 1}
        one = await seen_by(client, admin, ids[1])
        assert (one["state"], one["decided_by"]) == ("pending", "ada")
        assert (await decide(client, admin, ids[1], "restore")).json()["count"] == 4
    assert await groups(client, admin) == before
    await assert_counters_are_true(service)


async def test_what_is_like_nothing_else_is_decided_on_together(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    ids = await flood(client, admin, clock, WATCH, WATCH, WATCH, LINKS, LINKS, LINKS)
    assert (await decide(client, admin, "others", "release")).json()["count"] == 3
    assert await groups(client, admin) == {ids[1]: 2}
    assert (await decide(client, admin, "others", "restore")).json()["count"] == 3
    assert (await decide(client, admin, "others", "delete")).json()["count"] == 3
    assert await groups(client, admin) == {ids[1]: 2}


async def test_what_came_after_the_page_was_made_is_left_alone(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    ids = await flood(client, admin, clock, *[WATCH] * 5)
    until = (await seen_by(client, admin, ids[3]))["created_at"]
    answer = await decide(client, admin, ids[1], "delete", until=until)
    assert answer.json()["count"] == 3
    assert await groups(client, admin) == {"others": 1}


async def test_of_a_great_burst_the_rest_is_a_job_s(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small(monkeypatch, 4, 6)
    ids = await flood(client, admin, clock, *[WATCH] * 21)
    assert (await decide(client, admin, ids[1], "release")).json() == {
        "group": ids[1],
        "count": 20,
        "done": 4,
    }
    assert await groups(client, admin) == {ids[1]: 16}
    await work(service)
    assert await groups(client, admin) == {}
    assert await stored(client, admin) == NOTHING | {"pending": 22}
    # Putting it back while it is still let out ends that.
    assert (await decide(client, admin, ids[1], "restore")).json()["done"] == 4
    await decide(client, admin, ids[1], "release")
    await decide(client, admin, ids[1], "restore")
    await work(service)
    assert await groups(client, admin) == {ids[1]: 20}
    assert (await decide(client, admin, ids[1], "delete")).json()["done"] == 4
    await work(service)
    assert await stored(client, admin) == NOTHING | {"pending": 2}
    await assert_counters_are_true(service)


@pytest.mark.parametrize("order", [(13, 20), (20, 13)])
async def test_of_two_moments_for_one_burst_the_later_one_counts(
    order: tuple[int, int],
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small(monkeypatch, 4)
    ids = await flood(client, admin, clock, *[WATCH] * 24)
    for number in order:
        until = (await seen_by(client, admin, ids[number]))["created_at"]
        answer = await decide(client, admin, ids[1], "delete", until=until)
        assert answer.json()["done"] == 4
    await work(service)
    states = [(await seen_by(client, admin, one))["state"] for one in ids]
    assert states == ["pending", *["deleted"] * 20, *["spam"] * 3]
    await assert_counters_are_true(service)


async def test_two_who_delete_one_burst_at_once_leave_nothing_of_it(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small(monkeypatch, 4)
    ids = await flood(client, admin, clock, *[WATCH] * 21)
    moments = [(await seen_by(client, admin, ids[n]))["created_at"] for n in (8, 20, 14)]
    await asyncio.gather(
        *(decide(client, admin, ids[1], "delete", until=until) for until in moments)
    )
    await work(service)
    assert await groups(client, admin) == {}
    assert await stored(client, admin) == NOTHING | {"pending": 2}
    await assert_counters_are_true(service)


async def test_deleting_what_is_still_let_out_deletes_what_is_left_alone(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small(monkeypatch, 4)
    ids = await flood(client, admin, clock, *[WATCH] * 21)
    assert (await decide(client, admin, ids[1], "release")).json()["done"] == 4
    answer = await decide(client, admin, ids[1], "delete")
    assert answer.json() == {"group": ids[1], "count": 16, "done": 4}
    await work(service)
    # The newest four had been let out, and wait in the queue as any comment.
    states = [(await seen_by(client, admin, one))["state"] for one in ids]
    assert states == ["pending", *["deleted"] * 16, *["pending"] * 4]
    problem(await decide(client, admin, ids[1], "delete"), 404, "comment_not_found")
    problem(await decide(client, admin, ids[1], "restore"), 404, "comment_not_found")
    await assert_counters_are_true(service)


@pytest.mark.parametrize("jobs_run", [0, 1, 2])
async def test_putting_back_ends_what_is_still_let_out(
    jobs_run: int,
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small(monkeypatch, 16, 2)
    ids = await flood(client, admin, clock, *[WATCH] * 21)
    assert (await decide(client, admin, ids[1], "release")).json()["done"] == 16
    outbox = Outbox(service, HANDLERS)
    for _ in range(jobs_run):
        await outbox.turn()
    answer = await decide(client, admin, ids[1], "restore")
    assert answer.json()["count"] == 16 + 2 * jobs_run
    await work(service)
    assert await groups(client, admin) == {ids[1]: 20}
    await assert_counters_are_true(service)


@pytest.mark.parametrize(
    ("last", "comes_after"), [("restore", 1), ("restore", 3), ("restore", 6), ("delete", 3)]
)
async def test_what_begins_while_a_burst_is_let_out_ends_that(
    last: str,
    comes_after: int,
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether the last word comes between two parts of what is done at once, or of a job's."""
    change, loop = quarantine._change, asyncio.get_running_loop()
    parts: list[int] = []
    said: asyncio.Queue[asyncio.Task[httpx2.Response]] = asyncio.Queue()

    def speak() -> None:
        said.put_nowait(loop.create_task(decide(client, admin, ids[1], last)))

    async def changing(tx: Tx, **given: Any) -> int:
        n = await change(tx, **given)
        if given["act"].action == "release":
            parts.append(n)
            if len(parts) == comes_after:
                loop.call_soon_threadsafe(speak)
        return n

    small(monkeypatch, 8)
    monkeypatch.setattr(quarantine, "_change", changing)
    ids = await flood(client, admin, clock, *[WATCH] * 17)
    assert (await decide(client, admin, ids[1], "release")).json()["count"] == 16
    await work(service)
    answer = await (await said.get())
    assert answer.status_code == 200
    await work(service)
    if last == "restore":
        assert await groups(client, admin) == {ids[1]: 16}
    else:
        assert await groups(client, admin) == {}
        states = [(await seen_by(client, admin, one))["state"] for one in ids[1:]]
        assert 0 < states.count("deleted") < 16
        assert states == sorted(states)
    await assert_counters_are_true(service)


async def test_letting_out_ends_what_is_still_put_back(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small(monkeypatch, 4, 2)
    ids = await flood(client, admin, clock, *[WATCH] * 17)
    await decide(client, admin, ids[1], "release")
    await work(service)
    assert (await decide(client, admin, ids[1], "restore")).json()["done"] == 4
    await Outbox(service, HANDLERS).turn()
    assert (await decide(client, admin, ids[1], "release")).json()["count"] == 6
    await work(service)
    assert await groups(client, admin) == {}


async def test_a_burst_of_which_nothing_is_let_out_yet_can_be_put_back(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = await flood(client, admin, clock, *[WATCH] * 5)
    with monkeypatch.context() as patched:
        patched.setattr(quarantine, "BEFORE_THE_ANSWER", 0)
        await decide(client, admin, ids[1], "release")
    answer = await decide(client, admin, ids[1], "restore")
    assert answer.json() == {"group": ids[1], "count": 0, "done": 0}
    await work(service)
    assert await groups(client, admin) == {ids[1]: 4}
    problem(await decide(client, admin, ids[1], "restore"), 404, "comment_not_found")


async def test_what_is_done_at_once_leaves_no_job(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    ids = await flood(client, admin, clock, *[WATCH] * 5)
    assert (await decide(client, admin, ids[1], "release")).json()["done"] == 4

    async def unit(tx: Tx) -> int:
        return len(await tx.all("select id from job where kind = 'quarantine'"))

    assert await service.store.read(unit) == 0


async def test_it_goes_with_spam_after_thirty_days(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    ids = await flood(client, admin, clock, WATCH, WATCH, WATCH)
    clock.advance(days=29, hours=23)
    await retention(service)
    assert await groups(client, admin) == {ids[1]: 2}
    clock.advance(hours=2)
    await retention(service)
    assert await groups(client, admin) == {}
    assert await stored(client, admin) == NOTHING | {"pending": 2}


async def test_what_a_moderator_has_called_spam_is_not_in_it(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    ids = await flood(client, admin, clock, WATCH, WATCH, WATCH)
    await decide(client, admin, ids[1], "release")
    await makers.act(client, admin, ids[1], "spam")
    assert await groups(client, admin) == {}


async def test_who_may_what(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    reader: dict[str, str],
    clock: Clock,
    service: Service,
) -> None:
    from palabre.actions import sites

    ids = await flood(client, admin, clock, WATCH, WATCH, WATCH)
    await sites.add(service, "tiers", origins=["https://tiers.example"])
    elsewhere = await token_for(service, "zoe", Scope.ADMIN, site="tiers")
    problem(await client.get(URL), 401, "unauthenticated")
    assert (await client.get(f"{URL}?site=blog", headers=reader)).status_code == 200
    problem(await decide(client, reader, ids[1], "delete", site="blog"), 403, "scope_missing")
    problem(await client.get(f"{URL}?site=blog", headers=elsewhere), 404, "site_not_found")
    answer = await decide(client, elsewhere, ids[1], "delete", site="blog")
    problem(answer, 404, "site_not_found")
    problem(await decide(client, elsewhere, ids[1], "delete"), 404, "comment_not_found")
    problem(await client.get(URL, headers=admin), 400, "bad_parameter")
    problem(await decide(client, admin, ids[1], "delete"), 422, "invalid_request")
    problem(await decide(client, admin, ids[1], "burn", site="blog"), 422, "invalid_request")
    assert (await client.get(f"{URL}?site=blog", headers=admin)).json()["count"] == 2


# At the desk.


async def press(client: httpx2.AsyncClient, act: str) -> httpx2.Response:
    """Press a button of the page, and see where it leads."""
    page = (await client.get("/desk/quarantine")).text
    data = {name: desk.field(page, name) for name in ("csrf", "site", "at")}
    answer = await client.post("/desk/quarantine", data=data | {"act": act}, headers=desk.FORM)
    assert answer.status_code == 303
    return await client.get(answer.headers["location"])


async def test_the_queue_tells_of_the_quarantine_and_of_the_flood(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    await desk.enter(service, client, "ada")
    assert "quarantaine" not in (await client.get("/desk/")).text
    await flood(client, admin, clock, WATCH, WATCH, WATCH)
    page = (await client.get("/desk/")).text
    assert "2\u00a0commentaires en quarantaine depuis" in page or (
        "2 commentaires en quarantaine depuis" in page
    )
    assert "blog est attaqué\u00a0: des preuves de travail sont demandées jusqu’à" in page
    assert len(desk.cases(page)) == 2
    await rules(client, admin, proof="off")
    for path in ("/desk/", "/desk/quarantine?site=blog"):
        assert "Afflux sur blog" in (await client.get(path)).text
    await rules(client, admin, proof=None)
    assert "blog est attaqué" in (await client.get("/desk/quarantine?site=blog")).text
    clock.advance(minutes=11)
    page = (await client.get("/desk/")).text
    assert "blog est attaqué" not in page
    assert 'href="/desk/quarantine?site=blog"' in page


async def test_a_burst_gives_each_reason_once(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    await desk.enter(service, client, "ada")
    await flood(client, admin, clock, *(WATCH for _ in range(4)))
    page = html.unescape((await client.get("/desk/quarantine")).text)
    said = re.findall(r"Même texte, déjà reçu (\d+) fois", page.replace("\u00a0", " "))
    assert len(said) == 1
    assert int(said[0]) > 1


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (COUNTED_MOST - 1, "999 commentaires en quarantaine depuis"),
        (COUNTED_MOST, "1 000 commentaires ou plus en quarantaine depuis"),
    ],
)
def test_a_great_many_are_not_counted_for_the_queue(count: int, expected: str) -> None:
    held = Held("blog", count, START, flooded_until=None, asks_for_proof=False)
    (line,) = desk_quarantine.lines([held], language="fr", now=START)
    assert expected in line.sentence.replace("\u202f", " ").replace("\u00a0", " ")


async def test_a_burst_is_let_out_put_back_and_deleted_at_the_desk(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    await desk.enter(service, client, "ada")
    ids = await flood(client, admin, clock, WATCH, WATCH, WATCH, LINKS)
    page = (await client.get("/desk/quarantine?lang=en")).text
    assert "2 comments that are alike" in page
    assert "Came while the site was flooded" in page
    assert page.count("Les meilleures montres") == 2
    page = (await press(client, f"release {ids[1]}")).text
    assert await stored(client, admin) == NOTHING | {"pending": 4, "spam": 1}
    undo = re.search(r'value="(restore \w+)"', page)
    assert undo is not None
    page = (await press(client, undo[1])).text
    assert await stored(client, admin) == NOTHING | {"pending": 2, "spam": 3}
    page = (await press(client, f"delete {ids[1]}")).text
    assert "2 commentaires sont supprimés" in page
    page = (await press(client, f"delete {ids[1]}")).text
    assert "quelqu’un s’en est déjà chargé" in page
    assert await stored(client, admin) == NOTHING | {"pending": 2, "spam": 1}


async def test_the_page_says_how_long_it_is_kept(
    client: httpx2.AsyncClient, admin: dict[str, str], service: Service
) -> None:
    await desk.enter(service, client, "ada")
    page = (await client.get("/desk/quarantine?lang=en")).text
    assert "deleted after 30 days" in page
    assert "The quarantine is empty." in page


async def test_a_limit_is_changed_at_the_desk(
    client: httpx2.AsyncClient, admin: dict[str, str], service: Service
) -> None:
    await desk.enter(service, client, "ada")
    page = (await client.get("/desk/rules?lang=en")).text
    data = {name: desk.field(page, name) for name in ("csrf", "site", "site_limit_before")}
    for typed, status in (("60 / hour", 200), ("plenty", 422)):
        answer = await client.post(
            "/desk/rules", data=data | {"site_limit": typed}, headers=desk.FORM
        )
        assert answer.status_code == status
    assert 'value="plenty"' in answer.text
    assert "30/minute" in answer.text
    found = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()
    assert found["policy"]["site_limit"] == "60/hour"
