"""Files in a folder that somebody else serves: changed whole, one process at a time."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

LOCK = ".palabre.lock"
MODE = 0o644


@contextlib.asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[None]:
    """While nobody else changes the folder; it is made if need be. Raises OSError."""
    # In a thread: whoever has it may be at it for a while. Closing lets go of it.
    handle = await asyncio.to_thread(_locked, folder)
    try:
        yield
    finally:
        os.close(handle)


def _locked(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except BaseException:
        os.close(handle)
        raise
    return handle


def put(path: Path, content: bytes) -> bool:
    """Make a file hold this, at once and durably; whether that changed anything."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".palabre-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), MODE)
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise
    return True


def remove(path: Path, *, up_to: Path) -> bool:
    """Take a file away, and the folders that are empty then; whether there was one."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    for folder in path.parents:
        if folder == up_to or up_to not in folder.parents:
            break
        try:
            folder.rmdir()
        except OSError:
            break
    return True
