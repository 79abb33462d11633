"""What came in the last 24 hours, from whom and to where: the limits, and the visitors' pace.

Everything is known by a keyed hash of the day: a visitor, the network around them, an author, an
article, the site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre.store.tx import Tx, Value, ms

KEPT_FOR = timedelta(hours=24)
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one is taken from: *count* at once, then one every *period_s* / *count*.

    *count* 0 means no limit; the pace is noted all the same.
    """

    tag: bytes
    count: int
    period_s: int

    @property
    def step(self) -> int:
        """The milliseconds until the next one."""
        return self.period_s * 1000 // self.count if self.count else 0


async def take(
    tx: Tx, site_id: str, buckets: Sequence[Bucket], *, now: datetime
) -> list[int | None]:
    """Take one submission from each of these that has one left.

    Of each how many were taken before in its present window of 10 minutes, None of one that had
    none left. GCRA (ITU-T I.371, the "virtual scheduling" form). One row a bucket and one
    statement for all of them, so that racing ones can't both take the last; in the order given,
    in which those that everybody takes from stand behind the others (`tx.held`).
    """
    at, window = ms(now), int(WINDOW.total_seconds() * 1000)
    values: dict[str, Value] = {
        "site": site_id,
        "at": at,
        "since": at - window,
        "expires": at + int(KEPT_FOR.total_seconds() * 1000),
    }
    for number, bucket in enumerate(buckets):
        values |= {
            f"tag{number}": bucket.tag,
            f"due{number}": at + bucket.step,
            f"slack{number}": bucket.step * (bucket.count - 1),
        }
    numbers = range(len(buckets))
    new = ", ".join(f"(:site, :tag{n}, :due{n}, :at, 1, :expires)" for n in numbers)
    slack = " ".join(f"when :tag{n} then cast(:slack{n} as bigint)" for n in numbers)
    rows = await tx.all(
        "insert into visit as v (site_id, visitor_tag, due_at, window_at, window_comments, "
        f"expires_at) values {new} "
        "on conflict (site_id, visitor_tag) do update set "
        "due_at = (case when v.due_at > :at then v.due_at else :at end) "
        "+ (excluded.due_at - excluded.window_at), "
        "window_at = case when v.window_at > :since then v.window_at else :at end, "
        "window_comments = case when v.window_at > :since "
        "then v.window_comments + 1 else 1 end "
        "where excluded.due_at = excluded.window_at "
        f"or v.due_at - :at <= case excluded.visitor_tag {slack} end "
        "returning visitor_tag, window_comments",
        **values,
    )
    taken = {bytes(row["visitor_tag"]): int(row["window_comments"]) - 1 for row in rows}
    return [taken.get(bucket.tag) for bucket in buckets]


async def wait(tx: Tx, site_id: str, bucket: Bucket, *, now: datetime) -> int:
    """The seconds until there is one to take again; 0 if there is now. Takes nothing."""
    row = await tx.one(
        "select due_at from visit where site_id = :site and visitor_tag = :tag",
        site=site_id,
        tag=bucket.tag,
    )
    if row is None or not bucket.count:
        return 0
    left = row["due_at"] - ms(now) - bucket.step * (bucket.count - 1)
    return -(-left // 1000) if left > 0 else 0


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove what is past its 24 hours; how many."""
    return await tx.run(
        "delete from visit where (site_id, visitor_tag) in (select site_id, visitor_tag "
        "from visit where expires_at <= :now order by expires_at limit :most)",
        now=ms(now),
        most=most,
    )
