"""The article page's element in a real browser: reading, posting, replying, and when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, expect

import makers
from browser.pages import FALLBACK, Pages
from browser.test_form import WIDTHS, WORDS, fits
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AWAY = "Le service ne répond pas"
KEPT = "Votre texte est conservé ci-dessous."
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""
STAMP = re.compile(r"[\w-]{72}")
_number = itertools.count(1)


@contextlib.asynccontextmanager
async def context_of(
    browser: Browser, demo: Running, *, width: int = 1280, **options: Any
) -> AsyncIterator[BrowserContext]:
    """A browser with its memory. Nobody else is asked, no cookie is set, nothing goes wrong."""
    context = await browser.new_context(viewport={"width": width, "height": 800}, **options)
    await context.add_init_script(WATCH)
    wrong: list[str] = []
    asked: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda message: wrong.append(message.text))
    context.on("request", lambda request: asked.append(request.url))
    yield context
    for page in context.pages:
        assert await page.evaluate("window.violations") == []
    assert await context.cookies() == []
    local = ("http://127.0.0.1:", "data:,")
    assert [url for url in asked if not url.startswith(local)] == []
    # Chromium remarks on every refusal and every failure, which are on purpose here.
    assert [text for text in wrong if "Failed to load resource" not in text] == []
    await context.close()


@contextlib.asynccontextmanager
async def page_of(
    browser: Browser, demo: Running, *, width: int = 1280, **options: Any
) -> AsyncIterator[Page]:
    async with context_of(browser, demo, width=width, **options) as context:
        yield await context.new_page()


def part(page: Page, name: str) -> Locator:
    return page.locator(f"palabre-comments [part={name}]")


def comment_with(page: Page, text: str) -> Locator:
    """The item of a comment, not that of one it replies to."""
    return page.locator("palabre-comments [part=comment]").filter(
        has=page.locator(f':scope > [part=text]:has-text("{text}")')
    )


async def holds(page: Page, condition: str) -> None:
    """Wait until a condition does. (`wait_for_function` needs `unsafe-eval`.)"""
    await page.evaluate(
        "new Promise((done) => { const look = () =>"
        f" ({condition}) ? done() : requestAnimationFrame(look); look(); }})"
    )


async def is_focused(found: Locator) -> bool:
    return bool(await found.evaluate("e => e.getRootNode().activeElement === e"))


async def fill(page: Page, text: str, *, lang: str = "fr", email: str = "zoe@example.com") -> None:
    """Fill in the form and send it."""
    form, words = part(page, "form"), WORDS[lang]
    await form.get_by_label(words["comment"]).fill(text)
    await form.get_by_label(words["name"]).fill("Zoé")
    await form.get_by_label(words["email"]).fill(email)
    await form.get_by_role("button", name=words["post"]).click()


def some_text() -> str:
    return f"Une remarque, la {next(_number)}e de ces essais."


def found(demo: Running, moderator: dict[str, str], text: str) -> list[dict[str, Any]]:
    """What moderators see of the comments with this text."""
    with demo.client(moderator) as client:
        every = "state=pending&state=approved&state=spam&state=rejected&order=newest&limit=200"
        comments = client.get(f"/v1/moderation/comments?{every}").json()["comments"]
    return [one for one in comments if one["text"] == text]


def decide(demo: Running, moderator: dict[str, str], text: str, action: str) -> str:
    (one,) = found(demo, moderator, text)
    with demo.client(moderator) as client:
        url = f"/v1/moderation/comments/{one['id']}/{action}"
        client.post(url, json={"reason": "off_topic"}).raise_for_status()
    return str(one["id"])


def filled(
    demo: Running, moderator: dict[str, str], article: str, texts: list[str], **others: str
) -> list[str]:
    """The ids of new approved comments on an article. `others`: more of their fields."""
    with demo.client() as client:
        ids = []
        for text in texts:
            fields = makers.fields(article=article, comment=text, **others)
            answer = client.post("/v1/comments", json=fields).raise_for_status()
            ids.append(str(answer.json()["comment"]["id"]))
        body = {"action": "approve", "ids": ids}
        client.post("/v1/moderation/decisions", json=body, headers=moderator).raise_for_status()
    return ids


# --- posting


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_a_reader_posts_in_place_and_finds_their_comment_until_it_is_public(
    browser: Browser, demo: Running, moderator: dict[str, str], lang: str, width: int
) -> None:
    text = some_text()
    async with page_of(browser, demo, width=width) as page:
        await page.goto(f"{demo.url}/demo/element?lang={lang}")
        assert WORDS[lang]["note"] in await part(page, "form").inner_text()
        assert await fits(page)
        await fill(page, text, lang=lang)
        own = comment_with(page, text)
        await expect(own).to_be_focused()
        await expect(own).to_contain_text(WORDS[lang]["awaits"])
        await expect(part(page, "status")).to_have_text(WORDS[lang]["awaits"])
        assert await part(page, "form").get_by_label(WORDS[lang]["comment"]).input_value() == ""
        assert await fits(page)
        await page.reload()
        await expect(own).to_contain_text(WORDS[lang]["awaits"])
        receipt = await own.locator("[part=receipt]").get_attribute("href")
        assert f"{demo.url}/v1/receipts/" in str(receipt)
        decide(demo, moderator, text, "approve")
        await page.reload()
        await expect(own).to_have_count(1)
        await expect(own.locator("[part=state]")).to_have_count(0)
        assert "zoe@example.com" not in str(await page.evaluate("({...localStorage})"))
        await holds(page, "localStorage.length == 0")


async def test_a_reader_learns_that_their_comment_was_refused_until_it_is_gone(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    text = some_text()
    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_visible()
        decide(demo, moderator, text, "reject")
        await page.reload()
        await expect(comment_with(page, text)).to_contain_text("Votre commentaire a été refusé.")
        decide(demo, moderator, text, "delete")
        await page.reload()
        await expect(part(page, "form")).to_be_visible()
        await expect(comment_with(page, text)).to_have_count(0)
        await expect(page.locator("palabre-comments")).not_to_contain_text(text)


async def test_a_refused_comment_comes_back_until_its_author_has_met_it(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    # So long that its beginning comes into sight long before what became of it.
    text = "\n".join([some_text()] * 100)
    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        await fill(page, text)
        own = comment_with(page, text.partition("\n")[0])
        await expect(own).to_be_focused()
        decide(demo, moderator, text, "reject")
        for _ in range(2):
            # From its top, not from where the reader was.
            await page.goto("about:blank")
            await page.goto(f"{demo.url}/demo/element")
            await expect(own).to_contain_text("Votre commentaire a été refusé.")
            await expect(own).not_to_be_in_viewport()
        await own.locator("[part=by]").scroll_into_view_if_needed()
        frame = "new Promise(requestAnimationFrame)"
        await page.evaluate(f"{frame}.then(() => {frame}).then(() => null)")
        assert await page.evaluate("localStorage.length") == 1
        await own.locator("[part=state]").scroll_into_view_if_needed()
        await holds(page, "localStorage.length == 0")
        await expect(own.locator("[part=receipt]")).to_be_visible()
        await page.reload()
        await expect(part(page, "form")).to_be_visible()
        await expect(part(page, "heading").first).to_be_visible()
        await expect(own).to_have_count(0)


def of_stamp(demo: Running, moderator: dict[str, str], text: str) -> str:
    """What moderators read of the stamp that the one comment with that text came with."""
    (comment,) = found(demo, moderator, text)
    return "".join(one["why"] for one in comment["signals"] if one["name"] == "stamp")


@pytest.mark.parametrize("place", ["own origin", "another origin"])
async def test_the_form_brings_a_stamp_from_its_first_touch_on_and_another_for_each_comment(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str], place: str
) -> None:
    """Under the strictest policies: see `test_everything_works_under_…` and `pages.POLICY`."""
    url = f"{demo.url}/demo/strict" if place == "own origin" else f"{blog.url}/stamped"
    texts = [some_text(), some_text()]
    async with page_of(browser, demo) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.partition("?")[0]))
        await page.goto(url)
        await expect(part(page, "form")).to_be_visible()
        assert f"{demo.url}/static/guard.js" not in asked
        for text in texts:
            async with page.expect_response("**/v1/stamp?*"):
                await part(page, "form").locator("[name=comment]").focus()
            await expect(part(page, "form").locator("[name=stamp]")).to_have_value(STAMP)
            await fill(page, text)
            await expect(comment_with(page, text)).to_be_focused()
        for text in texts:
            # It is ours, and its own. The demonstration may wonder how quick a test is.
            told = of_stamp(demo, moderator, text)
            assert not told or (place == "own origin" and told.startswith("Formulaire rempli en"))


async def test_a_form_whose_stamp_cannot_be_had_is_sent_without(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    text = some_text()
    async with page_of(browser, demo) as page:
        await page.route("**/static/guard.js", lambda route: route.abort())
        await page.goto(f"{blog.url}/unstamped")
        async with page.expect_event("requestfailed"):
            await part(page, "form").locator("[name=comment]").focus()
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        assert "sans le tampon" in of_stamp(demo, moderator, text)


async def test_a_comment_that_is_published_at_once_stands_in_its_place(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    filled(demo, moderator, f"{blog.url}/at-once", ["Le premier."])
    demo.command("site", "set", "blog", "first_state=approved")
    text = some_text()
    try:
        async with page_of(browser, demo) as page:
            await page.goto(f"{blog.url}/at-once")
            await expect(part(page, "heading").first).to_have_text("1 commentaire")
            await fill(page, text)
            await expect(comment_with(page, text)).to_be_focused()
            await expect(part(page, "status")).to_have_text("Votre commentaire est publié.")
            await expect(part(page, "heading").first).to_have_text("2 commentaires")
    finally:
        demo.command("site", "set", "blog", "first_state=off")


async def test_what_is_missing_is_told_beside_the_field_and_focused_without_asking_the_service(
    browser: Browser, demo: Running
) -> None:
    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        posted: list[str] = []
        page.on("request", lambda request: posted.append(request.method))
        await part(page, "submit").click()
        await expect(part(page, "status")).to_have_text(
            "À corriger\u00a0: Commentaire, Nom, Adresse de messagerie"
        )
        for name in ("comment", "name", "email"):
            control = page.locator(f"palabre-comments [name={name}]")
            assert await control.get_attribute("aria-invalid") == "true"
            described = str(await control.get_attribute("aria-describedby")).split()
            error = page.locator(f"palabre-comments #{described[0]}")
            await expect(error).to_have_text("Ce champ est obligatoire, mais il est vide.")
        assert await is_focused(page.locator("palabre-comments [name=comment]"))
        website = page.locator("palabre-comments [name=website]")
        assert await website.get_attribute("aria-invalid") == "false"
        assert "POST" not in posted


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_what_the_service_refuses_is_told_beside_the_field_in_the_reader_s_language(
    browser: Browser, demo: Running, lang: str, width: int
) -> None:
    text = some_text()
    async with page_of(browser, demo, width=width) as page:
        await page.goto(f"{demo.url}/demo/element?lang={lang}")
        await fill(page, text, lang=lang, email="zoe@exemple")
        email = page.locator("palabre-comments [name=email]")
        await expect(email).to_be_focused()
        assert await email.get_attribute("aria-invalid") == "true"
        await expect(page.locator("palabre-comments #error-email")).to_contain_text(
            WORDS[lang]["end"]
        )
        assert await part(page, "status").get_attribute("role") == "status"
        await expect(part(page, "status")).not_to_be_empty()
        assert await fits(page)
        await fill(page, text, lang=lang)
        await expect(comment_with(page, text)).to_be_focused()
        assert await email.get_attribute("aria-invalid") == "false"


async def test_a_problem_of_no_field_is_told_above_them_and_focused(
    browser: Browser, demo: Running
) -> None:
    text = some_text()
    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        await fill(page, text)
        await expect(part(page, "status")).to_contain_text("déjà")
        assert await is_focused(part(page, "status"))
        assert await page.locator("palabre-comments [name=comment]").input_value() == text


async def test_the_form_is_filled_in_and_sent_with_the_keyboard_alone(
    browser: Browser, demo: Running
) -> None:
    text = some_text()
    typed = {"comment": text, "name": "Zoé", "email": "zoe@example.com", "website": ""}
    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        await part(page, "reply").last.focus()
        reached = []
        for _ in range(8):
            await page.keyboard.press("Tab")
            name = await page.evaluate(
                "document.activeElement.shadowRoot?.activeElement?.getAttribute('name')"
            )
            if name in typed:
                reached.append(name)
                await page.keyboard.type(typed[name])
            elif reached:
                await page.keyboard.press("Enter")
                break
        assert reached == list(typed)
        await expect(comment_with(page, text)).to_be_focused()


# --- when something fails


async def test_what_was_typed_is_there_after_a_reload_but_for_the_address(
    browser: Browser, demo: Running
) -> None:
    text = some_text()
    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        await page.locator("palabre-comments [name=comment]").fill(text)
        await page.locator("palabre-comments [name=name]").fill("Zoé")
        await page.locator("palabre-comments [name=email]").fill("zoe@example.com")
        await page.reload()
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value(text)
        await expect(page.locator("palabre-comments [name=name]")).to_have_value("Zoé")
        await expect(page.locator("palabre-comments [name=email]")).to_have_value("")
        assert "example.com" not in str(await page.evaluate("({...localStorage})"))
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        await page.reload()
        await expect(comment_with(page, text)).to_be_visible()
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value("")


async def test_a_draft_is_there_before_what_waits_has_been_asked_for(
    browser: Browser, demo: Running
) -> None:
    text, other = some_text(), some_text()
    answer = asyncio.Event()

    async def hold(route: Route) -> None:
        await answer.wait()
        await route.continue_()

    async with page_of(browser, demo) as page:
        comment = page.locator("palabre-comments [name=comment]")
        await page.goto(f"{demo.url}/demo/element")
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        await comment.fill(other)
        await page.route("**/v1/receipts/**", hold)
        await page.reload()
        await expect(comment).to_have_value(other)
        # Whoever goes on writes on in it.
        await comment.press("End")
        await page.keyboard.type(" Et puis.")
        answer.set()
        await expect(comment_with(page, text)).to_be_visible()
        await page.reload()
        await expect(comment).to_have_value(f"{other} Et puis.")


@pytest.mark.parametrize("held", ["receipts/**", "comments?**after=**"])
async def test_a_draft_of_an_answer_answers_it_before_it_has_been_found(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str], held: str
) -> None:
    waiting, text = some_text(), some_text()
    article = f"{blog.url}/awaited-{held[0]}"
    ids = filled(demo, moderator, article, [f"Attendu, {n}" for n in range(60)])
    answer = asyncio.Event()

    async def hold(route: Route) -> None:
        await answer.wait()
        await route.continue_()

    async with page_of(browser, demo) as page:
        comment = page.locator("palabre-comments [name=comment]")
        await page.goto(article)
        await fill(page, waiting)
        await expect(comment_with(page, waiting)).to_be_focused()
        await page.goto(f"{article}#comment-{ids[55]}")
        item = page.locator(f"palabre-comments #comment-{ids[55]}")
        await item.locator("[part=reply]").click()
        await comment.fill("Je réponds")
        await page.goto("about:blank")
        await page.route(f"**/v1/{held}", hold)
        await page.goto(article)
        await expect(comment).to_have_value("Je réponds")
        # Whoever goes on writes on in it, wherever it stands by now.
        await comment.press("End")
        await page.keyboard.type(", tard")
        stored = "JSON.parse(localStorage[Object.keys(localStorage)[0]]).draft"
        assert await page.evaluate(f"{stored}.parent") == ids[55]
        answer.set()
        await expect(item.locator("form")).to_have_count(1)
        await expect(comment_with(page, waiting)).to_be_visible()
        assert await is_focused(comment)
        await page.keyboard.type("ivement.")
        await expect(comment).to_have_value("Je réponds, tardivement.")
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
    assert found(demo, moderator, text)[0]["parent"] == ids[55]


async def test_an_answer_that_is_sent_before_what_it_answers_is_found_answers_it(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    text = some_text()
    ids = filled(demo, moderator, f"{blog.url}/sent-early", [f"Tôt, {n}" for n in range(60)])
    answer = asyncio.Event()

    async def hold(route: Route) -> None:
        await answer.wait()
        await route.continue_()

    async with page_of(browser, demo) as page:
        await page.goto(f"{blog.url}/sent-early#comment-{ids[55]}")
        item = page.locator(f"palabre-comments #comment-{ids[55]}")
        await item.locator("[part=reply]").click()
        await page.locator("palabre-comments [name=comment]").fill("Je réponds")
        await page.goto("about:blank")
        await page.route("**/v1/comments?**after=**", hold)
        await page.goto(f"{blog.url}/sent-early")
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value("Je réponds")
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        answer.set()
        await expect(item).to_be_visible()
        await expect(item.locator("form")).to_have_count(0)
    assert found(demo, moderator, text)[0]["parent"] == ids[55]


async def test_a_comment_whose_answer_was_lost_is_stored_once(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    text = some_text()

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        await page.route("**/v1/comments", lose_the_answer)
        await fill(page, text)
        await expect(part(page, "status")).to_contain_text(AWAY)
        await expect(part(page, "status")).to_contain_text(KEPT)
        assert await is_focused(part(page, "status"))
        assert len(found(demo, moderator, text)) == 1
        await page.unroute("**/v1/comments")
        await page.reload()
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        assert len(found(demo, moderator, text)) == 1


async def test_another_text_after_a_lost_answer_is_a_comment_of_its_own(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    text, other = some_text(), some_text()

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        await page.route("**/v1/comments", lose_the_answer)
        await fill(page, text)
        await expect(part(page, "status")).to_contain_text(AWAY)
        await page.unroute("**/v1/comments")
        await fill(page, other)
        await expect(part(page, "status")).to_contain_text("envoyez de nouveau celui-ci")
        await expect(part(page, "status")).to_contain_text(KEPT)
        assert found(demo, moderator, other) == []
        await page.reload()
        await page.locator("palabre-comments [name=email]").fill("zoe@example.com")
        await part(page, "submit").click()
        await expect(comment_with(page, other)).to_be_focused()
        assert len(found(demo, moderator, other)) == 1


@pytest.mark.parametrize("answer", ["none", "502", "503"])
async def test_while_the_service_is_away_the_page_keeps_what_it_has_and_what_is_typed(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str], answer: str
) -> None:
    text = some_text()

    async def fail(route: Route) -> None:
        if answer == "none":
            await route.abort("connectionrefused")
        elif answer == "503":
            await route.fulfill(
                status=503,
                content_type="application/problem+json",
                headers={"Access-Control-Allow-Origin": "*"},
                body='{"status": 503, "code": "busy", "detail": "Trop à la fois."}',
            )
        else:
            await route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")

    async with page_of(browser, demo) as page:
        await page.route("**/v1/**", fail)
        await page.goto(f"{blog.url}/away-{answer}")
        told = "Trop à la fois." if answer == "503" else AWAY
        await expect(part(page, "status")).to_contain_text(told)
        # Between what stood in the element and the way to try again.
        met = (page.get_by_role("link", name=FALLBACK), part(page, "status"), part(page, "retry"))
        boxes = [await one.bounding_box() for one in met]
        tops = [box["y"] for box in boxes if box]
        assert tops == sorted(set(tops))
        assert len(tops) == 3
        await fill(page, text)
        await expect(part(page, "status")).to_contain_text(KEPT)
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value(text)
        await page.unroute("**/v1/**")
        await part(page, "retry").click()
        await expect(part(page, "heading").first).to_have_text("Aucun commentaire pour l’instant")
        await expect(part(page, "heading").first).to_be_focused()
        await expect(part(page, "status")).to_be_empty()
        await expect(page.get_by_role("link", name=FALLBACK)).to_be_hidden()
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value(text)
        await expect(page.locator("palabre-comments [name=email]")).to_have_value("zoe@example.com")
        await part(page, "submit").click()
        await expect(comment_with(page, text)).to_be_focused()
        await expect(part(page, "status")).to_have_text(WORDS["fr"]["awaits"])


async def test_whoever_tries_again_in_vain_may_try_once_more(
    browser: Browser, demo: Running, blog: Pages
) -> None:
    async with page_of(browser, demo) as page:
        await page.route("**/v1/**", lambda route: route.abort("connectionrefused"))
        await page.goto(f"{blog.url}/in-vain")
        await part(page, "retry").focus()
        async with page.expect_event("requestfailed"):
            await page.keyboard.press("Enter")
        await expect(part(page, "retry")).to_be_focused()
        await expect(part(page, "status")).to_contain_text(AWAY)


@pytest.mark.usefixtures("blog")
async def test_an_article_of_no_site_is_told_to_be_none(browser: Browser, demo: Running) -> None:
    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/element")
        await page.evaluate(
            """() => {
              const other = document.createElement("palabre-comments");
              other.setAttribute("article", "https://nobody.example/a");
              document.querySelector("palabre-comments").replaceWith(other);
            }"""
        )
        await expect(part(page, "status")).to_contain_text("Cette page n’est pas celle d’un site")
        await expect(part(page, "form")).to_have_count(0)


async def test_a_browser_that_remembers_nothing_posts_all_the_same(
    browser: Browser, demo: Running
) -> None:
    text = some_text()
    async with context_of(browser, demo) as context:
        await context.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied') }})"
        )
        page = await context.new_page()
        await page.goto(f"{demo.url}/demo/element")
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()


@pytest.mark.parametrize(
    "kept",
    [
        "null",
        "[]",
        '"draft"',
        "{oops",
        '{"draft": null, "mine": 7}',
        '{"draft": {"nickname": "x", "length": 3, "comment": "Là"}, "mine": {"a": 1}}',
    ],
)
async def test_what_is_not_the_element_s_in_its_place_of_memory_does_no_harm(
    browser: Browser, demo: Running, kept: str
) -> None:
    text = some_text()
    async with page_of(browser, demo) as page:
        await page.goto(f"{demo.url}/demo/strict")
        await page.evaluate(
            "([url, kept]) => { localStorage['palabre ' + url] = kept }", [f"{demo.url}/demo", kept]
        )
        await page.goto(f"{demo.url}/demo/element")
        value = "Là" if "Là" in kept else ""
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value(value)
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()


async def test_an_address_s_tracking_parameters_lead_to_no_other_memory(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    text, other = some_text(), some_text()
    comment = "palabre-comments [name=comment]"
    blog.named = False
    try:
        async with page_of(browser, demo) as page:
            await page.goto(f"{blog.url}/tracked?utm_source=x#top")
            await fill(page, text)
            await expect(comment_with(page, text)).to_be_focused()
            await page.locator(comment).fill(other)
            await page.goto(f"{blog.url}/tracked/")
            await expect(comment_with(page, text)).to_contain_text(WORDS["fr"]["awaits"])
            await expect(page.locator(comment)).to_have_value(other)
            # What is typed while the service is away is under the address that the page has.
            await page.route("**/v1/**", lambda route: route.abort("connectionrefused"))
            await page.goto(f"{blog.url}/tracked?fbclid=y")
            await page.locator(comment).fill(text + other)
            await page.unroute("**/v1/**")
            await page.goto(f"{blog.url}/tracked?fbclid=y")
            await expect(page.locator(comment)).to_have_value(text + other)
            await page.goto(f"{blog.url}/tracked")
            await expect(page.locator(comment)).to_have_value(text + other)
            await expect(comment_with(page, text)).to_contain_text(WORDS["fr"]["awaits"])
            assert await page.evaluate("Object.keys(localStorage)") == [
                f"palabre {blog.url}/tracked"
            ]
    finally:
        blog.named = True


async def test_sending_in_one_tab_leaves_what_is_written_in_another(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    (parent,) = filled(demo, moderator, f"{blog.url}/tabs", ["Deux onglets ?"])
    sent, written = some_text(), some_text()
    async with context_of(browser, demo) as context:
        first, second = await context.new_page(), await context.new_page()
        await first.goto(f"{blog.url}/tabs")
        await first.locator(f"palabre-comments #comment-{parent} [part=reply]").click()
        await first.locator("palabre-comments [name=comment]").fill(sent)
        await second.goto(f"{blog.url}/tabs")
        await second.locator("palabre-comments [name=comment]").fill(written)
        # What one tab remembers, the other learns a moment later.
        await holds(first, f"JSON.stringify({{...localStorage}}).includes('{written}')")
        await part(first, "form").get_by_label("Nom").evaluate("e => { e.value = 'Zoé' }")
        await part(first, "form").get_by_label("Adresse").evaluate("e => { e.value = 'z@a.fr' }")
        await part(first, "submit").click()
        await expect(comment_with(first, sent)).to_be_focused()
        await second.reload()
        await expect(second.locator("palabre-comments [name=comment]")).to_have_value(written)


# --- replying


async def test_a_reply_is_written_below_its_comment_and_stands_there(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    (parent,) = filled(demo, moderator, f"{blog.url}/reply", ["Qui répond ?"])
    text = some_text()
    async with page_of(browser, demo, width=320) as page:
        await page.goto(f"{blog.url}/reply")
        item = page.locator(f"palabre-comments #comment-{parent}")
        button = page.get_by_role("button", name="Répondre à Hélène Marchand")
        await button.click()
        assert await is_focused(item.get_by_label("Commentaire"))
        await expect(item.get_by_role("heading")).to_have_text("En réponse à Hélène Marchand")
        assert await fits(page)
        await page.keyboard.type("Non, ")
        await page.keyboard.press("Escape")
        assert await is_focused(button)
        await expect(item.locator("form")).to_have_count(0)
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value("Non, ")
        await button.click()
        await page.get_by_role("button", name="Annuler la réponse").click()
        assert await is_focused(button)
        await page.reload()
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value("Non, ")
        await expect(item.locator("form")).to_have_count(0)
        await button.click()
        await page.reload()
        await expect(item.locator("form")).to_have_count(1)
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        await expect(item.locator("[part=replies]").first).to_contain_text(text)
        await expect(item.locator("form")).to_have_count(0)
        await page.reload()
        await expect(item.locator("[part=replies]").first).to_contain_text(text)
        assert found(demo, moderator, text)[0]["parent"] == parent


async def test_a_reply_to_what_is_gone_meanwhile_becomes_a_comment_of_its_own(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    gone, text = some_text(), some_text()
    filled(demo, moderator, f"{blog.url}/gone", [gone])
    async with page_of(browser, demo) as page:
        await page.goto(f"{blog.url}/gone")
        await part(page, "reply").click()
        decide(demo, moderator, gone, "reject")
        await fill(page, text)
        await expect(part(page, "status")).to_contain_text("n’est pas public")
        await expect(part(page, "status")).to_contain_text(KEPT)
        assert await is_focused(part(page, "status"))
        await part(page, "submit").click()
        await expect(comment_with(page, text)).to_be_focused()
        assert found(demo, moderator, text)[0]["parent"] is None


# --- reading


async def test_a_long_listing_is_shown_in_parts_and_a_link_leads_into_any_of_them(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    texts = [f"Le long fil, {n}" for n in range(120)]
    ids = filled(demo, moderator, f"{blog.url}/long", texts)
    async with page_of(browser, demo) as page:
        await page.goto(f"{blog.url}/long")
        await expect(part(page, "comment")).to_have_count(50)
        await expect(part(page, "heading").first).to_have_text("120 commentaires")
        await part(page, "more").click()
        await expect(page.locator(f"palabre-comments #comment-{ids[50]}")).to_be_focused()
        await part(page, "more").click()
        await expect(part(page, "comment")).to_have_count(120)
        await expect(part(page, "more")).to_be_hidden()
        await page.goto("about:blank")
        await page.goto(f"{blog.url}/long#comment-{ids[110]}")
        linked = page.locator(f"palabre-comments #comment-{ids[110]}")
        await expect(linked).to_be_focused()
        await expect(linked).to_be_in_viewport()
        first = page.locator(f"palabre-comments #comment-{ids[0]}")
        await first.locator("[part=time]").click()
        await expect(first).to_be_focused()
        await page.goto(f"{blog.url}/long#comment-none")
        await expect(part(page, "comment")).to_have_count(120)


async def test_a_link_to_a_comment_that_is_gone_costs_a_few_pages_at_most(
    browser: Browser, demo: Running, blog: Pages
) -> None:
    asked: list[str] = []

    async def endless(route: Route) -> None:
        asked.append(route.request.url)
        gone = dict.fromkeys(("parent", "author", "html", "created_at", "edited_at"))
        body = {
            "article": {"url": f"{blog.url}/endless", "title": None, "open": True, "count": 9},
            "comments": [{"id": f"c{len(asked)}", "depth": 0, "state": "deleted", **gone}],
            "next": f"/v1/comments?article={blog.url}/endless&after={len(asked)}",
        }
        await route.fulfill(json=body, headers={"Access-Control-Allow-Origin": "*"})

    async with page_of(browser, demo) as page:
        await page.route("**/v1/comments?**", endless)
        await page.goto(f"{blog.url}/endless#comment-gone")
        await expect(part(page, "comment")).to_have_count(6)
        # Whatever it asked for before this has set out by the time that this is answered.
        await page.evaluate(f"fetch('{demo.url}/healthz', {{mode: 'no-cors'}}).then(() => null)")
        assert len(asked) == 6


async def test_a_waiting_reply_to_a_comment_further_on_stands_below_it(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    article, text = f"{blog.url}/further", some_text()
    ids = filled(demo, moderator, article, [f"Plus loin, {n}" for n in range(60)])
    async with page_of(browser, demo) as page:
        await page.goto(f"{article}#comment-{ids[55]}")
        item = page.locator(f"palabre-comments #comment-{ids[55]}")
        await item.locator("[part=reply]").click()
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        await page.goto("about:blank")
        await page.goto(article)
        await expect(item.locator("[part=replies]").first).to_contain_text(text)


async def test_times_are_in_words_by_the_reader_s_own_clock(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    said = {}
    for lang, zone in (("fr", "Europe/Paris"), ("en", "Asia/Tokyo")):
        async with page_of(browser, demo, timezone_id=zone) as page:
            await page.goto(f"{demo.url}/demo/element?lang={lang}")
            time = part(page, "time").first.locator("time")
            # Waits for the comments, as the look at all of them does not.
            moment = await time.get_attribute("datetime")
            assert moment
            assert moment.endswith("Z")
            said[lang] = " | ".join(await part(page, "time").all_inner_texts())
    french = re.findall(r"à (\d+)\u00a0h\u00a0\d\d\b", said["fr"])
    english = re.findall(r" at (\d\d):\d\d\b", said["en"])
    assert len(french) == len(english) > 10
    assert {hour for hour in french if len(hour) == 2 and hour.startswith("0")} == set()


HOSTILE = '<img src=x onerror="window.hit=1">"\'><script>window.hit=1</script>'


async def test_nothing_that_was_typed_ever_runs(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    with demo.client() as client:
        for number, text in enumerate(
            (
                HOSTILE,
                "[x](javascript:window.hit=1) [y](data:text/html,<script>) ![z](https://e.example/)",
                "</template></style><style>*{display:none}</style>\u2028{name} {n} $& $`",
            )
        ):
            fields = makers.fields(
                article=f"{blog.url}/hostile", comment=f"{text} {number}", name=HOSTILE[:80]
            )
            answer = client.post("/v1/comments", json=fields).raise_for_status()
            path = f"/v1/moderation/comments/{answer.json()['comment']['id']}/approve"
            client.post(path, headers=moderator).raise_for_status()
    async with page_of(browser, demo) as page:
        await page.goto(f"{blog.url}/hostile")
        await expect(part(page, "comment")).to_have_count(3)
        await fill(page, HOSTILE)
        await expect(part(page, "comment")).to_have_count(4)
        await part(page, "reply").first.click()
        await expect(part(page, "form").get_by_role("heading")).to_have_text(
            f"En réponse à {HOSTILE[:80]}"
        )
        await page.reload()
        await expect(part(page, "comment")).to_have_count(4)
        assert await page.evaluate("window.hit") is None
        assert await page.locator("palabre-comments :is(img, script, style)").count() == 0
        links = await page.locator("palabre-comments a[href]").evaluate_all(
            "all => all.map(a => a.href)"
        )
        assert [link for link in links if not link.startswith("http")] == []


async def test_a_closed_article_says_so_and_offers_no_form(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    filled(demo, moderator, f"{blog.url}/closed", ["Le dernier mot."])
    with demo.client(moderator) as client:
        body = {"article": f"{blog.url}/closed", "site": "blog", "open": False}
        client.put("/v1/moderation/articles", json=body).raise_for_status()
    async with page_of(browser, demo) as page:
        await page.goto(f"{blog.url}/closed")
        await expect(part(page, "comment")).to_have_count(1)
        await expect(page.locator("palabre-comments")).to_contain_text(
            "Les commentaires sont fermés."
        )
        await expect(part(page, "form")).to_have_count(0)
        await expect(part(page, "reply")).to_have_count(0)


async def test_what_was_written_before_an_article_closed_can_still_be_copied(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    article, text = f"{blog.url}/closing", some_text()
    filled(demo, moderator, article, ["Avant la fin."])
    async with page_of(browser, demo) as page:
        await page.goto(article)
        await page.locator("palabre-comments [name=comment]").fill(text)
        with demo.client(moderator) as client:
            body = {"article": article, "site": "blog", "open": False}
            client.put("/v1/moderation/articles", json=body).raise_for_status()
        await page.reload()
        await expect(part(page, "status")).to_have_text(f"Les commentaires sont fermés. {KEPT}")
        kept = page.locator("palabre-comments").get_by_role("textbox", name="Commentaire")
        await expect(kept).to_have_value(text)
        await expect(kept).not_to_be_editable()


# --- on the page


async def test_everything_works_under_the_strictest_policy_on_the_service_s_own_origin(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    text = some_text()
    async with page_of(browser, demo) as page:
        answer = await page.goto(f"{demo.url}/demo/strict")
        assert answer is not None
        assert answer.headers["content-security-policy"] == "default-src 'self'"
        await fill(page, text)
        await expect(comment_with(page, text)).to_be_focused()
        color = await part(page, "submit").evaluate("e => getComputedStyle(e).backgroundColor")
        assert color == "rgb(11, 92, 107)"
        disc = await part(page, "disc").first.evaluate("e => getComputedStyle(e).backgroundColor")
        assert disc not in ("rgba(0, 0, 0, 0)", "rgb(0, 0, 0)")


async def test_a_page_of_another_origin_takes_part_under_a_strict_policy_and_in_its_colours(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    text = some_text()
    blog.named = False
    try:
        async with page_of(browser, demo, width=320) as page:
            await page.goto(f"{blog.url}/elsewhere?utm_source=x#top")
            color = await part(page, "submit").evaluate("e => getComputedStyle(e).backgroundColor")
            assert color == "rgb(1, 2, 3)"
            await fill(page, text)
            await expect(comment_with(page, text)).to_be_focused()
            assert await fits(page)
            await page.goto(f"{blog.url}/elsewhere")
            (sent,) = found(demo, moderator, text)
            assert sent["article"]["url"] == f"{blog.url}/elsewhere"
            assert sent["article"]["title"] == "L’article /elsewhere"
            decide(demo, moderator, text, "approve")
            await page.reload()
            await expect(comment_with(page, text).locator("[part=state]")).to_have_count(0)
    finally:
        blog.named = True


async def test_a_change_of_its_attributes_is_another_article(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    one, two = f"{blog.url}/single-1", f"{blog.url}/single-2"
    first = filled(demo, moderator, one, ["Le premier article."])
    filled(demo, moderator, two, ["Le second, a.", "Le second, b."])
    text = some_text()
    element = "document.querySelector('palabre-comments')"
    comment = "palabre-comments [name=comment]"
    async with page_of(browser, demo) as page:
        await page.goto(one)
        await page.locator(comment).fill(text)
        await page.evaluate(f"{element}.setAttribute('article', '{two}')")
        await expect(part(page, "heading").first).to_have_text("2 commentaires")
        await expect(page.locator(comment)).to_have_value("")
        await expect(page.locator("palabre-comments")).not_to_contain_text("Le premier article.")
        await page.evaluate(f"{element}.setAttribute('lang', 'en')")
        await expect(part(page, "heading").first).to_have_text("2 comments")
        await page.evaluate(f"{element}.setAttribute('site', 'nowhere')")
        await expect(part(page, "form")).to_have_count(0)
        await page.evaluate(f"{element}.removeAttribute('site')")
        await page.evaluate(
            f"window.kept = {element}; kept.remove(); kept.setAttribute('article', '{one}')"
        )
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.evaluate("location.hash = 'comment-none'")
        await page.evaluate("new Promise(requestAnimationFrame)")
        assert asked == []
        await page.evaluate("document.body.append(kept)")
        await expect(page.locator(comment)).to_have_value(text)
        await expect(part(page, "heading").first).to_have_text("1 comment")
        await page.evaluate(f"location.hash = 'comment-{first[0]}'")
        await expect(page.locator(f"palabre-comments #comment-{first[0]}")).to_be_focused()


async def test_nothing_goes_wrong_where_a_form_is_gone_before_its_guard_has_come(
    browser: Browser, demo: Running, blog: Pages
) -> None:
    one, two = f"{blog.url}/unguarded-1", f"{blog.url}/unguarded-2"
    element = "document.querySelector('palabre-comments')"
    comment = "palabre-comments [name=comment]"
    is_asked, may_come = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        is_asked.set()
        await may_come.wait()
        await route.continue_()

    async with page_of(browser, demo) as page:
        await page.route("**/static/guard.js", late)
        await page.goto(one)
        await page.locator(comment).fill(some_text())
        await is_asked.wait()
        await page.evaluate(f"{element}.setAttribute('article', '{two}')")
        await expect(page.locator(comment)).to_have_value("")
        may_come.set()
        # The form that is there has a guard of its own, which comes after that of the first.
        await page.locator(comment).fill(some_text())
        await expect(page.locator("palabre-comments [part=remember]")).to_have_count(1)


async def test_what_was_being_sent_when_the_article_changed_is_in_its_own_memory(
    browser: Browser, demo: Running, blog: Pages
) -> None:
    one, two, text = f"{blog.url}/under-way-1", f"{blog.url}/under-way-2", some_text()

    async with page_of(browser, demo) as page:

        async def change_first(route: Route) -> None:
            await page.evaluate(
                f"document.querySelector('palabre-comments').setAttribute('article', '{two}')"
            )
            await route.continue_()

        await page.goto(one)
        await page.route("**/v1/comments", change_first)
        await fill(page, text)
        await holds(page, f"localStorage['palabre {one}']?.includes('mine\":[\"')")
        await expect(comment_with(page, text)).to_have_count(0)
        await page.goto(one)
        await expect(comment_with(page, text)).to_contain_text(WORDS["fr"]["awaits"])
        await expect(page.locator("palabre-comments [name=comment]")).to_have_value("")


async def test_a_page_s_base_does_not_decide_which_article_it_is(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    filled(demo, moderator, f"{blog.url}/based", ["Sur sa base."])
    blog.named, blog.head = False, '<base href="/files/">'
    try:
        async with page_of(browser, demo) as page:
            await page.goto(f"{blog.url}/based")
            await expect(comment_with(page, "Sur sa base.")).to_be_visible()
    finally:
        blog.named, blog.head = True, ""


@pytest.mark.parametrize(
    ("lang", "site", "reader", "said", "away"),
    [
        ("en-US", "fr", "fr", "Post the comment", "Try again"),
        ("FR-ca", "en", "en", "Publier le commentaire", "Réessayer"),
        ("de", "en", "fr", "Post the comment", "Réessayer"),
        ("frr", "en", "de, en", "Post the comment", "Try again"),
        ("", "fr", "en", "Publier le commentaire", "Try again"),
        (None, "en", "de", "Post the comment", "Réessayer"),
    ],
)
async def test_it_speaks_the_page_s_language_or_else_the_site_s_or_else_the_reader_s(
    browser: Browser,
    demo: Running,
    blog: Pages,
    lang: str | None,
    site: str,
    reader: str,
    said: str,
    away: str,
) -> None:
    name = f"speaks-{site}"
    with Pages(demo.url) as pages:
        demo.command(
            "site", "add", f"{name}-{next(_number)}", "--origin", pages.url, "--locale", site
        )
        pages.lang = lang
        languages = (
            f"Object.defineProperty(navigator, 'languages', {{value: {reader.split(', ')}}})"
        )
        async with context_of(browser, demo) as context:
            await context.add_init_script(languages)
            page = await context.new_page()
            await page.goto(f"{pages.url}/a")
            await expect(part(page, "submit")).to_have_text(said)
            await fill(
                page, "Une adresse fausse.", lang="en" if "Post" in said else "fr", email="z@z"
            )
            end = WORDS["en" if "Post" in said else "fr"]["end"]
            await expect(page.locator("palabre-comments #error-email")).to_contain_text(end)
            await page.route("**/v1/**", lambda route: route.abort("connectionrefused"))
            await page.goto(f"{pages.url}/b")
            await expect(part(page, "retry")).to_have_text(away)


async def test_it_leads_to_what_the_site_does_with_its_readers_data(
    browser: Browser, demo: Running, blog: Pages
) -> None:
    policy = f"{blog.url}/vie-privée/œ?a=%C3%A9"
    async with page_of(browser, demo) as page:
        await page.goto(f"{blog.url}/private")
        await expect(part(page, "submit")).to_be_visible()
        await expect(part(page, "privacy")).to_be_hidden()
        demo.command("site", "set", "blog", f"privacy_url={policy}")
        try:
            await page.reload()
            link = page.get_by_role("link", name="Ce que ce site fait de vos données")
            await expect(link).to_be_visible()
            seen = await link.evaluate("(e, url) => e.href == new URL(url).href", policy)
            assert seen
        finally:
            demo.command("site", "set", "blog", "privacy_url=off")


async def test_a_long_name_keeps_its_disc_beside_it_and_whoever_has_a_website_is_as_bold(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    article = f"{blog.url}/names"
    name = "Maximilienne de la Rochefoucauld-Montmorency d’Outremer et du Val"
    filled(demo, moderator, article, ["Un nom long."], name=name)
    filled(demo, moderator, article, ["Un site."], website="https://example.com/")
    async with page_of(browser, demo, width=320) as page:
        await page.goto(article)
        for text in ("Un nom long.", "Un site."):
            item = comment_with(page, text)
            disc = await item.locator("[part=disc]").bounding_box()
            who = await item.locator("[part=name]").bounding_box()
            assert disc
            assert who
            assert who["x"] >= disc["x"] + disc["width"]
            assert who["y"] < disc["y"] + disc["height"] / 2
            weight = await item.locator("[part=name]").evaluate(
                "e => getComputedStyle(e).fontWeight"
            )
            assert weight == "600"
        blog.style = "palabre-comments { --palabre-read: 20px/1.6 serif }"
        try:
            await page.reload()
            text_size = await part(page, "text").first.evaluate("e => getComputedStyle(e).fontSize")
            assert text_size == "20px"
        finally:
            blog.style = ""


async def test_marks_stacked_upon_a_letter_stay_in_their_comment(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str]
) -> None:
    article, tower = f"{blog.url}/marks", "Z" + "\u0301" * 70
    filled(demo, moderator, article, ["Au-dessus.", tower], name="Z" + "\u0301" * 70)
    async with page_of(browser, demo) as page:
        await page.goto(article)
        await expect(part(page, "comment")).to_have_count(2)
        for name in ("name", "text"):
            for one in await part(page, name).all():
                assert await one.evaluate("e => getComputedStyle(e).overflow") == "clip"


async def test_a_site_s_own_stylesheet_colours_the_pages_it_leads_to(
    browser: Browser, demo: Running, blog: Pages
) -> None:
    demo.command("site", "set", "blog", "stylesheet=/style.css")
    try:
        async with page_of(browser, demo, color_scheme="dark") as page:
            await page.goto(f"{demo.url}/v1/form?article={blog.url}/styled")
            button = page.get_by_role("button", name="Publier le commentaire")
            color = await button.evaluate("e => getComputedStyle(e).backgroundColor")
            assert color == "rgb(4, 5, 6)"
    finally:
        demo.command("site", "set", "blog", "stylesheet=off")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_it_reads_from_right_to_left_where_the_page_does(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str], width: int, scheme: str
) -> None:
    article = f"{blog.url}/rtl-{width}-{scheme}"
    filled(demo, moderator, article, ["سؤال عن المكتبة", "https://example.com/" + "x" * 300])
    blog.dir = "rtl"
    try:
        async with page_of(browser, demo, width=width, color_scheme=scheme) as page:
            await page.goto(article)
            await part(page, "reply").first.click()
            assert await fits(page)
            heading = await part(page, "heading").first.evaluate(
                "e => getComputedStyle(e).direction"
            )
            assert heading == "rtl"
            assert (
                await part(page, "heading").first.evaluate(
                    """e => {
                  const range = new Range();
                  range.selectNodeContents(e);
                  return e.getBoundingClientRect().right - range.getBoundingClientRect().right;
                }"""
                )
                < 1
            )
            # "2 commentaires", not "commentaires 2".
            for one in (part(page, "heading").first, part(page, "time").first):
                edges = await one.evaluate(
                    """e => {
                      const node = document.createTreeWalker(e, NodeFilter.SHOW_TEXT).nextNode();
                      const range = new Range();
                      range.selectNodeContents(node);
                      const whole = range.getBoundingClientRect();
                      range.setEnd(node, 1);
                      return [range.getBoundingClientRect().left, whole.left];
                    }"""
                )
                assert abs(edges[0] - edges[1]) < 1
            texts = part(page, "text")
            directions = await texts.evaluate_all(
                "all => all.map(e => getComputedStyle(e).direction)"
            )
            assert directions == ["rtl", "ltr"]
    finally:
        blog.dir = "ltr"


@pytest.mark.parametrize("style", ["", "html { font-size: 62.5% } body { font: 1.4rem/1.2 serif }"])
async def test_targets_are_large_enough_for_a_finger(
    browser: Browser, demo: Running, blog: Pages, moderator: dict[str, str], style: str
) -> None:
    article = f"{blog.url}/finger-{len(style)}"
    filled(demo, moderator, article, ["Une cible."], website="https://example.com/")
    demo.command("site", "set", "blog", f"privacy_url={blog.url}/donnees")
    blog.style = style
    try:
        async with page_of(browser, demo, width=320) as page:
            await page.goto(article)
            await part(page, "reply").first.click()
            await expect(part(page, "privacy")).to_be_visible()
            small = await page.locator(
                "palabre-comments :is(button, textarea, input:not([tabindex='-1']), a[href])"
            ).evaluate_all(
                "all => all.filter(e => e.checkVisibility())"
                ".map(e => [e.outerHTML, e.getBoundingClientRect()])"
                ".filter(([, box]) => box.height < 24 || box.width < 24)"
            )
            assert [one for one, _ in small if FALLBACK not in one] == []
    finally:
        blog.style = ""
        demo.command("site", "set", "blog", "privacy_url=off")


async def test_without_javascript_what_stands_in_the_element_stays(
    browser: Browser, demo: Running
) -> None:
    text = some_text()
    context = await browser.new_context(java_script_enabled=False, locale="fr")
    page = await context.new_page()
    await page.goto(f"{demo.url}/demo/element")
    await page.get_by_role("link", name="Laisser un commentaire").click()
    await page.wait_for_url("**/v1/form?**")
    await page.goto(f"{demo.url}/demo/strict")
    assert await page.locator(".palabre-comment").count() > 5
    await page.get_by_label("Commentaire *").fill(text)
    await page.get_by_label("Nom").fill("Zoé")
    await page.get_by_label("Adresse de messagerie").fill("zoe@example.com")
    await page.get_by_role("button", name="Publier le commentaire").click()
    await page.wait_for_url("**/v1/receipts/**")
    await context.close()


async def test_the_demonstration_s_ways_lead_to_one_another(
    browser: Browser, demo: Running
) -> None:
    async with page_of(browser, demo, width=320) as page:
        await page.goto(f"{demo.url}/demo/")
        for way in ("Élément", "Inclusion", "Politique stricte", "Formulaire HTML"):
            await page.get_by_role("link", name=way).click()
            await expect(page.locator("[aria-current=page]")).to_have_text(way)
            assert await fits(page)
            assert "dix-neuf" not in await page.inner_text("h1")
