"""Lock files beside an SQLite database, for what SQLite's own locks do not cover.

SQLite before 3.51.3 can corrupt a WAL database when two connections write or checkpoint at the
same moment; so every write transaction, in any process, is taken under one exclusive lock file.
A second one says that a service runs on this store.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

Lock = IO[bytes]


def beside(database: Path, ending: str) -> Lock:
    """The lock file `database` + *ending*, made if need be, for the service's own user alone."""
    database.parent.mkdir(parents=True, exist_ok=True)
    path = database.with_name(database.name + ending)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return path.open("rb")


def seize(lock: Lock) -> bool:
    """Hold the lock until it is let go or closed; False when another process holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def let_go(lock: Lock) -> None:
    """Hold the lock no longer."""
    fcntl.flock(lock, fcntl.LOCK_UN)


def wait_for(lock: Lock, *, timeout_s: float = 5.0) -> None:
    """Seize the lock as soon as it is free. Raises TimeoutError, which is an OSError.

    By asking again rather than by waiting in the system: a process that was stopped inside must
    not hang this one.
    """
    deadline = time.monotonic() + timeout_s
    pause_s = 0.0005
    while not seize(lock):
        if time.monotonic() > deadline:
            raise TimeoutError("another process keeps the store's write lock")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.05)


@contextlib.contextmanager
def exclusively(lock: Lock, *, timeout_s: float = 5.0) -> Iterator[None]:
    """While no other process is inside; waits for it. Raises TimeoutError."""
    wait_for(lock, timeout_s=timeout_s)
    try:
        yield
    finally:
        let_go(lock)
