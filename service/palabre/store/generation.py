"""A number that grows whenever another process changes the store: what was remembered is outdated.

It lies in eight bytes beside the database that every process maps into its memory, so that the
process which serves can look before every answer at no cost. Odd while a change is under way, even
when there is none (a sequence lock); a process that dies in between leaves it odd.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

BYTES = 8
FILE_ENDING = ".generation"


class Generation:
    """The number. Only who holds the store's write lock may call `begin` and `end`."""

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + FILE_ENDING)
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            if os.fstat(handle).st_size < BYTES:
                os.ftruncate(handle, BYTES)
            self._map = mmap.mmap(handle, BYTES)
        finally:
            os.close(handle)
        # One aligned machine word: a reader sees it before or after a change, never half of it.
        self._word = memoryview(self._map).cast("Q")

    @property
    def value(self) -> int:
        """The number just now."""
        return self._word[0]

    @property
    def is_changing(self) -> bool:
        """Whether a change is under way, or has been broken off."""
        return self._word[0] & 1 == 1

    def begin(self) -> None:
        """A change begins: what anybody remembers may be outdated from now on."""
        self._word[0] += 2 if self.is_changing else 1

    def end(self) -> None:
        """The change is stored, or undone."""
        if self.is_changing:
            self._word[0] += 1

    def close(self) -> None:
        self._word.release()
        self._map.close()
