"""Two moderators: each sees what the other looks at, for as long as they do."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from browser.test_desk import desk, posted
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HIDE = """is => {
  Object.defineProperty(document, "hidden", { value: is, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def paused(page: Page) -> None:
    """From its first moment on, it is as late on whatever comes to the page as the test says."""
    await page.clock.install()
    await page.clock.pause_at(await page.evaluate("Date.now() / 1000 + 60"))


def said(page: Page, ids: list[str]) -> list[str]:
    """What the page has said, and goes on saying: the verb and which of these comments it is."""
    found: list[str] = []
    page.on(
        "request",
        lambda request: found.extend(
            f"{verb} {ids.index(one)}"
            for verb in ("look", "leave")
            for one in ids
            if request.url.endswith(f"/desk/comments/{one}/{verb}")
        ),
    )
    return found


async def seen(page: Page) -> list[str]:
    """The sentences about others that a page shows once it is loaded anew."""
    await page.reload()
    return await page.locator(".looker").all_inner_texts()


async def top(found: Locator) -> float:
    """Where it begins, in pixels from the top of what is in sight; scrolling knows whole ones."""
    return float(await found.evaluate("e => e.getBoundingClientRect().top"))


async def is_seen(page: Page, *expected: str) -> None:
    """What is said on one page's leaving arrives a little after the next one is there."""
    for _ in range(100):
        found = await seen(page)
        if found == list(expected):
            return
        await page.wait_for_timeout(100)
    assert found == list(expected)


async def test_what_the_cursor_rests_on_is_seen_to_be_looked_at(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/rests", 4)
    path = f"{demo.url}/desk/?article=/rests&site=demo"
    async with desk(browser, demo, "resting") as one, desk(browser, demo, "watching") as two:
        await paused(one)
        await one.goto(path)
        await two.goto(path)
        # As long as nothing else is under the cursor of this one, it is the first.
        await two.locator(f"#c-{ids[3]}").focus()
        asked = said(one, ids)
        await one.locator(f"#c-{ids[0]}").focus()
        async with one.expect_response(f"**/{ids[0]}/look"):
            await one.clock.run_for(2_000)
        assert asked == ["look 0"]
        asked.clear()
        # What is passed over on the way is not looked at.
        async with one.expect_response(f"**/{ids[0]}/leave"):
            for _ in range(2):
                await one.keyboard.press("j")
        await one.clock.run_for(1_900)
        assert asked == ["leave 0"]
        async with one.expect_response(f"**/{ids[2]}/look"):
            await one.clock.run_for(200)
        await two.reload()
        looker = two.locator(".looker")
        await expect(looker).to_have_text("resting regarde ce commentaire.")
        await expect(two.locator(f"#c-{ids[2]} .looker")).to_have_count(1)
        # It is said again as long as it lasts, which is longer than any one word does.
        asked.clear()
        for _ in range(9):
            async with one.expect_response(f"**/{ids[2]}/look"):
                await one.clock.run_for(60_000)
        assert asked == ["look 2"] * 9
        # Who is out for lunch looks at nothing, nor is their session kept alive.
        async with one.expect_response(f"**/{ids[2]}/leave"):
            await one.clock.run_for(60_000)
        asked.clear()
        await one.clock.run_for(600_000)
        assert asked == []
        await is_seen(two)
        async with one.expect_response(f"**/{ids[2]}/look"):
            await one.keyboard.press("Shift")
            await one.clock.run_for(2_000)
        await is_seen(two, "resting regarde ce commentaire.")
        # Out of sight, it is not looked at.
        async with one.expect_response(f"**/{ids[2]}/leave"):
            await one.evaluate(HIDE, True)
        await is_seen(two)
        async with one.expect_response(f"**/{ids[2]}/look"):
            await one.evaluate(HIDE, False)
            await one.clock.run_for(2_000)
        await is_seen(two, "resting regarde ce commentaire.")
        await one.goto(f"{demo.url}/desk/log")
        await is_seen(two)


@pytest.mark.parametrize("button", ["Répondre", "Refuser…"])
async def test_what_somebody_answers_or_refuses_is_seen_at_once(
    browser: Browser, demo: Running, button: str
) -> None:
    article = f"/begun-{button[:3]}"
    ids = posted(demo, article, 2)
    path = f"{demo.url}/desk/?article={article}&site=demo"
    async with (
        desk(browser, demo, f"writing-{button[:3]}") as one,
        desk(browser, demo, f"reading-{button[:3]}") as two,
    ):
        await paused(one)
        await one.goto(path)
        await two.goto(path)
        asked = said(one, ids)
        async with one.expect_response(f"**/{ids[1]}/look"):
            await one.locator(f"#c-{ids[1]}").get_by_role("button", name=button).click()
        assert asked == ["look 1"]
        await two.reload()
        await expect(two.locator(f"#c-{ids[1]} .looker")).to_contain_text("regarde ce commentaire")
        # What is decided is done with; the next one is under the cursor.
        async with one.expect_response("**/desk/decide"):
            await one.locator(f"#c-{ids[1]}").get_by_role("button", name="Indésirable").click()
        await is_seen(two)


async def test_the_page_of_a_comment_says_that_it_is_looked_at_until_it_is_left(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/own-look", 1)
    path = f"{demo.url}/desk/?article=/own-look&site=demo"
    async with desk(browser, demo, "staying") as one, desk(browser, demo, "beside") as two:
        await two.goto(path)
        await paused(one)
        await one.goto(f"{demo.url}/desk/comments/{ids[0]}")
        await is_seen(two, "staying regarde ce commentaire.")
        asked = said(one, ids)
        async with one.expect_response(f"**/{ids[0]}/look"):
            await one.clock.run_for(2_000)
        for _ in range(3):
            async with one.expect_response(f"**/{ids[0]}/look"):
                await one.clock.run_for(60_000)
        assert asked == ["look 0"] * 4
        # Loaded anew, it is left later than it is come to.
        await one.reload()
        await is_seen(two)
        async with one.expect_response(f"**/{ids[0]}/look"):
            await one.clock.run_for(2_000)
        await is_seen(two, "staying regarde ce commentaire.")
        await one.goto(f"{demo.url}/desk/log")
        await is_seen(two)


async def test_who_only_reads_is_seen_by_nobody(browser: Browser, demo: Running) -> None:
    ids = posted(demo, "/unseen", 2)
    path = f"{demo.url}/desk/?article=/unseen&site=demo"
    async with (
        desk(browser, demo, "unseen", scope="read") as one,
        desk(browser, demo, "seeing") as two,
    ):
        await one.clock.install()
        await two.goto(path)
        asked = said(one, ids)
        for page in (path, f"{demo.url}/desk/comments/{ids[0]}"):
            await one.goto(page)
            await one.clock.run_for(130_000)
        await is_seen(two)
        assert asked == []


async def test_who_begins_to_look_is_seen_without_a_reload_and_moves_nothing_under_the_cursor(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/live-look", 6)
    path = f"{demo.url}/desk/?article=/live-look&site=demo"
    async with desk(browser, demo, "sitting") as one, desk(browser, demo, "coming") as two:
        await one.goto(path)
        await one.locator(f"#c-{ids[3]}").focus()
        await one.locator(f"#c-{ids[3]} button").first.scroll_into_view_if_needed()
        here = one.locator(".case[data-here]")
        await expect(here).to_have_id(f"c-{ids[3]}")
        before = await top(here)
        await two.goto(f"{demo.url}/desk/comments/{ids[1]}")
        await expect(one.locator(f"#c-{ids[1]} .looker")).to_have_text(
            "coming regarde ce commentaire."
        )
        assert abs(await top(here) - before) < 1
        await two.goto(f"{demo.url}/desk/comments/{ids[2]}")
        await expect(one.locator(f"#c-{ids[2]} .looker")).to_have_count(1)
        await expect(one.locator(".looker")).to_have_count(1)
        assert abs(await top(here) - before) < 1
        # Whoever decides looks no more, and what they decided is told instead.
        await two.get_by_role("button", name="Approuver", exact=True).click()
        await expect(one.locator(f"#c-{ids[2]} .meanwhile")).to_contain_text("coming")
        await expect(one.locator(f"#c-{ids[2]} .looker")).to_have_count(0)
        assert abs(await top(here) - before) < 1


async def test_a_list_that_is_taken_anew_shows_who_looks_by_now(
    browser: Browser, demo: Running
) -> None:
    ids = posted(demo, "/anew", 2)
    path = f"{demo.url}/desk/?article=/anew&site=demo"
    async with desk(browser, demo, "anew") as one, desk(browser, demo, "besides") as two:
        await one.route("**/desk/events*", lambda route: route.abort())
        await one.goto(path)
        looker = one.locator(".looker")
        await expect(looker).to_have_count(0)
        await two.goto(f"{demo.url}/desk/comments/{ids[1]}")
        # A case that has not changed stays as it is, but for this.
        await one.locator(f"#c-{ids[1]}").get_by_role("checkbox").check()
        await one.locator(f"#c-{ids[0]}").focus()
        await one.keyboard.press("j")
        await one.keyboard.press("k")
        await one.get_by_role("button", name="Répondre").first.click()
        await one.keyboard.type("Merci.")
        await one.keyboard.press("Control+Enter")
        await expect(one.locator(f"#c-{ids[1]} .looker")).to_have_text(
            "besides regarde ce commentaire."
        )
        await expect(one.locator(f"#c-{ids[1]}").get_by_role("checkbox")).to_be_checked()
        await two.goto(f"{demo.url}/desk/log")
        beside = await one.context.new_page()
        await beside.goto(path)
        await is_seen(beside)
        await one.get_by_role("button", name="Annuler").first.click()
        await expect(looker).to_have_count(0)
