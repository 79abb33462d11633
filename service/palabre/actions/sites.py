"""Sites: adding them, finding the one that is meant, changing their rules."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

from palabre.errors import FieldError, InvalidRequest, Refusal, SiteNotFound
from palabre.ids import random_id
from palabre.locale import LANGUAGES
from palabre.model import Site
from palabre.service import Service
from palabre.store import Taken, Tx, sites
from palabre.text import address, policy

SITE_BYTES = 2000
"""What a remembered site takes, its names and origins included; generously."""
WORD_BYTES = 150
"""What a listed word takes beside its letters, made ready to be looked for included."""

_Checked = tuple[dict[str, object], list[FieldError]]
"""What `policy.check` says."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


async def add(
    service: Service, name: str, *, origins: Sequence[str], locale: str | None = None
) -> Site:
    """A new site with at least one origin. Refuses bad or taken names and origins, all at once."""
    wrong, normal = [], []
    if not _NAME.fullmatch(name):
        wrong.append(
            f"“{name}” cannot be a site's name: letters, digits, dots, dashes and underscores, "
            "64 at most."
        )
    if not origins:
        wrong.append("A site needs at least one --origin, such as https://blog.example.")
    for origin in origins:
        try:
            normal.append(address.origin(origin))
        except address.AddressError:
            wrong.append(f"“{origin}” is not an origin; one looks like https://blog.example.")
    locale = locale or service.settings.locale
    if locale not in LANGUAGES:
        wrong.append(f"“{locale}” is not a language of ours: {', '.join(LANGUAGES)}.")
    if wrong:
        raise Refusal(*wrong)

    async def unit(tx: Tx) -> Site:
        site_id = random_id()
        await sites.add(
            tx,
            site_id,
            name,
            origins=list(dict.fromkeys(normal)),
            locale=locale,
            at=service.now(),
        )
        return await sites.by_id(tx, site_id)

    try:
        return await service.store.write(unit)
    except Taken as exc:
        if exc.constraint == "site_name":
            raise Refusal(f"There is a site “{name}” already.") from exc
        raise Refusal("One of these origins belongs to another site already.") from exc


async def find(
    service: Service, *, name: str | None, article: str | None, origin: str | None
) -> Site | None:
    """The site that a request means (contract 3.1, `site`); None when it can't be told.

    Raises SiteNotFound for a name that no site has.
    """

    homes = [address.origin_of(url) if url else None for url in (article, origin)]
    key = (name, *homes)
    await service.store.refresh()
    known = service.known_sites.get(key)
    if known is not None:
        return known
    mark = service.known_sites.mark()

    async def unit(tx: Tx) -> Site | None:
        if name is not None:
            named = await sites.by_name(tx, name)
            if named is None:
                raise SiteNotFound
            return named
        for home in homes:
            found = await sites.by_origin(tx, home) if home else None
            if found is not None:
                return found
        return await sites.only(tx)

    site = await service.store.glance(unit)
    if site is not None:
        size = _size(site)
        for known_by in (key, site.id):
            service.known_sites.put(
                known_by, site, size=size, of=[sites.OUTDATED_BY_CHANGES], mark=mark
            )
    return site


async def meant(tx: Tx, name: str | None, *, site_id: str | None) -> Site | None:
    """The site that a moderator names, else the only one they may see (*site_id*), else the only
    one there is; None when it can't be told. Raises SiteNotFound for one that they don't see."""
    if name is not None:
        named = await sites.by_name(tx, name)
        if named is None or site_id not in (None, named.id):
            raise SiteNotFound
        return named
    return await sites.only(tx) if site_id is None else await sites.by_id(tx, site_id)


def _size(site: Site) -> int:
    """What a remembered site takes, in bytes."""
    listed = (*site.policy.hold_words, *site.policy.reject_words)
    return SITE_BYTES + sum(WORD_BYTES + 2 * len(entry) for entry in listed)


async def as_now(tx: Tx, service: Service, site: Site) -> Site:
    """A site as it is within a transaction that may write: its rules may have been changed."""
    return service.known_sites.get(site.id) or await sites.by_id(tx, site.id)


async def by_id(service: Service, site_id: str) -> Site:
    """The site that a moderator's token is bound to."""
    return await service.store.read(lambda tx: sites.by_id(tx, site_id))


async def every(service: Service) -> list[Site]:
    """All sites, by name."""
    return await service.store.read(sites.every)


async def of_origin(service: Service, origin: str) -> Site | None:
    """The site that an origin belongs to."""
    return await service.store.glance(lambda tx: sites.by_origin(tx, origin))


async def change_policy(
    service: Service, name: str, changes: Mapping[str, object], *, site_id: str | None = None
) -> Site:
    """Change some of a site's rules; null takes a rule back to its default.

    *site_id*: the only site that the caller may change, None for any. Raises SiteNotFound,
    InvalidRequest.
    """

    lists = await _lists_in(changes)

    async def unit(tx: Tx) -> Site:
        site = await sites.by_name(tx, name)
        if site is None or site_id not in (None, site.id):
            raise SiteNotFound
        overridden = await sites.overrides(tx, site.id)
        await sites.set_policy(tx, site.id, _changed(site, overridden, changes, lists))
        return await sites.by_id(tx, site.id)

    return await service.store.write(unit)


async def with_changes(service: Service, site: Site, changes: Mapping[str, object]) -> Site:
    """The site as it would be with these changes, none of which are stored.

    Raises InvalidRequest, as `change_policy` does.
    """

    lists = await _lists_in(changes)

    async def unit(tx: Tx) -> Site:
        overridden = await sites.overrides(tx, site.id, to_change=False)
        return sites.with_policy(site, _changed(site, overridden, changes, lists))

    return await service.store.read(unit)


async def _lists_in(changes: Mapping[str, object]) -> _Checked:
    """The lists of words among changes, checked where nobody waits: long ones take a second."""
    lists = {name: value for name, value in changes.items() if name in policy.WORDS}
    return await asyncio.to_thread(policy.check, lists) if lists else ({}, [])


def _changed(
    site: Site,
    overridden: Mapping[str, object],
    changes: Mapping[str, object],
    lists: _Checked,
) -> dict[str, object]:
    """All rules that differ from the defaults once these are changed. Raises InvalidRequest."""
    others = {name: value for name, value in changes.items() if name not in policy.WORDS}
    normal, errors = policy.check(others, origins=site.origins)
    if errors or lists[1]:
        raise InvalidRequest([*errors, *lists[1]])
    return policy.changed(overridden, {**normal, **lists[0]})


async def get(service: Service, name: str, *, site_id: str | None = None) -> Site:
    """A site by its name, if the caller (of *site_id*, or of all) may see it."""
    site = await service.store.read(lambda tx: sites.by_name(tx, name))
    if site is None or site_id not in (None, site.id):
        raise SiteNotFound
    return site
