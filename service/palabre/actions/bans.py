"""Bans: made, tried out beforehand, applied to the last 30 days, taken back, lifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from palabre.actions import people, tags
from palabre.actions import sites as site_actions
from palabre.errors import BanNotFound, CommentNotFound, FieldError, InvalidRequest
from palabre.ids import new_id
from palabre.model import Ban, BanKind, Comment, Moderator, Site, State
from palabre.screening import repeat
from palabre.service import Service
from palabre.store import Tx, bans, comments, queue, reports, sites
from palabre.store.bans import Aim, Change, Mark
from palabre.store.comments import Undoing
from palabre.text import domains

APPLIES_TO = bans.KEPT_FOR
NETWORK_DAYS = 7
NETWORK_DAYS_MOST = 90
"""A network is somebody else's next: it is banned for so long at most."""
AT_ONCE = 50
"""Comments changed in a transaction, for which everybody else waits."""
FOUND_AT_ONCE = 1000
EXAMPLES_MOST = 50
COUNT_MOST = 10_000
MOVED_FROM = (State.PENDING, State.APPROVED)
"""What of earlier comments a ban takes to spam."""
DOMAINS = (BanKind.MAIL_DOMAIN, BanKind.LINK_DOMAIN)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be banned: something of a comment's, or a domain, as `domains.typed` gives it.

    On the comment's site, or else on the one of that name.
    """

    kind: BanKind
    comment: str | None = None
    domain: str | None = None
    site: str | None = None

    @property
    def label(self) -> str | None:
        """What moderators read of it: the domain, where the ban is on one."""
        return self.domain if self.kind in DOMAINS else None


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is banned. `note`: what stands on the decisions about earlier comments."""

    reason: str | None = None
    until: datetime | None = None
    applies: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A ban, whether it is new, and how many earlier comments it took to spam."""

    ban: Ban
    is_new: bool
    moved: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a ban would take to spam of the last 30 days: how many in which state, up to
    `COUNT_MOST` each, and some of them; none where they would tell whose mail domain it is."""

    counts: dict[State, int]
    examples: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Undone:
    """How many comments are again what they were, and how many others had changed since."""

    restored: int
    left: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What is to be banned, found. `mark`: None for an author."""

    aim: Aim
    mark: Mark | None
    label: str | None
    comment: str | None
    is_told: bool


async def bannable(service: Service, comment: Comment) -> tuple[list[BanKind], tuple[str, ...]]:
    """What of a comment a ban can be made from now, and the domains that it links to."""
    if comment.author is None or comment.text is None:
        return [], ()
    site_id = comment.author.site_id
    kept = await service.store.read(
        lambda tx: bans.kinds_of(tx, site_id, comment.id, now=service.now())
    )
    known = {BanKind.AUTHOR, BanKind.TEXT} | kept - {BanKind.LINK_DOMAIN}
    linked = domains.linked(comment.text, comment.shown.website)
    return [kind for kind in BanKind if kind in known], linked


async def preview(service: Service, moderator: Moderator, wanted: Wanted) -> Preview:
    """What a ban would do to earlier comments. Changes nothing; raises what `make` does."""

    async def unit(tx: Tx) -> Preview:
        found = await _find(tx, service, moderator, wanted)
        now = service.now()
        since = now - APPLIES_TO
        counts: dict[State, int] = {}
        ids: list[str] = []
        for state in MOVED_FROM:
            counts[state] = await bans.count(
                tx, found.aim, state, since=since, now=now, most=COUNT_MOST
            )
            if wanted.kind is BanKind.MAIL_DOMAIN:
                continue
            left = EXAMPLES_MOST - len(ids)
            ids += await bans.hit(tx, found.aim, state, since=since, now=now, limit=left)
        examples = await queue.some(tx, ids, site_id=found.aim.site_id, now=now)
        newest = sorted(examples, key=lambda one: one.id, reverse=True)
        return Preview(counts, tuple(newest))

    return await service.store.read(unit)


async def make(service: Service, moderator: Moderator, wanted: Wanted, terms: Terms) -> Made:
    """Ban something from now on, and, if it `applies`, take what it hits of the last 30 days to
    spam. One that stands on the same already is renewed.

    Raises CommentNotFound, SiteNotFound, and InvalidRequest for what is not known, or no longer.
    """
    now = service.now()
    terms = _checked(wanted.kind, terms, now)

    async def unit(tx: Tx) -> tuple[_Found, str, bool]:
        found = await _find(tx, service, moderator, wanted)
        if found.mark is None:
            return found, str(found.aim.author_id), False
        ban = Ban(
            id=new_id(now),
            site_id=found.aim.site_id,
            kind=wanted.kind,
            label=found.label,
            comment=found.comment,
            reason=terms.reason,
            until=terms.until,
            created_at=now,
            created_by=moderator.name,
        )
        return found, *await bans.put(tx, ban, found.mark, alike=found.aim.alike)

    found, ban_id, is_new = await service.store.write(unit)
    if found.mark is None:
        blocked = await people.block(
            service,
            moderator,
            ban_id,
            reason=terms.reason,
            until=terms.until,
            also_pending=False,
        )
        is_new = blocked.is_new
    moved = 0
    if terms.applies:
        moved = await _apply(service, moderator, found, ban_id, terms.note)
    return Made(await get(service, moderator, ban_id), is_new, moved)


async def page(
    service: Service,
    moderator: Moderator,
    *,
    site: str | None,
    before: tuple[int, str] | None,
    limit: int,
) -> tuple[list[Ban], bool]:
    """Bans that stand, blocks of authors among them, the newest first, and whether there are more.

    Raises SiteNotFound.
    """

    async def unit(tx: Tx) -> list[Ban]:
        if site is not None or moderator.site_id is not None:
            site_ids = [(await _site(tx, moderator, site)).id]
        else:
            site_ids = await sites.ids(tx)
        return await bans.page(tx, site_ids, before=before, limit=limit + 1, now=service.now())

    found = await service.store.read(unit)
    return found[:limit], len(found) > limit


async def get(service: Service, moderator: Moderator, ban_id: str) -> Ban:
    """A ban that stands. Raises BanNotFound."""
    return await service.store.read(lambda tx: _own(tx, service, moderator, ban_id))


async def lift(service: Service, moderator: Moderator, ban_id: str) -> None:
    """Take a ban away. What it did to comments stays decided. Raises BanNotFound."""

    async def unit(tx: Tx) -> None:
        ban = await _own(tx, service, moderator, ban_id)
        await bans.forget_changes(tx, ban.site_id, ban_id)
        await bans.lift(tx, ban_id)

    found = await get(service, moderator, ban_id)
    if found.kind is BanKind.AUTHOR:
        await people.unblock(service, moderator, ban_id)
    else:
        await service.store.write(unit)


async def undo(service: Service, moderator: Moderator, ban_id: str) -> Undone:
    """Bring back what a ban took to spam when it was applied, as decisions of the moderator's.

    What somebody has changed since stays as they left it. The ban stands. Raises BanNotFound.
    """
    ban = await get(service, moderator, ban_id)

    async def unit(tx: Tx) -> tuple[int, int]:
        changes = await bans.changes(tx, ban.site_id, ban_id, limit=AT_ONCE)
        await comments.hold(tx, [one.comment_id for one in changes])
        restored = 0
        for one in changes:
            restored += await _restore(tx, service, moderator, one)
        ids = [one.comment_id for one in changes]
        await bans.forget_changes(tx, ban.site_id, ban_id, ids)
        return restored, len(changes)

    restored = seen = 0
    while True:
        some, n = await service.store.write(unit, long=True)
        restored, seen = restored + some, seen + n
        if n < AT_ONCE:
            return Undone(restored, seen - restored)


def _checked(kind: BanKind, terms: Terms, now: datetime) -> Terms:
    """The terms with the end that a network's ban always has. Raises InvalidRequest."""
    if terms.until is not None and terms.until <= now:
        raise InvalidRequest([FieldError("until", "not_allowed", hint="until_past")])
    if kind not in bans.NETWORKS:
        return terms
    if terms.until is None:
        return replace(terms, until=now + timedelta(days=NETWORK_DAYS))
    if terms.until > now + timedelta(days=NETWORK_DAYS_MOST):
        values: dict[str, int | str] = {"n": NETWORK_DAYS_MOST}
        raise InvalidRequest([FieldError("until", "not_allowed", "ban_too_long", values)])
    return terms


async def _find(tx: Tx, service: Service, moderator: Moderator, wanted: Wanted) -> _Found:
    """What is to be banned. Raises what `make` does."""
    one = None
    if wanted.comment is not None:
        one = await bans.source(tx, wanted.comment, site_id=moderator.site_id)
        if one is None:
            raise CommentNotFound
    if one is None:
        site = await _site(tx, moderator, wanted.site)
    else:
        site = await sites.by_id(tx, one.site_id)
    site_id = site.id
    if wanted.kind is BanKind.LINK_DOMAIN and _is_own(site, wanted.label):
        raise InvalidRequest([FieldError("domain", "not_allowed", hint="ban_own_domain")])
    mark: Mark | None = None
    if wanted.label is not None:
        mark = tags.mark(service, site_id, wanted.kind, wanted.label.encode())
        aim = Aim(site_id, tag=mark.hex)
    elif one is None or wanted.kind is BanKind.LINK_DOMAIN:
        needed = "domain" if wanted.kind in DOMAINS else "comment"
        raise InvalidRequest([FieldError(needed, "required")])
    elif one.author_id is None or one.text_hash is None:
        raise InvalidRequest([FieldError("comment", "not_allowed", hint="ban_unknown")])
    elif wanted.kind is BanKind.AUTHOR:
        aim = Aim(site_id, author_id=one.author_id)
    elif wanted.kind is BanKind.TEXT:
        if repeat.is_courtesy(one.text or ""):
            raise InvalidRequest([FieldError("comment", "not_allowed", hint="ban_courtesy")])
        mark = tags.of_text(service, site_id, one.text_hash)
        aim = Aim(site_id, text_hash=one.text_hash, alike=one.alike)
    else:
        mark = await bans.mark_of(tx, site_id, one.id, wanted.kind, now=service.now())
        if mark is None:
            raise InvalidRequest([FieldError("comment", "not_allowed", hint="ban_unknown")])
        aim = Aim(site_id, tag=mark.hex)
    # A mail domain that is named stands beside nobody's comment.
    is_apart = wanted.kind is BanKind.MAIL_DOMAIN and wanted.label is not None
    return _Found(
        aim=aim,
        mark=mark,
        label=wanted.label,
        comment=None if one is None or is_apart else one.id,
        is_told=site.policy.tell_banned,
    )


async def _apply(
    service: Service, moderator: Moderator, found: _Found, ban_id: str, note: str | None
) -> int:
    """Take what a ban hits of the last 30 days to spam, some at a time; how many.

    Whatever happens meanwhile: what was done is kept, and can be undone. What others decide on at
    that moment stays as they leave it, and keeps nothing else from being taken.
    """
    now = service.now()
    find = partial(
        bans.hit_after,
        aim=found.aim,
        states=MOVED_FROM,
        since=now - APPLIES_TO,
        now=now,
        limit=FOUND_AT_ONCE,
    )

    async def unit(tx: Tx, ids: Sequence[str]) -> int:
        await comments.hold(tx, ids)
        done = 0
        for comment_id in ids:
            one = await comments.standing(tx, comment_id, site_id=found.aim.site_id)
            if one is None or one.state not in MOVED_FROM:
                continue
            outcomes = await reports.outcomes(tx, one.id)
            done += await comments.set_state(
                tx,
                one,
                State.SPAM,
                by=moderator.decider,
                at=service.now(),
                note=note,
                told=State.REJECTED if found.is_told else one.told or State.PENDING,
            )
            was = Change(one.id, one.state, one.version + 1, one.reason, one.told, outcomes)
            await bans.changed(tx, one.site_id, ban_id, was)
        return done

    moved, after = 0, 0
    while hit := await service.store.read(partial(find, after=after)):
        after = hit[-1][0]
        ids = [comment_id for _, comment_id in hit]
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            moved += await service.store.write(partial(unit, ids=some), long=True)
    return moved


async def _restore(tx: Tx, service: Service, moderator: Moderator, was: Change) -> bool:
    one = await comments.standing(tx, was.comment_id, site_id=None)
    if one is None or one.version != was.version:
        return False
    return await comments.set_state(
        tx,
        one,
        was.state,
        by=moderator.decider,
        at=service.now(),
        reason=was.reason,
        told=was.told,
        undoes=Undoing(was.reports),
    )


async def _own(tx: Tx, service: Service, moderator: Moderator, ban_id: str) -> Ban:
    ban = await bans.by_id(tx, ban_id, now=service.now())
    if ban is None or moderator.site_id not in (None, ban.site_id):
        raise BanNotFound
    return ban


def _is_own(site: Site, domain: str | None) -> bool:
    """Whether links to the site's own pages lead to this domain."""
    hosts = [urlsplit(origin).hostname or "" for origin in site.origins]
    return domain is not None and any(domain in domains.lineage(host) for host in hosts)


async def _site(tx: Tx, moderator: Moderator, name: str | None) -> Site:
    """The site that is meant. Raises SiteNotFound, InvalidRequest when it can't be told."""
    site = await site_actions.meant(tx, name, site_id=moderator.site_id)
    if site is None:
        raise InvalidRequest([FieldError("site", "required")])
    return site


async def names(service: Service, found: Sequence[Ban]) -> dict[str, str]:
    """The names of these bans' sites, by id."""
    known = await service.store.read(sites.every)
    wanted = {one.site_id for one in found}
    return {site.id: site.name for site in known if site.id in wanted}
