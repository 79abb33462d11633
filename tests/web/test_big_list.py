"""The Big List of Naughty Strings in every field: taken byte-exact, or refused by name."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

import httpx2
import pytest

import makers
from web.speaking import FIELDS, browse, seen_by

STRINGS: list[str] = json.loads(
    (Path(__file__).parent / "fixtures" / "blns.json").read_text("utf-8")
)


KEPT = {"article": "/", "name": "", "website": "https://a.example/", "title": ""}
"""Fields of one line that are kept nearly as they are typed, and what a good one begins with."""


@pytest.mark.engine("sqlite")  # the rules know no store
@pytest.mark.parametrize("field", FIELDS)
async def test_each_string_is_taken_or_refused_by_name(
    client: httpx2.AsyncClient, field: str
) -> None:
    for string in STRINGS:
        answer = await client.post("/v1/comments", json=makers.fields(**{field: string}))
        assert answer.status_code in (201, 404, 409, 422), (string, answer.text)
        if answer.status_code == 422:
            wrong = {error["field"] for error in answer.json().get("errors", ())}
            assert wrong in ({field}, set()), (string, wrong)
        elif answer.status_code == 201 and field == "name":
            shown = answer.json()["comment"]["author"]["name"]
            assert shown == unicodedata.normalize("NFC", string.strip())


async def test_each_string_that_the_rules_let_through_is_kept_in_every_field_of_one_line(
    client: httpx2.AsyncClient,
) -> None:
    """Each engine has to take it wherever it may stand, all of them at once."""
    taken = Counter[str]()
    for number, string in enumerate(STRINGS):
        good = makers.fields(article=f"/{number}")
        sent = {field: f"{begins}{string}" for field, begins in KEPT.items()}
        fields = good | sent
        answer = await client.post("/v1/comments", json=fields)
        if answer.status_code == 422:
            for field in {error["field"] for error in answer.json()["errors"]}:
                del fields[field], sent[field]
                fields |= {field: good[field]} if field in good else {}
            answer = await client.post("/v1/comments", json=fields)
        assert answer.status_code == 201, (string, answer.text)
        taken.update(sent.keys())
    assert min(taken[field] for field in KEPT) > 150, taken


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
