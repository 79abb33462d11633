"""What a site has learned from its moderators' decisions: counts of features, and whose they are.

What is counted is a function of the labels alone, whatever order they came in, so that each can be
taken back without a trace.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import Learned
from palabre.store.tx import Row, Tx, among, moment, ms
from palabre.text.features import Features, Part


@dataclass(frozen=True, slots=True)
class Label:
    """What a decision taught. `score`: in thousandths, before it was learned, if there was one."""

    is_spam: bool
    moderator_id: str
    at: datetime
    score: int | None


def seen(tx: Tx) -> str:
    """What the site `s` has learned about the features `:buckets`, in one column for `read`.

    Null, and nothing looked up, where it has learned nothing.
    """
    array = tx.either(sqlite="json_array", postgres="json_build_array")
    as_json = tx.either(sqlite="json({})", postgres="cast({} as json)").format
    counts = tx.either(
        sqlite="select json_group_array(json_array(f.bucket, f.honest, f.spam)) "
        "from json_each(:buckets) cross join learned_feature as f "
        "on f.site_id = l.site_id and f.bucket = json_each.value",
        postgres="select json_agg(json_build_array(f.bucket, f.honest, f.spam) order by f.bucket) "
        "from learned_feature as f where f.site_id = l.site_id "
        f"and f.bucket {among(tx, 'buckets', 'bigint')}",
    )
    return (
        f"(select {array}(l.labels, l.honest, l.spam, {as_json('l.scores')}, "
        f"{as_json(f'({counts})')}) from learned_site as l where l.site_id = s.id)"
    )


def wanted(*some: Features) -> str:
    """The value of `:buckets`."""
    return json.dumps(sorted(set[int]().union(*(one.tokens for one in some))))


def read(column: str | None, features: Features) -> Learned:
    """What the column of `seen` says about these features."""
    return _read(column, [features])[0]


async def about(tx: Tx, site_id: str, features: Features) -> Learned:
    """What a site has learned about comments with these features."""
    return (await about_each(tx, site_id, [features]))[0]


async def about_each(tx: Tx, site_id: str, some: Sequence[Features]) -> list[Learned]:
    """The same about several comments, in one read."""
    row = await tx.one(
        f"select {seen(tx)} as learned from site as s where s.id = :site",
        site=site_id,
        buckets=wanted(*some),
    )
    return _read(None if row is None else row["learned"], some)


def _read(column: str | None, some: Sequence[Features]) -> list[Learned]:
    if column is None:
        return [Learned() for _ in some]
    labels, honest, spam, scores, counts = json.loads(column)
    before = {int(score): n for score, n in scores.items()}
    by_bucket = {one[0]: one for one in counts or ()} if len(some) > 1 else {}
    found: list[Learned] = []
    for tokens in (features.tokens for features in some):
        # Of a single one nothing else was asked for.
        own = counts or ()
        if len(some) > 1:
            own = [by_bucket[bucket] for bucket in sorted(tokens) if bucket in by_bucket]
        found.append(
            Learned(
                labels=labels,
                honest=honest,
                spam=spam,
                tokens=tokens,
                counts=own,
                before=before,
            )
        )
    return found


async def hold(tx: Tx, site_id: str) -> int:
    """Let nobody else teach the site until the transaction ends; how many labels it has.

    Behind the comments that are to be changed and before any counter of the site.
    """
    row = await tx.one(
        "insert into learned_site as l (site_id) values (:site) "
        "on conflict (site_id) do update set labels = l.labels returning labels",
        site=site_id,
    )
    if row is None:
        raise LookupError(site_id)
    return int(row["labels"])


async def teach(tx: Tx, site_id: str, comment_id: str, label: Label, features: Features) -> None:
    """Learn a comment that has no label. The site is held."""
    text, signed = features.text, features.signed
    is_new_text = not await _is_known(tx, site_id, "text", text.digest, label.is_spam)
    is_new_signature = not await _is_known(tx, site_id, "signed", signed.digest, label.is_spam)
    await tx.run(
        "insert into learned_label (site_id, comment_id, is_spam, moderator_id, at, score, "
        "text_digest, text_buckets, signed_digest, signed_buckets) values (:site, :comment, :spam, "
        ":moderator, :at, :score, :text, :text_buckets, :signed, :signed_buckets)",
        site=site_id,
        comment=comment_id,
        spam=int(label.is_spam),
        moderator=label.moderator_id,
        at=ms(label.at),
        score=label.score,
        text=text.digest,
        text_buckets=_buckets(text),
        signed=signed.digest,
        signed_buckets=_buckets(signed),
    )
    if is_new_text:
        await _count(tx, site_id, _buckets(text), label.is_spam, 1)
    if is_new_signature:
        await _count(tx, site_id, _buckets(signed), label.is_spam, 1)
    await _total(tx, site_id, label.is_spam, label.score, n=1, texts=int(is_new_text))


async def take_back(tx: Tx, site_id: str, comment_id: str) -> Label | None:
    """Unlearn a comment; what was learned of it, if anything. The site is held."""
    row = await tx.one(
        "delete from learned_label where site_id = :site and comment_id = :comment returning *",
        site=site_id,
        comment=comment_id,
    )
    if row is None:
        return None
    is_spam = bool(row["is_spam"])
    texts = 0
    if not await _is_known(tx, site_id, "text", row["text_digest"], is_spam):
        texts = -1
        await _count(tx, site_id, row["text_buckets"], is_spam, -1)
    if not await _is_known(tx, site_id, "signed", row["signed_digest"], is_spam):
        await _count(tx, site_id, row["signed_buckets"], is_spam, -1)
    await _total(tx, site_id, is_spam, row["score"], n=-1, texts=texts)
    return Label(is_spam, row["moderator_id"], moment(row["at"]), row["score"])


async def is_spam(tx: Tx, site_id: str, comment_id: str) -> bool | None:
    """Whether a comment was learned as spam; None if nothing was learned from it."""
    row = await tx.one(
        "select is_spam from learned_label where site_id = :site and comment_id = :comment",
        site=site_id,
        comment=comment_id,
    )
    return None if row is None else bool(row["is_spam"])


async def forget(tx: Tx, site_id: str, comment_id: str) -> None:
    """A comment is gone: what was learned stays, what ties it to the comment goes."""
    await tx.run(
        "delete from learned_label where site_id = :site and comment_id = :comment",
        site=site_id,
        comment=comment_id,
    )


async def of_moderator(
    tx: Tx, site_id: str, moderator_id: str, *, since: datetime | None, most: int
) -> list[str]:
    """The ids of some comments that this moderator's decisions have taught, the oldest first."""
    rows = await tx.all(
        "select comment_id from learned_label where site_id = :site "
        "and moderator_id = :moderator and at >= :since order by at limit :most",
        site=site_id,
        moderator=moderator_id,
        since=0 if since is None else ms(since),
        most=most,
    )
    return [row["comment_id"] for row in rows]


async def count_of(
    tx: Tx, site_id: str, moderator_id: str, *, since: datetime | None = None
) -> int:
    """How many comments this moderator's decisions have taught."""
    row = await tx.one(
        "select count(*) as n from learned_label where site_id = :site "
        "and moderator_id = :moderator and at >= :since",
        site=site_id,
        moderator=moderator_id,
        since=0 if since is None else ms(since),
    )
    return 0 if row is None else int(row["n"])


async def waiting(tx: Tx, site_id: str, *, before: tuple[int, int], most: int) -> list[Row]:
    """Which comments of a site wait, the newest first. *before*: the age and number of the last."""
    return await tx.all(
        "select id, created_at, seq from comment where site_id = :site and state = 'pending' "
        "and (created_at, seq) < (:at, :seq) order by created_at desc, seq desc limit :most",
        site=site_id,
        at=before[0],
        seq=before[1],
        most=most,
    )


def _buckets(part: Part) -> str:
    return json.dumps(sorted(part.tokens))


async def _is_known(tx: Tx, site_id: str, what: str, digest: bytes, is_spam: bool) -> bool:
    """Whether the same has a label of the same kind already."""
    row = await tx.one(
        f"select 1 from learned_label where site_id = :site and {what}_digest = :digest "
        "and is_spam = :spam limit 1",
        site=site_id,
        digest=digest,
        spam=int(is_spam),
    )
    return row is not None


async def _count(tx: Tx, site_id: str, buckets: str, is_spam: bool, n: int) -> None:
    """These features stood in *n* more (or fewer) of a kind."""
    column = "spam" if is_spam else "honest"
    if n > 0:
        listed = tx.either(
            sqlite="json_each(:buckets)",
            postgres="jsonb_array_elements_text(cast(:buckets as jsonb)) as wanted(value)",
        )
        await tx.run(
            "insert into learned_feature as f (site_id, bucket, honest, spam) "
            f"select :site, cast(value as bigint), :honest, :spam from {listed} where true "
            "on conflict (site_id, bucket) do update set honest = f.honest + excluded.honest, "
            "spam = f.spam + excluded.spam",
            site=site_id,
            honest=int(not is_spam),
            spam=int(is_spam),
            buckets=buckets,
        )
        return
    await tx.run(
        f"update learned_feature set {column} = {column} - 1 where site_id = :site "
        f"and bucket {among(tx, 'buckets', 'bigint')}",
        site=site_id,
        buckets=buckets,
    )
    await tx.run(
        "delete from learned_feature where site_id = :site and honest <= 0 and spam <= 0 "
        f"and bucket {among(tx, 'buckets', 'bigint')}",
        site=site_id,
        buckets=buckets,
    )


async def _total(
    tx: Tx, site_id: str, is_spam: bool, score: int | None, *, n: int, texts: int
) -> None:
    row = await tx.one("select scores from learned_site where site_id = :site", site=site_id)
    scores: dict[str, int] = {} if row is None else json.loads(row["scores"])
    if score is not None and not is_spam:
        scores[str(score)] = scores.get(str(score), 0) + n
    await tx.run(
        f"update learned_site set labels = labels + :n, "
        f"{'spam' if is_spam else 'honest'} = {'spam' if is_spam else 'honest'} + :texts, "
        "scores = :scores where site_id = :site",
        site=site_id,
        n=n,
        texts=texts,
        scores=json.dumps({one: count for one, count in sorted(scores.items()) if count > 0}),
    )
