"""What the modules of this folder hold in their hands: a transaction, whatever the engine.

SQL is written once for both engines with `:name` parameters; where they truly differ, the two
texts stand side by side in `either`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TypeVar

from palabre.model import Decider, State

Value = str | int | bytes | None
Row = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Happening:
    """A comment came to a state; `was` is None of one that has just come."""

    site_id: str
    comment_id: str
    was: State | None
    becomes: State
    by: Decider
    at: datetime
    reason: str | None = None


class Tx(Protocol):
    """One transaction. Nothing but the store may be awaited while it is open.

    On SQLite one writes at a time. On PostgreSQL many do, each seeing what is committed when a
    statement begins: what is read in order to be changed is held before it is read (`held`).
    """

    @property
    def engine(self) -> Literal["sqlite", "postgres"]: ...

    async def run(self, sql: str, /, **values: Value) -> int:
        """Carry out a statement; how many rows it changed."""
        ...

    async def each(self, sql: str, rows: Sequence[Mapping[str, Value]], /) -> None:
        """Carry out a statement once for each of *rows*, its values, on one way there."""
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

    def happens(self, happening: Happening) -> None:
        """Somebody may want to know of this once it is committed."""
        ...

    @property
    def outdated(self) -> Set[str]:
        """The names given to `outdates` so far."""
        ...

    @property
    def happened(self) -> Sequence[Happening]:
        """What was given to `happens` so far."""
        ...


class Noting:
    """What a transaction of either engine notes while it lasts.

    `outdated`: what need not be remembered any longer once it is committed. `happened`: what
    somebody may want to know of.
    """

    __slots__ = ("_happened", "_outdated")

    def __init__(self) -> None:
        self._outdated: set[str] = set()
        self._happened: list[Happening] = []

    @property
    def outdated(self) -> Set[str]:
        return self._outdated

    @property
    def happened(self) -> Sequence[Happening]:
        return self._happened

    def outdates(self, name: str) -> None:
        self._outdated.add(name)

    def happens(self, happening: Happening) -> None:
        self._happened.append(happening)


Unit = Callable[[Tx], Coroutine[Any, Any, T]]
"""A unit of work: all of it is stored, or none."""

Finish = Callable[[Tx], Coroutine[Any, Any, None]]
"""The end of every unit that writes, in its transaction: it looks at what the unit has noted."""


def among(tx: Tx, name: str, type: str = "text") -> str:
    """The condition that a column is one of a JSON array parameter, to write behind it."""
    return tx.either(
        sqlite=f"in (select value from json_each(:{name}))",
        # An array is looked up in an index; a subquery might be joined with the whole table.
        postgres=f"= any(array(select cast(jsonb_array_elements_text(cast(:{name} as jsonb)) "
        f"as {type})))",
    )


def held(tx: Tx) -> str:
    """The end of a select whose rows nobody else may change until this transaction ends.

    Always in this order, so that two transactions never wait for each other: session, site,
    author, article, comment, and the counters of the site at the very end.
    """
    return tx.either(sqlite="", postgres=" for no key update")


class Taken(Exception):
    """A unique constraint stood in the way; `constraint` is its name in the schema."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class Store(Protocol):
    """Where everything is kept. Opened by `palabre.store.open_store`."""

    @property
    def engine(self) -> Literal["sqlite", "postgres"]: ...

    def tell(
        self,
        *,
        committed: Callable[[int, float], None] | None = None,
        outdated: Callable[[Set[str]], None] | None = None,
        finishing: Finish | None = None,
    ) -> None:
        """Who is told of each commit, with its units and seconds, and who of what it outdates.

        Of both there may be several; the latter are told before anybody who waits for that commit.
        *finishing*, of which there is one, is the end of every unit that writes, in its
        transaction.
        """
        ...

    def listening(self, heard: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """While the block lasts, *heard* is called soon after anything is committed, by whatever
        process: at once by this one, within a second by others. At times it is called for
        nothing, and once in a while for several. When a process dies, or the database can't be
        reached, a call may be missing: look every few seconds in any case."""
        ...

    def generation(self) -> int:
        """Changes when everything that was remembered may be outdated; odd while it may be just
        now. What was read under an even number, and is not outdated since (`tell`), holds for as
        long as the number is the same."""
        ...

    async def refresh(self) -> None:
        """Hear of all that other processes have outdated before this call.

        Raises StoreUnavailable when that can't be known: nothing remembered may be used then.
        """
        ...

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

    def is_in_place(self) -> bool:
        """Whether what is open is still what the settings name."""
        ...

    async def is_empty(self) -> bool:
        """Whether no migration has ever been applied."""
        ...

    async def migrate(self) -> list[str]:
        """Apply what is missing; the names of what was applied. Safe when two start at once."""
        ...

    async def pending_migrations(self) -> list[str]:
        """The names of the migrations that this store still lacks."""
        ...

    async def is_small(self) -> bool:
        """Whether `scrub` is a matter of less than a second."""
        ...

    @property
    def tends_files(self) -> bool:
        """Whether it is up to this process to `scrub`."""
        ...

    async def scrub(self) -> None:
        """Remove what deletions left behind in the files."""
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
