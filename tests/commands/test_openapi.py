"""`palabre openapi`."""

from __future__ import annotations

import json

import httpx2

from commands.terminal import Terminal
from palabre import __version__


async def test_it_prints_what_the_service_answers(
    palabre: Terminal, client: httpx2.AsyncClient, environ: dict[str, str]
) -> None:
    palabre.settings["PALABRE_PUBLIC_URL"] = environ["PALABRE_PUBLIC_URL"]
    answered = (await client.get("/openapi.json")).json()
    printed = json.loads(palabre("openapi"))
    assert printed == answered
    assert printed["info"]["version"] == __version__


def test_it_needs_no_store(palabre: Terminal) -> None:
    assert json.loads(palabre("openapi"))["servers"] == [{"url": "http://127.0.0.1:8000"}]
    assert palabre.files() == {}
