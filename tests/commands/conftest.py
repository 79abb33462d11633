"""A terminal for each test, in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import logged
from commands.terminal import Terminal


@pytest.fixture
def palabre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in an empty folder, without any setting of the machine's."""
    for name in [name for name in os.environ if name.startswith("PALABRE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    # Commands log to a standard error that is gone afterwards.
    with logged.as_it_was():
        yield Terminal(tmp_path)
