"""Things that tests need, with sensible defaults and keyword overrides; all of it over HTTP."""

from __future__ import annotations

import itertools
from typing import Any

import httpx2

Json = dict[str, Any]
_number = itertools.count(1)
_LETTERS = str.maketrans("0123456789", "abcdefghij")


def fields(**overrides: str | None) -> dict[str, str]:
    """The fields of a good submission to the article /a; None takes a field away."""
    # Texts that differ by a number alone are the same.
    word = str(next(_number)).translate(_LETTERS)
    found: dict[str, str | None] = {
        "article": "/a",
        "name": "Hélène Marchand",
        "email": "helene@example.com",
        "comment": f"Dans mon service, nous utilisons ces outils depuis l’an {word}.",
    }
    found |= overrides
    return {name: value for name, value in found.items() if value is not None}


async def submit(client: httpx2.AsyncClient, **overrides: str | None) -> Json:
    """Submit a good comment; the body of the 201."""
    answer = await client.post("/v1/comments", json=fields(**overrides))
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def comment(client: httpx2.AsyncClient, **overrides: str | None) -> str:
    """Submit a good comment; its id."""
    return str((await submit(client, **overrides))["comment"]["id"])


async def act(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment_id: str, action: str, **body: Any
) -> Json:
    """A moderator's decision; the comment after it."""
    answer = await client.post(
        f"/v1/moderation/comments/{comment_id}/{action}", json=body, headers=moderator
    )
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def approved(
    client: httpx2.AsyncClient, moderator: dict[str, str], **overrides: str | None
) -> str:
    """Submit a good comment and approve it; its id."""
    comment_id = await comment(client, **overrides)
    await act(client, moderator, comment_id, "approve")
    return comment_id


async def listing(client: httpx2.AsyncClient, article: str = "/a", **parameters: Any) -> Json:
    """An article's public page."""
    answer = await client.get("/v1/comments", params={"article": article, **parameters})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found
