"""`palabre publish`: what the demonstration says, as files."""

from __future__ import annotations

import json

from commands.terminal import Terminal


def test_every_article_is_written_once_and_then_left_alone(palabre: Terminal) -> None:
    palabre("demo")
    first = palabre.json("publish", "public")
    assert first["articles"] >= 3
    assert first["written"] == 3 * first["articles"] + 2
    (site,) = [path for path in (palabre.folder / "public").iterdir() if path.is_dir()]
    index = json.loads((site / "index.json").read_bytes())
    assert len(index) == first["articles"]
    for entry in index.values():
        listing = json.loads((site / entry["json"]).read_bytes())
        assert listing["article"]["count"] == entry["count"]
        assert (site / entry["html"]).is_file()
        assert (site / entry["atom"]).is_file()
    assert palabre.json("publish", "public") == {**first, "written": 0}
    assert "0 files written" in palabre("publish", "public")


def test_a_site_that_is_not_there_is_refused(palabre: Terminal) -> None:
    palabre("demo")
    assert "no site “nosuch”" in palabre.refused("publish", "public", "--site", "nosuch")
