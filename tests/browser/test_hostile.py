"""What nobody should have written, shown on every page to readers and moderators: it stays text."""

from __future__ import annotations

import re

import httpx2
import pytest
from playwright.async_api import Browser, expect

import makers
from browser.trap import trapped
from running import Running

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


def write(demo: Running, moderator: dict[str, str]) -> str:
    """Every payload in every field that takes it, some approved, some waiting; one comment's id."""
    article = "/hostile"
    last = ""
    with httpx2.Client(base_url=demo.url) as client:
        for number, payload in enumerate(PAYLOADS):
            fields = makers.fields(
                site="demo",
                article=article,
                title=payload[:200],
                name=re.sub(r"\s", " ", payload)[:60],
                email=f"hostile{number}@example.com",
                comment=payload,
            )
            answer = client.post("/v1/comments", json=fields)
            if answer.status_code == 422:
                # The rules for a name refuse some; the text stays.
                fields |= {"name": "Zoé", "title": "Titre"}
                answer = client.post("/v1/comments", json=fields)
            assert answer.status_code == 201, answer.text
            last = str(answer.json()["comment"]["id"])
            url = f"/v1/moderation/comments/{last}"
            if number % 2:
                client.post(f"{url}/approve", headers=moderator)
            else:
                client.patch(url, json={"text": f"{payload} {number}"}, headers=moderator)
                client.post(f"{url}/reject", json={"note": payload}, headers=moderator)
                client.post(f"{url}/hold", json={"note": payload}, headers=moderator)
        wrong = {"article": f"/{PAYLOADS[1]}?a={PAYLOADS[0]}", "site": "demo"}
        client.post("/v1/comments", json=makers.fields(**wrong))
    return last


async def test_nothing_that_was_written_comes_to_life(
    browser: Browser, demo: Running, moderator: dict[str, str]
) -> None:
    last = write(demo, moderator)
    demo.command("moderator", "add", "brave", "--scope", "admin")
    link = demo.command("moderator", "link", "brave").strip()
    async with trapped(browser, demo.url, locale="fr") as page:
        await page.goto(link)
        await page.get_by_role("button").click()
        await page.goto(f"{demo.url}/desk/?state=all&site=demo&article=/hostile")
        shown = await page.locator(".case").count()
        assert shown == len(PAYLOADS)
        ids = [await one.get_attribute("id") for one in await page.locator(".case").all()]
        for path in (
            *(f"desk/comments/{str(one)[2:]}" for one in ids[:8]),
            "desk/articles?site=demo",
            "desk/log?site=demo",
            "desk/numbers?site=demo",
            "v1/comments.html?article=/hostile&site=demo",
            f"v1/form?article=/hostile&site=demo&parent={last}",
            "demo/",
        ):
            answer = await page.goto(f"{demo.url}/{path}")
            assert answer is not None
            assert answer.status == 200, path
        # In what a script writes, too: the line about what was done, and its undo.
        await page.goto(f"{demo.url}/desk/?site=demo&article=/hostile")
        await page.locator(".case button[value^=spam]").first.click()
        await expect(page.locator("#told")).to_contain_text("indésirable")
        for query in (f"q={PAYLOADS[1]}", f"article=/{PAYLOADS[0]}", f"signal={PAYLOADS[9]}"):
            await page.goto(f"{demo.url}/desk/?site=demo&{query}")
