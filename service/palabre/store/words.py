"""The word index: which comments hold which words, case and accents folded.

Terms are folded by `palabre.text.words`, not by the engine, so that both engines find the same.
"""

from __future__ import annotations

from palabre.store.tx import Tx
from palabre.text.words import words


async def add(tx: Tx, seq: int, *texts: str | None) -> None:
    """Index what a comment says. *seq*: its number."""
    await tx.run(
        "insert into word_index (rowid, words) values (:seq, :words)",
        seq=seq,
        words=" ".join(words("\n".join(text for text in texts if text))),
    )


async def remove(tx: Tx, seq: int) -> None:
    """Take a comment out of the index. `Store.scrub` later removes the last trace of it."""
    await tx.run("delete from word_index where rowid = :seq", seq=seq)


def match(asked: str) -> str | None:
    """What the index is asked for: every word of *asked*, literally; None when it has none."""
    found = words(asked)
    return " ".join(f'"{word}"' for word in found) if found else None
