"""The command line as an operator types it, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from palabre.commands import main


class Terminal:
    """Where an operator types. `settings` are the environment's; a test may change them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.settings: dict[str, str | None] = {}

    def run(self, *words: str) -> Result:
        """A command, whatever becomes of it."""
        return CliRunner().invoke(main, words, env=self.settings, prog_name="palabre")

    def __call__(self, *words: str) -> str:
        """What a command that succeeds prints."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str) -> Any:
        """The value that a command that succeeds prints as JSON."""
        return json.loads(self(*words, "--json"))

    def refused(self, *words: str) -> str:
        """What a command that is refused says: on standard error, and nothing else."""
        result = self.run(*words)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert "Traceback" not in result.stderr
        return result.stderr

    def misused(self, *words: str) -> str:
        """What a command that can't be understood says."""
        result = self.run(*words)
        assert (result.exit_code, result.stdout) == (2, ""), result.output
        return result.stderr

    def files(self) -> dict[str, bytes]:
        """Every file in the folder."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}
