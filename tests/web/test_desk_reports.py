"""Readers' reports at the desk: the list of what is reported, a comment's reports, keeping it."""

from __future__ import annotations

import re

import httpx2
import pytest

import makers
from conftest import Clock
from palabre.service import Service
from web import desk
from web.speaking import rules, seen_by
from web.test_reports import outcomes, report, told
from web.tree import read

REPORTED = "/desk/?state=approved&reported=1"


@pytest.fixture
async def comment(service: Service, client: httpx2.AsyncClient, admin: dict[str, str]) -> str:
    """A public comment that two readers have reported, before the eyes of Ada."""
    await rules(client, admin, reports_to_hold=0)
    one = await makers.approved(client, admin)
    await report(client, one, 1, note="<script>alert(1)</script>\nÀ l’aide !")
    await report(client, one, 2, reason="other")
    await desk.enter(service, client, "ada")
    return one


async def keep(client: httpx2.AsyncClient, comment: str, at: str) -> httpx2.Response:
    """Press the button by which a comment stays in spite of its reports."""
    page = (await client.get(at)).text
    action = f"/desk/comments/{comment}/dismiss"
    assert f'formaction="{action}"' in page
    data = {name: desk.field(page, name) for name in ("csrf", "back", "shown")}
    return await client.post(action, data=data, headers=desk.FORM)


async def test_what_is_reported_is_listed_the_most_reported_first_and_counted(
    client: httpx2.AsyncClient, admin: dict[str, str], comment: str
) -> None:
    less = await makers.approved(client, admin)
    await report(client, less, 3)
    await makers.approved(client, admin)
    page = await client.get(REPORTED)
    assert desk.cases(page.text) == [comment, less]
    assert "2 signalements de lecteurs." in read(page.text).text
    entries = read(page.text).one("ul", class_="states").all("a")
    assert [one.text for one in entries if one.get("aria-current")] == ["Signalés 2"]
    queue = read((await client.get("/desk/")).text)
    (entry,) = (one for one in queue.all("a") if one.text == "Signalés 2")
    assert entry["href"] == REPORTED
    assert "Signalés par des lecteurs" in page.text


async def test_more_than_ninety_nine_are_not_counted(
    client: httpx2.AsyncClient, comment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("palabre.web.desk.queue.REPORTED_MOST", 1)
    assert "Signalés 0+" in read((await client.get("/desk/")).text).text


async def test_a_comment_s_page_shows_its_reports_and_hostile_notes_are_text(
    client: httpx2.AsyncClient, comment: str
) -> None:
    answer = await client.get(f"/desk/comments/{comment}?lang=fr")
    assert "<script>alert" not in answer.text
    page = read(answer.text)
    assert "<script>alert(1)</script> À l’aide !" in page.text
    assert "propos abusifs – en attente" in page.text
    assert "autre – en attente" in page.text


async def test_keeping_it_dismisses_its_reports_and_leads_back_to_the_list(
    client: httpx2.AsyncClient, admin: dict[str, str], comment: str
) -> None:
    less = await makers.approved(client, admin)
    await report(client, less, 3)
    answer = await keep(client, comment, REPORTED)
    assert answer.headers["location"] == f"{REPORTED}#c-{less}"
    assert await outcomes(client, admin, comment) == ["dismissed", "dismissed"]
    assert desk.cases((await client.get(REPORTED)).text) == [less]
    page = read((await client.get(f"/desk/comments/{comment}")).text)
    assert "écarté par ada" in page.text
    assert "Garder" not in page.text
    answer = await keep(client, less, f"/desk/comments/{less}")
    assert answer.headers["location"] == "/desk/"


@pytest.mark.parametrize("action", ["reject", "spam", "hold"])
async def test_undoing_a_decision_opens_the_reports_again(
    client: httpx2.AsyncClient, admin: dict[str, str], comment: str, action: str
) -> None:
    at = f"/desk/comments/{comment}"
    await desk.act(client, f"{action} {comment}", at=at)
    undone = {"csrf": desk.field((await client.get(at)).text, "csrf"), "back": ""}
    assert (await client.post("/desk/undo", data=undone, headers=desk.FORM)).status_code == 303
    seen = await seen_by(client, admin, comment)
    assert (seen["state"], seen["reports"]) == ("approved", 2)
    assert await outcomes(client, admin, comment) == ["open", "open"]


async def test_a_held_comment_waits_in_the_queue_with_the_reason(
    client: httpx2.AsyncClient, admin: dict[str, str], comment: str
) -> None:
    await rules(client, admin, reports_to_hold=3)
    await report(client, comment, 3)
    page = await client.get("/desk/?lang=fr")
    assert desk.cases(page.text) == [comment]
    assert "3 signalements indépendants de lecteurs." in page.text
    log = read((await client.get(f"/desk/log?comment={comment}")).text)
    assert "Signalements de lecteurs" in log.text


async def test_a_wrong_filter_is_told(client: httpx2.AsyncClient, comment: str) -> None:
    answer = await client.get("/desk/?reported=yes")
    assert answer.status_code == 400
    assert re.search(r'<p class="error">', answer.text)


async def test_the_rule_is_set_at_the_desk(
    client: httpx2.AsyncClient, admin: dict[str, str], comment: str
) -> None:
    page = (await client.get("/desk/rules?site=blog")).text
    data = {name: desk.field(page, name) for name in ("csrf", "reports_to_hold_before")}
    data |= {"site": "blog", "reports_to_hold": "5"}
    assert (await client.post("/desk/rules", data=data, headers=desk.FORM)).status_code == 200
    found = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()
    assert found["policy"]["reports_to_hold"] == 5


@pytest.mark.parametrize("action", ["reject", "hold"])
async def test_undoing_a_decision_leaves_reports_dismissed_that_had_been(
    client: httpx2.AsyncClient, admin: dict[str, str], comment: str, action: str, clock: Clock
) -> None:
    at = f"/desk/comments/{comment}"
    await keep(client, comment, at)
    clock.advance(minutes=5)
    later = await report(client, comment, 3)
    before = (await seen_by(client, admin, comment))["report_list"]
    assert [one["outcome"] for one in before] == ["dismissed", "dismissed", "open"]
    await desk.act(client, f"{action} {comment}", at=at)
    undone = {"csrf": desk.field((await client.get(at)).text, "csrf"), "back": ""}
    assert (await client.post("/desk/undo", data=undone, headers=desk.FORM)).status_code == 303
    seen = await seen_by(client, admin, comment)
    assert (seen["state"], seen["reports"]) == ("approved", 1)
    assert seen["report_list"] == before
    assert (await told(client, later))["outcome"] == "open"
