"""Telling caches in front of the service that an article's listing has changed."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from palabre.actions import articles, sites
from palabre.jobs import outgoing
from palabre.model import Site
from palabre.service import Service
from palabre.store.jobs import Job

TAG = "X-Palabre-Article"
"""Names the article's URL, for caches that drop by rule whatever belongs to it."""

GONE = 404
"""What a cache answers that had nothing."""


async def purge(service: Service, job: Job) -> None:
    """Purge every cache of what it may have of an article. Raises NotSent when one did not take it.

    Caches are the operator's own, so private addresses may be reached.
    """
    site = await sites.by_id(service, job.site_id)
    address = await articles.address_of(service, site, str(job.subject["article"]))
    if address is None:
        return
    url = site.origins[0] + address
    named = {TAG: quote(url, safe="/:?&=%#+,;@!$'()*~[]")}
    paths = paths_of(service.settings.base_path, site, address)
    for cache in service.settings.purge_urls:
        if cache.posts:
            body = json.dumps({"article": url, "paths": paths}, ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json", **named}
            _check(await outgoing.send("POST", cache.url, headers=headers, body=body, allowed=None))
        else:
            for path in paths:
                _check(await outgoing.send("PURGE", cache.url + path, headers=named, allowed=None))


def paths_of(base: str, site: Site, address: str) -> list[str]:
    """What is asked for to see an article's comments, as our own pages and most others ask."""
    return [
        f"{base}/v1/{what}?{urlencode({'article': article}, safe='/:')}"
        for what in ("comments", "comments.html", "comments.atom", "counts")
        for article in (address, *(origin + address for origin in site.origins))
    ]


def _check(status: int) -> None:
    if not (200 <= status < 300 or status == GONE):
        raise outgoing.NotSent(f"the cache answered {status}")
