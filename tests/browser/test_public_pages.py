"""Every page that readers see, in its states: for people of all abilities, narrow, dark, valid."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser

import makers
from browser.judging import html_errors, unseen_focus
from browser.test_desk_pages import WAYS, faults
from browser.trap import trapped
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STATES = ("pending", "approve", "reject", "spam", "delete")


@pytest.fixture(scope="module")
def pages(demo: Running) -> dict[str, str]:
    """The pages by name: the form in its states, receipts of every state, problems, the demo."""
    moderator = demo.add_moderator("public-judge")
    found = {
        "form": "/v1/form?article=/judged&site=demo",
        "demo": "/demo/",
        "demo element": "/demo/element",
        "demo include": "/demo/include",
        "demo strict": "/demo/strict",
        "problem": "/problems/invalid_submission",
        "missing": "/nowhere",
        "receipt missing": "/v1/receipts/nothing",
    }
    with httpx2.Client(base_url=demo.url) as client:
        for number, action in enumerate(STATES):
            fields = makers.fields(
                site="demo",
                article="/judged",
                email=f"judged{number}@example.com",
                website="https://example.com",
                comment=f"Un *avis* numéro {number} : `code`\n\n> cité\n\n- liste",
            )
            sent = client.post("/v1/comments", json=fields).json()
            found[f"receipt {action}"] = str(sent["receipt"]["url"]).removeprefix(demo.url)
            comment = sent["comment"]["id"]
            if action != "pending":
                url = f"/v1/moderation/comments/{comment}/{action}"
                client.post(url, json={"reason": "abuse"}, headers=moderator)
            if action == "approve":
                found["reply"] = f"/v1/form?article=/judged&site=demo&parent={comment}"
        body = {"article": "/judged-closed", "site": "demo", "open": False}
        client.put("/v1/moderation/articles", json=body, headers=moderator)
    found["closed"] = "/v1/form?article=/judged-closed&site=demo"
    return found


def with_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
async def test_every_public_page_is_for_everybody(
    browser: Browser, demo: Running, pages: dict[str, str], way: tuple[str, int, str]
) -> None:
    language, width, scheme = way
    wrong = {}
    async with trapped(
        browser,
        demo.url,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=language,
    ) as page:
        for name, path in pages.items():
            await page.goto(demo.url + with_language(path, language))
            wrong[name] = await faults(page, language)
        await page.goto(demo.url + with_language(pages["form"], language))
        for field in ("comment", "name"):
            await page.locator(f"#field-{field}").fill("Un avis")
        await page.locator("#field-email").fill("zoe@exemple")
        await page.locator("form.form button").click()
        assert await page.locator("[aria-invalid=true]").count() == 1
        wrong["form with errors"] = await faults(page, language)
        assert await unseen_focus(page) == []
    assert {name: found for name, found in wrong.items() if found} == {}


async def test_every_public_page_is_valid_html(
    demo: Running, pages: dict[str, str], tmp_path: Path
) -> None:
    with httpx2.Client(base_url=demo.url, headers={"Accept": "text/html"}) as client:
        found = {
            name.replace(" ", "-"): client.get(with_language(path, "fr")).text
            for name, path in pages.items()
        }
        form = {"article": "/judged", "site": "demo", "comment": "Un avis", "email": "zoe@exemple"}
        found["errors"] = client.post("/v1/comments", data=form).text
    assert html_errors(tmp_path, found) == []
