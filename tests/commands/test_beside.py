"""Commands that run while the service runs: they take effect in it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import makers
from commands.terminal import Terminal
from palabre import settings
from palabre.actions import decide, moderators
from palabre.model import State
from palabre.service import opened
from running import Running

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for all of these tests; each adds a site of its own."""
    folder: Path = tmp_path_factory.mktemp("beside")
    with Running(folder) as running:
        running.start()
        yield running
        assert running.stop() == 0


@pytest.fixture
def beside(palabre: Terminal, service: Running) -> Terminal:
    """A terminal on the same store."""
    palabre.settings = {
        name: value for name, value in service.environ.items() if name.startswith("PALABRE_")
    }
    return palabre


def _headers(beside: Terminal, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {beside.json('moderator', 'add', name)['token']}"}


def _submit(service: Running, article: str) -> str:
    answer = httpx2.post(f"{service.url}/v1/comments", json=makers.fields(article=article))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["comment"]["id"])


def _listed(service: Running, article: str) -> list[str]:
    answer = httpx2.get(f"{service.url}/v1/comments", params={"article": article})
    assert answer.status_code == 200
    return [comment["id"] for comment in answer.json()["comments"]]


def test_a_site_takes_comments_as_soon_as_it_is_added(service: Running, beside: Terminal) -> None:
    article = "https://added.example/a"
    sent = makers.fields(article=article, site="added")
    assert httpx2.post(f"{service.url}/v1/comments", json=sent).status_code == 404
    beside("site", "add", "added", "--origin", "https://added.example")
    assert httpx2.post(f"{service.url}/v1/comments", json=sent).status_code == 201


def test_a_rule_holds_for_the_very_next_comment(service: Running, beside: Terminal) -> None:
    beside("site", "add", "rules", "--origin", "https://rules.example")
    article = "https://rules.example/a"
    _submit(service, article)
    assert _listed(service, article) == []
    beside("site", "set", "rules", "first_state=approved")
    assert [_submit(service, article)] == _listed(service, article)


def test_a_token_works_at_once_and_a_revoked_one_never_again(
    service: Running, beside: Terminal
) -> None:
    url = f"{service.url}/v1/moderation/comments"
    headers = _headers(beside, "revoked")
    assert httpx2.get(url, headers=headers).status_code == 200
    beside("moderator", "revoke", "revoked")
    assert httpx2.get(url, headers=headers).status_code == 401


def test_what_another_process_decides_is_seen_in_the_next_answer(
    service: Running, beside: Terminal
) -> None:
    beside("site", "add", "decided", "--origin", "https://decided.example")
    article = "https://decided.example/a"
    comment_id = _submit(service, article)
    token = beside.json("moderator", "add", "decider")["token"]
    assert _listed(service, article) == []
    for state, listed in ((State.APPROVED, [comment_id]), (State.REJECTED, [])):

        async def decided(becomes: State = state) -> None:
            chosen = settings.load({"PALABRE_DATA_DIR": str(service.data)})
            async with opened(chosen) as other:
                alice = await moderators.known(other, token)
                await decide.decide(other, alice, comment_id, becomes)

        asyncio.run(decided())
        assert _listed(service, article) == listed


def test_the_demonstration_is_there_once_it_is_made(service: Running, beside: Terminal) -> None:
    assert httpx2.get(f"{service.url}/demo/").status_code == 404
    assert "Added the site demo" in beside("demo")
    assert "bibliothèque qui ne ferme plus" in httpx2.get(f"{service.url}/demo/").text
    assert "nothing was changed" in beside("demo")


def test_everything_else_runs_beside_it_too(service: Running, beside: Terminal) -> None:
    assert beside.json("migrate") == {"applied": []}
    assert beside.json("check")["ok"] is True
    beside("openapi")
    assert beside.refused("serve").startswith("Another `palabre serve` is already running")
    assert httpx2.get(f"{service.url}/readyz").status_code == 200
