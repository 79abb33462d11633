"""From the form to the public page in a real browser, JavaScript switched off."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WORDS = {
    "fr": {
        "note": "Les champs obligatoires sont indiqués avec",
        "awaits": "Votre commentaire est en attente de modération.",
        "comment": "Commentaire",
        "name": "Nom",
        "email": "Adresse de messagerie",
        "post": "Publier le commentaire",
        "end": "Il manque la fin du domaine",
        "withdraw": "Retirer le commentaire",
        "sure": "Oui, le retirer définitivement",
        "deleted": "supprimé",
    },
    "en": {
        "note": "Required fields are marked",
        "awaits": "Your comment is awaiting moderation.",
        "comment": "Comment",
        "name": "Name",
        "email": "Email address",
        "post": "Post the comment",
        "end": "The end of the domain is missing",
        "withdraw": "Withdraw the comment",
        "sure": "Yes, withdraw it for good",
        "deleted": "deleted",
    },
}
WIDTHS = (320, 1280)


@contextlib.asynccontextmanager
async def page_of(
    browser: Browser,
    *,
    width: int = 1280,
    language: str = "fr",
    java_script_enabled: bool = False,
    user_agent: str | None = None,
) -> AsyncIterator[Page]:
    """A page without memory, and without JavaScript unless asked; its console stays silent."""
    context = await browser.new_context(
        java_script_enabled=java_script_enabled,
        viewport={"width": width, "height": 800},
        locale=language,
        user_agent=user_agent,
    )
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert await context.cookies() == []
    assert [url for url in asked if not url.startswith("http://127.0.0.1")] == []
    # Chromium remarks on every 4xx; a refused form is one on purpose.
    assert [text for text in said if "responded with a status of 4" not in text] == []
    await context.close()


async def fits(page: Page) -> bool:
    """Whether nothing is wider than the window. Measured in the browser, scripts or not."""
    session = await page.context.new_cdp_session(page)
    found = await session.send("Page.getLayoutMetrics")
    await session.detach()
    return bool(found["cssContentSize"]["width"] <= found["cssLayoutViewport"]["clientWidth"])


async def fill(page: Page, words: dict[str, str], *, text: str, email: str) -> None:
    form = page.locator("form", has=page.get_by_role("button", name=words["post"]))
    await form.get_by_label(words["comment"]).fill(text)
    await form.get_by_label(words["name"]).fill("Zoé")
    await form.get_by_label(words["email"]).fill(email)
    await form.get_by_role("button", name=words["post"]).click()


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_reader_posts_from_the_article_and_a_moderator_s_approval_shows_it(
    browser: Browser, demo: Running, moderator: dict[str, str], width: int
) -> None:
    words = WORDS["fr"]
    text = f"Une question sur les horaires de nuit, vue sur {width} pixels."
    async with page_of(browser, width=width) as page:
        await page.goto(f"{demo.url}/demo/")
        assert await fits(page)
        assert words["note"] in await page.inner_text("body")
        await fill(page, words, text=text, email="zoe@example.com")
        await page.wait_for_url("**/v1/receipts/**")
        assert words["awaits"] in await page.inner_text("body")
        assert await fits(page)
        _approve(demo, moderator, text)
        await page.get_by_role("link", name="article").click()
        await expect(page.locator("body")).to_contain_text(text)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_a_mistake_brings_the_form_back_filled_in_with_the_words_beside_the_field(
    browser: Browser, demo: Running, language: str, width: int
) -> None:
    words = WORDS[language]
    text = f"Bonsoir à tous ({language}, {width})."
    async with page_of(browser, width=width, language=language) as page:
        await page.goto(f"{demo.url}/v1/form?article=/demo&site=demo&lang={language}")
        assert await fits(page)
        async with page.expect_navigation():
            await fill(page, words, text=text, email="zoe@exemple")
        assert await fits(page)
        email = page.get_by_label(words["email"]).first
        assert await email.get_attribute("aria-invalid") == "true"
        described = str(await email.get_attribute("aria-describedby")).split()
        told = [await page.inner_text(f"#{part}") for part in described]
        assert any(words["end"] in sentence for sentence in told)
        assert await page.get_by_label(words["comment"]).first.input_value() == text
        await email.fill("zoe@example.com")
        await page.get_by_role("button", name=words["post"]).click()
        await page.wait_for_url("**/v1/receipts/**")
        assert words["awaits"] in await page.inner_text("body")
        assert await page.get_attribute("html", "lang") == language


async def test_the_author_withdraws_their_comment_on_the_receipt_page(
    browser: Browser, demo: Running
) -> None:
    words = WORDS["fr"]
    async with page_of(browser) as page:
        await page.goto(f"{demo.url}/v1/form?article=/demo&site=demo")
        await fill(page, words, text="Je regretterai ceci.", email="zoe@example.com")
        await page.wait_for_url("**/v1/receipts/**")
        sure = page.get_by_role("button", name=words["sure"])
        await expect(sure).to_be_hidden()
        await page.get_by_text(words["withdraw"], exact=True).click()
        async with page.expect_navigation():
            await sure.click()
        shown = await page.inner_text("body")
        assert words["deleted"] in shown.lower()
        assert "Je regretterai ceci." not in shown


async def test_the_form_can_be_filled_in_and_sent_with_the_keyboard_alone(
    browser: Browser, demo: Running
) -> None:
    async with page_of(browser) as page:
        await page.goto(f"{demo.url}/v1/form?article=/demo&site=demo")
        typed = {"comment": "Au clavier.", "name": "Zoé", "email": "zoe@example.com", "website": ""}
        reached = []
        for _ in range(20):
            await page.keyboard.press("Tab")
            name = await page.locator(":focus").get_attribute("name")
            if name in typed:
                reached.append(name)
                await page.keyboard.type(typed[name])
            elif reached and await page.locator(":focus").evaluate("e => e.localName") == "button":
                await page.keyboard.press("Enter")
                break
        assert reached == list(typed)
        await page.wait_for_url("**/v1/receipts/**")


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_the_form_page_brings_a_stamp_and_its_script_runs_under_its_policy(
    browser: Browser, demo: Running, moderator: dict[str, str], has_scripts: bool
) -> None:
    words = WORDS["fr"]
    text = f"Un commentaire avec son tampon, scripts {has_scripts}."
    async with page_of(browser, java_script_enabled=has_scripts) as page:
        await page.goto(f"{demo.url}/v1/form?article=/demo&site=demo&lang=fr")
        await expect(page.locator("input[name=stamp]")).to_have_value(re.compile(r"[\w-]{72}"))
        await fill(page, words, text=text, email="zoe@example.com")
        await page.wait_for_url("**/v1/receipts/**")
    with demo.client(moderator) as client:
        waiting = client.get("/v1/moderation/comments?order=newest").json()["comments"]
    (comment,) = [one for one in waiting if one["text"] == text]
    told = "".join(one["why"] for one in comment["signals"] if one["name"] == "stamp")
    # It is ours; the demonstration may wonder how quick a test is.
    assert not told or told.startswith("Formulaire rempli en")


async def test_a_page_that_stayed_open_for_days_asks_for_another_stamp_when_it_is_touched(
    browser: Browser, demo: Running
) -> None:
    async with page_of(browser, java_script_enabled=True) as page:
        await page.clock.install()
        await page.goto(f"{demo.url}/v1/form?article=/demo&site=demo&lang=fr")
        field = page.locator("input[name=stamp]")
        comment = page.get_by_label(WORDS["fr"]["comment"]).first
        first = await field.input_value()
        await page.clock.fast_forward("11:59:00")
        await comment.focus()
        assert await field.input_value() == first
        await comment.blur()
        await page.clock.fast_forward(60 * 3_600_000)
        async with page.expect_response("**/v1/stamp?*"):
            await comment.focus()
        await expect(field).not_to_have_value(first)


def _approve(demo: Running, moderator: dict[str, str], text: str) -> None:
    with demo.client(moderator) as client:
        waiting = client.get("/v1/moderation/comments?order=newest").json()["comments"]
        comment = next(one["id"] for one in waiting if one["text"] == text)
        client.post(f"/v1/moderation/comments/{comment}/approve").raise_for_status()


async def test_every_article_of_the_demonstration_has_a_page_that_its_links_lead_to(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    found, following = [], "/v1/moderation/articles?site=demo"
    with demo.client(moderator) as client:
        while following:
            page = client.get(following).json()
            found += page["articles"]
            following = page["next"]
    # Other tests have articles of their own on the same site.
    found = [one for one in found if one["url"].startswith(f"{demo.url}/demo")]
    assert len(found) > 1
    async with page_of(browser) as reader:
        for article in found:
            answer = await reader.goto(article["url"])
            assert answer is not None
            assert answer.status == 200
            assert article["title"] in await reader.inner_text("h1")
