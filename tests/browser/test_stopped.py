"""A service that is killed while a reader's comment is on its way: the text is still there."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

import needed
from browser.demonstration import Demonstration
from browser.pages import Pages
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TEXT = "Un texte long et précieux,\n\nen deux paragraphes."


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """A service of its own, to be killed."""
    needed.chromium()
    with Demonstration(tmp_path_factory.mktemp("stopped")) as service:
        service.begin()
        yield service


@asynccontextmanager
async def reader(browser: Browser, *, scripts: bool) -> AsyncIterator[Page]:
    context = await browser.new_context(java_script_enabled=scripts, locale="fr")
    yield await context.new_page()
    await context.close()


async def fill_in(page: Page) -> None:
    await page.get_by_label("Commentaire").fill(TEXT)
    await page.get_by_label("Nom").fill("Zoé")
    await page.get_by_label("Adresse de messagerie").fill("zoe@example.com")


async def send_and_kill(page: Page, service: Running, *, asks: str) -> None:
    """Press the button while the service takes connections but no longer answers, and kill it."""
    assert service.process is not None
    os.kill(service.process.pid, signal.SIGSTOP)
    async with page.expect_event("requestfailed", lambda failed: failed.url.endswith(asks)):
        async with page.expect_request(f"**{asks}"):
            await page.get_by_role("button", name="Publier le commentaire").click(
                no_wait_after=True
            )
        service.kill()


@pytest.fixture(scope="module")
def moderator(service: Running) -> dict[str, str]:
    return service.add_moderator()


def waiting(service: Running, moderator: dict[str, str], **asked: str) -> list[str]:
    with service.client(moderator) as client:
        found = client.get("/v1/moderation/comments", params=asked).json()["comments"]
    return [comment["text"] for comment in found]


async def test_a_plain_form_has_it_when_the_reader_goes_back(
    browser: Browser, service: Running, moderator: dict[str, str]
) -> None:
    async with reader(browser, scripts=False) as page:
        await page.goto(f"{service.url}/v1/form?article=/stopped&site=demo&lang=fr")
        await fill_in(page)
        await send_and_kill(page, service, asks="/v1/comments")
        # What the browser says of it is a page, too, and the form is the one before.
        await page.wait_for_url("chrome-error://**")
        service.start()
        await page.go_back()
        await expect(page.get_by_label("Commentaire")).to_have_value(TEXT)
        await page.get_by_role("button", name="Publier le commentaire").click()
        await expect(page.get_by_role("status")).to_contain_text("en attente de modération")
    assert waiting(service, moderator, article="/stopped", site="demo") == [TEXT]


async def test_the_element_keeps_it_in_its_form_and_through_a_reload(
    browser: Browser, service: Running, moderator: dict[str, str]
) -> None:
    with Pages(service.url) as pages:
        service.command("site", "add", "blog", "--origin", pages.url)
        async with reader(browser, scripts=True) as page:
            await page.goto(f"{pages.url}/stopped")
            await fill_in(page)
            await send_and_kill(page, service, asks="/v1/comments")
            await expect(page.get_by_role("status")).to_contain_text("conservé")
            await expect(page.get_by_label("Commentaire")).to_have_value(TEXT)
            service.start()
            await page.reload()
            await expect(page.get_by_label("Commentaire")).to_have_value(TEXT)
            await page.get_by_label("Adresse de messagerie").fill("zoe@example.com")
            await page.get_by_role("button", name="Publier le commentaire").click()
            await expect(page.get_by_role("status")).to_contain_text("en attente de modération")
    assert waiting(service, moderator, site="blog") == [TEXT]
