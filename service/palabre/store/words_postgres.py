"""The word index on PostgreSQL: a GIN index over each comment's folded words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from palabre.model import State
from palabre.store.order import Order, Seen
from palabre.store.ranges import Condition
from palabre.store.tx import Tx, Value, among
from palabre.text.words import words

_COLUMNS = {"site": "site_id", "article": "article_id", "author": "author_id"}


async def add(tx: Tx, comment_id: str, *texts: str) -> None:
    """Index a comment that has just been stored."""
    await tx.run(
        "insert into comment_words (seq, site_id, words) "
        "select seq, site_id, :words from comment where id = :id",
        id=comment_id,
        words=_joined(*texts),
    )


async def restore(tx: Tx, rows: Sequence[Mapping[str, Value]]) -> None:
    """Index comments by words that are folded already."""
    await tx.each(
        "insert into comment_words (seq, site_id, words) "
        "values (:seq, (select site_id from comment where seq = :seq), :words) "
        "on conflict do nothing",
        rows,
    )


async def remove(tx: Tx, seq: int) -> None:
    """Take a comment out of the index."""
    await tx.run("delete from comment_words where seq = :seq", seq=seq)


async def replace(tx: Tx, seq: int, *texts: str | None) -> None:
    """Index what a comment says now."""
    await tx.run(
        "update comment_words set words = :words where seq = :seq", seq=seq, words=_joined(*texts)
    )


def _joined(*texts: str | None) -> str:
    return " ".join(words("\n".join(text for text in texts if text)))


async def find(
    tx: Tx,
    asked: Sequence[str],
    *,
    states: Sequence[State],
    only: dict[str, str],
    rest: Condition,
    order: Order,
    after: Seen | None,
    limit: int,
) -> list[Seen]:
    """Comments that hold all the words *asked*, by age.

    The index finds those that hold the words; they are then looked up, narrowed down and sorted,
    which takes time in proportion to their number.
    """
    sign, turn = (">", "") if order == "oldest" else ("<", " desc")
    values: dict[str, Value] = {_COLUMNS[kind]: value for kind, value in only.items()}
    where = "".join(f" and c.{column} = :{column}" for column in values) + rest.text
    values |= rest.values
    if after is not None:
        where += f" and (c.created_at, c.seq) {sign} (:at, :seq)"
        values |= {"at": after[0], "seq": after[1]}
    rows = await tx.all(
        "select c.created_at, c.seq from comment_words as w join comment as c "
        "on c.seq = w.seq and c.site_id = w.site_id "
        "where string_to_array(w.words, ' ') @> string_to_array(:asked, ' ') "
        f"and c.state {among(tx, 'states')}{where} "
        f"order by c.created_at{turn}, c.seq{turn} limit :limit",
        asked=" ".join(asked),
        states=json.dumps(list(states)),
        limit=limit,
        **values,
    )
    return [(row["created_at"], row["seq"]) for row in rows]
