"""Every page of the desk in its states: for people of all abilities, narrow, and dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState, expect

from browser import judged
from browser.demonstration import Demonstration
from browser.judging import small_targets, unseen_focus, violations
from browser.test_form import fits
from browser.trap import trapped

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WAYS = [("fr", 320, "dark"), ("en", 1280, "light")]
UNDONE = {"fr": "Annulé", "en": "Undone"}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def signed_in(browser: Browser, demo: Demonstration) -> StorageState:
    """The cookie of somebody who may do anything."""
    link = demo.link("judged", "admin")
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(link)
    async with page.expect_navigation():
        await page.get_by_role("button").click()
    state = await context.storage_state()
    await context.close()
    return state


@asynccontextmanager
async def page_in(
    browser: Browser, demo: Demonstration, state: StorageState, way: tuple[str, int, str]
) -> AsyncIterator[Page]:
    language, width, scheme = way
    async with trapped(
        browser,
        demo.url,
        storage_state=state,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=language,
    ) as page:
        if state:
            await page.goto(f"{demo.url}/desk/sessions")
            await page.locator("#language").select_option(language)
            async with page.expect_navigation():
                await page.locator("button[value=choose]").click()
        yield page


async def faults(page: Page, name: str, way: tuple[str, int, str]) -> list[str]:
    """Everything that is wrong with the page as it stands.

    What takes longest is looked for in one way alone, half of the pages in each: what differs is
    the colours, which have a test of their own, the width and the language, which are looked at.
    """
    await page.wait_for_load_state()
    found = await violations(page) if way == WAYS[len(name) % 2] else []
    language = way[0]
    if not await fits(page):
        found.append("wider than the window")
    # Not by a locator: what it works with would be brought to every page for this alone.
    if await page.evaluate("document.documentElement.getAttribute('lang')") != language:
        found.append("the wrong language")
    found += [f"small: {one}" for one in await small_targets(page)]
    return found


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
async def test_every_page_is_for_everybody(
    browser: Browser,
    demo: Demonstration,
    signed_in: StorageState,
    told: judged.Told,
    way: tuple[str, int, str],
) -> None:
    wrong = {}
    async with page_in(browser, demo, signed_in, way) as page:
        for name, path in judged.of_the_desk(told).items():
            await page.goto(f"{demo.url}/desk/{path}")
            wrong[name] = await faults(page, name, way)
        # What appears only when something is pressed.
        await page.goto(f"{demo.url}/desk/rules?site=demo")
        await page.locator("#max_links").fill("0")
        await page.locator("button[formaction]").click()
        await expect(page.locator("#caught")).to_be_visible()
        wrong["replay"] = await faults(page, "replay", way)
        await page.goto(f"{demo.url}/desk/{judged.QUEUE}")
        await page.keyboard.press("r")
        await expect(page.locator(".refusing")).to_be_visible()
        wrong["refusing"] = await faults(page, "refusing", way)
        await page.keyboard.press("Escape")
        await page.locator(".case [value^=reply]").first.click()
        wrong["replying"] = await faults(page, "replying", way)
        await page.keyboard.press("Escape")
        await page.locator(".case header [type=checkbox]").first.check()
        wrong["ticked"] = await faults(page, "ticked", way)
        async with page.expect_navigation():
            await page.locator(".many [value=delete]").click()
        wrong["sure"] = await faults(page, "sure", way)
        await page.go_back()
        await page.keyboard.press("s")
        await expect(page.locator("#told button")).to_be_visible()
        await expect(page.locator("[data-going]")).to_have_count(0)
        wrong["told"] = await faults(page, "told", way)
        await page.keyboard.press("u")
        await expect(page.locator("#told")).to_contain_text(UNDONE[way[0]])
        await page.keyboard.press("?")
        wrong["keys"] = await faults(page, "keys", way)
        await page.keyboard.press("Escape")
        await page.locator("details.filters > summary").click()
        wrong["filters"] = await faults(page, "filters", way)
        await page.goto(f"{demo.url}/desk/comments/{told.comment}")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        wrong["comment keys"] = await faults(page, "comment keys", way)
        await page.goto(f"{demo.url}/desk/moderators")
        await page.locator("#name").fill("<b>")
        async with page.expect_navigation():
            await page.locator("button[value=add]").click()
        wrong["error"] = await faults(page, "error", way)
        await page.locator("#name").fill(f"added-{way[1]}")
        async with page.expect_navigation():
            await page.locator("button[value=add]").click()
        wrong["token"] = await faults(page, "token", way)
        await page.goto(f"{demo.url}/desk/?since=never&article=/x")
        wrong["wrong"] = await faults(page, "wrong", way)
        await page.goto(f"{demo.url}/desk/people/{told.author}")
        async with page.expect_navigation():
            await page.locator("[value=erase]").click()
        wrong["erase"] = await faults(page, "erase", way)
        await page.goto(f"{demo.url}/desk/comments/{told.comment}")
        await page.locator("#ban").click()
        wrong["ban"] = await faults(page, "ban", way)
        await page.locator("[name=what][value=network]").check()
        async with page.expect_navigation():
            await page.locator("button[value=try]").click()
        wrong["ban tried out"] = await faults(page, "ban tried out", way)
        await page.locator("#reason").fill("Une flotte de robots " * 9)
        async with page.expect_navigation():
            await page.locator("button[value=ban]").click()
        wrong["bans"] = await faults(page, "bans", way)
        async with page.expect_navigation():
            await page.locator("[value^=lift]").first.click()
        wrong["ban lifted"] = await faults(page, "ban lifted", way)
        await page.locator("#domain").fill("zoe@example.com")
        async with page.expect_navigation():
            await page.locator("button[value=try]").click()
        wrong["ban refused"] = await faults(page, "ban refused", way)
        await page.goto(f"{demo.url}/desk/people")
        await page.locator("#email").fill("nobody@example.com")
        async with page.expect_navigation():
            await page.locator("main button").click()
        wrong["nobody"] = await faults(page, "nobody", way)
    link = demo.link(f"linked-{way[1]}").rpartition("/")[2]
    async with page_in(browser, demo, StorageState(), way) as page:
        for path in ("login", "link/nothing", f"link/{link}"):
            await page.goto(f"{demo.url}/desk/{path}")
            wrong[path] = await faults(page, path, way)
    assert {name: found for name, found in wrong.items() if found} == {}


async def test_focus_is_seen_wherever_the_keyboard_gets(
    browser: Browser, demo: Demonstration, signed_in: StorageState, told: judged.Told
) -> None:
    async with page_in(browser, demo, signed_in, ("fr", 1280, "light")) as page:
        for path in judged.of_the_desk(told).values():
            await page.goto(f"{demo.url}/desk/{path}")
            assert await unseen_focus(page) == []
