"""A disk that is full, and one that has room again: nothing acknowledged is lost on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

import filling
import makers
from running import Running

pytestmark = pytest.mark.whole
MIB = 1024 * 1024
WORDS = "Bonjour à tous. " * 500


def submit(client: httpx2.Client) -> httpx2.Response:
    """Send a long comment."""
    fields = makers.fields()
    return client.post("/v1/comments", json={**fields, "comment": fields["comment"] + WORDS})


def until_full(client: httpx2.Client) -> list[str]:
    """Submit until there is no room for a comment nor for anything smaller; ids of those stored."""
    stored = []
    for _ in range(4000):
        answer = submit(client)
        if answer.status_code == 201:
            stored.append(answer.json()["comment"]["id"])
            continue
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "store_unavailable"
        assert int(answer.headers["retry-after"]) > 0
        # A probe is smaller than a comment and may still find a place.
        if client.get("/readyz").status_code == 503:
            return stored
    raise AssertionError("it never got full")


def found_by(client: httpx2.Client, moderator: dict[str, str]) -> set[str]:
    """The ids of all comments that wait."""
    ids: set[str] = set()
    following = "/v1/moderation/comments?limit=200"
    while following:
        page = client.get(following, headers=moderator).json()
        ids |= {comment["id"] for comment in page["comments"]}
        following = page["next"]
    return ids


def test_a_full_disk_is_told_and_with_room_again_it_goes_on_as_if_nothing_had_been(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with (
        filling.disk(data, size_bytes=6 * MIB, ballast_bytes=3 * MIB) as disk,
        Running(tmp_path) as service,
    ):
        service.add_site()
        moderator = service.add_moderator()
        service.start()
        with httpx2.Client(base_url=service.url, timeout=20, verify=False) as client:
            shown = submit(client).json()["comment"]["id"]
            url = f"/v1/moderation/comments/{shown}"
            assert client.post(f"{url}/approve", headers=moderator).status_code == 200
            stored = until_full(client)
            assert stored
            ready = client.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["checks"] == {"store": False, "migrations": True}
            assert client.get("/healthz").status_code == 200
            # What is there can be read, whether it is kept or not.
            for twice in range(2):
                for path in ("/v1/comments", "/v1/comments.html", "/v1/comments.atom"):
                    answer = client.get(path, params={"article": "/a", "utm_source": f"{twice}"})
                    assert answer.status_code == 200
                    assert shown in answer.text
            assert client.get("/v1/counts?article=/a").json() == {"counts": {"/a": 1}}
            assert found_by(client, moderator) == set(stored)
            # A decision that can't be stored is not acknowledged, and nobody sees it.
            assert client.post(f"{url}/reject", headers=moderator).status_code == 503
            assert client.get("/v1/counts?article=/a").json() == {"counts": {"/a": 1}}

            disk.make_room()
            assert client.get("/readyz").status_code == 200
            later = [submit(client) for _ in range(5)]
            assert [answer.status_code for answer in later] == [201] * 5
            stored += [answer.json()["comment"]["id"] for answer in later]
            assert client.post(f"{url}/reject", headers=moderator).status_code == 200
            assert client.get("/v1/counts?article=/a").json() == {"counts": {"/a": 0}}
            assert found_by(client, moderator) == set(stored)
        service.kill()
        service.start()
        with httpx2.Client(base_url=service.url, timeout=20, verify=False) as client:
            assert found_by(client, moderator) == set(stored)
            assert client.get("/readyz").status_code == 200
        assert service.stop() == 0


def test_a_command_beside_it_says_so_and_works_again_with_room(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        filling.disk(data, size_bytes=6 * MIB, ballast_bytes=2 * MIB) as disk,
        Running(tmp_path) as service,
    ):
        service.add_site()
        service.start()
        disk.fill()
        words = [sys.executable, "-m", "palabre", "site", "set", "blog", "depth=1"]
        done = subprocess.run(
            words, env=service.environ, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        # It ends by itself: no signal, no traceback.
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert httpx2.get(f"{service.url}/v1/comments?article=/a").status_code == 200
        disk.make_room()
        assert json.loads(service.command("site", "set", "blog", "depth=1", "--json"))
        assert service.stop() == 0


def test_a_store_for_which_there_is_no_room_at_all_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        filling.disk(data, size_bytes=4 * MIB, ballast_bytes=3 * MIB) as disk,
        Running(tmp_path) as service,
    ):
        disk.fill()
        done = subprocess.run(
            [sys.executable, "-m", "palabre", "migrate"],
            env=service.environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        disk.make_room()
        service.command("migrate")
