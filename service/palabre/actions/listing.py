"""Publishing: an article's page of comments, its feed, and counts (contract 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palabre.model import Article, Shown, Site
from palabre.service import Service
from palabre.store import Tx, articles, threads
from palabre.store.threads import Order, Seen


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an article's comments in reading order. `next`: where the next one begins."""

    article: Article
    site: Site
    comments: tuple[Shown, ...]
    next: Seen | None


@dataclass(frozen=True, slots=True)
class Feed:
    """The newest approved comments of an article, or of a whole site (`article` None)."""

    site: Site
    article: Article | None
    comments: tuple[tuple[Shown, Article], ...]


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
        rows = []
        if article.id:
            rows = await threads.page(tx, article.id, order=order, after=after, limit=limit + 1)
        more = rows[limit - 1][1] if len(rows) > limit else None
        return Page(article, site, tuple(comment for comment, _ in rows[:limit]), more)

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
        return Feed(site, article, entries)

    return await service.store.read(unit)


async def counts(service: Service, asked: Sequence[tuple[Site, str]]) -> list[int]:
    """How many approved comments each of these articles has, in the order asked."""

    async def unit(tx: Tx) -> list[int]:
        return [await articles.approved(tx, site.id, address) for site, address in asked]

    return await service.store.read(unit)


async def parent(service: Service, article: Article, comment_id: str) -> Shown | None:
    """The approved comment of the article that a form wants to reply to."""
    return await service.store.read(lambda tx: threads.parent(tx, article.id, comment_id))
