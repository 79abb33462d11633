"""Publishing: an article's page of comments, its feed, and counts (contract 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palabre.model import Article, Shown, Site
from palabre.service import Service
from palabre.store import Tx, articles, sites, threads
from palabre.store.order import Order
from palabre.store.threads import Seen

WHOLE_AT_ONCE = 500

SITES = sites.OUTDATED_BY_CHANGES
"""The name of what outdates everything that is published."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an article's comments in reading order. `next`: where the next one begins.

    `outdated_by`: the name of what outdates it.
    """

    article: Article
    site: Site
    comments: tuple[Shown, ...]
    next: Seen | None
    outdated_by: str


@dataclass(frozen=True, slots=True)
class Feed:
    """The newest approved comments of an article, or of a whole site (`article` None).

    `outdated_by`: the name of what outdates it.
    """

    site: Site
    article: Article | None
    comments: tuple[tuple[Shown, Article], ...]
    outdated_by: str


async def page(
    service: Service,
    site: Site,
    address: str,
    *,
    order: Order = "oldest",
    after: Seen | None = None,
    limit: int = 50,
) -> Page:
    """Approved comments and tombstones of the article, in reading order."""

    async def unit(tx: Tx) -> Page:
        article = await articles.at(tx, site, address, now=service.now())
        shown: tuple[Shown, ...] = ()
        more = None
        if article.id:
            shown, more = await threads.page(tx, article.id, order=order, after=after, limit=limit)
        return Page(article, site, shown, more, articles.outdated_by_changes_of(article))

    return await service.store.glance(unit)


async def whole(service: Service, site: Site, address: str) -> Page:
    """All of the article's comments, seen at one moment; `next` is None."""

    async def unit(tx: Tx) -> Page:
        article = await articles.at(tx, site, address, now=service.now())
        shown: list[Shown] = []
        more: Seen | None = None
        while article.id:
            some, more = await threads.page(
                tx, article.id, order="oldest", after=more, limit=WHOLE_AT_ONCE
            )
            shown += some
            if more is None:
                break
        return Page(article, site, tuple(shown), None, articles.outdated_by_changes_of(article))

    return await service.store.read(unit)


async def feed(service: Service, site: Site, address: str | None, *, limit: int = 50) -> Feed:
    """The newest approved comments, newest first."""

    async def unit(tx: Tx) -> Feed:
        now = service.now()
        article = None if address is None else await articles.at(tx, site, address, now=now)
        rows = []
        if article is None or article.id:
            rows = await threads.feed(
                tx, article_id=article.id if article else None, site_id=site.id, limit=limit
            )
        known: dict[str, Article] = {}
        for row in rows:
            if row["article_id"] not in known:
                found = await articles.by_id(tx, site, row["article_id"], now=now)
                if found is not None:
                    known[found.id] = found
        entries = tuple((threads.shown(row), known[row["article_id"]]) for row in rows)
        name = articles.outdated_by_changes_on(site.id)
        if article is not None:
            name = articles.outdated_by_changes_of(article)
        return Feed(site, article, entries, name)

    return await service.store.glance(unit)


async def counts(service: Service, asked: Sequence[tuple[Site, str]]) -> list[tuple[int, str]]:
    """How many approved comments each of these articles has, in the order asked.

    With each, the name of what outdates it.
    """

    async def unit(tx: Tx) -> list[tuple[int, str]]:
        return [await articles.approved(tx, site.id, address) for site, address in asked]

    return await service.store.glance(unit)


async def parent(service: Service, article: Article, comment_id: str) -> Shown | None:
    """The approved comment of the article that a form wants to reply to."""
    return await service.store.glance(lambda tx: threads.parent(tx, article.id, comment_id))
