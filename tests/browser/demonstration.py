"""A service with its demonstration, whose moderators are made at its desk."""

from __future__ import annotations

import contextlib
import html
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from click.testing import CliRunner, Result

import logged
from palabre.commands import main
from running import Running


class Demonstration(Running):
    """Who starts a process for each command waits half a second each time: here they run in this
    process, and moderators are made at the desk, which takes 20 ms."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self._owner = self.client({"Accept": "text/html"})
        self._links: dict[str, str] = {}

    def command(self, *words: str) -> str:
        # On a thread of its own, since each command runs a loop, as most who ask for one do.
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(self._run, words).result()
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    def _run(self, words: Sequence[str]) -> Result:
        ours = {name: self.environ.get(name) for name in {*os.environ, *self.environ}}
        # A command logs to a standard error that is gone afterwards.
        with contextlib.chdir(self.folder), logged.as_it_was():
            return CliRunner().invoke(main, words, env=ours, prog_name="palabre")

    def begin(self) -> None:
        """Fill the store, start the service, and sign its owner in."""
        self.command("demo")
        token = super().add_moderator("owner", "admin")["Authorization"].removeprefix("Bearer ")
        self.start()
        self._owner.post("/desk/login", data={"token": token})

    def add_moderator(self, name: str = "alice", scope: str = "moderate") -> dict[str, str]:
        """The headers of a new moderator."""
        page = self._owner.get("/desk/moderators").text
        proof = re.search(r'name="csrf" value="(\w+)"', page)
        assert proof is not None, page
        form = {"csrf": proof[1], "act": "add", "name": name, "scope": scope}
        added = self._owner.post("/desk/moderators", data=form).text
        token = re.search(r"palabre_[\w-]{32}", added)
        link = re.search(rf"{re.escape(self.url)}/desk/link/[\w-]+", added)
        assert token is not None, added
        assert link is not None, added
        self._links[name] = html.unescape(link[0])
        return {"Authorization": f"Bearer {token[0]}"}

    def link(self, name: str, scope: str = "moderate") -> str:
        """A one-time link for a moderator, who is new."""
        self.add_moderator(name, scope)
        return self._links.pop(name)

    def __enter__(self) -> Demonstration:
        return self

    def __exit__(self, *exc: object) -> None:
        self._owner.close()
        super().__exit__(*exc)
