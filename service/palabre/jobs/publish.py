"""Static copies of what is published: for sites that are built, not served.

Each article's listing lies in a folder of its own (`palabre.text.static_path`) as JSON, HTML
fragment and Atom feed, the whole thread in each; each site has a feed and an index.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from palabre.actions import articles, listing, sites
from palabre.jobs import static_files
from palabre.jobs.outcome import GiveUp
from palabre.model import Site
from palabre.rendering import atom, pages, shapes
from palabre.service import Service
from palabre.store.jobs import Job
from palabre.text.static_path import FEED, INDEX, NAMES, place

FEED_MOST = 50
AT_ONCE = 200

Index = dict[str, dict[str, object]]


@dataclass(slots=True)
class Published:
    """What a run did: articles that are there, files written anew, files removed."""

    articles: int = 0
    written: int = 0
    removed: int = 0


async def publish(service: Service, job: Job) -> None:
    """Bring one article's files up to date. Raises OSError, which is tried again."""
    folder = service.settings.publish_dir
    if folder is None:
        raise GiveUp("PALABRE_PUBLISH_DIR is not set any more")
    site = await sites.by_id(service, job.site_id)
    address = await articles.address_of(service, site, str(job.subject["article"]))
    if address is None:
        return
    done = Published()
    async with static_files.alone(folder):
        # Read within the lock: whoever is slower has read later, so nothing older replaces it.
        below = folder / place("/" + site.name)
        index = await asyncio.to_thread(_index, below)
        await _article(service, site, address, below, index, done)
        await _site(service, site, below, index, done)


async def publish_all(
    service: Service,
    folder: Path,
    *,
    only: str | None = None,
    told: Callable[[int], None] = lambda articles: None,
) -> Published:
    """Bring every file of every site, or of the one named *only*, up to date; remove the others.

    *told* is called with the number of articles done so far.
    """
    done = Published()
    for site in await sites.every(service):
        if only not in (None, site.name):
            continue
        async with static_files.alone(folder):
            below = folder / place("/" + site.name)
            index: Index = {}
            after = None
            while True:
                found, after = await articles.page(service, site, after=after, limit=AT_ONCE)
                for article in found:
                    await _article(service, site, article.address, below, index, done)
                    told(done.articles)
                if after is None:
                    break
            await _site(service, site, below, index, done)
            done.removed += await asyncio.to_thread(_sweep, below, index)
    return done


async def _article(
    service: Service, site: Site, address: str, below: Path, index: Index, done: Published
) -> None:
    page = await listing.whole(service, site, address)
    where = place(address)
    folder = below / where
    if not page.comments:
        index.pop(page.article.url, None)
        for name in NAMES:
            done.removed += await asyncio.to_thread(static_files.remove, folder / name, up_to=below)
        return
    feed = await listing.feed(service, site, address, limit=FEED_MOST)
    for name, content in zip(NAMES, _contents(service, site, page, feed), strict=True):
        done.written += await asyncio.to_thread(static_files.put, folder / name, content)
    done.articles += 1
    files = {name.rpartition(".")[2]: f"{where}/{name}".lstrip("/") for name in NAMES}
    index[page.article.url] = {"count": page.article.count, **files}


def _contents(
    service: Service, site: Site, page: listing.Page, feed: listing.Feed
) -> tuple[bytes, bytes, bytes]:
    shaped = {
        "article": shapes.listed_article(page.article),
        "comments": [shapes.public(comment) for comment in page.comments],
        "next": None,
    }
    html = pages.listing_fragment(
        pages.ListingView(article=page.article, comments=page.comments),
        language=site.locale,
        service_url=service.settings.public_url,
    )
    return _json(shaped), html.encode(), _feed(service, site, feed, {"article": page.article.url})


async def _site(service: Service, site: Site, below: Path, index: Index, done: Published) -> None:
    feed = await listing.feed(service, site, None, limit=FEED_MOST)
    for name, content in (
        (FEED, _feed(service, site, feed, {"site": site.name})),
        (INDEX, _json(dict(sorted(index.items())))),
    ):
        done.written += await asyncio.to_thread(static_files.put, below / name, content)


def _feed(service: Service, site: Site, feed: listing.Feed, query: dict[str, str]) -> bytes:
    address = f"{service.settings.public_url}/v1/comments.atom?{urlencode(query)}"
    return atom.feed(feed, self_url=address, language=site.locale)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _index(below: Path) -> Index:
    """The site's index; an empty one where there is none yet, or none that can be read."""
    try:
        found: Index = json.loads((below / INDEX).read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def _sweep(below: Path, index: Index) -> int:
    """Remove files of ours that no article has any more; how many."""
    kept = {str(entry[kind]) for entry in index.values() for kind in ("json", "html", "atom")}
    found = [path for name in NAMES for path in below.rglob(name)]
    return sum(
        static_files.remove(path, up_to=below)
        for path in found
        if path.relative_to(below).as_posix() not in kept
    )
