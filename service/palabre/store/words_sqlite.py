"""The word index on SQLite.

What narrows a search down (state, site, article, author) stands in the index too, as marks, so that
the index alone tells a page, however many comments hold the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from palabre.model import State
from palabre.store import info
from palabre.store.order import Order, Seen
from palabre.store.ranges import Condition
from palabre.store.tx import Tx, Value
from palabre.text.words import words

TURNS_MOST = 100
"""Beyond so many, comments are out of order rather than in a few orders."""

_MARKS = {"state": "§t", "site": "§s", "article": "§a", "author": "§w"}
"""What a mark begins with, and no word: § is neither letter nor digit."""

CHARACTERS_MOST = 20_000
"""Of text indexed in one go, for which everybody else waits: 10 ms of French, 50 of Chinese."""

_DONE = "indexed_to"
"""Under which name the store says up to which number comments have been indexed."""

_MARKED = re.compile(r"[0-9a-z]+")
_LAST = 1 << 62
_DOWN = {"oldest": "", "newest": " desc"}
_FOUND = (
    "select c.created_at, c.seq from word_index as w cross join comment as c on c.seq = w.rowid "
    "where w.word_index match :matched"
)


def marks(state: State, *, site_id: str, article_id: str, author_id: str | None) -> str:
    """What stands in the index besides a comment's words."""
    found = {"state": state, "site": site_id, "article": article_id, "author": author_id}
    return " ".join(f"{_MARKS[kind]}{value}" for kind, value in found.items() if value)


async def add_new(tx: Tx, *, most: int) -> int:
    """Index comments that are not yet, in the order of their coming; how many were looked at.

    Not where a comment is stored: the index takes five times as long for one as for each of many.
    """
    rows = await tx.all(
        "select seq, name, body, state, site_id, article_id, author_id from comment "
        "where seq > :done order by seq limit :most",
        done=await _done(tx),
        most=most,
    )
    looked_at = characters = 0
    for row in rows:
        if characters > CHARACTERS_MOST:
            break
        looked_at += 1
        # What was deleted meanwhile has no words left.
        if row["body"] is not None:
            characters += len(row["body"])
            found = marks(
                State(row["state"]),
                site_id=row["site_id"],
                article_id=row["article_id"],
                author_id=row["author_id"],
            )
            await _add(tx, row["seq"], found, row["name"], row["body"])
    if looked_at:
        await info.put(tx, **{_DONE: str(rows[looked_at - 1]["seq"])})
    return looked_at


async def restore(tx: Tx, rows: Sequence[Mapping[str, Value]]) -> None:
    """Index comments, none of which is yet, by words that are folded already."""
    await tx.each("insert into comment_words (seq, words) values (:seq, :words)", rows)
    await tx.run(
        "insert into word_index (rowid, words, marks) select seq, words, marks from word_source "
        "where seq between :first and :last",
        first=rows[0]["seq"],
        last=rows[-1]["seq"],
    )


async def restored(tx: Tx) -> None:
    """Every comment has been looked at."""
    await info.put(tx, **{_DONE: str(await last(tx))})


async def last(tx: Tx) -> int:
    """The number of the newest comment; 0 when there is none."""
    row = await tx.one("select max(seq) as last from comment")
    return (row["last"] or 0) if row is not None else 0


async def reaches(tx: Tx, seq: int) -> bool:
    """Whether comments up to that number have been looked at by `add_new`."""
    return seq <= await _done(tx)


async def _done(tx: Tx) -> int:
    return int((await info.get(tx)).get(_DONE, "0"))


async def _add(tx: Tx, seq: int, marks: str, *texts: str | None) -> None:
    found = " ".join(words("\n".join(text for text in texts if text)))
    await tx.run(
        "insert into comment_words (seq, words) values (:seq, :words)", seq=seq, words=found
    )
    await tx.run(
        "insert into word_index (rowid, words, marks) values (:seq, :words, :marks)",
        seq=seq,
        words=found,
        marks=marks,
    )


async def remove(tx: Tx, seq: int, marks: str) -> bool:
    """Take a comment out of the index; whether it was there.

    `Store.scrub` later removes the last trace of it. *marks*: those that stand there.
    """
    await tx.run(
        "insert into word_index (word_index, rowid, words, marks) "
        "select 'delete', seq, words, :marks from comment_words where seq = :seq",
        seq=seq,
        marks=marks,
    )
    return await tx.run("delete from comment_words where seq = :seq", seq=seq) == 1


async def replace(tx: Tx, seq: int, marks: str, *texts: str | None) -> None:
    """Index what a comment says now; one that is not in the index will be when its turn comes."""
    if await remove(tx, seq, marks):
        await _add(tx, seq, marks, *texts)


async def restate(tx: Tx, seq: int, was: State, becomes: State) -> None:
    """Exchange the mark of a comment's state for another's, if it is in the index.

    One token out and one in, whatever else there is of the row: with detail=none each has a list
    of its own, and knows of no other.
    """
    await tx.run(
        "insert into word_index (word_index, rowid, words, marks) "
        "select 'delete', seq, '', :mark from comment_words where seq = :seq",
        seq=seq,
        mark=f"{_MARKS['state']}{was}",
    )
    await tx.run(
        "insert into word_index (rowid, words, marks) "
        "select seq, '', :mark from comment_words where seq = :seq",
        seq=seq,
        mark=f"{_MARKS['state']}{becomes}",
    )


def match(asked: Sequence[str], **marks: Sequence[str]) -> str | None:
    """What the index is asked for: all of these words, and of each kind of mark one of these.

    *asked*: folded, at least one. None when nothing can be found.
    """
    all_of = [f'"{word}"' for word in asked]
    for kind, values in marks.items():
        any_of = [f'"{_MARKS[kind]}{value}"' for value in values if _MARKED.fullmatch(value)]
        if not any_of:
            return None
        all_of.append(f"({' OR '.join(any_of)})")
    return " AND ".join(all_of)


async def page(
    tx: Tx, matched: str, *, rest: Condition, order: Order, after: Seen | None, limit: int
) -> list[Seen]:
    """Comments that *matched* finds and that fulfil the *rest*, by age.

    The index gives them by number, which is by age as long as time has not turned back: one range
    of *limit* from each turn to the next. Where there are too many, all that is found is sorted.
    """
    turns = await tx.all(
        "select seq from turn where seq > 0 order by seq limit :most", most=TURNS_MOST
    )
    if len(turns) == TURNS_MOST:
        return await _sorted(tx, matched, rest=rest, order=order, after=after, limit=limit)
    found: list[Seen] = []
    for first, end in pairwise([0, *(row["seq"] for row in turns), _LAST]):
        if after is not None:
            there = await _place_of(tx, after, first, end, order)
            first, end = (there, end) if order == "oldest" else (first, there)
        rows = await tx.all(
            f"{_FOUND} and w.rowid >= :first and w.rowid < :end{rest.text} "
            f"order by w.rowid{_DOWN[order]} limit :limit",
            matched=matched,
            first=first,
            end=end,
            limit=limit,
            **rest.values,
        )
        found += [(row["created_at"], row["seq"]) for row in rows]
    found.sort(reverse=order == "newest")
    return found[:limit]


async def _place_of(tx: Tx, after: Seen, first: int, end: int, order: Order) -> int:
    """Where a page begins (oldest) or ends (newest), from *first* to *end*, between two turns."""
    edge = (after[0], after[1] + (order == "oldest"))
    if first <= after[1] < end:
        return edge[1]
    while first < end:
        middle = (first + end) // 2
        row = await tx.one(
            "select created_at, seq from comment where seq >= :seq order by seq limit 1", seq=middle
        )
        if row is None or (row["created_at"], row["seq"]) >= edge:
            end = middle
        else:
            first = row["seq"] + 1
    return first


async def _sorted(
    tx: Tx, matched: str, *, rest: Condition, order: Order, after: Seen | None, limit: int
) -> list[Seen]:
    sign = ">" if order == "oldest" else "<"
    rows = await tx.all(
        f"{_FOUND} and (c.created_at, c.seq) {sign} (:at, :seq){rest.text} "
        f"order by c.created_at{_DOWN[order]}, c.seq{_DOWN[order]} limit :limit",
        matched=matched,
        at=after[0] if after else (-_LAST if order == "oldest" else _LAST),
        seq=after[1] if after else 0,
        limit=limit,
        **rest.values,
    )
    return [(row["created_at"], row["seq"]) for row in rows]
