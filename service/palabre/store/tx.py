"""What the modules of this folder hold in their hands: a transaction, whatever the engine.

SQL is written once for both engines with `:name` parameters; where they truly differ, the two
texts stand side by side in `either`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

Value = str | int | bytes | None
Row = Mapping[str, Any]
T = TypeVar("T")


class Tx(Protocol):
    """One transaction. Nothing but the store may be awaited while it is open."""

    async def run(self, sql: str, /, **values: Value) -> int:
        """Carry out a statement; how many rows it changed."""
        ...

    async def one(self, sql: str, /, **values: Value) -> Row | None:
        """The first row, if any."""
        ...

    async def all(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row."""
        ...

    def either(self, *, sqlite: str, postgres: str) -> str:
        """The text of the engine at hand."""
        ...

    def outdates(self, name: str) -> None:
        """What anybody remembers under this name (`outdated`) is wrong once this is committed."""
        ...


Unit = Callable[[Tx], Coroutine[Any, Any, T]]
"""A unit of work: all of it is stored, or none."""


def among(tx: Tx, name: str) -> str:
    """The texts of a JSON array parameter, as a subquery to write behind `in`."""
    return tx.either(
        sqlite=f"(select value from json_each(:{name}))",
        postgres=f"(select jsonb_array_elements_text(cast(:{name} as jsonb)))",
    )


class Taken(Exception):
    """A unique constraint stood in the way; `constraint` is its name in the schema."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class Store(Protocol):
    """Where everything is kept. Opened by `palabre.store.open_store`."""

    async def read(self, unit: Unit[T], /) -> T:
        """Run a unit that only reads, on one consistent view of the data."""
        ...

    async def glance(self, unit: Unit[T], /) -> T:
        """The same for a few rows found by an index, where that is cheaper than to hand it on."""
        ...

    async def write(self, unit: Unit[T], /, *, long: bool = False) -> T:
        """Run a unit and return its result once it is on disk.

        *long*: it may take more than a few milliseconds. A unit may be run twice, the first time
        undone. Raises what the unit raises (and stores nothing of it), `Busy` when too much is
        waiting, `StoreUnavailable` when the store can't be written.
        """
        ...

    async def scrub(self) -> None:
        """Remove what deletions left behind in the files: word index, journal."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then let go of the files."""
        ...


def ms(moment: datetime) -> int:
    """A time as the store keeps it: milliseconds since 1970, UTC."""
    return int(moment.timestamp() * 1000)


def moment(milliseconds: int) -> datetime:
    """A stored time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def moment_or_none(milliseconds: int | None) -> datetime | None:
    """A stored time that may be missing."""
    return None if milliseconds is None else moment(milliseconds)
