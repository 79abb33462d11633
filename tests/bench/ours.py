"""Palabre as a user would run it, and what the bench asks of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from bench import machine, sample
from bench.answer import JSON, Answer, Line, get, post
from bench.load import load
from running import Running

UNLIMITED = tuple(f"{whose}_limit=off" for whose in ("author", "network", "article", "site"))
"""All that is sent goes one way, as Isso's does, however much it is."""


class Ours(Running):
    """Palabre on the first core, with a site where comments appear at once, as Isso's do.

    No number of them is a flood; nothing else is set. `started_s`: the time from its last start
    to its first answer.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        super().__init__(folder)
        del self.environ["PALABRE_SUBMISSION_LIMIT"]
        self.add_site()
        self.moderator = JSON | self.add_moderator()
        self.command("site", "set", "blog", "first_state=approved", *UNLIMITED)
        self.start()

    def __enter__(self) -> Ours:
        return self

    def start(self) -> None:
        self.process, self.started_s = machine.launched(
            [sys.executable, "-m", "palabre", "serve"],
            self.port,
            "/healthz",
            environ=self.environ,
            log=self.log,
        )

    def rss_mib(self) -> float:
        assert self.process is not None
        return machine.rss_mib(self.process.pid)

    def fill(self, path: str, thread: list[sample.Said]) -> list[str]:
        """Put a thread on an article, every comment of it public. Their ids."""
        return filled(self.port, path, thread)

    async def fill_many(self, paths: list[str]) -> None:
        """Put a page of comments on each of many articles, quickly."""
        wanted = [path for path in paths for _ in range(sample.PAGE)]
        left = iter(wanted)
        done = False

        def request(number: int) -> bytes:
            nonlocal done
            path = next(left, None)
            done = path is None
            return get("/healthz") if path is None else _request(path, sample.another(), None)

        while not done:
            await load(self.port, request, connections=32, seconds=0.5)

    def decide(self, line: Line, comment: str, action: str) -> None:
        """Have a moderator decide."""
        path = f"/v1/moderation/comments/{comment}/{action}"
        answer = line.ask(post(path, b"{}", self.moderator))
        assert answer.status == 200, answer

    def edit(self, line: Line, comment: str, text: str) -> None:
        """Have a moderator edit."""
        body = json.dumps({"text": text}).encode()
        path = f"/v1/moderation/comments/{comment}"
        answer = line.ask(post(path, body, self.moderator, verb="PATCH"))
        assert answer.status == 200, answer

    def submit(self, line: Line, path: str) -> str:
        """Send one comment more. Its id."""
        return _sent(line, _request(path, sample.another(), None))

    def metrics(self) -> dict[str, float]:
        """What it counts, by name, labels included."""
        with Line(self.port) as line:
            text = line.ask(get("/metrics")).body.decode()
        pairs = (row.rpartition(" ") for row in text.splitlines() if not row.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def asked(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Its answer to a GET."""
        with Line(self.port) as line:
            return line.ask(get(path, headers))


def filled(port: int, path: str, thread: list[sample.Said]) -> list[str]:
    """Put a thread on an article of the service there, every comment of it public. Their ids."""
    ids: list[str] = []
    with Line(port) as line:
        for said in thread:
            parent = None if said.parent is None else ids[said.parent]
            ids.append(_sent(line, _request(path, said, parent)))
    return ids


def _sent(line: Line, raw: bytes) -> str:
    answer = line.ask(raw)
    assert answer.status == 201, answer
    comment = json.loads(answer.body)["comment"]
    assert comment["state"] == "approved", comment
    return str(comment["id"])


def submission(number: int) -> bytes:
    """The n-th submission of a round, to Palabre."""
    return _request(sample.article(number), sample.another(), None)


def _request(path: str, said: sample.Said, parent: str | None) -> bytes:
    fields = {"article": path, "name": said.name, "email": said.email, "comment": said.text}
    whole = fields | ({"parent": parent} if parent else {})
    return sample.sent("/v1/comments", said, whole)
