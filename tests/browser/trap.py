"""A page in which nothing that somebody wrote may come to life."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Browser, Dialog, Page

_INIT = """
  window.ran = [];
  for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => ran.push(name);
  document.addEventListener("securitypolicyviolation", (event) =>
    ran.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@contextlib.asynccontextmanager
async def trapped(browser: Browser, home: str, **options: Any) -> AsyncIterator[Page]:
    """A page of a fresh context. Fails, at the end, if anything but our own scripts ran on it.

    That is: a dialog, a call of `alert` and its like, a breach of the page's policy, a request to
    anywhere but *home*, an uncaught error, a word on the console. Chromium remarks on every
    4xx and on a date that is none; those do not count.
    """
    context = await browser.new_context(**options)
    await context.add_init_script(_INIT)
    page = await context.new_page()
    wrong: list[str] = []

    async def dismiss(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def asked(url: str) -> None:
        if not url.startswith((home, "data:image/", "about:")):
            wrong.append(f"request: {url}")

    page.on("dialog", dismiss)
    page.on("request", lambda request: asked(request.url))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("popup", lambda popup: wrong.append(f"popup: {popup.url}"))
    page.on("console", lambda said: wrong.append(f"console: {said.text}"))
    yield page
    if options.get("java_script_enabled", True):
        wrong += await page.evaluate("window.ran")
    await context.close()
    harmless = (
        "responded with a status of 4",
        "responded with a status of 503",
        "net::ERR_FAILED",
        "Password forms should have",
        "does not conform to the required format",
    )
    left = [one for one in wrong if not any(words in one for words in harmless)]
    assert not left, left
