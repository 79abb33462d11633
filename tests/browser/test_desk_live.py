"""What the queue hears while it is open: after an outage, beside what is done, and without moving
anything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from browser.test_desk import desk, posted, states
from browser.test_desk_looking import top
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AWAY = 503


def said(kind: str, **data: Any) -> str:
    """An event, as the stream has it."""
    return f"id: 5\nevent: {kind}\ndata: {json.dumps(data)}\n\n"


def looking(**lookers: str) -> str:
    return said("looking", lookers={one.removeprefix("c"): who for one, who in lookers.items()})


def decided(comment: str, to: str) -> str:
    article = {"url": "https://demo.example/a"}
    return said("decided", comment=comment, to=to, by="bruno", site="demo", article=article)


class Stream:
    """Stands between the page and its events: an answer after the other, then none.

    `asked`: what was asked for. `let`: cleared, the next answer waits.
    """

    def __init__(self, *answers: str | int) -> None:
        self.asked: list[str] = []
        self.let = asyncio.Event()
        self.let.set()
        self._answers = list(answers)
        self._over = asyncio.Event()

    @contextlib.asynccontextmanager
    async def before(self, page: Page) -> AsyncIterator[Stream]:
        await page.route("**/desk/events*", self._answer)
        yield self
        self._over.set()
        await page.unroute_all(behavior="wait")

    async def _answer(self, route: Route) -> None:
        request = route.request
        self.asked.append(f"{request.method} {request.url.partition('/desk/events')[2]}".strip())
        if not self._answers:
            await self._over.wait()
            await route.abort()
            return
        answer = self._answers.pop(0)
        await self.let.wait()
        if isinstance(answer, int):
            await route.fulfill(status=answer)
        else:
            # What comes to its end is come back to after so long.
            body = f"retry: 50\n{answer}"
            await route.fulfill(status=200, content_type="text/event-stream", body=body)


class Vain:
    """Answers the script's next so many fetches of a page for the service, which is away."""

    left = 0

    async def __call__(self, route: Route) -> None:
        if self.left and route.request.resource_type == "fetch":
            self.left -= 1
            await route.fulfill(status=AWAY, body="away")
        else:
            await route.continue_()


# An answer comes to its end at once, and with it what is known: whatever was shown meanwhile.
WATCH = """
  window.shown = [];
  addEventListener("DOMContentLoaded", () => {
    const lines = () => [...document.querySelectorAll("#cases .looker, #cases .meanwhile")];
    new MutationObserver(() => window.shown.push(lines().map(e => e.innerText).join(" ")))
      .observe(document.getElementById("cases"), { childList: true, subtree: true });
  });
"""


async def test_what_is_heard_goes_on_after_an_answer_that_says_the_service_is_away(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/outage", 3)
    stream = Stream(looking(**{f"c{ids[1]}": "ada"}), AWAY, 200, decided(ids[0], "approved"))
    async with desk(browser, demo, "live-outage") as page, stream.before(page):
        await page.add_init_script(WATCH)
        await page.clock.install()
        async with page.expect_response(lambda answer: answer.status == AWAY):
            await page.goto(f"{demo.url}/desk/?article=/outage&site=demo")
        # It has broken off, and who looks is not known any more.
        await expect(page.locator(".looker")).to_have_count(0)
        assert await page.evaluate("window.shown") == ["ada regarde ce commentaire.", ""]
        async with page.expect_request("**/desk/events?last=5"):
            await page.clock.run_for(2_000)
        await expect(page.locator(f"#c-{ids[0]} .meanwhile")).to_contain_text("bruno")
    assert stream.asked[:4] == ["GET", "GET", "HEAD", "GET ?last=5"]


async def test_who_is_signed_out_is_told_of_nothing_and_asks_no_more(
    browser: Browser, demo: Running
) -> None:
    posted(demo, "/live-signed-out", 1)
    stream = Stream(204, 204)
    async with desk(browser, demo, "live-signed-out") as page, stream.before(page):
        await page.clock.install()
        async with page.expect_response(lambda answer: answer.status == 204):
            await page.goto(f"{demo.url}/desk/?article=/live-signed-out&site=demo")
        async with page.expect_response(lambda answer: answer.request.method == "HEAD"):
            await page.clock.run_for(2_000)
        await page.clock.run_for(600_000)
        await page.evaluate("fetch('/healthz').then(answer => answer.text())")
    assert stream.asked == ["GET", "HEAD"]


async def test_who_has_left_does_not_come_back_with_a_page_made_before(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/made-before", 3)
    async with (
        desk(browser, demo, "live-takes-back") as one,
        desk(browser, demo, "live-has-left") as two,
    ):
        await one.goto(f"{demo.url}/desk/?article=/made-before&site=demo&order=oldest")
        await two.goto(f"{demo.url}/desk/comments/{ids[2]}")
        looker = one.locator(".looker")
        await expect(looker).to_have_count(1)
        made, gate = asyncio.Event(), asyncio.Event()

        async def delay(route: Route) -> None:
            answer = await route.fetch()
            made.set()
            await gate.wait()
            await route.fulfill(response=answer)

        await one.keyboard.press("a")
        await expect(one.locator("#told")).to_contain_text("est publié")
        await one.route("**/desk/undo", delay)
        await one.keyboard.press("u")
        async with asyncio.timeout(30):
            await made.wait()
        await two.goto(f"{demo.url}/desk/log")
        await expect(looker).to_have_count(0)
        gate.set()
        await expect(one.locator("#told")).to_contain_text("Annulé")
        await expect(one.locator(".case")).to_have_count(3)
        await expect(looker).to_have_count(0)


async def test_who_leaves_what_is_being_decided_is_gone_if_it_comes_back(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/comes-back", 2)
    async with (
        desk(browser, demo, "live-decides") as one,
        desk(browser, demo, "live-leaves") as two,
    ):
        await one.goto(f"{demo.url}/desk/?article=/comes-back&site=demo&order=oldest")
        await two.goto(f"{demo.url}/desk/comments/{ids[0]}")
        looker = one.locator(".looker")
        await expect(looker).to_have_count(1)
        gate = asyncio.Event()

        async def fail(route: Route) -> None:
            await gate.wait()
            await route.abort()

        await one.route("**/desk/decide", fail)
        async with one.expect_request("**/desk/decide"):
            await one.keyboard.press("a")
        await two.goto(f"{demo.url}/desk/log")
        await expect(looker).to_have_count(0)
        gate.set()
        await expect(one.locator("#told")).to_contain_text("ne répond pas")
        await expect(one.locator("[data-going]")).to_have_count(0)
        await expect(looker).to_have_count(0)


async def test_who_looks_goes_on_looking_when_somebody_else_has_decided(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/goes-on", 2)
    stream = Stream(looking(**{f"c{ids[0]}": "ada"}) + decided(ids[0], "spam"))
    async with desk(browser, demo, "live-goes-on") as page, stream.before(page):
        await page.add_init_script(WATCH)
        await page.goto(f"{demo.url}/desk/?article=/goes-on&site=demo")
        await expect(page.locator(".meanwhile")).to_contain_text("bruno")
        both = [text for text in await page.evaluate("window.shown") if "bruno" in text]
        assert "ada regarde ce commentaire." in both[0]


async def test_what_comes_in_out_of_sight_moves_nothing_that_is_seen(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/live-out-of-sight", 12)
    stream = Stream(looking(**{f"c{ids[10]}": "ada"}) + decided(ids[10], "spam"))
    stream.let.clear()
    async with desk(browser, demo, "live-out-of-sight") as page, stream.before(page):
        await page.goto(
            f"{demo.url}/desk/?article=/live-out-of-sight&site=demo&order=oldest#c-{ids[11]}"
        )
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[11]}")
        await page.evaluate("scrollTo(0, 300)")
        before = await top(page.locator(f"#c-{ids[1]}"))
        stream.let.set()
        await expect(page.locator(f"#c-{ids[10]} .meanwhile")).to_contain_text("bruno")
        assert abs(await top(page.locator(f"#c-{ids[1]}")) - before) < 1


async def test_what_could_not_be_fetched_anew_is_fetched_when_somebody_looks_again(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/anew-later", 2)
    stream = Stream(decided(ids[0], "pending"))
    async with desk(browser, demo, "live-anew-later") as page, stream.before(page):
        await page.route("**/desk/?**", fetched_in_vain := Vain())
        stream.let.clear()
        await page.goto(f"{demo.url}/desk/?article=/anew-later&site=demo&order=oldest")
        with demo.client(moderator) as client:
            for act in ("approve", "hold"):
                client.post(f"/v1/moderation/comments/{ids[0]}/{act}").raise_for_status()
        fetched_in_vain.left = 1
        async with page.expect_response(lambda answer: answer.status == AWAY):
            stream.let.set()
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange')) && undefined")
        shown = page.locator("[name=shown]")
        await expect(shown).to_have_value(re.compile(rf"{ids[0]}\.3"))
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("est publié")
        await expect(page.locator("#told .held")).to_have_count(0)
    assert states(demo, moderator, ids) == ["approved", "pending"]


async def test_the_cursor_goes_on_to_a_comment_that_was_edited_meanwhile(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/edited-next", 3)
    async with desk(browser, demo, "live-edited-next") as page, Stream().before(page):
        await page.goto(f"{demo.url}/desk/?article=/edited-next&site=demo&order=oldest")
        with demo.client(moderator) as client:
            edited = client.patch(f"/v1/moderation/comments/{ids[2]}", json={"text": "Corrigé."})
        assert edited.status_code == 200
        await page.locator(f"#c-{ids[1]}").get_by_role("button", name="Répondre").click()
        await page.keyboard.type("Merci.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(f"#c-{ids[2]}")).to_contain_text("Corrigé.")
        here = page.locator(".case[data-here]")
        await expect(here).to_have_id(f"c-{ids[2]}")
        await expect(here).to_be_focused()


async def test_a_service_that_hangs_is_told_of_as_one_that_is_away(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/hangs", 2)
    async with desk(browser, demo, "live-hangs") as page:
        await page.goto(f"{demo.url}/desk/?article=/hangs&site=demo&order=oldest")
        # Half a minute is over at once.
        await page.evaluate("AbortSignal.timeout = () => AbortSignal.abort(); undefined")
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("ne répond pas")
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[0]}")
        await expect(page.locator("[data-going]")).to_have_count(0)
    assert states(demo, moderator, ids) == ["pending", "pending"]
