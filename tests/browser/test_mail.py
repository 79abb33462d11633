"""From a link in a moderator's mail to the decision, in a real browser without JavaScript."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from playwright.async_api import Browser

import makers
from browser.test_form import WIDTHS, fits, page_of
from palabre import settings
from palabre.actions.mail_links import sealed_for
from palabre.actions.moderators import tell_by_mail
from palabre.service import opened
from palabre.store import mailboxes, moderators
from palabre.text import mail_link
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WORDS = {
    "fr": ("Motif", "hors sujet", "Refuser le commentaire", "Ce commentaire est refusé."),
    "en": ("Reason", "off topic", "Refuse the comment", "This comment has been refused."),
}
ENDS = {
    "fr": ("Ne plus recevoir de messages", "Vous ne recevrez plus ces messages"),
    "en": ("Stop the messages", "You will get no more of these messages"),
}


def links(demo: Running, name: str, language: str, comment: str) -> tuple[str, str]:
    """Where a mail to the moderator would lead: to refuse a comment, and to get no more mail."""
    # On a loop of its own, which takes the threads that the store needs with it.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _links(demo, name, language, comment)).result()


async def _links(demo: Running, name: str, language: str, comment: str) -> tuple[str, str]:
    chosen = settings.load({"PALABRE_DATA_DIR": str(demo.data)})
    async with opened(chosen) as service:
        await tell_by_mail(service, name, "alice@example.com", language=language)
        moderator_id = await service.store.read(lambda tx: moderators.id_of(tx, name))
        mailbox = (await service.store.read(mailboxes.every))[str(moderator_id)]
        to, expires = sealed_for(mailbox), service.now() + timedelta(days=1)
        wanted = mail_link.Link("reject", comment, 1, to, int(expires.timestamp()))
        return (
            f"{demo.url}/v1/mail/{mail_link.seal(service.keys, wanted)}",
            f"{demo.url}/v1/mail/unsubscribe/{mail_link.seal_unsubscribe(service.keys, to)}",
        )


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_a_moderator_refuses_a_comment_from_their_mail_and_then_wants_no_more(
    browser: Browser, demo: Running, language: str, width: int
) -> None:
    name = f"mail-{language}-{width}"
    demo.add_moderator(name)
    text = f"Voyez https://evil.example/{'x' * 200} ({name})."
    with demo.client() as client:
        fields = makers.fields(article="/demo", comment=text, site="demo")
        comment = client.post("/v1/comments", json=fields).json()["comment"]["id"]
    act, end = links(demo, name, language, comment)
    label, reason, button, refused = WORDS[language]
    async with page_of(browser, width=width, language=language) as page:
        await page.goto(act)
        assert await fits(page)
        assert await page.get_attribute("html", "lang") == language
        await page.get_by_label(label).select_option(label=reason)
        async with page.expect_navigation():
            await page.get_by_role("button", name=button).press("Enter")
        assert page.url == act
        shown = await page.inner_text("[role=status]")
        assert refused in shown
        assert reason in shown
        assert name in shown
        assert await fits(page)
        button, ended = ENDS[language]
        await page.goto(end)
        assert await fits(page)
        async with page.expect_navigation():
            await page.get_by_role("button", name=button).press("Enter")
        assert await page.inner_text("h1") == ended
        assert await fits(page)
