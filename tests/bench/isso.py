"""Isso, the service that people compare with: installed, started and filled as its manual says.

It gets a virtual environment of its own under `.cache/`, kept from one run to the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import quote

from bench import machine, sample
from bench.answer import Line
from running import free_port

RELEASES = ("isso==0.14.0", "gunicorn==27.0.1")
PLACE = Path(__file__).with_name(".cache") / "isso"
WORKERS = ("-w", "4", "--preload")
"""As in "Deployment" of Isso's manual."""

CONFIGURATION = """\
[general]
dbpath = {folder}/comments.db
host = http://blog.example.invalid/
[moderation]
enabled = false
[guard]
enabled = false
"""


@cache
def is_installed() -> bool:
    """Whether Isso is there; installs it the first time. Says why when it can't be."""
    stamp = PLACE / "installed"
    if stamp.exists() and stamp.read_text("utf-8").split() == [*RELEASES]:
        return True
    machine.say(f"installing {' and '.join(RELEASES)}, once")
    python = PLACE / "bin" / "python"
    for words in (
        [sys.executable, "-m", "venv", "--clear", str(PLACE)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *RELEASES],
    ):
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            machine.say(f"Isso can't be installed, its rows stay empty:\n{done.stderr[-2000:]}")
            return False
    stamp.write_text("\n".join(RELEASES), "utf-8")
    return True


class Isso:
    """A running Isso. `started_s`: the time to its first answer."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        settings = folder / "isso.cfg"
        settings.write_text(CONFIGURATION.format(folder=folder), "utf-8")
        command = [str(PLACE / "bin" / "gunicorn"), "-b", f"127.0.0.1:{self.port}"]
        self._process, self.started_s = machine.launched(
            [*command, *WORKERS, "isso.run"],
            self.port,
            "/config",
            environ=os.environ | {"ISSO_SETTINGS": str(settings)},
            log=folder / "isso.log",
        )

    def fill(self, path: str, thread: list[sample.Said]) -> None:
        """Put a thread on an article."""
        ids: list[int] = []
        with Line(self.port) as line:
            for said in thread:
                parent = None if said.parent is None else ids[said.parent]
                answer = line.ask(_request(path, said, parent))
                assert answer.status == 201, answer
                ids.append(json.loads(answer.body)["id"])

    def rss_mib(self) -> float:
        """The memory of one worker, the largest one."""
        return max(map(machine.rss_mib, machine.children(self._process.pid)))

    def __enter__(self) -> Isso:
        return self

    def __exit__(self, *exc: object) -> None:
        machine.stop(self._process)


def submission(number: int) -> bytes:
    """The n-th submission of a round."""
    return _request(sample.article(number), sample.another(), None)


def listing(path: str) -> str:
    """Where the comments of an article are listed."""
    return f"/?uri={quote(path, safe='')}"


def _request(path: str, said: sample.Said, parent: int | None) -> bytes:
    fields = {"text": said.text, "author": said.name, "email": said.email, "parent": parent}
    # Without a title Isso would fetch the article's page.
    whole = {**fields, "title": f"Article {path}"}
    return sample.sent(f"/new?uri={quote(path, safe='')}", said, whole)
