"""A service with its demonstration, whose moderators are made at its desk."""

from __future__ import annotations

import html
import re
from pathlib import Path

from running import Running


class Demonstration(Running):
    """Once it runs, moderators are made at the desk, which takes 20 ms."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self._owner = self.client({"Accept": "text/html"})
        self._links: dict[str, str] = {}

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
