"""What a process remembers of its store between requests: bounded, and forgotten in time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Set
from typing import Generic, TypeVar

V = TypeVar("V")
Mark = tuple[int, int]


class Memory(Generic[V]):
    """Values by key, each made from what the store holds under some names.

    Invariants: `size` is the sum of the sizes given and at most *most*, in bytes; the least
    recently used go first. No value is returned that a change outdates which this process was told
    of (`forget`), or which another process has made, as *generation* tells: a number that is
    another one after every such change and odd while one is under way, when nothing is remembered.
    """

    def __init__(self, generation: Callable[[], int], *, most: int) -> None:
        self.hits = 0
        self.misses = 0
        self.size = 0
        self._generation = generation
        self._most = most
        self._known = generation()
        self._forgotten = 0
        self._values: OrderedDict[Hashable, tuple[V, int, frozenset[str]]] = OrderedDict()
        self._keys_by_name: dict[str, set[Hashable]] = {}

    def get(self, key: Hashable) -> V | None:
        """The value, if it still holds."""
        generation = self._generation()
        if generation != self._known:
            self._renew(generation)
        found = self._values.get(key)
        if found is None:
            self.misses += 1
            return None
        self._values.move_to_end(key)
        self.hits += 1
        return found[0]

    def mark(self) -> Mark:
        """Where things stand: taken before the store is read for a value that is to be put."""
        return (self._generation(), self._forgotten)

    def put(self, key: Hashable, value: V, *, size: int, of: Iterable[str], mark: Mark) -> None:
        """Remember a value of so many bytes, unless anything has changed since *mark*."""
        if mark != self.mark() or mark[0] & 1 or size > self._most:
            return
        if mark[0] != self._known:
            self._renew(mark[0])
        self._drop(key)
        names = frozenset(of)
        self._values[key] = (value, size, names)
        self.size += size
        for name in names:
            self._keys_by_name.setdefault(name, set()).add(key)
        while self.size > self._most:
            self._drop(next(iter(self._values)))

    def forget(self, names: Set[str]) -> None:
        """Forget every value that was made from what any of these names stands for."""
        self._forgotten += 1
        for name in names:
            for key in self._keys_by_name.get(name, set()).copy():
                self._drop(key)

    def _renew(self, generation: int) -> None:
        """Another process has changed the store, and nobody knows what."""
        self._known = generation
        self._values.clear()
        self._keys_by_name.clear()
        self.size = 0

    def _drop(self, key: Hashable) -> None:
        found = self._values.pop(key, None)
        if found is None:
            return
        self.size -= found[1]
        for name in found[2]:
            keys = self._keys_by_name[name]
            keys.discard(key)
            if not keys:
                del self._keys_by_name[name]
