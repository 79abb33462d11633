"""In the queue one decides on what one sees: the cursor, ticks, and what others have done."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

import makers
from browser.test_desk import desk, posted, states
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def shown(page: Page, selector: str) -> str:
    """What the style sheet writes behind an element."""
    script = "selector => getComputedStyle(document.querySelector(selector), '::after').content"
    return str(await page.evaluate(script, selector))


async def test_no_key_decides_on_what_is_out_of_sight(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/out-of-sight", 12)
    async with desk(browser, demo, "out-of-sight") as page:
        await page.goto(f"{demo.url}/desk/?article=/out-of-sight&site=demo")
        here = page.locator(".case[data-here]")
        await expect(here).to_have_id(f"c-{ids[0]}")
        await page.evaluate("document.documentElement.scrollTop = 100_000")
        await page.keyboard.press("a")
        # The first key only brings the cursor to where one looks.
        await expect(here).not_to_have_id(f"c-{ids[0]}")
        await expect(here).to_be_in_viewport()
        assert states(demo, moderator, ids) == ["pending"] * 12
        # Coming back from elsewhere as well.
        await page.goto(f"{demo.url}/desk/?article=/out-of-sight&site=demo")
        for _ in range(11):
            await page.keyboard.press("j")
        await here.locator("h2 a").click()
        await expect(page.locator("#history")).to_be_visible()
        await page.go_back()
        await expect(here).to_have_count(1)
        await expect(page.locator(f"#c-{ids[0]}")).not_to_be_in_viewport()
        await page.keyboard.press("a")
        await expect(here).to_be_in_viewport()
        assert states(demo, moderator, ids) == ["pending"] * 12
        sees = str(await here.get_attribute("id")).removeprefix("c-")
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("est publié")
    assert states(demo, moderator, [sees]) == ["approved"]


async def test_keys_stand_on_what_they_are_for_and_several_are_refused_like_one(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/several", 4)
    async with desk(browser, demo, "several") as page:
        await page.goto(f"{demo.url}/desk/?article=/several&site=demo")
        assert await shown(page, ".case[data-here] [data-key=a]") == '"a" / ""'
        assert await shown(page, ".many [data-many=a]") == "none"
        every = page.locator(".many [value=all]")
        await expect(every).to_have_text("Tous ceux de cette liste\u00a0: 4")
        for key in "xjxj":
            await page.keyboard.press(key)
        assert await shown(page, ".case[data-here] [data-key=a]") == "none"
        assert await shown(page, ".many [data-many=a]") == '"a" / ""'
        await page.keyboard.press("r")
        reason = page.locator(".many [name=reason]")
        await expect(reason).to_be_focused()
        await page.keyboard.press("Escape")
        here = page.locator(".case[data-here]")
        await expect(here).to_be_focused()
        await expect(here).to_have_id(f"c-{ids[2]}")
        await page.locator(".many [name=note]").fill("Deux fois le même")
        await page.keyboard.press("Escape")
        for key in ("r", "ArrowDown", "Enter"):
            await page.keyboard.press(key)
        await expect(page.locator("#told")).to_contain_text("2")
        await expect(page.locator(".case")).to_have_count(2)
        await expect(every).to_have_text("Tous ceux de cette liste\u00a0: 2")
        await expect(here).to_be_focused()
        # Neither is for whatever comes next.
        await expect(reason).to_have_value("")
        await expect(page.locator(".many [name=note]")).to_have_value("")
    assert states(demo, moderator, ids) == ["rejected", "rejected", "pending", "pending"]
    with demo.client(moderator) as client:
        refused = client.get(f"/v1/moderation/comments/{ids[1]}").json()["decisions"][-1]
    assert (refused["reason"], refused["note"]) == ("off_topic", "Deux fois le même")


@pytest.mark.parametrize("scripts", [True, False])
async def test_enter_on_a_tick_presses_no_button(
    browser: Browser, demo: Running, moderator: dict[str, str], scripts: bool
) -> None:
    ids = posted(demo, f"/enter-{scripts}", 2)
    async with desk(browser, demo, f"enter-{scripts}", scripts=scripts) as page:
        await page.goto(f"{demo.url}/desk/?article=/enter-{scripts}&site=demo")
        tick = page.locator(f"#c-{ids[1]} header [type=checkbox]")
        await tick.press("Space")
        await page.locator(".many [name=note]").fill("Une note")
        await tick.press("Enter")
        await expect(page.locator(".case")).to_have_count(2)
        await expect(tick).to_be_checked()
        await expect(page.locator(".many [name=note]")).to_have_value("Une note")
        await expect(page.locator("#told > *")).to_have_count(0)
    assert states(demo, moderator, ids) == ["pending", "pending"]


async def test_what_somebody_took_back_is_decided_on_like_anything_that_waits(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    (only,) = posted(demo, "/taken-back", 1)
    async with desk(browser, demo, "taken-back") as page:
        async with page.expect_response("**/desk/events"):
            await page.goto(f"{demo.url}/desk/?article=/taken-back&site=demo")
        with demo.client(moderator) as client:
            url = f"/v1/moderation/comments/{only}"
            assert client.post(f"{url}/approve").status_code == 200
            await expect(page.locator(".meanwhile")).to_be_visible()
            assert client.post(f"{url}/hold").status_code == 200
        await expect(page.locator(".meanwhile")).to_have_count(0)
        await page.keyboard.press("s")
        await expect(page.locator("#told")).to_contain_text("indésirable")
    assert states(demo, moderator, [only]) == ["spam"]


@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_that_is_stepped_to_stands_beneath_what_was_just_done(
    browser: Browser, demo: Running, width: int
) -> None:
    posted(demo, f"/beneath-{width}", 6)
    async with desk(browser, demo, f"beneath-{width}") as page:
        await page.set_viewport_size({"width": width, "height": 640})
        await page.goto(f"{demo.url}/desk/?article=/beneath-{width}&site=demo")
        await page.keyboard.press("s")
        await expect(page.locator("#told")).to_contain_text("indésirable")
        # A long name, and what could not be done besides.
        await page.locator("#told p").evaluate("e => { e.textContent = 'Très '.repeat(80) }")
        # How high it is is known a frame later.
        frame = "new Promise(requestAnimationFrame)"
        await page.evaluate(f"{frame}.then(() => {frame}).then(() => null)")
        await page.locator(".many select").first.focus()
        hidden = []
        for _ in range(40):
            await page.keyboard.press("Shift+Tab")
            hidden += await page.evaluate("""() => {
                const [one, told] = [document.activeElement, document.getElementById("told")];
                const { top } = one.getBoundingClientRect();
                const isBeneath = one.closest(".case") && top < told.getBoundingClientRect().bottom;
                return isBeneath ? [one.outerHTML] : [];
            }""")
        assert hidden == []


async def test_at_the_end_of_a_page_one_comes_to_the_next(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/two-pages", 51)
    async with desk(browser, demo, "two-pages") as page:
        await page.goto(f"{demo.url}/desk/?article=/two-pages&site=demo#c-{ids[49]}")
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[49]}")
        await page.keyboard.press("j")
        await expect(page.locator(".more a")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator(".case")).to_have_count(1)
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[50]}")
        # The search is left as it was come to.
        await page.keyboard.press("/")
        await page.keyboard.type("zéro")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await expect(page.locator(".case[data-here]")).to_be_focused()
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("est publié")
        await expect(page.get_by_text("Revenir au début de la liste")).to_have_count(1)
    assert states(demo, moderator, ids[50:]) == ["approved"]


async def test_the_title_counts_what_waits_as_the_page_does(
    browser: Browser, demo: Running
) -> None:
    posted(demo, "/titled-queue", 2)
    async with desk(browser, demo, "titled-queue") as page:
        await page.goto(f"{demo.url}/desk/?site=demo&order=newest")
        before = int((await page.title()).split()[0])
        await page.keyboard.press("a")
        await expect(page.locator("[data-count=pending]")).to_have_text(str(before - 1))
        await expect(page).to_have_title(f"{before - 1} en attente – Palabre")


async def test_the_cursor_stays_on_a_comment_that_comes_back_anew(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/back-anew", 5)
    async with desk(browser, demo, "back-anew") as page:
        await page.route("**/desk/events", lambda route: route.abort())
        await page.goto(f"{demo.url}/desk/?state=all&order=oldest&article=/back-anew&site=demo")
        here = page.locator(".case[data-here]")
        for key in "jj":
            await page.keyboard.press(key)
        with demo.client(moderator) as client:
            answer = client.post(f"/v1/moderation/comments/{ids[3]}/approve")
        assert answer.status_code == 200
        await page.keyboard.press("a")
        await expect(page.locator("#told")).to_contain_text("est publié")
        # The list came anew with both decisions in it.
        await expect(page.locator(f"#c-{ids[3]}")).to_contain_text("publié")
        await expect(here).to_have_id(f"c-{ids[3]}")
    assert states(demo, moderator, ids[:3]) == ["pending", "pending", "approved"]


async def test_no_key_decides_on_what_a_line_that_stays_covers(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/covered", 8)
    async with desk(browser, demo, "covered") as page:
        await page.goto(f"{demo.url}/desk/?article=/covered&site=demo")
        await page.keyboard.press("a")
        await expect(page.locator("#told button")).to_be_visible()
        here = page.locator(f"#c-{ids[1]}")
        await expect(page.locator(".case[data-here]")).to_have_id(f"c-{ids[1]}")
        # All of it but a few pixels is under the line.
        await here.evaluate(
            "one => { document.getElementById('told').firstElementChild.style.height = '300px';"
            " scrollBy(0, one.getBoundingClientRect().bottom - 310); }"
        )
        await page.keyboard.press("s")
        await expect(page.locator(".case[data-here]")).not_to_have_id(f"c-{ids[1]}")
    assert states(demo, moderator, ids) == ["approved"] + ["pending"] * 7


async def test_what_is_written_is_not_lost_with_a_decision(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    ids = posted(demo, "/written", 3)
    async with desk(browser, demo, "written") as page:
        await page.goto(f"{demo.url}/desk/?article=/written&site=demo")
        first = page.locator(f"#c-{ids[0]}")
        await first.get_by_role("button", name="Répondre").click()
        await first.locator("textarea").fill("Une longue réponse")
        await first.get_by_role("button", name="Approuver", exact=True).click()
        await expect(first.locator("textarea")).to_be_focused()
        await first.locator("header [type=checkbox]").check()
        await first.locator(".text").click()
        await page.keyboard.press("s")
        await expect(first.locator("textarea")).to_be_focused()
        await expect(first.locator("textarea")).to_have_value("Une longue réponse")
        await first.locator("textarea").fill("")
        await page.keyboard.press("Escape")
        await first.locator("header [type=checkbox]").uncheck()
        # Nor is a note that was for several, when nothing came of it.
        for one in ids[1:]:
            await page.locator(f"#c-{one} header [type=checkbox]").check()
        note = page.locator(".many [name=note]")
        await note.fill("Deux fois")
        await page.route("**/desk/decide", lambda route: route.abort())
        await page.locator(".many [name=reason]").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#told .held")).to_be_visible()
        await expect(note).to_have_value("Deux fois")
    assert states(demo, moderator, ids) == ["pending"] * 3


async def test_enter_held_down_on_refuse_only_asks(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    (only,) = posted(demo, "/held-enter", 1)
    async with desk(browser, demo, "held-enter") as page:
        await page.goto(f"{demo.url}/desk/?article=/held-enter&site=demo")
        await page.get_by_role("button", name="Refuser…").focus()
        for _ in range(3):
            await page.keyboard.down("Enter")
        await page.keyboard.up("Enter")
        await expect(page.locator(".refusing select")).to_be_focused()
        assert states(demo, moderator, [only]) == ["pending"]
        await page.keyboard.press("Enter")
        await expect(page.locator("#told")).to_contain_text("est refusé")
    assert states(demo, moderator, [only]) == ["rejected"]


async def test_each_comment_that_comes_into_the_list_is_refused_for_what_its_site_gives(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    demo.command("site", "add", "own-reasons", "--origin", "https://own-reasons.example")
    demo.command("site", "set", "own-reasons", "reasons=off_topic")

    def send(site: str, number: int) -> str:
        fields = makers.fields(
            site=site,
            article=f"/own-reasons-{number}",
            email=f"own-reasons-{number}@example.com",
            comment=f"Mirabelle, le numéro {number}.",
        )
        with demo.client() as client:
            return str(client.post("/v1/comments", json=fields).json()["comment"]["id"])

    first = send("demo", 0)
    async with desk(browser, demo, "own-reasons") as page:
        await page.goto(f"{demo.url}/desk/?q=Mirabelle")
        several = page.locator(".many [name=reason]")
        await expect(several.locator("[value=abuse]")).to_have_count(1)
        every = [send("demo", 1), send("own-reasons", 2), send("demo", 3)]
        await page.locator(f"#c-{first} [value^=approve]").click()
        await expect(page.locator(".case")).to_have_count(3)
        values = "every => every.map(one => one.value)"
        assert await several.locator("option").evaluate_all(values) == ["", "off_topic"]
        for one, gives in zip(every, (True, False, True), strict=True):
            await page.locator(f"#c-{one} [value^=ask]").click()
            reasons = page.locator(f"#c-{one} .refusing select")
            await expect(reasons.locator("[value=off_topic]")).to_have_count(1)
            await expect(reasons.locator("[value=abuse]")).to_have_count(int(gives))
            await page.keyboard.press("Escape")
        # What stays where it is goes on being refused for its own site's, too.
        with demo.client(moderator) as client:
            client.post(f"/v1/moderation/comments/{every[0]}/approve")
        await page.locator(f"#c-{every[0]} [value^=spam]").click()
        await expect(page.locator("#told")).to_contain_text("entre-temps")
        await expect(page.locator(".case")).to_have_count(2)
        await page.locator(f"#c-{every[1]} [value^=ask]").click()
        await page.locator(f"#c-{every[1]} .refusing select").select_option("off_topic")
        await page.locator(f"#c-{every[1]} .refusing .no").click()
        await expect(page.locator("#told")).to_contain_text("refusé")
        await page.locator(f"#c-{every[2]} [value^=ask]").click()
        await page.locator(f"#c-{every[2]} .refusing select").select_option("abuse")
        await page.locator(f"#c-{every[2]} .refusing .no").click()
        await expect(page.locator(".case")).to_have_count(0)
    assert states(demo, moderator, every) == ["approved", "rejected", "rejected"]
