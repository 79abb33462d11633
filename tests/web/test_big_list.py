"""The Big List of Naughty Strings in every field: taken byte-exact, or refused by name."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import httpx2
import pytest

import makers
from web.speaking import FIELDS, browse, seen_by

STRINGS: list[str] = json.loads(
    (Path(__file__).parent / "fixtures" / "blns.json").read_text("utf-8")
)


STORED = ("article", "name", "website", "comment", "title")
"""Fields that are kept as they are typed, or nearly: each engine has to take them."""


@pytest.mark.parametrize("field", STORED)
async def test_each_string_is_taken_or_refused_by_name(
    client: httpx2.AsyncClient, field: str
) -> None:
    await send_all(client, field)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("field", sorted(set(FIELDS) - set(STORED)))
async def test_each_string_in_a_field_that_is_not_kept_is_taken_or_refused_by_name(
    client: httpx2.AsyncClient, field: str
) -> None:
    await send_all(client, field)


async def send_all(client: httpx2.AsyncClient, field: str) -> None:
    for string in STRINGS:
        answer = await client.post("/v1/comments", json=makers.fields(**{field: string}))
        assert answer.status_code in (201, 404, 409, 422), (string, answer.text)
        if answer.status_code == 422:
            wrong = {error["field"] for error in answer.json().get("errors", ())}
            assert wrong in ({field}, set()), (string, wrong)
        elif answer.status_code == 201 and field == "name":
            shown = answer.json()["comment"]["author"]["name"]
            assert shown == unicodedata.normalize("NFC", string.strip())


async def test_each_string_that_is_taken_as_a_comment_comes_back_byte_exact(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    taken = 0
    for string in STRINGS:
        answer = await client.post("/v1/comments", json=makers.fields(comment=string))
        if answer.status_code == 201:
            stored = await seen_by(client, moderator, answer.json()["comment"]["id"])
            assert stored["text"] == re.sub(r"\r\n?", "\n", string).strip()
            taken += 1
    assert taken > 400


@pytest.mark.engine("sqlite")
async def test_a_form_full_of_each_string_comes_back_as_a_page(client: httpx2.AsyncClient) -> None:
    for string in STRINGS:
        answer = await browse(client, {**dict.fromkeys(FIELDS, string), "site": "blog"})
        assert answer.status_code == 422
        assert answer.headers["Content-Type"].startswith("text/html")
