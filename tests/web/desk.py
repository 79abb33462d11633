"""How tests speak with the desk: as a browser without JavaScript would."""

from __future__ import annotations

import html
import re

import httpx2

from conftest import PUBLIC_URL
from palabre.actions import sessions
from palabre.service import Service

FORM = {"Origin": PUBLIC_URL, "Accept": "text/html"}
"""What a browser says of a form on one of our pages."""


async def enter(service: Service, client: httpx2.AsyncClient, name: str) -> dict[str, str]:
    """Sign a moderator in by a link; the header of their cookie."""
    link = await sessions.link(service, name)
    entered = await client.post(link, data={}, headers=FORM)
    assert entered.status_code == 303
    token = entered.headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    client.headers["Cookie"] = token
    return {"Cookie": token}


def field(page: str, name: str) -> str:
    """The value of a page's first field of this name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return html.unescape(found[1])


async def csrf(client: httpx2.AsyncClient, cookie: dict[str, str]) -> str:
    """The proof that a session's forms carry."""
    page = await client.get("/desk/sessions", headers=cookie)
    assert page.status_code == 200
    return field(page.text, "csrf")


async def act(
    client: httpx2.AsyncClient, action: str, *, at: str = "/desk/", **fields: str
) -> httpx2.Response:
    """Press a button of the queue at *at*, everything in its form sent along."""
    page = await client.get(at)
    assert page.status_code == 200, page.text
    data = {name: field(page.text, name) for name in ("csrf", "back", "shown")}
    if 'name="at"' in page.text:
        data["at"] = field(page.text, "at")
    return await client.post("/desk/decide", data=data | {"act": action} | fields, headers=FORM)


async def say(client: httpx2.AsyncClient, comment: str, verb: str) -> None:
    """What the script of a page says of a comment, once and again."""
    data = {"csrf": field((await client.get("/desk/sessions")).text, "csrf")}
    for _ in range(2):
        path = f"/desk/comments/{comment}/{verb}"
        answer = await client.post(path, data=data, headers=FORM)
        assert answer.status_code == 204


def cases(page: str) -> list[str]:
    """The ids of the comments that a page of the queue shows, in order."""
    return re.findall(r'<article class="case" id="c-(\w+)"', page)


def told(page: str) -> str:
    """The text of the line about the last decision."""
    found = re.search(r'<div id="told".*?</div>\s*</div>', page, re.DOTALL)
    return "" if found is None else html.unescape(re.sub("<[^>]+>", " ", found[0]))
