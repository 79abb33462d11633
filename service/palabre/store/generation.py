"""A number that grows whenever another process changes the store: what was remembered is outdated.

It lies in eight bytes beside the database that every process maps into its memory, so that the
process which serves can look before every answer at no cost. Odd while a change is under way, even
when there is none (a sequence lock); a process that dies in between leaves it odd.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import MutableSequence
from pathlib import Path

BYTES = 8
FILE_ENDING = ".generation"


class Generation:
    """`word[0]` is the number. Only who holds the store's write lock may `begin` and `end`."""

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + FILE_ENDING)
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            if os.fstat(handle).st_size <= BYTES:
                # A byte behind the number, so that the disk has room for both: storing into what
                # is mapped and has none would end the process (SIGBUS).
                os.pwrite(handle, b"\0", BYTES)
            self._map = mmap.mmap(handle, BYTES)
        finally:
            os.close(handle)
        # One aligned machine word: a reader sees it before or after a change, never half of it.
        self._view = memoryview(self._map).cast("Q")
        self.word: MutableSequence[int] | memoryview[int] = self._view

    @property
    def value(self) -> int:
        """The number just now."""
        return self.word[0]

    @property
    def is_changing(self) -> bool:
        """Whether a change is under way, or has been broken off."""
        return self.word[0] & 1 == 1

    def begin(self) -> None:
        """A change begins: what anybody remembers may be outdated from now on."""
        self.word[0] += 2 if self.is_changing else 1

    def end(self) -> None:
        """The change is stored, or undone."""
        if self.is_changing:
            self.word[0] += 1

    def close(self) -> None:
        # Whoever still asks is told that nothing is to be remembered any more.
        self.word = [1]
        self._view.release()
        self._map.close()
