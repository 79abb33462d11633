"""The address is nowhere: a marked one goes through every door, then every byte is searched."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

import makers
from running import Running

pytestmark = pytest.mark.whole
TYPED = "Zephyrine.Quatrevaux+Blog@Example.com"
IDENTITY = "zephyrine.quatrevaux+blog@example.com"


def forms() -> Iterator[tuple[str, bytes]]:
    """Everything the address must not be found as, each with a name."""
    for spelling in (TYPED, IDENTITY, TYPED.upper()):
        raw = spelling.encode()
        yield "raw", raw
        yield "local part", raw.split(b"@")[0]
        yield "hex", raw.hex().encode()
        yield "HEX", raw.hex().upper().encode()
        yield "url", quote(spelling, safe="").encode()
        yield "url, plus", quote(spelling, safe="").encode().lower()
        yield "json", json.dumps(spelling).encode()
        for shift in range(3):
            # The same bytes look different in base64 at each alignment; cut what neighbours touch.
            encoded = base64.b64encode(b"\0" * shift + raw)
            yield f"base64 at {shift}", encoded[4 if shift else 0 : -4]
        for algorithm in ("md5", "sha1", "sha256"):
            digest = hashlib.new(algorithm, raw).digest()
            yield algorithm, digest
            yield f"{algorithm} hex", digest.hex().encode()
            yield f"{algorithm} base64", base64.b64encode(digest).rstrip(b"=")


def found_in(data: bytes) -> list[str]:
    """Which forms of the address are in some bytes, whatever the case of text."""
    folded = data.lower()
    return [name for name, form in forms() if form in data or form.lower() in folded]


def test_the_search_itself_finds_every_form() -> None:
    """What must not be found can be found: the search is no test that can't fail."""
    for name, form in forms():
        assert name in found_in(b"\x01" + form + b"\xff")


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[tuple[Running, list[tuple[str, bytes]]]]:
    """A service with debug logging that has seen the address through every door, and answers."""
    with Running(tmp_path, log_level="debug", log_format="json") as service:
        service.add_site()
        moderator = service.add_moderator(scope="admin")
        service.start()
        yield service, list(_doors(service, moderator))
        service.stop()


def _doors(service: Running, moderator: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    client = httpx2.Client(base_url=service.url, verify=False)
    page = {"Accept": "text/html"}
    post = "/v1/comments"

    def told(name: str, answer: httpx2.Response) -> tuple[str, bytes]:
        headers = "\n".join(f"{key}: {value}" for key, value in answer.headers.items())
        return name, headers.encode() + b"\n\n" + answer.content

    good = makers.fields(email=TYPED, idempotency_key="a-key-of-mine")
    stored = client.post(post, json=good)
    yield told("json", stored)
    yield told("replay", client.post(post, json=good))
    yield told("mismatch", client.post(post, json=good | {"name": "Autre"}))
    yield told("form", client.post(post, data=makers.fields(email=TYPED)))
    yield told("multipart", client.post(post, files=_parts(makers.fields(email=TYPED))))
    yield told("page", client.post(post, data=makers.fields(email=TYPED), headers=page))
    yield told("duplicate", client.post(post, json=good | {"idempotency_key": "another-key"}))
    yield told("invalid", client.post(post, json=makers.fields(email=TYPED, name=None)))
    yield told("bad address", client.post(post, json=makers.fields(email=TYPED + "@x")))
    yield told("closed door", client.post(post, json=good, headers={"Origin": "https://x.example"}))
    yield told("broken json", client.post(post, content=json.dumps(good)[:-1], headers=_JSON))
    yield told("other type", client.post(post, content=TYPED, headers={"Content-Type": "a/b"}))
    yield told("no site", client.post(post, json=good | {"site": "nowhere"}))
    yield told("query", client.get("/v1/comments", params={"article": "/a", "email": TYPED}))
    yield told("query form", client.get("/v1/form", params={"article": "/a", "email": TYPED}))
    yield told("path", client.get(f"/{quote(TYPED)}"))
    yield told("unknown route", client.post(f"/v1/{quote(TYPED)}", json=good))
    found = client.post("/v1/moderation/authors/lookup", json={"email": TYPED}, headers=moderator)
    assert found.status_code == 200
    yield told("lookup", found)
    author = found.json()["id"]
    queue = client.get("/v1/moderation/comments", headers=moderator)
    yield told("queue", queue)
    comment = queue.json()["comments"][0]["id"]
    yield told("comment", client.get(f"/v1/moderation/comments/{comment}", headers=moderator))
    approve = f"/v1/moderation/comments/{comment}/approve"
    yield told("approve", client.post(approve, headers=moderator))
    yield told("listing", client.get("/v1/comments?article=/a"))
    yield told("fragment", client.get("/v1/comments.html?article=/a"))
    yield told("feed", client.get("/v1/comments.atom?article=/a"))
    export = f"/v1/moderation/authors/{author}/export"
    yield told("export", client.get(export, headers=moderator))
    yield told("receipt", client.get(stored.json()["receipt"]["url"]))
    yield told("log", client.get("/v1/moderation/log", headers=moderator))
    yield "events", _all_events(client, moderator)
    yield told("metrics", client.get("/metrics"))
    block = f"/v1/moderation/authors/{author}/block"
    yield told("block", client.post(block, json={"also": "pending"}, headers=moderator))
    client.close()


def _all_events(client: httpx2.Client, moderator: dict[str, str]) -> bytes:
    """The stream from its beginning to the last decision there is."""
    told = b""
    expected = client.get("/v1/moderation/log?limit=200", headers=moderator).json()["decisions"]
    whole = moderator | {"Last-Event-ID": "0"}
    with client.stream("GET", "/v1/moderation/events", headers=whole) as answer:
        for data in answer.iter_raw():
            told += data
            if told.count(b"\ndata: ") == len(expected):
                break
    return told


_JSON = {"Content-Type": "application/json"}


def _parts(fields: dict[str, str]) -> list[tuple[str, tuple[None, str]]]:
    return [(name, (None, value)) for name, value in fields.items()]


def test_the_address_is_in_no_answer_no_file_and_no_log(
    answers: tuple[Running, list[tuple[str, bytes]]],
) -> None:
    service, told = answers
    assert len(told) > 25
    for door, answer in told:
        assert found_in(answer) == [], door
    files = [path for path in service.folder.rglob("*") if path.is_file()]
    assert service.log in files
    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        assert found_in(path.read_bytes()) == [], path.name


def test_the_form_shown_again_has_the_address_for_who_typed_it_and_for_nobody_after(
    answers: tuple[Running, list[tuple[str, bytes]]],
) -> None:
    service, _ = answers
    with httpx2.Client(
        base_url=service.url, headers={"Accept": "text/html"}, verify=False
    ) as client:
        again = client.post("/v1/comments", data=makers.fields(email=TYPED, name=None))
        assert again.status_code == 422
        assert TYPED in again.text
        assert again.headers["Cache-Control"] == "no-store"
        after = client.get("/v1/form", params={"article": "/a"})
        assert found_in(after.content) == []
