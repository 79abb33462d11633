"""Being remembered by one's own browser: asked for, kept, of use, and forgotten again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from browser.demonstration import Demonstration
from browser.pages import Pages
from browser.test_embed import comment_with, context_of, decide, fill, found, holds, page_of, part
from browser.test_form import WIDTHS, WORDS, fits

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LABEL = {"fr": "Se souvenir de moi sur ce site", "en": "Remember me on this site"}
TOKENS = (
    "Object.entries(localStorage).filter(([name]) => name.startsWith('palabre token '))"
    ".map(([, value]) => value)"
)
TOKEN = re.compile(r"[\w-]{76}")


@pytest.fixture(scope="module")
def club(demo: Demonstration) -> Iterator[Pages]:
    """A site of its own origin that trusts after three comments, and where nobody else writes."""
    with Pages(demo.url) as pages:
        demo.command("site", "add", "club", "--origin", pages.url)
        demo.command("site", "set", "club", "min_seconds=off", "trust_after=3")
        yield pages


def box(page: Page, language: str = "fr") -> Locator:
    return page.get_by_role("checkbox", name=LABEL[language])


async def tick(page: Page, language: str = "fr") -> None:
    """Ask to be remembered, and wait for the browser to keep what it is given."""
    async with page.expect_response("**/v1/stamp?*remember=1*") as answered:
        await box(page, language).check()
    given = (await (await answered.value).json())["token"]
    assert TOKEN.fullmatch(given)
    await holds(page, f"{TOKENS}[0] === {json.dumps(given)}")


async def test_a_reader_who_wants_it_is_remembered_trusted_and_forgotten(
    browser: Browser, demo: Demonstration, moderator: dict[str, str], club: Pages
) -> None:
    async with context_of(browser, demo) as context:
        page = await context.new_page()
        await page.goto(f"{club.url}/known")
        await part(page, "form").locator("[name=comment]").focus()
        await expect(box(page)).not_to_be_checked()
        assert await page.evaluate(TOKENS) == []
        await tick(page)
        (token,) = await page.evaluate(TOKENS)
        for number in range(3):
            text = f"Une remarque du club, la {number}e."
            await fill(page, text)
            await expect(comment_with(page, text)).to_be_focused()
            decide(demo, moderator, text, "approve")
        # Another page of the site, later on.
        page = await context.new_page()
        await page.goto(f"{club.url}/known-too")
        await part(page, "form").locator("[name=comment]").focus()
        await expect(box(page)).to_be_checked()
        text = "Une remarque qui n’attend plus."
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        (comment,) = found(demo, moderator, text)
        assert (comment["state"], comment["decided_by"]) == ("approved", "rule:trust")
        # A draft that was to be sent with it forgets it, too.
        await part(page, "form").locator("[name=comment]").fill("Un brouillon.")
        await box(page).uncheck()
        assert token not in await page.evaluate("JSON.stringify(localStorage)")
        text = "Une remarque de n’importe qui."
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        (comment,) = found(demo, moderator, text)
        assert comment["state"] == "pending"
        await page.reload()
        await part(page, "form").locator("[name=comment]").focus()
        await expect(box(page)).not_to_be_checked()


async def test_no_other_origin_s_pages_have_it(
    browser: Browser, demo: Demonstration, club: Pages, blog: Pages
) -> None:
    async with context_of(browser, demo) as context:
        page = await context.new_page()
        await page.goto(f"{club.url}/elsewhere")
        await part(page, "form").locator("[name=comment]").focus()
        await tick(page)
        for url in (f"{blog.url}/elsewhere", f"{demo.url}/v1/form?article={club.url}/a"):
            await page.goto(url)
            await page.locator("[name=comment]").first.focus()
            await expect(box(page)).not_to_be_checked()
            assert await page.evaluate(TOKENS) == []


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_the_form_page_has_the_box_and_says_what_is_kept(
    browser: Browser,
    demo: Demonstration,
    moderator: dict[str, str],
    club: Pages,
    language: str,
    width: int,
) -> None:
    text = f"Depuis la page du formulaire, {language} {width}."
    form = f"{demo.url}/v1/form?article={club.url}/form&lang={language}"
    async with page_of(browser, demo, width=width, locale=language) as page:
        await page.goto(form)
        await expect(box(page, language)).not_to_be_checked()
        described = await box(page, language).get_attribute("aria-describedby")
        kept = {"fr": "un nombre aléatoire, et rien d’autre", "en": "a random number, and nothing"}
        assert kept[language] in await page.inner_text(f"#{described}")
        assert await fits(page)
        await tick(page, language)
        words = WORDS[language]
        await page.get_by_label(words["comment"]).fill(text)
        await page.get_by_label(words["name"]).fill("Odile Renard")
        await page.get_by_label(words["email"]).fill("odile@example.com")
        async with page.expect_request("**/v1/comments") as sent:
            await page.get_by_role("button", name=words["post"]).click()
        await page.wait_for_url("**/v1/receipts/**")
        assert "token=" in str((await sent.value).post_data)
        assert len(found(demo, moderator, text)) == 1
        await page.goto(form)
        await expect(box(page, language)).to_be_checked()
        await box(page, language).uncheck()
        await page.reload()
        await expect(box(page, language)).not_to_be_checked()


async def test_where_the_service_is_away_the_box_stays_empty_and_says_so(
    browser: Browser, demo: Demonstration, club: Pages
) -> None:
    async with page_of(browser, demo) as page:
        await page.goto(f"{club.url}/away")
        await part(page, "form").locator("[name=comment]").focus()
        await box(page).wait_for()
        await page.route("**/v1/stamp?*remember=1*", lambda route: route.abort())
        await box(page).click()
        hint = part(page, "remember").locator("[part=hint]")
        await expect(hint).to_contain_text("ne répond pas")
        await expect(box(page)).not_to_be_checked()
        assert await page.evaluate(TOKENS) == []


async def test_without_scripts_there_is_no_box(browser: Browser, demo: Demonstration) -> None:
    async with page_of(browser, demo, java_script_enabled=False) as page:
        await page.goto(f"{demo.url}/v1/form?article=/demo&site=demo&lang=fr")
        await expect(page.locator("[name=comment]")).to_be_visible()
        await expect(page.get_by_role("checkbox")).to_have_count(0)
