"""Signals as the queue finds comments by them: how urgent one is, and which have a signal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from palabre.model import Signal, State
from palabre.store.tx import Tx, among

OF_A_REPORT = 100
"""One report moves a comment as far up as a signal of the full weight."""


WEIGHS_FROM = {"learned": 0.5}
"""The signals that every comment may have: what they score below this says nothing for urgency,
nor is a comment found by them."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Where a comment's marks stand. `created_at`: ms. `names`: of its signals, each once."""

    site_id: str
    state: State
    created_at: int
    names: tuple[str, ...]


def rank(signals: Sequence[Signal], *, reports: int = 0) -> int:
    """A place in the order of urgency, the lower the sooner: 0 if nothing speaks for it."""
    heaviest = max((signal.score for signal in signals if _weighs(signal)), default=0.0)
    return -round(100 * heaviest) - OF_A_REPORT * reports


def names(signals: Sequence[Signal]) -> tuple[str, ...]:
    """The names by which a comment with these signals is found, each once."""
    return tuple(sorted({signal.name for signal in signals if _weighs(signal)}))


def _weighs(signal: Signal) -> bool:
    return signal.score >= WEIGHS_FROM.get(signal.name, 0.0)


async def add(tx: Tx, comment_id: str, signals: Sequence[Signal]) -> None:
    """Mark a comment that has just been stored; most have no signal, and cost nothing."""
    found = names(signals)
    if found:
        await tx.run(
            "insert into comment_signal (site_id, name, state, created_at, seq) "
            "select c.site_id, value, c.state, c.created_at, c.seq from comment as c, "
            + tx.either(
                sqlite="json_each(:names) ",
                postgres="json_array_elements_text(cast(:names as json)) as n(value) ",
            )
            + "where c.id = :id",
            names=json.dumps(found),
            id=comment_id,
        )


async def restate(tx: Tx, seq: int, marked: Marked, becomes: State) -> None:
    """The comment came to another state."""
    if marked.names:
        await tx.run(
            "update comment_signal set state = :becomes where site_id = :site "
            f"and name {among(tx, 'names')} and state = :state and created_at = :at and seq = :seq",
            becomes=becomes,
            seq=seq,
            **_key(marked),
        )


async def remove(tx: Tx, seq: int, marked: Marked) -> None:
    """The comment is gone."""
    if marked.names:
        await tx.run(
            f"delete from comment_signal where site_id = :site and name {among(tx, 'names')} "
            "and state = :state and created_at = :at and seq = :seq",
            seq=seq,
            **_key(marked),
        )


def _key(marked: Marked) -> dict[str, str | int]:
    return {
        "site": marked.site_id,
        "names": json.dumps(marked.names),
        "state": marked.state,
        "at": marked.created_at,
    }
