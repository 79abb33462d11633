"""A reader reports a comment in a real browser, JavaScript switched off, and learns the outcome."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

import makers
from browser.pages import Pages
from browser.test_embed import filled, part
from browser.test_embed import page_of as element_page_of
from browser.test_form import WIDTHS, fits, page_of
from palabre import locale
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def published(demo: Running, moderator: dict[str, str], text: str) -> str:
    """The id of a public comment on the demonstration's article."""
    fields = makers.fields(site="demo", article="/demo", comment=text, email="h5@example.com")
    with demo.client() as client:
        comment = str(client.post("/v1/comments", json=fields).json()["comment"]["id"])
        url = f"/v1/moderation/comments/{comment}/approve"
        assert client.post(url, headers=moderator).status_code == 200
    return comment


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_a_reader_reports_and_is_told_what_a_moderator_decided(
    browser: Browser,
    demo: Running,
    moderator: dict[str, str],
    width: int,
    language: str,
) -> None:
    def say(code: str) -> str:
        return locale.say(language, code)

    comment = published(demo, moderator, f"À signaler ({language}, {width}).")
    async with page_of(browser, width=width, language=language) as page:
        await page.goto(f"{demo.url}/demo/?lang={language}")
        await page.locator(f"#comment-{comment} > .palabre-acts .palabre-report").click()
        await expect(page.locator("blockquote")).to_contain_text("À signaler")
        assert await fits(page)
        await page.get_by_label(say("report.reason.abuse")).check()
        await page.get_by_label(say("report.note")).fill("Il m’insulte.\n<b>Vraiment.</b>")
        await page.get_by_role("button", name=say("report.submit")).click()
        await page.wait_for_url("**/v1/reports/**")
        assert await fits(page)
        await expect(page.get_by_role("status")).to_contain_text(say("report.outcome.open"))
        await expect(page.locator("body")).not_to_contain_text("Vraiment")
        with demo.client() as client:
            url = f"/v1/moderation/comments/{comment}/reject"
            assert client.post(url, headers=moderator).status_code == 200
        await page.reload()
        await expect(page.get_by_role("status")).to_contain_text(say("report.outcome.upheld"))
        await expect(page.locator("body")).not_to_contain_text("À signaler (")
        await page.get_by_role("link", name=say("form.back")).click()
        await expect(page.locator(f"#comment-{comment}")).to_have_count(0)


async def test_the_element_leads_to_the_same_page(
    browser: Browser, demo: Running, moderator: dict[str, str], blog: Pages
) -> None:
    (comment,) = filled(demo, moderator, f"{blog.url}/reported", ["Signalez-moi."])
    async with element_page_of(browser, demo) as page:
        await page.goto(f"{blog.url}/reported")
        link = part(page, "report")
        assert await link.get_attribute("rel") == "nofollow"
        await link.click()
        await page.wait_for_url(f"**/v1/comments/{comment}/report?lang=fr")
        await expect(page.locator("blockquote")).to_contain_text("Signalez-moi.")


async def test_nobody_sends_a_report_without_its_reason(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    comment = published(demo, moderator, "Rien à redire.")
    async with page_of(browser) as page:
        await page.goto(f"{demo.url}/v1/comments/{comment}/report?lang=fr")
        await page.get_by_role("button", name=locale.say("fr", "report.submit")).click()
        assert page.url.endswith("/report?lang=fr")
        invalid = page.locator("input[name=reason]:invalid")
        await expect(invalid).to_have_count(6)
