"""Static copies: written whole, kept current, and gone when what they show is gone."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import httpx2
import pytest

import makers
from conftest import token_for
from jobs.test_webhook import turn
from palabre.actions import sites
from palabre.jobs import static_files
from palabre.jobs.publish import publish_all
from palabre.model import Scope, Site
from palabre.service import Service

FILES = ("comments.atom", "comments.html", "comments.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


@pytest.fixture(autouse=True)
def by_hand(environ: dict[str, str], folder: Path) -> None:
    """Nobody does the work but the test."""
    environ |= {"PALABRE_JOBS": "false", "PALABRE_PUBLISH_DIR": str(folder)}


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != static_files.LOCK
    }


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / "blog" / name).read_bytes())


async def test_an_article_s_files_come_with_its_first_approved_comment_and_go_with_the_last(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service, folder: Path
) -> None:
    one = await makers.comment(client, title="Un titre")
    await turn(service)
    assert files(folder) <= {"blog/index.json", "blog/site.atom"}
    await makers.act(client, moderator, one, "approve")
    await turn(service)
    assert files(folder) == {f"blog/a/{name}" for name in FILES} | {
        "blog/index.json",
        "blog/site.atom",
    }
    assert read(folder, "index.json") == {
        "https://blog.example/a": {
            "count": 1,
            "json": "a/comments.json",
            "html": "a/comments.html",
            "atom": "a/comments.atom",
        }
    }
    assert one in (folder / "blog/a/comments.html").read_text("utf-8")
    assert stat.S_IMODE((folder / "blog/a/comments.json").stat().st_mode) == 0o644
    await makers.act(client, moderator, one, "reject")
    await turn(service)
    assert files(folder) == {"blog/index.json", "blog/site.atom"}
    assert read(folder, "index.json") == {}
    assert one not in (folder / "blog/site.atom").read_text("utf-8")


async def test_a_copy_is_what_the_service_answers(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service, folder: Path
) -> None:
    first = await makers.approved(client, moderator)
    await makers.approved(client, moderator, parent=first)
    await turn(service)
    assert read(folder, "a/comments.json") == await makers.listing(client)
    html = await client.get("/v1/comments.html?article=/a")
    assert (folder / "blog/a/comments.html").read_bytes() == html.content


async def test_a_long_thread_is_there_as_a_whole(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    service: Service,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from palabre.actions import listing

    monkeypatch.setattr(listing, "WHOLE_AT_ONCE", 3)
    ids = [await makers.approved(client, moderator) for _ in range(8)]
    await turn(service)
    copy = read(folder, "a/comments.json")
    assert [one["id"] for one in copy["comments"]] == ids
    assert copy["next"] is None


async def test_a_run_over_all_mends_whatever_is_wrong_and_touches_nothing_else(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service, folder: Path
) -> None:
    for article in ("/a", "/A?x=1", "/"):
        await makers.approved(client, moderator, article=article)
    done = await publish_all(service, folder)
    assert (done.articles, done.written, done.removed) == (3, 11, 0)
    before = {name: (folder / name).stat().st_mtime_ns for name in files(folder)}
    stray = folder / "blog" / "gone" / "comments.json"
    stray.parent.mkdir()
    stray.write_text("{}")
    (folder / "blog" / "a" / "comments.html").write_text("damaged")
    (folder / "blog" / "about.txt").write_text("theirs")
    done = await publish_all(service, folder)
    assert (done.articles, done.written, done.removed) == (3, 1, 1)
    assert not stray.parent.exists()
    assert (folder / "blog" / "about.txt").read_text() == "theirs"
    after = {name: (folder / name).stat().st_mtime_ns for name in before}
    assert {name for name in before if before[name] != after[name]} == {"blog/a/comments.html"}


async def test_each_site_has_a_folder_and_one_alone_may_be_published(
    service: Service, site: Site, client: httpx2.AsyncClient, folder: Path
) -> None:
    await sites.add(service, "Other", origins=["https://other.example"])
    admin = await token_for(service, "ada", Scope.ADMIN)
    await makers.approved(client, admin, site="blog")
    await makers.approved(client, admin, site="Other")
    await publish_all(service, folder, only="Other")
    assert {name.partition("/")[0] for name in files(folder)} == {"%4Fther"}
    await publish_all(service, folder)
    assert {name.partition("/")[0] for name in files(folder)} == {"%4Fther", "blog"}


async def test_nobody_reads_half_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "a.json"
    static_files.put(path, b"whole")

    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            static_files.put(path, b"other")
    assert path.read_bytes() == b"whole"
    assert [one.name for one in folder.iterdir()] == ["a.json"]
