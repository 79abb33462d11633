"""What nobody should have written, shown on every page to readers and moderators: it stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from playwright.async_api import Browser, Page, expect

import makers
from browser.demonstration import Demonstration
from browser.test_mail import links
from browser.trap import trapped

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><mglyph><style><!--</style><img title=--&gt;&lt;img src=1 onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<template><script>alert(1)</script></template>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)' '",
    "[a](javascript:alert(1))",
    "[a](java\tscript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "![a](https://evil.example/pixel.gif)",
    '<https://a.example/"onclick=alert(1)//>',
    "<javascript:alert(1)>",
    "{{7*7}} {% raw %} ${alert(1)} #{alert(1)}",
    "<style>@import url(https://evil.example/x.css);</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<base href=https://evil.example/>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><button>ok",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#x3C;img src=x onerror=alert(1)&#x3E;",
    "\u202e<script>\u202dalert(1)\u2066",
    "<ſcript>alert(1)</ſcript> ＜script＞alert(1)＜/script＞",
    "`<img src=x onerror=alert(1)>`",
    "    <img src=x onerror=alert(1)>",
    "> <script>alert(1)</script>",
)
LOUD = PAYLOADS[1]
"""One that every field of one line takes."""

SHOWN = "alert(1)"
"""What a page that shows payloads shows."""

WEBSITE = "https://a.example/'onmouseover='alert(1)'?q=javascript:alert(1)"
ARTICLE = "/demo"

_ALIVE = """() => {
  const roots = [document, ...[...document.querySelectorAll("*")].map((one) => one.shadowRoot)];
  const made = `script:not([src]):not([type="application/ld+json"]), script[src*="evil"], iframe,
    object, embed, img, video, audio, style, base, math, noscript, animate, marquee,
    template:not([id^="refusing-"], #replying, #looker),
    meta[http-equiv], link[href*="evil"], form[action*="evil"], mglyph`;
  const found = [];
  for (const root of roots.filter(Boolean)) {
    for (const one of root.querySelectorAll(made)) found.push(one.outerHTML);
    for (const one of root.querySelectorAll("*")) {
      for (const { name, value } of one.attributes) {
        const leads = ["href", "src", "action", "formaction", "xlink:href"].includes(name);
        const runs = leads && /^\\s*(javascript|data):/i.test(value);
        // The element gives each name its hue, and the queue says how high its line is.
        const styled = name === "style" && !/^--(hue: \\d+|told: \\d+px);$/.test(value);
        if (runs || /^on/i.test(name) || styled) found.push(one.outerHTML);
      }
    }
  }
  return found.map((html) => html.slice(0, 200));
}"""
"""What a page holds that only somebody's words can have made: nothing."""


_WRITE = """(one, value) => {
  one.form.noValidate = true;
  one.removeAttribute("maxlength");
  if (one.localName === "input") one.type = "text";
  one.value = value;
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """A service of its own: nobody else wants to read what is written here."""
    with Demonstration(tmp_path_factory.mktemp("hostile")) as service:
        service.begin()
        yield service
        assert service.stop() == 0


@dataclass(frozen=True)
class Written:
    """What was written. `much`: a comment with everything that a comment can have."""

    ids: tuple[str, ...]
    much: str
    receipt: str
    author: str
    mail: tuple[str, str]


def write(place: Demonstration) -> Written:
    """Every payload in every field that takes it, some approved, some waiting."""
    admin = place.add_moderator("ada", "admin")
    with place.client() as client:

        def send(number: int, payload: str, **more: str) -> dict[str, dict[str, str]]:
            name = re.sub(r"\s", " ", payload)[:60]
            fields = makers.fields(
                site="demo",
                article=f"/{quote(payload)}",
                title=payload[:200],
                name=name,
                email=f"hostile{number}@example.com",
                website=WEBSITE,
                comment=payload,
            )
            answer = client.post("/v1/comments", json=fields | more)
            if answer.status_code == 422:
                # The rules for a line refuse some; the text stays.
                fields |= {"name": "Zoé", "title": "Titre"}
                answer = client.post("/v1/comments", json=fields | more)
            assert answer.status_code == 201, answer.text
            found: dict[str, dict[str, str]] = answer.json()
            return found

        def moderate(method: str, path: str, **body: str | None) -> dict[str, dict[str, str]]:
            url = f"/v1/moderation/{path}"
            answer = client.request(method, url, json=body, headers=admin).raise_for_status()
            found: dict[str, dict[str, str]] = answer.json()
            return found

        ids = []
        for number, payload in enumerate(PAYLOADS):
            # On the article that has a page, and on one of its own with its own title.
            ids.append(send(number, payload, article=ARTICLE)["comment"]["id"])
            if number % 2:
                moderate("POST", f"comments/{ids[-1]}/approve")
            send(number, payload)
        first = ids[1]
        ids.append(
            send(1, LOUD, article=ARTICLE, parent=first, comment=f"Re: {LOUD}")["comment"]["id"]
        )
        moderate("POST", f"comments/{ids[-1]}/approve")
        moderate("POST", f"comments/{first}/reply", text=f"Un avis : {LOUD}")
        # All that moderators write, and what it replaces, on one comment.
        much = send(99, LOUD, article=ARTICLE, parent=first, comment=f"Tout : {LOUD}")
        comment = much["comment"]["id"]
        for number, payload in enumerate(PAYLOADS):
            moderate("PATCH", f"comments/{comment}", text=f"{payload} {number}")
            act = "reject" if number % 2 else "hold"
            moderate("POST", f"comments/{comment}/{act}", note=f"{number} : {payload}")
        author = moderate("GET", f"comments/{comment}")["author"]["id"]
        moderate("POST", f"authors/{author}/block", reason=LOUD)
        body = {"article": ARTICLE, "site": "demo", "title": LOUD}
        client.put("/v1/moderation/articles", json=body, headers=admin).raise_for_status()
    place.add_moderator("marc")
    return Written(
        tuple(ids),
        comment,
        much["receipt"]["url"],
        author,
        links(place, "marc", "fr", ids[0]),
    )


@dataclass(frozen=True)
class Look:
    """Somebody who looks at pages, and makes sure that there is something to be seen."""

    page: Page
    place: Demonstration

    async def at(self, path: str, *, status: int = 200, shown: str | None = SHOWN) -> None:
        answer = await self.page.goto(path if "://" in path else f"{self.place.url}/{path}")
        assert answer is not None
        assert answer.status == status, path
        await self.around(shown)

    async def around(self, shown: str | None = SHOWN) -> None:
        """At the page as it stands, all of it. *shown*: stands on it as text."""
        await self.page.wait_for_load_state()
        if shown is not None:
            assert shown in await self.page.inner_text("body"), self.page.url
        found = await self.page.evaluate(_ALIVE)
        assert found == [], self.page.url

    async def fill(self, **values: str) -> None:
        """Write into fields by their ids, whatever a browser would say of it."""
        for name, value in values.items():
            await self.page.locator(f"#{name}").evaluate(_WRITE, value)

    async def kept(self, **values: str) -> None:
        """What was written stands in the fields again, and what is wrong with it beside one."""
        await expect(self.page.locator("[aria-invalid=true]").first).to_be_attached()
        await self.page.wait_for_load_state()
        for name, value in values.items():
            assert await self.page.locator(f"#{name}").input_value() == value, name
        await self.around(None)


async def test_nothing_that_was_written_comes_to_life(
    browser: Browser, place: Demonstration
) -> None:
    written = write(place)
    link = place.link("brave", "admin")
    async with trapped(browser, place.url, locale="fr") as page:
        look = Look(page, place)
        await page.goto(link)
        async with page.expect_navigation():
            await page.get_by_role("button").click()
        await at_the_queue(look, written)
        await at_one_comment(look, written)
        await at_the_other_pages_of_the_desk(look, written)
        await at_readers_pages(look, written)
        await at_the_element(look)
        await at_pages_that_repeat_what_was_asked(look)


async def at_the_queue(look: Look, written: Written) -> None:
    page = look.page
    await look.at(f"desk/?state=all&site=demo&article={ARTICLE}&order=newest")
    shown = "".join((await page.locator("#cases").inner_text()).split())
    # All that is no Markdown stands there as it was typed, but for the white space.
    plain = ["".join(one.split()) for one in PAYLOADS if not re.match(r"[^`]*[`[]|> ", one)]
    assert len(plain) > 20
    assert [one for one in plain if one not in shown] == []
    websites = page.locator("#cases a[rel~=nofollow]")
    assert await websites.count() > 0
    # In what a script writes, too: the line about what was done, and its undo.
    await look.at(f"desk/?site=demo&article={ARTICLE}")
    await page.locator(".case button[value^=spam]").first.click()
    await expect(page.locator("#told")).to_contain_text("indésirable")
    await look.around()
    # The question before deleting, asked from a list that was asked for with a payload.
    await page.locator("#desk input[name=back]").evaluate(
        "(one, value) => { one.value = value }", f"?q={quote(LOUD)}&signal={quote(PAYLOADS[9])}"
    )
    await page.locator(".case button[value^=delete]").first.click()
    await expect(page.locator("#means")).to_be_visible()
    await look.around(None)
    assert quote("alert(1)") in str(await page.locator("main a").get_attribute("href"))


async def at_one_comment(look: Look, written: Written) -> None:
    page = look.page
    await look.at(f"desk/comments/{written.much}?ask=edit")
    history = await page.locator("section[aria-labelledby=history]").inner_text()
    for number, payload in enumerate(PAYLOADS):
        words = payload.split()[0]
        assert words in history, payload
        assert f"{number} : " in history
    assert await page.locator(".diff del").count() > 10
    assert await page.locator(".diff ins").count() > 10
    wrong = {"edit-text": LOUD, "edit-name": LOUD, "edit-website": "javascript:alert(1)"}
    await look.fill(**wrong)
    await page.locator("form[action$='/edit'] button").click()
    await look.kept(**wrong)
    await look.at(f"desk/comments/{written.ids[1]}?ask=reject")
    reply = LOUD + "x" * 20_000
    await look.fill(**{"reply-text": reply})
    await page.locator("form[action$='/reply'] button").click()
    await look.kept(**{"reply-text": reply})


async def at_the_other_pages_of_the_desk(look: Look, written: Written) -> None:
    page = look.page
    await look.at(f"desk/people/{written.author}")
    async with page.expect_navigation():
        await page.locator("button[value=unblock]").click()
    await look.fill(reason=LOUD, until='"><img src=x onerror=alert(1)>')
    await page.locator("button[value=block]").click()
    await look.kept(reason=LOUD)
    await look.at("desk/people", shown=None)
    await look.fill(email=f"{LOUD}@example.com")
    await page.locator("main form button").last.click()
    await expect(page.locator("#email-error")).to_be_visible()
    await look.around(None)
    await look.at("desk/articles?site=demo")
    await look.fill(article=LOUD)
    await page.locator("form[role=search] button").click()
    await look.kept(article=LOUD)
    await page.get_by_role("link", name=LOUD, exact=True).first.click()
    await expect(page.locator("#title")).to_have_value(LOUD)
    await look.around()
    wrong = {
        "privacy_url": "javascript:alert(1)",
        "stylesheet": "https://evil.example/x.css",
        "depth": LOUD,
    }
    await look.fill(title=LOUD, **wrong)
    await page.locator("button[value=save]").click()
    await look.kept(title=LOUD, **wrong)
    await look.at("desk/rules?site=demo", shown=None)
    await look.fill(**wrong)
    await page.locator("form.panel button.primary").click()
    await look.kept(**wrong)
    await look.at("desk/moderators", shown=None)
    await look.fill(name=LOUD, days=LOUD)
    await page.locator("button[value=add]").click()
    await look.kept(name=LOUD, days=LOUD)
    await look.at("desk/log?site=demo")
    await look.at(f"desk/log?comment={written.much}")
    await look.at("desk/numbers?site=demo")
    # Out of sight of the session, the ways in.
    await look.at(f"desk/login?to={quote(LOUD)}&lang={quote(LOUD)}", shown=None)
    await look.fill(token=LOUD)
    await page.locator("main form button").click()
    await expect(page.locator("[aria-invalid=true]")).to_be_visible()
    await look.around(None)


async def at_readers_pages(look: Look, written: Written) -> None:
    page = look.page
    act, end = written.mail
    await look.at(act)
    await look.at(end, shown=None)
    await look.at(written.receipt)
    await look.at(f"v1/comments.html?article={ARTICLE}&site=demo")
    for way in ("", "/include", "/strict"):
        await look.at(f"demo{way}")
    await look.at(f"v1/form?article={ARTICLE}&site=demo&parent={written.ids[1]}")
    wrong = {"comment": LOUD, "name": LOUD, "email": LOUD, "website": "javascript:alert(1)"}
    await look.fill(**{f"field-{name}": value for name, value in wrong.items()})
    await page.locator("form.form").evaluate(
        """(form, value) => {
          for (const name of ["title", "parent", "lang", "redirect", "idempotency_key"]) {
            const field = form.elements[name] || document.createElement("input");
            field.name = name;
            field.value = value;
            form.append(field);
          }
        }""",
        LOUD,
    )
    await page.locator("form.form button").click()
    await look.kept(**{f"field-{name}": value for name, value in wrong.items() if name != "email"})
    with look.place.client() as client:
        feed = client.get(f"/v1/comments.atom?article={ARTICLE}&site=demo").raise_for_status()
        assert feed.headers["content-type"].startswith("application/atom+xml")
        root = ElementTree.fromstring(feed.content)
        names = {one.tag.rpartition("}")[2] for one in root.iter()}
        assert SHOWN in feed.text
        assert not names & {"script", "img", "svg", "iframe", "style", "html", "form"}
        links = [one.get("href", "") for one in root.iter() if one.tag.endswith("}link")]
        assert [one for one in links if not one.startswith(look.place.url)] == []


async def at_the_element(look: Look) -> None:
    page = look.page
    await page.goto(f"{look.place.url}/demo/element")
    element = page.locator("palabre-comments")
    await expect(element).to_contain_text(SHOWN)
    await expect(element.locator("[part=form]")).to_be_visible()
    await look.around(None)
    button = element.get_by_role("button", name=LOUD).first
    await button.click()
    await expect(element.locator("[part=form] h3, [part=form] h2").first).to_contain_text(LOUD)
    await look.around(None)
    for name, value in {"comment": f"Moi : {LOUD}", "name": LOUD, "email": LOUD}.items():
        await element.locator(f"[name={name}]").fill(value)
    await element.locator("[part=submit]").click()
    await expect(element.locator("[aria-invalid=true]").first).to_be_visible()
    await look.around(None)
    await element.locator("[name=email]").fill("zoe@example.com")
    await element.locator("[part=submit]").click()
    await expect(element.get_by_text(f"Moi : {LOUD}")).to_be_visible()
    await look.around(None)


async def at_pages_that_repeat_what_was_asked(look: Look) -> None:
    # Those without a slash, since it would make another path of them.
    for value in map(quote, (LOUD, PAYLOADS[9])):
        for path, status in (
            (f"desk/?site=demo&q={value}", 200),
            (f"desk/?site=demo&article=/{value}", 200),
            (f"desk/?site=demo&signal={value}&author={value}&same={value}", 200),
            (f"desk/?state={value}&since={value}&order={value}&after={value}&lang={value}", 400),
            (f"desk/?site={value}", 404),
            (f"desk/log?moderator={value}&site=demo", 200),
            (f"desk/log?comment={value}", 404),
            (f"desk/comments/{value}", 404),
            (f"desk/link/{value}", 410),
            (f"v1/form?article=/{value}&site=demo&title={value}&lang={value}", 200),
            (f"v1/form?article={value}&parent={value}&{value}={value}", 400),
            (f"v1/comments.html?article={value}&order={value}&limit={value}", 400),
            (f"v1/receipts/{value}", 404),
            (f"v1/mail/{value}", 404),
            (f"problems/{value}", 404),
            (f"{value}?{value}", 404),
        ):
            await look.at(path, status=status, shown=None)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("<script>ran.push('a script')</script>", "a script"),
        ("<img src=x onerror=alert(1)>", "alert"),
        ("<script>setTimeout(() => { throw Error('broken') })</script>", "error: broken"),
        ("<img src=https://evil.example/pixel.gif>", "request: https://evil.example/pixel.gif"),
    ],
)
async def test_the_trap_snaps(browser: Browser, written: str, told: str) -> None:
    """Where such a thing does come to life, it is noticed."""
    alive: list[str] = []

    async def show() -> None:
        async with trapped(browser, "http://127.0.0.1:9") as page:
            await page.route("https://evil.example/**", lambda route: route.abort())
            await page.goto("about:blank")
            await page.set_content(written)
            alive.extend(await page.evaluate(_ALIVE))
            # Whatever it does, it has done by the next task.
            await page.evaluate("() => new Promise((done) => setTimeout(done))")

    with pytest.raises(AssertionError, match=re.escape(told)):
        await show()
    assert alive
