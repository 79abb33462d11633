"""Moderators' stories in a real browser, with JavaScript and without, by keyboard alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, Route, expect

import makers
from browser.demonstration import Demonstration
from browser.test_form import page_of
from browser.trap import trapped
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def link(demo: Running, name: str, scope: str = "moderate") -> str:
    """A one-time link for a moderator, who is new."""
    assert isinstance(demo, Demonstration)
    return demo.link(name, scope)


@asynccontextmanager
async def desk(
    browser: Browser,
    demo: Running,
    name: str,
    *,
    scope: str = "moderate",
    scripts: bool = True,
    by_hand: bool = False,
) -> AsyncIterator[Page]:
    """The desk of a new moderator, signed in by a link.

    Two of them do it by hand, with scripts and without, and then look at the queue. For the others
    it is done without a page, since two pages are two thirds of what it takes to get here.
    """
    url = link(demo, name, scope)
    async with trapped(
        browser,
        demo.url,
        java_script_enabled=scripts,
        locale="fr",
        viewport={"width": 1280, "height": 900},
    ) as page:
        if by_hand:
            await page.goto(url)
            await page.get_by_role("button").press("Enter")
            await expect(page.locator("h1")).to_have_text("Commentaires à modérer")
        else:
            answer = await page.context.request.post(url, max_redirects=0)
            assert answer.status == 303
        yield page


def posted(demo: Running, article: str, n: int) -> list[str]:
    """The ids of *n* comments that wait on an article of their own."""
    found = []
    with demo.client() as client:
        for number in range(n):
            fields = makers.fields(
                site="demo",
                article=article,
                name=f"Lectrice {number}",
                email=f"l{number}@example.com",
                comment=f"Un avis bien à moi, le numéro {number}.",
            )
            answer = client.post("/v1/comments", json=fields)
            found.append(str(answer.json()["comment"]["id"]))
    return found


async def held(page: Page) -> tuple[asyncio.Event, list[str]]:
    """Decisions are on their way until the event is set; those that have set out so far."""
    gate = asyncio.Event()
    asked: list[str] = []

    async def hold(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    page.on(
        "request",
        lambda request: asked.extend([request.url] if request.url.endswith("/desk/decide") else []),
    )
    await page.route("**/desk/decide", hold)
    return gate, asked


async def all_set_out(page: Page) -> None:
    """Until what the page has asked for is on its way: what it asks for after that is answered."""
    await page.evaluate("fetch('/healthz').then(answer => answer.text())")


def states(demo: Running, moderator: dict[str, str], ids: list[str]) -> list[str]:
    with demo.client(moderator) as client:
        return [client.get(f"/v1/moderation/comments/{one}").json()["state"] for one in ids]


async def test_ten_are_decided_by_the_keyboard_alone(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/ten", 10)
    async with desk(browser, demo, "by-keyboard", by_hand=True) as page:
        await page.goto(f"{demo.url}/desk/?article=/ten&site=demo")
        loads: list[str] = []
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        here = page.locator(".case[data-here]")
        await expect(here).to_have_id(f"c-{ids[0]}")
        for key in "aasaha":
            before = await here.get_attribute("id")
            await page.keyboard.press(key if key != "h" else "j")
            if key == "h":
                continue
            await expect(page.locator(f"#{before}")).to_have_count(0)
        # One was passed over by j; the others are decided, and nothing was loaded anew.
        assert loads == []
        await page.keyboard.press("r")
        await page.keyboard.press("ArrowDown")
        before = await here.get_attribute("id")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Hors de propos : a s d ne décident rien ici.")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator(f"#{before}")).to_have_count(0)
        await expect(page.locator("#told")).to_contain_text("est refusé")
        await page.keyboard.press("x")
        await expect(here.get_by_role("checkbox")).to_be_checked()
        await page.keyboard.press("x")
        await page.keyboard.press("k")
        await page.keyboard.press("k")
        await expect(here).to_have_id(f"c-{ids[4]}")
        for _ in range(4):
            before = await here.get_attribute("id")
            await page.keyboard.press("a")
            await expect(page.locator(f"#{before}")).to_have_count(0)
    found = states(demo, moderator, ids)
    assert found.count("approved") == 8
    assert found.count("spam") == 1
    assert found.count("rejected") == 1
    with demo.client() as client:
        listing = client.get("/v1/comments?article=/ten&site=demo").json()
    assert listing["article"]["count"] == 8


async def test_keys_pressed_faster_than_the_service_answers_decide_one_comment_each(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/fast", 4)
    async with desk(browser, demo, "fast") as page:
        await page.goto(f"{demo.url}/desk/?article=/fast&site=demo")
        gate, asked = await held(page)
        async with page.expect_request("**/desk/decide"):
            for key in "asa":
                await page.keyboard.press(key)
        here = page.locator(".case[data-here]")
        await expect(here).to_have_id(f"c-{ids[3]}")
        # They go one after the other: the first is still on its way.
        await all_set_out(page)
        assert len(asked) == 1
        gate.set()
        await expect(page.locator(".case")).to_have_count(1)
        await expect(here).to_have_id(f"c-{ids[3]}")
        # What is gone from the page is none of "all on this page".
        await page.get_by_label("Lesquels").select_option("shown")
        await page.locator(".many").get_by_role("button", name="Approuver").click()
        await expect(page.locator("#cases .empty")).to_be_visible()
        await expect(page.locator("#told")).to_contain_text("est publié")
        await expect(page.locator("#told .held")).to_have_count(0)
    assert states(demo, moderator, ids) == ["approved", "spam", "approved", "approved"]


async def test_what_somebody_else_did_first_stops_nothing_that_follows(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/first", 3)
    async with desk(browser, demo, "second-comer") as page:
        # Without the stream nothing tells of it before.
        await page.route("**/desk/events", lambda route: route.abort())
        await page.goto(f"{demo.url}/desk/?article=/first&site=demo")
        with demo.client(moderator) as client:
            answer = client.post(f"/v1/moderation/comments/{ids[0]}/approve")
        assert answer.status_code == 200
        for key in "as":
            await page.keyboard.press(key)
        await expect(page.locator(".case")).to_have_count(1)
        await expect(page.locator("#told")).to_contain_text("indésirable")
    assert states(demo, moderator, ids) == ["approved", "spam", "pending"]


async def test_nobody_leaves_the_page_before_what_they_decided_is_on_its_way(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/leaving", 4)
    async with desk(browser, demo, "leaving") as page:
        await page.goto(f"{demo.url}/desk/?article=/leaving&site=demo")
        gate, _ = await held(page)
        for key in "aaa":
            await page.keyboard.press(key)
        await page.get_by_label("Lesquels").select_option("shown")
        await page.locator(".many").get_by_role("button", name="Indésirable").click()
        gate.set()
        await expect(page.locator("#cases .empty")).to_be_visible()
        await expect(page.locator("#told")).to_contain_text("indésirable")
        await expect(page.locator("#told .held")).to_have_count(0)
    assert states(demo, moderator, ids) == ["approved", "approved", "approved", "spam"]


async def test_who_writes_is_not_disturbed_by_what_comes_back(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/writing", 3)
    async with desk(browser, demo, "writing") as page:
        await page.route("**/desk/events", lambda route: route.abort())
        await page.goto(f"{demo.url}/desk/?article=/writing&site=demo")
        gate, _ = await held(page)
        await page.keyboard.press("a")
        await page.keyboard.press("r")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Déjà dit, ")
        with demo.client(moderator) as client:
            for one, verb in ((ids[0], "spam"), (ids[1], "spam")):
                answer = client.post(f"/v1/moderation/comments/{one}/{verb}")
                assert answer.status_code == 200
        gate.set()
        # The first was decided by somebody else; the list is made anew around what is written.
        await expect(page.locator("#told .held")).to_have_count(1)
        await page.keyboard.type("as")
        note = page.locator(f"#c-{ids[1]} .refusing textarea")
        await expect(note).to_have_value("Déjà dit, as")
        await page.get_by_role("button", name="Refuser le commentaire").click()
        # So was the second, in another version than the one that was read.
        await expect(page.locator("#told")).to_contain_text("indésirable par")
    assert states(demo, moderator, ids) == ["spam", "spam", "pending"]


async def test_in_a_list_of_all_states_the_decided_comment_stays_and_shows_what_it_is_now(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/every", 3)
    async with desk(browser, demo, "looking-at-all") as page:
        await page.goto(f"{demo.url}/desk/?article=/every&site=demo&state=all")
        loads: list[str] = []
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        await page.locator(f"#c-{ids[1]}").get_by_role("checkbox").check()
        await page.locator(f"#c-{ids[0]}").get_by_role("button", name="Approuver").click()
        await expect(page.locator(f"#c-{ids[0]} .state-approved")).to_be_visible()
        await expect(page.locator(".case")).to_have_count(3)
        await expect(page.locator(f"#c-{ids[1]}").get_by_role("checkbox")).to_be_checked()
        await page.locator("#told").get_by_role("button").click()
        await expect(page.locator(f"#c-{ids[0]} .state-approved")).to_have_count(0)
        await page.locator(f"#c-{ids[0]}").get_by_role("button", name="Supprimer").click()
        await page.get_by_role("button", name="Supprimer définitivement").click()
        await expect(page.locator(".case")).to_have_count(2)
        await expect(page.locator(f"#c-{ids[0]}")).to_have_count(0)
        assert len(loads) == 2
    assert states(demo, moderator, ids) == ["deleted", "pending", "pending"]


async def test_keys_are_listed_and_can_be_switched_off(browser: Browser, demo: Running) -> None:
    (only,) = posted(demo, "/keys", 1)
    async with desk(browser, demo, "without-keys") as page:
        await page.goto(f"{demo.url}/desk/")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await expect(page.locator("#keys h2")).to_have_css("margin-top", "0px")
        await page.keyboard.press("a")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await page.keyboard.press("/")
        await page.keyboard.type("avis a s d")
        assert await page.input_value("input[type=search]") == "avis a s d"
        await page.goto(f"{demo.url}/desk/sessions")
        await page.get_by_role("checkbox").uncheck()
        async with page.expect_navigation():
            await page.get_by_role("button", name="Enregistrer").click()
        await page.goto(f"{demo.url}/desk/?article=/keys&site=demo")
        await page.keyboard.press("a")
        await page.keyboard.press("?")
        await expect(page.locator(f"#c-{only}")).to_be_visible()
        assert await page.get_by_role("dialog").count() == 0


async def test_the_last_decision_is_undone_by_a_key(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/undo", 2)
    async with desk(browser, demo, "undoing") as page:
        await page.goto(f"{demo.url}/desk/?article=/undo&site=demo")
        await page.keyboard.press("s")
        await expect(page.locator(f"#c-{ids[0]}")).to_have_count(0)
        loads: list[str] = []
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        await page.keyboard.press("u")
        await expect(page.locator(f"#c-{ids[0]}")).to_be_visible()
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[0]}")
        assert loads == []
        await expect(page.locator("#told")).to_contain_text("Annulé")
    assert states(demo, moderator, ids) == ["pending", "pending"]


async def test_all_desk_work_is_done_without_javascript(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/plain", 5)
    async with desk(browser, demo, "plainly", scripts=False, by_hand=True) as page:
        await page.goto(f"{demo.url}/desk/?article=/plain&site=demo")
        first = page.locator(f"#c-{ids[0]}")
        await first.get_by_role("button", name="Approuver").click()
        await expect(page).to_have_url(re.compile(f"#c-{ids[1]}$"))
        # No key does what it stands on.
        await expect(page.locator("#told kbd")).to_have_count(1)
        await expect(page.locator("#told kbd")).to_be_hidden()
        await page.locator(f"#c-{ids[1]}").get_by_role("button", name="Refuser").click()
        await page.get_by_label("Motif", exact=True).select_option(label="publicité")
        await page.get_by_label("Note", exact=True).fill("Vu")
        await page.get_by_role("button", name="Refuser le commentaire").click()
        await expect(page).to_have_url(re.compile(f"article=/plain#c-{ids[2]}$"))
        for one in ids[2:4]:
            await page.locator(f"#c-{one}").get_by_role("checkbox").check()
        await page.locator(".many").get_by_role("button", name="Supprimer").click()
        await page.get_by_role("button", name="En supprimer 2 définitivement").click()
        await page.locator(f"#c-{ids[4]}").get_by_role("button", name="Répondre").click()
        await page.get_by_label("Votre réponse").fill("Merci à vous.")
        await page.get_by_role("button", name="Approuver et répondre").click()
        await expect(page.locator("#told")).to_contain_text("Votre réponse est publiée.")
        await page.get_by_role("link", name="Journal").click()
        await expect(page.locator("table")).to_contain_text("publicité")
        for name, heading in (
            ("Articles", "Articles"),
            ("Personnes", "Personnes"),
            ("Règles", "Règles"),
        ):
            await page.get_by_role("link", name=name).first.click()
            await expect(page.locator("h1")).to_contain_text(heading)
        await page.get_by_role("button", name="Se déconnecter").click()
        await expect(page).to_have_url(f"{demo.url}/desk/login")
        await page.goto(f"{demo.url}/desk/")
        assert page.url == f"{demo.url}/desk/login?to="
    found = states(demo, moderator, ids)
    assert found == ["approved", "rejected", "deleted", "deleted", "approved"]
    with demo.client() as client:
        listing = client.get("/v1/comments?article=/plain&site=demo").json()["comments"]
    assert [one["author"]["name"] for one in listing] == ["Lectrice 0", "Lectrice 4", "plainly"]


async def test_two_moderators_collide_and_both_see_who_did_what(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/collide", 2)
    path = f"{demo.url}/desk/?article=/collide&site=demo"
    async with desk(browser, demo, "first") as one, desk(browser, demo, "second") as two:
        await one.goto(path)
        await two.goto(f"{demo.url}/desk/comments/{ids[0]}")
        async with one.expect_response("**/desk/events"):
            await one.reload()
        await expect(one.locator(f"#c-{ids[0]}")).to_contain_text("second regarde ce commentaire.")
        await two.get_by_role("button", name="Indésirable").click()
        # What happened meanwhile is told without a reload.
        await expect(one.locator(".meanwhile")).to_have_text(
            "Décidé entre-temps par second : indésirable."
        )
        await one.keyboard.press("a")
        await expect(one.locator("#told")).to_contain_text("indésirable par second")
        await expect(one.locator(f"#c-{ids[0]}")).to_have_count(0)
    assert states(demo, moderator, ids) == ["spam", "pending"]


async def test_what_was_done_stays_in_sight_however_far_the_list_is_scrolled(
    browser: Browser, demo: Running
) -> None:
    posted(demo, "/far", 12)
    async with desk(browser, demo, "far-down") as page:
        await page.goto(f"{demo.url}/desk/?article=/far&site=demo")
        for _ in range(9):
            await page.keyboard.press("j")
        await page.keyboard.press("a")
        line = page.locator("#told .done")
        await expect(line).to_be_in_viewport(ratio=1)
        here = page.locator(".case[data-here] h2 a")
        await expect(here).to_be_in_viewport(ratio=1)
        [above, below] = [await one.bounding_box() for one in (line, here)]
        assert above is not None
        assert below is not None
        assert above["y"] + above["height"] <= below["y"]
    async with desk(browser, demo, "far-plainly", scripts=False) as page:
        await page.goto(f"{demo.url}/desk/?article=/far&site=demo")
        await page.locator(".case").nth(8).get_by_role("button", name="Approuver").click()
        await expect(page.locator("#told .done")).to_be_in_viewport(ratio=1)
        await expect(page.locator(".case:target h2 a")).to_be_in_viewport(ratio=1)


async def test_keys_decide_on_all_that_is_ticked(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/ticked", 4)
    async with desk(browser, demo, "ticking") as page:
        await page.goto(f"{demo.url}/desk/?article=/ticked&site=demo")
        for key in "xjjx":
            await page.keyboard.press(key)
        await expect(page.locator(".many")).to_be_in_viewport(ratio=1)
        await page.keyboard.press("s")
        await expect(page.locator(".case")).to_have_count(2)
        await expect(page.locator("#told")).to_contain_text("2 commentaires")
        await page.keyboard.press("u")
        await expect(page.locator(".case")).to_have_count(4)
        await page.locator(".many").get_by_role("button", name="Indésirable").click()
        await expect(page.locator("#none")).to_be_visible()
    assert states(demo, moderator, ids) == ["pending"] * 4


async def test_a_reply_is_written_in_the_queue(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/answered", 2)
    async with desk(browser, demo, "answering") as page:
        await page.goto(f"{demo.url}/desk/?article=/answered&site=demo")
        loads: list[str] = []
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        await page.locator(f"#c-{ids[0]}").get_by_role("button", name="Répondre").click()
        await page.keyboard.type("Merci à vous : a s d")
        await page.get_by_role("button", name="Approuver et répondre").click()
        await expect(page.locator(f"#c-{ids[0]}")).to_have_count(0)
        await expect(page.locator("#told")).to_contain_text("Votre réponse est publiée.")
        await page.keyboard.press("u")
        await expect(page.locator("#told")).to_contain_text("Votre réponse n’est plus publiée")
        await page.locator(f"#c-{ids[0]}").get_by_role("button", name="Répondre").click()
        await page.keyboard.type("Merci à vous.")
        await page.get_by_role("button", name="Approuver et répondre").click()
        await expect(page.locator(f"#c-{ids[0]}")).to_have_count(0)
        assert loads == []
        await page.locator(f"#c-{ids[1]}").get_by_role("button", name="Répondre").click()
        await page.locator(".refusing textarea").fill("x" * 20_001)
        await page.get_by_role("button", name="Approuver et répondre").click()
        # What is wrong is told on the comment's own page, and nothing typed is lost.
        await expect(page.locator("#reply-text-error")).to_be_visible()
        await expect(page.locator("#reply-text")).to_have_value("x" * 20_001)
    assert states(demo, moderator, ids) == ["approved", "pending"]
    with demo.client() as client:
        listing = client.get("/v1/comments?article=/answered&site=demo").json()["comments"]
    assert [one["author"]["name"] for one in listing] == ["Lectrice 0", "answering"]


async def test_a_note_is_shown_again_to_who_was_signed_out_meanwhile(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/signed-out", 1)
    async with desk(browser, demo, "signed-out") as page:
        await page.goto(f"{demo.url}/desk/?article=/signed-out&site=demo")
        await page.context.clear_cookies()
        await page.keyboard.press("r")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Une note à garder")
        await page.get_by_role("button", name="Refuser le commentaire").click()
        await expect(page.locator("#typed")).to_have_value("Une note à garder")
    assert states(demo, moderator, ids) == ["pending"]


async def test_a_hurried_hand_does_each_thing_once_and_stops_nothing(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/hurried", 6)
    async with desk(browser, demo, "hurried") as page:
        await page.goto(f"{demo.url}/desk/?article=/hurried&site=demo")

        gate = asyncio.Event()

        async def hold(route: Route) -> None:
            await gate.wait()
            await route.continue_()

        @asynccontextmanager
        async def hurrying() -> AsyncIterator[None]:
            """Nothing is answered before the hand has done all of it."""
            gate.clear()
            yield
            gate.set()

        await page.route(re.compile("/(decide|undo|reply)$"), hold)
        # A reply that is sent by a double click, and by Ctrl and Enter.
        await page.locator(f"#c-{ids[0]}").get_by_role("button", name="Répondre").click()
        await page.keyboard.type("Merci.")
        async with hurrying():
            await page.get_by_role("button", name="Approuver et répondre").dblclick()
        await expect(page.locator(f"#c-{ids[0]}")).to_have_count(0)
        await page.locator(f"#c-{ids[1]}").get_by_role("button", name="Répondre").click()
        await page.keyboard.type("Merci aussi.")
        async with hurrying():
            await page.keyboard.press("Control+Enter")
        await expect(page.locator(f"#c-{ids[1]}")).to_have_count(0)
        # What is undone is the decision under way, not the one before it; twice is once.
        async with hurrying():
            for key in "asuu":
                await page.keyboard.press(key)
        await expect(page.locator("#told")).to_contain_text("Annulé")
        await expect(page.locator("#told .held")).to_have_count(0)
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[3]}")
        # A key that is held down decides once.
        async with hurrying():
            await page.keyboard.down("s")
            await page.keyboard.down("s")
            await page.keyboard.up("s")
        await expect(page.locator(f"#c-{ids[3]}")).to_have_count(0)
        # What is written is not closed by a slip.
        await page.keyboard.press("r")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Une note")
        await page.keyboard.press("Escape")
        await page.locator(f"#c-{ids[4]}").get_by_role("button", name="Répondre").click()
        note = page.locator(f"#c-{ids[4]} .refusing textarea")
        await expect(note).to_have_value("Une note")
        await expect(note).to_be_focused()
        await page.get_by_role("button", name="Refuser le commentaire").click()
        await expect(page.locator(f"#c-{ids[4]}")).to_have_count(0)
    found = states(demo, moderator, ids)
    assert found == ["approved", "approved", "approved", "spam", "rejected", "pending"]


async def test_what_comes_meanwhile_waits_behind_a_line(browser: Browser, demo: Running) -> None:
    async with desk(browser, demo, "waiting") as page:
        async with page.expect_response("**/desk/events"):
            await page.goto(f"{demo.url}/desk/")
        await expect(page.locator("#news")).to_be_hidden()
        shown = await page.locator(".case").count()
        posted(demo, "/news", 1)
        await expect(page.locator("#news")).to_have_text(
            "1 nouveau commentaire depuis votre arrivée"
        )
        posted(demo, "/more-news", 2)
        await expect(page.locator("#news")).to_have_text(
            "3 nouveaux commentaires depuis votre arrivée"
        )
        assert await page.locator(".case").count() == shown
        await page.locator("#news a").click()
        await expect(page.locator(".case").first).to_contain_text("numéro 1.")
        assert page.url == f"{demo.url}/desk/?order=newest"


async def test_a_filtered_list_tells_of_what_belongs_to_it(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    async with desk(browser, demo, "filtering") as first:
        pages = {}
        for query in (
            "site=demo",
            "site=demo&article=/filtered",
            "site=demo&article=/filtered&state=all",
            "site=demo&article=/elsewhere",
            "site=demo&article=/filtered&state=approved",
            # Whether it would pass a search nobody knows.
            "q=avis",
        ):
            page = pages[query] = await first.context.new_page()
            async with page.expect_response("**/desk/events"):
                await page.goto(f"{demo.url}/desk/?{query}")
        (only,) = posted(demo, "/filtered", 1)
        every = iter(pages.values())
        for _ in range(3):
            await expect(next(every).locator("#news")).to_have_text(
                "1 nouveau commentaire depuis votre arrivée"
            )
        with demo.client(moderator) as client:
            client.post(f"/v1/moderation/comments/{only}/spam")
        # In a list of all states it is still to be seen.
        page = pages["site=demo&article=/filtered"]
        await expect(page.locator("#news")).to_be_hidden()
        await expect(
            pages["site=demo&article=/filtered&state=all"].locator("#news")
        ).to_be_visible()
        for page in every:
            await expect(page.locator("#news")).to_be_hidden()


async def test_a_reader_posts_and_sees_what_the_moderator_decided(
    browser: Browser, demo: Running
) -> None:
    async with page_of(browser) as reader, desk(browser, demo, "walking") as page:
        await reader.goto(f"{demo.url}/v1/form?article=/walk&site=demo&lang=fr")
        await reader.get_by_label("Commentaire").fill("Une question, avec plaisir.")
        await reader.get_by_label("Nom").fill("Zoé")
        await reader.get_by_label("Adresse de messagerie").fill("zoe@example.com")
        await reader.get_by_role("button", name="Publier le commentaire").click()
        await expect(reader.locator("[role=status]")).to_contain_text("en attente de modération")
        await page.goto(f"{demo.url}/desk/?article=/walk&site=demo")
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("est publié")
        await reader.reload()
        await expect(reader.locator("[role=status]")).to_contain_text(re.compile("publié"))


async def test_a_service_that_is_away_loses_no_decision_silently(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/away", 2)
    async with desk(browser, demo, "alone") as page:
        await page.goto(f"{demo.url}/desk/?article=/away&site=demo")
        is_away = False

        async def refuse(route: Route) -> None:
            if is_away:
                await route.abort()
            else:
                kind, body = "application/problem+json", '{"detail": "Réessayez."}'
                await route.fulfill(status=503, content_type=kind, body=body)

        await page.route("**/desk/decide", refuse)
        await page.get_by_role("button", name="Indésirable").first.click()
        await expect(page.locator("#told")).to_contain_text("Réessayez.")
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[0]}")
        is_away = True
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("ne répond pas")
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[0]}")
        await page.keyboard.press("r")
        # Enter tries again from wherever it was pressed.
        for one in (page.locator(".refusing select"), page.locator(".refusing .no")):
            await one.press("Enter")
            await expect(page.locator(".refusing")).to_be_visible()
            await expect(one).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[0]}")
