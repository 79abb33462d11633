"""The word index: which comments hold which words, case and accents folded.

Terms are folded by `palabre.text.words`, not by the engine, so that both find the same. SQLite's
index is `words_sqlite`, filled some time after a comment is stored; PostgreSQL's is
`words_postgres`, filled with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from palabre.model import State
from palabre.store import words_postgres, words_sqlite
from palabre.store.order import Order, Seen
from palabre.store.ranges import Condition
from palabre.store.tx import Tx, Value

ANY = Condition()
_LIVE = frozenset(State) - {State.DELETED}
"""The states of what is in the word index: that of a deleted comment holds nothing."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A comment as the index knows it."""

    seq: int
    state: State
    site_id: str
    article_id: str
    author_id: str | None


async def add(tx: Tx, comment_id: str, *texts: str) -> None:
    """Index a comment that has just been stored, unless that is left for `add_new`."""
    if tx.engine == "postgres":
        await words_postgres.add(tx, comment_id, *texts)


async def remove(tx: Tx, comment: Indexed) -> None:
    """Take a comment out of the index. `Store.scrub` later removes the last trace of it."""
    if tx.engine == "postgres":
        await words_postgres.remove(tx, comment.seq)
    else:
        await words_sqlite.remove(tx, comment.seq, _marks(comment))


async def replace(tx: Tx, comment: Indexed, *texts: str | None) -> None:
    """Index what a comment says now."""
    if tx.engine == "postgres":
        await words_postgres.replace(tx, comment.seq, *texts)
    else:
        await words_sqlite.replace(tx, comment.seq, _marks(comment), *texts)


async def restate(tx: Tx, comment: Indexed, becomes: State) -> None:
    """Let the index know of a comment's new state, where it keeps that."""
    if tx.engine == "sqlite":
        await words_sqlite.restate(tx, comment.seq, comment.state, becomes)


async def add_new(tx: Tx, *, most: int) -> int:
    """Index comments that are not yet, in the order of their coming; how many were looked at."""
    return await words_sqlite.add_new(tx, most=most) if tx.engine == "sqlite" else 0


async def restore(tx: Tx, rows: Sequence[Mapping[str, Value]]) -> None:
    """Index comments by the words that another store knows them by: `seq`, `words`, in order."""
    if tx.engine == "postgres":
        await words_postgres.restore(tx, rows)
    else:
        await words_sqlite.restore(tx, rows)


async def restored(tx: Tx) -> None:
    """All comments have been indexed by `restore`: nothing is left for `add_new`."""
    if tx.engine == "sqlite":
        await words_sqlite.restored(tx)


async def last(tx: Tx) -> int:
    """The number of the newest comment that may still have to be indexed; 0 when none has."""
    return await words_sqlite.last(tx) if tx.engine == "sqlite" else 0


async def reaches(tx: Tx, seq: int) -> bool:
    """Whether comments up to that number have been looked at by `add_new`."""
    return tx.engine == "postgres" or await words_sqlite.reaches(tx, seq)


async def find(
    tx: Tx,
    asked: Sequence[str],
    *,
    states: Sequence[State],
    only: dict[str, str],
    rest: Condition = ANY,
    order: Order,
    after: Seen | None,
    limit: int,
) -> list[Seen]:
    """Comments that hold all the words *asked*, which are folded, by age.

    *only*: the id of the `site`, `article` and `author` that they must be of, as far as given.
    *rest*: what else, looked up in each that holds the words.
    """
    if tx.engine == "postgres":
        return await words_postgres.find(
            tx, asked, states=states, only=only, rest=rest, order=order, after=after, limit=limit
        )
    marks: dict[str, Sequence[str]] = {kind: (value,) for kind, value in only.items()}
    if not _LIVE.issubset(states):
        marks["state"] = states
    matched = words_sqlite.match(asked, **marks)
    if matched is None:
        return []
    return await words_sqlite.page(tx, matched, rest=rest, order=order, after=after, limit=limit)


def _marks(comment: Indexed) -> str:
    return words_sqlite.marks(
        comment.state,
        site_id=comment.site_id,
        article_id=comment.article_id,
        author_id=comment.author_id,
    )
