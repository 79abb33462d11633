"""Every page that readers see, in its states: for people of all abilities, narrow, and dark."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from browser.judged import with_language
from browser.judging import unseen_focus
from browser.test_desk_pages import WAYS, faults
from browser.trap import trapped
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
async def test_every_public_page_is_for_everybody(
    browser: Browser, demo: Running, readers_pages: dict[str, str], way: tuple[str, int, str]
) -> None:
    language, width, scheme = way
    wrong = {}
    async with trapped(
        browser,
        demo.url,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=language,
    ) as page:
        for name, path in readers_pages.items():
            await page.goto(demo.url + with_language(path, language))
            wrong[name] = await faults(page, name, way)
        await page.goto(demo.url + with_language(readers_pages["form"], language))
        for field in ("comment", "name"):
            await page.locator(f"#field-{field}").fill("Un avis")
        await page.locator("#field-email").fill("zoe@exemple")
        await page.locator("form.form button").click()
        await expect(page.locator("[aria-invalid=true]")).to_have_count(1)
        wrong["form with errors"] = await faults(page, "form with errors", way)
        assert await unseen_focus(page) == []
    assert {name: found for name, found in wrong.items() if found} == {}
