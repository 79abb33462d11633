"""Speaking HTTP as programs and browsers do, and reading what comes back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2

from palabre.app import build
from palabre.service import Service

Json = dict[str, Any]

PUBLIC_URL = "https://comments.example"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FORM = "application/x-www-form-urlencoded"
NOTHING = {"pending": 0, "approved": 0, "rejected": 0, "spam": 0}
_BOUNDARY = "----a4f21"

FIELDS = (
    "article",
    "name",
    "email",
    "website",
    "comment",
    "parent",
    "title",
    "site",
    "lang",
    "redirect",
    "idempotency_key",
)
"""Every field of a submission (contract 3.1)."""


def signal_of(comment: Json, name: str) -> Json:
    """A moderator's comment's only signal of that name; empty if it has none."""
    (found,) = [one for one in comment["signals"] if one["name"] == name] or [{}]
    return dict(found)


@dataclass(frozen=True)
class Sent:
    """A body as it travels."""

    content: bytes
    content_type: str


def urlencoded(fields: Mapping[str, str]) -> Sent:
    return Sent(urlencode(fields).encode(), FORM)


def multipart(fields: Mapping[str, str]) -> Sent:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    body = "".join([*parts, f"--{_BOUNDARY}--\r\n"])
    return Sent(body.encode(), f"multipart/form-data; boundary={_BOUNDARY}")


def as_json(fields: Mapping[str, object]) -> Sent:
    """In ASCII, so that every string a JSON document can spell may be sent."""
    return Sent(json.dumps(fields).encode(), "application/json")


ENCODINGS: tuple[Callable[[Mapping[str, str]], Sent], ...] = (urlencoded, multipart, as_json)


async def send(
    client: httpx2.AsyncClient, sent: Sent, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    """Submit a body as it is."""
    return await client.post(
        "/v1/comments",
        content=sent.content,
        headers={"Content-Type": sent.content_type, **(headers or {})},
    )


async def post(
    client: httpx2.AsyncClient, fields: Mapping[str, object], **headers: str
) -> httpx2.Response:
    """Submit fields as JSON; `idempotency_key="…"` is the header `Idempotency-Key`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await send(client, as_json(fields), named)


async def browse(
    client: httpx2.AsyncClient, fields: Mapping[str, str], **headers: str
) -> httpx2.Response:
    """Submit fields as a browser submits a form."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await send(client, urlencoded(fields), BROWSER | named)


def problem(answer: httpx2.Response, status: int, code: str) -> Json:
    """The problem that an answer is, with everything contract section 5 promises of one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: Json = answer.json()
    assert found["status"] == status
    assert found["code"] == code
    assert found["type"] == f"{PUBLIC_URL}/problems/{code}"
    assert found["title"]
    assert found["detail"]
    for error in found.get("errors", []):
        assert set(error) == {"field", "code", "message"}
        assert error["message"]
    return found


def field_codes(answer: httpx2.Response, status: int = 422) -> dict[str, str]:
    """Which field is refused with which code; each named once."""
    code = {422: "invalid_submission", 400: "bad_parameter"}[status]
    errors = problem(answer, status, code)["errors"]
    found = {error["field"]: error["code"] for error in errors}
    assert len(found) == len(errors), errors
    return found


async def stored(client: httpx2.AsyncClient, moderator: Mapping[str, str]) -> Json:
    """How many comments there are in each state."""
    answer = await client.get("/v1/moderation/comments", headers=dict(moderator))
    assert answer.status_code == 200, answer.text
    counts: Json = answer.json()["counts"]
    return counts


async def seen_by(
    client: httpx2.AsyncClient, moderator: Mapping[str, str], comment_id: str
) -> Json:
    """A comment as moderators see it."""
    answer = await client.get(f"/v1/moderation/comments/{comment_id}", headers=dict(moderator))
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def rules(client: httpx2.AsyncClient, admin: Mapping[str, str], **policy: object) -> None:
    """Change the policy of the site `blog`."""
    answer = await client.patch(
        "/v1/moderation/sites/blog", json={"policy": policy}, headers=dict(admin)
    )
    assert answer.status_code == 200, answer.text


async def put_article(
    client: httpx2.AsyncClient, moderator: Mapping[str, str], **changes: object
) -> Json:
    """Make or change the article /a, or the one that `article` says."""
    answer = await client.put(
        "/v1/moderation/articles", json={"article": "/a", **changes}, headers=dict(moderator)
    )
    assert answer.status_code in (200, 201), answer.text
    found: Json = answer.json()
    return found


@contextlib.asynccontextmanager
async def client_at(service: Service, host: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client whose connections come from another machine."""
    app = build(service)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False, client=(host, 50_000))
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            yield client
