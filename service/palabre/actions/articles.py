"""Articles in moderators' hands: made beforehand, opened, closed, titled, given rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from palabre.errors import ArticleNotFound, InvalidRequest
from palabre.ids import new_id
from palabre.model import Article, Moderator, Site
from palabre.service import Service
from palabre.store import Tx, articles, sites
from palabre.text import policy

Seen = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None leaves as is. `title` is set only when `sets_title`; `policy`: rules,
    null takes one back to the site's."""

    open: bool | None = None
    title: str | None = None
    sets_title: bool = False
    policy: Mapping[str, object] | None = None


async def at(service: Service, site: Site, address: str) -> Article:
    """The article at a canonical address, stored or not; one indexed row."""
    return await service.store.glance(lambda tx: articles.at(tx, site, address, now=service.now()))


async def put(service: Service, site: Site, address: str, changes: Changes) -> tuple[Article, bool]:
    """Change the article at an address, made if need be; and whether it was."""

    async def unit(tx: Tx) -> tuple[Article, bool]:
        now = service.now()
        made = await articles.add(tx, site, address, article_id=new_id(now), at=now)
        article = await articles.at(tx, site, address, now=now)
        return await _change(tx, service, site, article, changes), made

    return await service.store.write(unit)


async def change(
    service: Service, moderator: Moderator, article_id: str, changes: Changes
) -> Article:
    """Change an article. Raises ArticleNotFound, InvalidRequest."""

    async def unit(tx: Tx) -> Article:
        site, article = await _own(tx, service, moderator, article_id)
        return await _change(tx, service, site, article, changes)

    return await service.store.write(unit)


async def get(service: Service, moderator: Moderator, article_id: str) -> Article:
    """An article that the moderator may see. Raises ArticleNotFound."""

    async def unit(tx: Tx) -> Article:
        return (await _own(tx, service, moderator, article_id))[1]

    return await service.store.read(unit)


async def address_of(service: Service, site: Site, article_id: str) -> str | None:
    """The canonical address of a stored article of the site."""
    found = await service.store.glance(
        lambda tx: articles.by_id(tx, site, article_id, now=service.now())
    )
    return None if found is None else found.address


async def page(
    service: Service, site: Site, *, after: Seen | None, limit: int
) -> tuple[list[Article], Seen | None]:
    """A site's articles, newest first, and where the next page begins."""
    rows = await service.store.read(
        lambda tx: articles.page(tx, site, after=after, limit=limit + 1, now=service.now())
    )
    more = rows[limit - 1][1] if len(rows) > limit else None
    return [article for article, _ in rows[:limit]], more


async def _change(
    tx: Tx, service: Service, site: Site, article: Article, changes: Changes
) -> Article:
    overridden = await articles.overrides(tx, article.id)
    # Again, now that nobody else can change it.
    article = await articles.at(tx, site, article.address, now=service.now())
    if changes.policy is not None:
        normal, errors = policy.check(changes.policy, origins=site.origins, of_article=True)
        if errors:
            raise InvalidRequest(errors)
        overridden = policy.changed(overridden, normal)
    await articles.change(
        tx,
        article.id,
        is_open=article.is_open_by_hand if changes.open is None else changes.open,
        title=changes.title if changes.sets_title else article.title,
        # Taking the title away vouches for none that a reader's form may bring afterwards.
        is_title_vouched=(
            changes.title is not None if changes.sets_title else article.is_title_vouched
        ),
        overridden=overridden,
    )
    await articles.retitle(tx, article.id)
    return await articles.at(tx, site, article.address, now=service.now())


async def _own(
    tx: Tx, service: Service, moderator: Moderator, article_id: str
) -> tuple[Site, Article]:
    site_id = await articles.site_of(tx, article_id)
    if site_id is None or moderator.site_id not in (None, site_id):
        raise ArticleNotFound
    site = await sites.by_id(tx, site_id)
    article = await articles.by_id(tx, site, article_id, now=service.now())
    if article is None:
        raise ArticleNotFound
    return site, article
