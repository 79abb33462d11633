"""A site under attack, in a real browser: the puzzle is solved while its reader writes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

import makers
import needed
from browser import test_embed as element
from browser import test_form as form
from browser.demonstration import Demonstration
from browser.pages import Pages
from browser.test_embed import comment_with, found, is_focused, part, some_text
from browser.test_form import WIDTHS, WORDS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

READER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
"""A browser's name. That it is driven by a program is a mark, which leads to the quarantine."""

PROVING = {"fr": "Une vérification anti-robots", "en": "an anti-robot check"}
PUBLISHED = {"fr": "Votre commentaire est publié.", "en": "Your comment is published."}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """A service with its demonstration, of which too much can come."""
    needed.chromium()
    folder: Path = tmp_path_factory.mktemp("attacked")
    with Demonstration(folder, submission_limit="9999/minute") as running:
        running.begin()
        yield running
        assert running.stop() == 0


@pytest.fixture(scope="module")
def moderator(service: Demonstration) -> dict[str, str]:
    return service.add_moderator("proof-tests")


@pytest.fixture(scope="module")
def blog(service: Demonstration) -> Iterator[Pages]:
    """A site of its own origin, as in all other tests."""
    with Pages(service.url) as pages:
        service.command("site", "add", "blog", "--origin", pages.url)
        yield pages


def attack(service: Demonstration, site: str, article: str) -> None:
    """More than may comes to a site, which publishes at once what nothing speaks against."""
    # Every test writes as the same reader.
    rules = ("first_state=approved", "min_seconds=off", "author_limit=off")
    service.command("site", "set", site, *rules, "site_limit=1/day")
    with service.client() as client:
        for _ in range(2):
            sent = makers.fields(site=site, article=article)
            client.post("/v1/comments", json=sent).raise_for_status()
    service.command("site", "set", site, "site_limit=9999/day")


@pytest.fixture(scope="module")
def attacked(service: Demonstration, blog: Pages) -> None:
    """Both sites are, for ten minutes from the last excess on: their limit stays exceeded."""
    attack(service, "demo", "/demo")
    attack(service, "blog", f"{blog.url}/busy")


def of_proof(service: Demonstration, moderator: dict[str, str], text: str) -> tuple[str, str]:
    """The state of the one comment with that text, and what is said of its proof."""
    (comment,) = found(service, moderator, text)
    said = "".join(one["why"] for one in comment["signals"] if one["name"] == "proof")
    return comment["state"], said


class Held:
    """Holds the script that solves, so that what a reader meets meanwhile can be looked at."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        await self.free.wait()
        await route.continue_()


async def type_in(within: Locator, words: dict[str, str], text: str) -> None:
    await within.get_by_label(words["comment"]).fill(text)
    await within.get_by_label(words["name"]).fill("Zoé")
    await within.get_by_label(words["email"]).fill("zoe@example.com")


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("place", ["own origin", "another origin"])
@pytest.mark.usefixtures("attacked")
async def test_the_element_s_reader_is_published_at_once_and_keeps_the_focus_meanwhile(
    browser: Browser,
    service: Demonstration,
    blog: Pages,
    moderator: dict[str, str],
    place: str,
    lang: str,
) -> None:
    text, held = some_text(), Held()
    own = place == "own origin"
    url = f"{service.url}/demo/strict" if own else f"{blog.url}/attacked"
    blog.lang = lang
    async with element.page_of(browser, service, locale=lang) as page:
        workers: list[str] = []
        page.on("worker", lambda worker: workers.append(worker.url))
        await page.route("**/static/proof.js", held)
        await page.goto(f"{url}?lang={lang}" if own else url)
        await type_in(part(page, "form"), WORDS[lang], text)
        button = part(page, "submit")
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(part(page, "status")).to_contain_text(PROVING[lang])
        assert await part(page, "status").get_attribute("role") == "status"
        assert await is_focused(button)
        held.free.set()
        own_comment = comment_with(page, text)
        await expect(own_comment).to_be_focused()
        await expect(part(page, "status")).to_have_text(PUBLISHED[lang])
        assert of_proof(service, moderator, text) == ("approved", "")
        # A worker where the browser has one: of the page's own origin.
        assert [url.rpartition("/")[2] for url in workers] == (["proof.js"] if own else [])
    blog.lang = "fr"


@pytest.mark.usefixtures("attacked")
async def test_who_sends_a_second_comment_proves_that_one_too(
    browser: Browser, service: Demonstration, moderator: dict[str, str]
) -> None:
    async with element.page_of(browser, service) as page:
        await page.goto(f"{service.url}/demo/strict")
        for text in (some_text(), some_text()):
            await element.fill(page, text)
            await expect(comment_with(page, text)).to_be_focused()
            assert of_proof(service, moderator, text) == ("approved", "")


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.usefixtures("attacked")
async def test_the_form_page_s_reader_is_published_at_once_and_keeps_the_focus_meanwhile(
    browser: Browser, service: Demonstration, moderator: dict[str, str], width: int, lang: str
) -> None:
    text, held = some_text(), Held()
    async with form.page_of(
        browser, width=width, language=lang, java_script_enabled=True, user_agent=READER
    ) as page:
        await page.route("**/static/proof.js", held)
        await page.goto(f"{service.url}/v1/form?article=/demo&site=demo&lang={lang}")
        await type_in(page.locator("form"), WORDS[lang], text)
        button = page.get_by_role("button", name=WORDS[lang]["post"])
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("form [role=status]")).to_contain_text(PROVING[lang])
        await page.keyboard.press("Enter")
        assert await is_focused(button)
        assert await form.fits(page)
        held.free.set()
        await page.wait_for_url("**/demo#comment-*")
        assert of_proof(service, moderator, text) == ("approved", "")


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.usefixtures("attacked")
async def test_without_javascript_the_page_says_that_a_comment_waits_and_it_does(
    browser: Browser, service: Demonstration, moderator: dict[str, str], width: int, lang: str
) -> None:
    text = some_text()
    async with form.page_of(browser, width=width, language=lang, user_agent=READER) as page:
        await page.goto(f"{service.url}/v1/form?article=/demo&site=demo&lang={lang}")
        await expect(page.locator("noscript p")).to_contain_text("JavaScript")
        assert await form.fits(page)
        await type_in(page.locator("form"), WORDS[lang], text)
        await page.get_by_role("button", name=WORDS[lang]["post"]).click()
        await page.wait_for_url("**/v1/receipts/**")
        assert WORDS[lang]["awaits"] in await page.inner_text("body")
        state, said = of_proof(service, moderator, text)
        assert state == "pending"
        assert "JavaScript" in said


@pytest.mark.parametrize("place", ["element", "form page"])
async def test_an_attack_that_began_while_a_reader_wrote_is_noticed_when_they_send(
    browser: Browser,
    service: Demonstration,
    blog: Pages,
    moderator: dict[str, str],
    place: str,
) -> None:
    text = some_text()
    late = f"late-{place.partition(' ')[0]}"
    with Pages(service.url) as pages:
        service.command("site", "add", late, "--origin", pages.url)
        async with contextlib.AsyncExitStack() as stack:
            page: Page
            if place == "element":
                page = await stack.enter_async_context(element.page_of(browser, service))
                url, within = f"{pages.url}/a", part(page, "form")
            else:
                opened: Any = form.page_of(browser, java_script_enabled=True, user_agent=READER)
                page = await stack.enter_async_context(opened)
                url = f"{service.url}/v1/form?article=/a&site={late}"
                within = page.locator("form")
            await page.clock.install()
            await page.goto(url)
            await type_in(within, WORDS["fr"], text)
            attack(service, late, "/a")
            await page.clock.fast_forward("01:30")
            async with page.expect_response("**/v1/comments"):
                await within.get_by_role("button", name=WORDS["fr"]["post"]).press("Enter")
        assert of_proof(service, moderator, text) == ("approved", "")


@pytest.mark.usefixtures("attacked")
async def test_where_it_cannot_be_solved_a_comment_is_sent_all_the_same_and_held(
    browser: Browser, service: Demonstration, blog: Pages, moderator: dict[str, str]
) -> None:
    text = some_text()
    async with element.page_of(browser, service) as page:
        await page.route("**/static/proof.js", lambda route: route.abort())
        await page.goto(f"{blog.url}/unproven")
        await element.fill(page, text)
        await expect(comment_with(page, text)).to_contain_text(WORDS["fr"]["awaits"])
        assert of_proof(service, moderator, text)[0] == "pending"
