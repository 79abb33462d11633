"""A small disk of its own, to be filled and given room again."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import needed

BLOCK = 4096


class Disk:
    """A file system in memory, mounted on `folder`, with a ballast file on it."""

    def __init__(self, folder: Path, *, ballast_bytes: int) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        self._ballast.write_bytes(bytes(ballast_bytes))

    def fill(self) -> None:
        """Leave no room at all."""
        with (
            (self.folder / "filling").open("ab", buffering=0) as filling,
            contextlib.suppress(OSError),
        ):
            while True:
                filling.write(bytes(BLOCK))

    def make_room(self) -> None:
        """Throw the ballast off."""
        self._ballast.unlink()


@contextlib.contextmanager
def disk(folder: Path, *, size_bytes: int, ballast_bytes: int) -> Iterator[Disk]:
    """A disk of that size on *folder*; skipped by name where nothing can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mount, umount = needed.program("mount"), needed.program("umount")
    options = f"size={size_bytes},mode=0700"
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(folder, ballast_bytes=ballast_bytes)
    finally:
        subprocess.run([umount, "--lazy", str(folder)], check=True, capture_output=True)
