"""Every page of both kinds before the Nu HTML checker: its machine is started once for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import judged
from browser.demonstration import Demonstration
from browser.judging import html_errors

pytestmark = pytest.mark.browser


def test_every_page_is_valid_html(
    demo: Demonstration, readers_pages: dict[str, str], told: judged.Told, tmp_path: Path
) -> None:
    found = {}
    with demo.client({"Accept": "text/html"}) as client:
        for name, path in readers_pages.items():
            found[name.replace(" ", "-")] = client.get(judged.with_language(path, "fr")).text
        form = {"article": "/judged", "site": "demo", "comment": "Un avis", "email": "zoe@exemple"}
        found["errors"] = client.post("/v1/comments", data=form).text
        found["login"] = client.get("/desk/login").text
        link = demo.link("valid", "admin")
        found["link"] = client.get(link).text
        assert client.post(link).status_code == 303
        for name, path in judged.of_the_desk(told).items():
            answer = client.get(f"/desk/{path}")
            assert answer.status_code == 200, path
            found[f"desk-{name}"] = answer.text
        found["desk-wrong"] = client.get("/desk/?since=never&article=/x").text
    assert html_errors(tmp_path, found) == []
