"""Single keys on a comment's own page: they press its buttons, once, and never while one types."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from browser.test_desk import desk, posted, states
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STROKES = """keys => {
  for (const key of keys) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }
}"""


async def keys_of(page: Page) -> list[str]:
    """The keys that the dialog lists."""
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    found = await dialog.locator("kbd").all_inner_texts()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    return found


async def is_there(page: Page) -> None:
    """The page of a comment has come, with the script that takes its keys."""
    await expect(page.locator("#history")).to_be_visible()
    await page.wait_for_load_state()


async def nothing_happens(page: Page, keys: str) -> None:
    """Each key is pressed, and the page is as it was."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    # What a dialog leaves with the focus loses it when the page is drawn.
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    focused = "document.activeElement.outerHTML"
    before = [await page.content(), await page.evaluate(focused)]
    for key in keys:
        await page.keyboard.press(key)
    assert [await page.content(), await page.evaluate(focused)] == before
    # That somebody looks is said by itself.
    assert [url for url in asked if not url.endswith("/look")] == []


async def test_each_key_presses_the_button_that_it_stands_on(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/own-keys", 6)
    queue = f"{demo.url}/desk/?state=all&site=demo&article=/own-keys"
    told = {"a": "est publié", "s": "indésirable", "h": "en attente"}
    async with desk(browser, demo, "own-keys") as page:

        async def come_to(one: str) -> None:
            await page.goto(queue)
            await page.locator(f"#c-{one} h2 a").click()
            await is_there(page)

        for one, key in ((ids[0], "a"), (ids[1], "s"), (ids[1], "h")):
            await come_to(one)
            await page.keyboard.press(key)
            # Back where one came from, with what was done and its undo.
            await expect(page.locator("#told")).to_contain_text(told[key])
            await expect(page.locator("#told button")).to_be_visible()
            assert page.url.startswith(queue)
        await come_to(ids[2])
        await page.keyboard.press("d")
        await page.get_by_role("button", name="Supprimer définitivement").click()
        await expect(page.locator("#told")).to_contain_text("supprimé")
        await come_to(ids[3])
        await page.keyboard.press("r")
        await expect(page.locator("#reason")).to_be_focused()
        for key in ("ArrowDown", "Tab", "a", "s", "Tab", "Enter"):
            await page.keyboard.press(key)
        await expect(page.locator("#told")).to_contain_text("est refusé")
        # Or at once, as in the queue.
        await come_to(ids[5])
        for key in ("r", "ArrowDown", "Enter"):
            await page.keyboard.press(key)
        await expect(page.locator("#told")).to_contain_text("est refusé")
        # What is undone here is what was decided there.
        await come_to(ids[4])
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("est publié")
        # Where the cursor is, the script says that takes the queue's keys.
        await expect(page.locator(".case[data-here]")).to_have_count(1)
        await page.keyboard.press("u")
        await expect(page.locator("#told")).to_contain_text("Annulé")
    found = states(demo, moderator, ids)
    assert found == ["approved", "pending", "deleted", "rejected", "pending", "rejected"]
    with demo.client(moderator) as client:
        refused = client.get(f"/v1/moderation/comments/{ids[3]}").json()
    assert refused["reason"] == "off_topic"
    assert refused["decisions"][-1]["note"] == "as"


async def test_the_list_holds_the_keys_that_work_on_the_page(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    (only,) = posted(demo, "/listed-keys", 1)
    async with desk(browser, demo, "listed-keys") as page:
        await page.goto(f"{demo.url}/desk/comments/{only}")
        assert await keys_of(page) == ["a", "r", "s", "d", "?"]
        # While the list is open they wait, and its own key closes it.
        for key in "?as":
            await page.keyboard.press(key)
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await nothing_happens(page, "hjkxu/")
        await page.get_by_role("button", name="Raccourcis clavier").click()
        await page.get_by_role("button", name="Fermer").click()
        await expect(page.get_by_role("dialog")).to_be_hidden()
        with demo.client(moderator) as client:
            answer = client.post(f"/v1/moderation/comments/{only}/approve")
        assert answer.status_code == 200
        await page.reload()
        assert await keys_of(page) == ["r", "s", "h", "d", "?"]
        await nothing_happens(page, "a")
    assert states(demo, moderator, [only]) == ["approved"]


async def test_no_key_decides_for_who_types_or_has_them_switched_off(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    (only,) = posted(demo, "/typed-keys", 1)
    async with desk(browser, demo, "typed-keys") as page:
        await page.goto(f"{demo.url}/desk/comments/{only}")
        await page.locator("summary:has(#edit)").click()
        for field in ("#note", "#reply-text", "#edit-name", "#edit-website"):
            await page.locator(field).fill("")
            await page.keyboard.type("ashdr?")
            await expect(page.locator(field)).to_have_value("ashdr?")
        await page.goto(f"{demo.url}/desk/comments/{only}")
        for chord in ("Control+a", "Meta+s", "Alt+d"):
            await page.keyboard.press(chord)
        await page.locator("#reason").focus()
        await page.keyboard.type("ashd?")
        await expect(page.locator("#reason")).to_be_focused()
        assert await page.get_by_role("dialog").count() == 0
        await page.goto(f"{demo.url}/desk/sessions")
        await page.get_by_role("checkbox").uncheck()
        async with page.expect_navigation():
            await page.get_by_role("button", name="Enregistrer").click()
        await page.goto(f"{demo.url}/desk/comments/{only}")
        await nothing_happens(page, "ashdr?")
        assert await page.locator("[data-key], dialog, .keys").count() == 0
        await page.get_by_role("button", name="Approuver", exact=True).click()
        await expect(page.locator("#told")).to_contain_text("est publié")
        await expect(page.locator("#told kbd")).to_have_count(0)
    assert states(demo, moderator, [only]) == ["approved"]


async def test_no_key_does_anything_where_nothing_can_be_decided(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    only, gone = posted(demo, "/read-keys", 2)
    with demo.client(moderator) as client:
        answer = client.post(f"/v1/moderation/comments/{gone}/delete")
    assert answer.status_code == 200
    async with desk(browser, demo, "read-keys", scope="read") as page:
        await page.goto(f"{demo.url}/desk/comments/{only}")
        await nothing_happens(page, "ashdr?")
        await page.goto(f"{demo.url}/desk/?article=/read-keys&site=demo")
        assert await keys_of(page) == ["j", "k", "/", "?"]
    async with desk(browser, demo, "gone-keys") as page:
        await page.goto(f"{demo.url}/desk/comments/{gone}")
        await nothing_happens(page, "ashdr?")
    assert states(demo, moderator, [only, gone]) == ["pending", "deleted"]


async def test_a_key_pressed_twice_or_held_decides_once(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/twice-keys", 3)
    async with desk(browser, demo, "twice-keys") as page:
        await page.clock.install()
        await page.goto(f"{demo.url}/desk/?article=/twice-keys&site=demo")
        await page.locator(f"#c-{ids[0]} h2 a").click()
        await is_there(page)
        await page.clock.pause_at(await page.evaluate("Date.now() + 60_000"))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        # Before the page has gone, whatever the service takes.
        await page.evaluate(STROKES, "aas")
        here = page.locator(".case[data-here]")
        await expect(here).to_have_id(f"c-{ids[1]}")
        # Nobody has read the next one yet.
        await page.keyboard.press("a")
        await page.keyboard.press("j")
        await expect(here).to_have_id(f"c-{ids[2]}")
        assert len([url for url in asked if url.endswith("/decide")]) == 1
        await page.clock.run_for(500)
        await page.keyboard.press("a")
        await expect(page.locator(f"#c-{ids[2]}")).to_have_count(0)
    assert states(demo, moderator, ids) == ["approved", "pending", "approved"]


async def test_a_key_that_is_held_down_decides_once_on_whatever_page_it_ends(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/held-keys", 2)
    async with desk(browser, demo, "held-keys") as page:
        await page.goto(f"{demo.url}/desk/comments/{ids[0]}")
        for _ in range(3):
            await page.keyboard.down("s")
        await expect(page.locator("#told button")).to_be_visible()
        await page.goto(f"{demo.url}/desk/comments/{ids[1]}")
        for _ in range(3):
            await page.keyboard.down("s")
        await page.keyboard.up("s")
        # What came of it would be on the next page that one sees.
        await page.goto(f"{demo.url}/desk/comments/{ids[1]}")
        await expect(page.locator("#history")).to_be_visible()
    assert states(demo, moderator, ids) == ["spam", "pending"]


async def test_a_page_that_was_not_left_after_all_takes_keys_again(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    (only,) = posted(demo, "/stayed-keys", 1)
    async with desk(browser, demo, "stayed-keys") as page:
        await page.clock.install()
        await page.goto(f"{demo.url}/desk/comments/{only}")
        await page.route("**/desk/decide", lambda route: route.abort("aborted"))
        async with page.expect_event("requestfailed"):
            await page.keyboard.press("a")
        await page.unroute("**/desk/decide")
        await page.clock.run_for(3000)
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("est publié")
    assert states(demo, moderator, [only]) == ["approved"]


async def test_the_queue_needs_no_keys_to_decide_without_a_reload(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/no-keys", 2)
    async with desk(browser, demo, "no-keys") as page:
        await page.route(re.compile(r"/keys[^/]*\.js"), lambda route: route.abort())
        await page.goto(f"{demo.url}/desk/?article=/no-keys&site=demo")
        asked: list[str] = []
        page.on("framenavigated", lambda frame: asked.append(frame.url))
        here = page.locator(".case[data-here]")
        await expect(here).to_have_id(f"c-{ids[0]}")
        await here.get_by_role("button", name="Approuver", exact=True).click()
        await expect(page.locator("#told")).to_contain_text("est publié")
        await expect(here).to_have_id(f"c-{ids[1]}")
        assert asked == []
    assert states(demo, moderator, ids) == ["approved", "pending"]


async def test_a_key_leads_to_what_is_written_rather_than_lose_it(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    (only,) = posted(demo, "/draft-keys", 1)
    async with desk(browser, demo, "draft-keys") as page:
        await page.goto(f"{demo.url}/desk/comments/{only}")
        await page.locator("#reply-text").fill("Merci à ")
        await page.locator("h1").click()
        await page.keyboard.press("a")
        await page.keyboard.type("vous.")
        await expect(page.locator("#reply-text")).to_have_value("Merci à vous.")
        async with page.expect_navigation():
            await page.get_by_role("button", name="Approuver et répondre").click()
        await expect(page.locator("#told")).to_contain_text("Votre réponse est publiée.")
    assert states(demo, moderator, [only]) == ["approved"]


async def test_no_key_leaves_a_page_that_hands_back_what_was_written(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/kept-keys", 4)
    long = "x" * 20_001
    async with desk(browser, demo, "kept-keys") as page:

        async def stays(key: str, field: str, text: str) -> None:
            await is_there(page)
            await page.locator("h1").click()
            await page.keyboard.press(key)
            await expect(page.locator(field)).to_be_focused()
            await expect(page.locator(field)).to_have_value(text)

        # A name that is half corrected, in a part of the page that was folded up since.
        await page.goto(f"{demo.url}/desk/comments/{ids[0]}?ask=edit")
        await page.locator("#edit-name").fill("Zoé")
        await page.locator("summary:has(#edit)").click()
        await stays("a", "#edit-name", "Zoé")
        # A reply that is too long.
        await page.goto(f"{demo.url}/desk/comments/{ids[1]}")
        await page.locator("#reply-text").fill(long)
        await page.get_by_role("button", name="Approuver et répondre").click()
        await expect(page.locator("#reply-text-error")).to_be_visible()
        await stays("a", "#reply-text", long)
        # An edit of what somebody else has changed meanwhile.
        await page.goto(f"{demo.url}/desk/comments/{ids[2]}?ask=edit")
        with demo.client(moderator) as client:
            path = f"/v1/moderation/comments/{ids[2]}"
            assert client.patch(path, json={"text": "Autrement"}).status_code == 200
        await page.locator("#edit-text").fill("À ma façon")
        await page.get_by_role("button", name="Enregistrer").click()
        await expect(page.locator(".alert")).to_be_visible()
        await stays("s", "#edit-text", "À ma façon")
        # A reply to what is spam by now, of which there is only a copy left.
        await page.goto(f"{demo.url}/desk/comments/{ids[3]}")
        with demo.client(moderator) as client:
            spam = client.post(f"/v1/moderation/comments/{ids[3]}/spam")
        assert spam.status_code == 200
        await page.locator("#reply-text").fill("Bonjour")
        await page.get_by_role("button", name="Approuver et répondre").click()
        await expect(page.locator("#typed")).to_be_visible()
        await stays("d", "#typed", "Bonjour")
    assert states(demo, moderator, ids) == ["pending", "pending", "pending", "spam"]
