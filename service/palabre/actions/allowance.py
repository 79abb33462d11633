"""How much may come: from one visitor, from around them, from an author, to an article, to a site.

What is above a visitor's limit is refused. All else that is above a limit is taken, and told to
screening: nobody is kept out because of what others send.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from palabre.actions.tags import Tags, of_day
from palabre.errors import TooFast
from palabre.model import Article, Site
from palabre.service import Service
from palabre.settings import Rate
from palabre.store import Tx, floods, visits
from palabre.store.visits import Bucket
from palabre.text import policy

FLOOD_LASTS = timedelta(minutes=10)
"""How long a site is taken to be flooded after the last comment above its limit."""

ROOM = 2
"""In a flood, as many times the limit is taken of what nothing speaks against."""
NETWORKS = 12
"""So many networks have room between them: an attacker of several still leaves some."""
SHARE_LEAST = 5
"""Behind one address there may be a school or a company, whatever little a site lets pass."""


class Room(Enum):
    """Whether there is room for one more in a flood, or what is lacking."""

    LEFT = "left"
    NO_SHARE = "no share"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a submission finds when it takes one from each allowance.

    `recent`: how many comments the visitor has sent lately. The others: whether there was none
    left for the network around them, for the author, the article and the site.
    """

    recent: int
    network_over: bool = False
    author_over: bool = False
    article_over: bool = False
    site_over: bool = False


async def check(tx: Tx, service: Service, site: Site, visitor_tag: bytes) -> None:
    """Raises TooFast for a visitor who has none left. Takes nothing."""
    bucket = _bucket(visitor_tag, service.settings.submission_limit)
    wait_s = await visits.wait(tx, site.id, bucket, now=service.now())
    if wait_s:
        raise TooFast(retry_after_s=wait_s, n=wait_s)


async def take(tx: Tx, service: Service, article: Article, tags: Tags) -> Taken:
    """Take one from each allowance. Raises TooFast when the visitor has none left.

    Where visitors have no limit nobody has. What the site gets too much of is written down.
    """
    now = service.now()
    limit = service.settings.submission_limit
    rules, site_id = article.policy, article.site_id
    buckets = {"visitor": _bucket(tags.visitor, limit)}
    # Those that everybody takes from stand last: on PostgreSQL they are held until the commit.
    for name, tag, text in (
        ("network", tags.network, rules.network_limit),
        ("author", tags.author_today, rules.author_limit),
        ("article", of_day(service, site_id, "article", article.id.encode()), rules.article_limit),
        ("site", of_day(service, site_id, "site"), rules.site_limit),
    ):
        rate = policy.rate(text)
        if limit is not None and rate is not None:
            buckets[name] = _bucket(tag, rate)
    found = await visits.take(tx, site_id, list(buckets.values()), now=now)
    before = dict(zip(buckets, found, strict=True))
    recent = before.pop("visitor")
    if recent is None:
        wait_s = await visits.wait(tx, site_id, buckets["visitor"], now=now)
        raise TooFast(retry_after_s=wait_s, n=wait_s)
    taken = Taken(recent, **{f"{name}_over": n is None for name, n in before.items()})
    if taken.site_over:
        await floods.note_site(tx, site_id, until=now + FLOOD_LASTS)
    return taken


async def note_crowd(tx: Tx, service: Service, article: Article, taken: Taken) -> None:
    """Write down that an article gets too much; once its author is held (`tx.held`)."""
    if taken.article_over:
        await floods.note_article(tx, article.id, until=service.now() + FLOOD_LASTS)


async def take_room(
    tx: Tx, service: Service, article: Article, network: bytes, *, kind: str
) -> Room:
    """Whether there is room, in a flood, for one more of its kind that nothing speaks against, from
    this network: takes it.

    Some times what the site may get, or else the article. Each kind has as much of its own, since
    anybody can fill up the queue with what took no pains; and of that no network has more than its
    share, since a few addresses of one could.
    """
    rules, site_id = article.policy, article.site_id
    rate = policy.rate(rules.site_limit) or policy.rate(rules.article_limit)
    if rate is None:
        return Room.LEFT
    now, most = service.now(), ROOM * rate.count
    share = _bucket(
        of_day(service, site_id, f"{kind}-share", network),
        replace(rate, count=max(SHARE_LEAST, most // NETWORKS)),
    )
    room = _bucket(of_day(service, site_id, f"{kind}-room"), replace(rate, count=most))
    # One after the other: what has had its share takes nothing of what is everybody's.
    for bucket, lacking in ((share, Room.NO_SHARE), (room, Room.FULL)):
        (taken,) = await visits.take(tx, site_id, [bucket], now=now)
        if taken is None:
            return lacking
    return Room.LEFT


def _bucket(tag: bytes, rate: Rate | None) -> Bucket:
    return Bucket(tag, rate.count if rate else 0, rate.period_s if rate else 0)
