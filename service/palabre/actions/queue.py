"""What moderators look through: the queue, one comment, the log."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.actions.indexing import catch_up
from palabre.actions.people import Record
from palabre.errors import (
    BadParameter,
    Busy,
    CommentNotFound,
    FieldError,
    SiteNotFound,
    StoreUnavailable,
)
from palabre.model import Article, Comment, Decision, Moderator, Site, State
from palabre.service import Service
from palabre.store import (
    Tx,
    alike,
    articles,
    comments,
    decisions,
    moderators,
    queue,
    ranges,
    reports,
    sites,
)
from palabre.store.order import QueueOrder, Reached
from palabre.text import address, rules
from palabre.text.words import words


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the queue is asked for, as asked. `site`: a name; `article`: a URL or path.

    `signal`: a rule's name. `since`, `until`: when it was created, the latter not included.
    `same`: the id of a comment whose text they share, or nearly. `reported`: those with open
    reports, the most reported first.
    """

    states: Sequence[State] = (State.PENDING,)
    site: str | None = None
    article: str | None = None
    author: str | None = None
    words: str | None = None
    signal: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    same: str | None = None
    reported: bool = False


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the queue. `counts`: comments in each state, of all that the moderator may see.

    `article`: the only one that is asked for, if one is.
    """

    comments: tuple[Comment, ...]
    next: Reached | None
    counts: Mapping[str, int]
    article: Article | None


async def page(
    service: Service,
    moderator: Moderator,
    wanted: Wanted,
    *,
    order: QueueOrder = "oldest",
    after: Reached | None = None,
    limit: int = 50,
) -> QueuePage:
    """Comments that pass every filter. Raises SiteNotFound, BadParameter.

    A search first indexes what has just come; what it finds can be ordered by age alone. What is
    `reported` is ordered by that, *order* or not.
    """
    order = ordered(wanted, order)
    if wanted.words is not None:
        # A store that can't be written can still be searched for what is indexed.
        with contextlib.suppress(Busy, StoreUnavailable):
            await catch_up(service)

    async def unit(tx: Tx) -> QueuePage:
        counts = await sites.tally(tx, moderator.site_id)
        site = await _named_site(tx, moderator, wanted.site)
        article = await _article(tx, service, moderator, wanted, site)
        found = await _filter(tx, service, moderator, wanted, site, article)
        if found is None:
            return QueuePage((), None, counts, article)
        rows = await queue.page(
            tx, found, order=order, after=after, limit=limit + 1, now=service.now()
        )
        more = rows[limit - 1][1] if len(rows) > limit else None
        return QueuePage(tuple(comment for comment, _ in rows[:limit]), more, counts, article)

    return await service.store.read(unit)


def ordered(wanted: Wanted, order: QueueOrder) -> QueueOrder:
    """The order in which a list comes that is asked for in another."""
    if wanted.words is not None:
        return "oldest" if order == "urgent" else order
    return "urgent" if wanted.reported else order


async def count(
    service: Service, moderator: Moderator, wanted: Wanted, *, order: QueueOrder, most: int
) -> int:
    """How many comments pass every filter; of more than *most* no more are counted.

    Raises SiteNotFound, BadParameter. What has just come is found once a `page` has indexed it.
    """

    async def unit(tx: Tx) -> int:
        site = await _named_site(tx, moderator, wanted.site)
        article = await _article(tx, service, moderator, wanted, site)
        found = await _filter(tx, service, moderator, wanted, site, article)
        by = ordered(wanted, order)
        return 0 if found is None else await queue.count(tx, found, order=by, most=most)

    return await service.store.read(unit)


async def one(service: Service, moderator: Moderator, comment_id: str) -> Record:
    """A comment with its decisions, edits and reports. Raises CommentNotFound."""

    async def unit(tx: Tx) -> Record:
        comment = await queue.one(tx, comment_id, site_id=moderator.site_id, now=service.now())
        if comment is None:
            raise CommentNotFound
        return Record(
            comment,
            tuple(await decisions.of_comment(tx, comment_id)),
            tuple(await decisions.edits_of(tx, comment_id)),
            tuple(await reports.of_comment(tx, comment_id)),
        )

    return await service.store.read(unit)


async def log(
    service: Service,
    moderator: Moderator,
    *,
    site: str | None,
    comment: str | None,
    by: str | None,
    before: int | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[list[Decision], int | None]:
    """Every decision that passes the filters, newest first, and where the next page begins.

    *by*: a moderator's name. *until*: not included. Raises SiteNotFound, CommentNotFound.
    """

    async def unit(tx: Tx) -> list[tuple[Decision, int]]:
        home = await _named_site(tx, moderator, site)
        site_id = home.id if home else moderator.site_id
        if comment is not None and not await queue.one(
            tx, comment, site_id=site_id, now=service.now()
        ):
            raise CommentNotFound
        moderator_id = None
        if by is not None:
            moderator_id = await moderators.id_of(tx, by)
            if moderator_id is None:
                return []
        return await decisions.page(
            tx,
            site_id=site_id,
            comment_id=comment,
            moderator_id=moderator_id,
            before=before,
            limit=limit + 1,
            since=since,
            until=until,
        )

    rows = await service.store.read(unit)
    more = rows[limit - 1][1] if len(rows) > limit else None
    return [decision for decision, _ in rows[:limit]], more


async def _filter(
    tx: Tx,
    service: Service,
    moderator: Moderator,
    wanted: Wanted,
    site: Site | None,
    article: Article | None,
) -> ranges.Filter | None:
    """What to look for in the store; None when nothing can be found."""
    article_id = None if article is None else article.id
    asked = () if wanted.words is None else words(wanted.words)
    text_hash = group = None
    if wanted.same is not None:
        like = await queue.one(tx, wanted.same, site_id=moderator.site_id, now=service.now())
        if like is None or like.text is None:
            return None
        text_hash = comments.text_hash(like.text)
        group = await alike.group(tx, wanted.same)
        site = site or await sites.by_name(tx, like.site)
    if article_id == "" or (wanted.words is not None and not asked):
        return None
    return ranges.Filter(
        states=tuple(dict.fromkeys(wanted.states)),
        site_id=site.id if site else moderator.site_id,
        article_id=article_id,
        author_id=wanted.author,
        words=asked,
        signal=wanted.signal,
        since=wanted.since,
        until=wanted.until,
        text_hash=text_hash,
        alike=group,
        reported=wanted.reported,
    )


async def _article(
    tx: Tx, service: Service, moderator: Moderator, wanted: Wanted, site: Site | None
) -> Article | None:
    """The only article that is asked for, if one is. *site*: the one that is named."""
    if wanted.article is None:
        return None
    home = site or await _home(tx, moderator, wanted.article)
    try:
        path = rules.article(wanted.article, home.origins)
    except rules.Refused as exc:
        raise BadParameter([exc.about("article")]) from exc
    return await articles.at(tx, home, path, now=service.now())


async def _named_site(tx: Tx, moderator: Moderator, name: str | None) -> Site | None:
    if name is None:
        return None
    site = await sites.by_name(tx, name)
    if site is None or moderator.site_id not in (None, site.id):
        raise SiteNotFound
    return site


async def _home(tx: Tx, moderator: Moderator, article: str) -> Site:
    """The site of an article's URL, else the moderator's, else the only one."""
    origin = address.origin_of(article)
    site = await sites.by_origin(tx, origin) if origin else None
    if site is None and moderator.site_id is not None:
        site = await sites.by_id(tx, moderator.site_id)
    site = site or await sites.only(tx)
    if site is None and origin is not None:
        # No choice of a site would make it right.
        raise BadParameter([FieldError("article", "not_allowed", hint="article_not_allowed")])
    if site is None:
        raise BadParameter([FieldError("site", "required", hint="site_ambiguous")])
    if moderator.site_id not in (None, site.id):
        raise SiteNotFound
    return site
