"""Authors as persons with rights: found by their address, exported, erased, blocked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from palabre.actions import learn
from palabre.actions.decide import present
from palabre.errors import AuthorNotFound
from palabre.model import Author, Comment, Decision, Edit, Moderator, Report, Site, State
from palabre.service import Service
from palabre.store import Tx, authors, bans, browsers, comments, decisions
from palabre.store.browsers import Browser

NAMED_MOST = 1000
"""Comments that tell what to call a person who may have written any number."""

ALL = 1 << 40


@dataclass(frozen=True, slots=True)
class Record:
    """One comment with all that is kept about it.

    `reports`: readers'; none where its author gets to see it, since they say things of others, and
    a note may tell who wrote it.
    """

    comment: Comment
    decisions: tuple[Decision, ...]
    edits: tuple[Edit, ...]
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """A person with all that is kept of them."""

    author: Author
    records: list[Record]
    browsers: list[Browser]


@dataclass(frozen=True, slots=True)
class Signed:
    """An author, what to call them, and the browsers that they let remember them.

    `names`: those they signed with, and how many comments with each, the most first.
    """

    author: Author
    names: list[tuple[str, int]]
    browsers: list[Browser]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A person who is, how many of their comments that waited went to spam, and whether no block
    stood on them before."""

    author: Author
    moved: int
    is_new: bool


async def lookup(service: Service, site: Site, email_identity: str) -> Author:
    """The author behind an address on a site. Raises AuthorNotFound."""
    tag = service.keys.hash_of(email_identity, site.id)
    author = await service.store.read(
        lambda tx: authors.by_tag(tx, site.id, tag, now=service.now())
    )
    if author is None:
        raise AuthorNotFound
    return author


async def export(service: Service, moderator: Moderator, author_id: str) -> Exported:
    """Everything that is kept of a person (GDPR article 15), oldest comment first."""

    async def unit(tx: Tx) -> Exported:
        author = await _own(tx, service, moderator, author_id)
        records = [
            Record(
                await present(tx, service, standing.id),
                tuple(await decisions.of_comment(tx, standing.id)),
                tuple(await decisions.edits_of(tx, standing.id)),
            )
            for standing in await comments.of_author(tx, author_id)
        ]
        return Exported(author, records, await _browsers(tx, service, author))

    return await service.store.read(unit)


async def signed(
    service: Service, moderator: Moderator, author_id: str, *, all_of_them: bool
) -> Signed:
    """An author that the moderator may see, with their names and browsers. Raises AuthorNotFound.

    Not *all_of_them*: as far as `NAMED_MOST` comments tell.
    """
    most = ALL if all_of_them else NAMED_MOST

    async def unit(tx: Tx) -> Signed:
        author = await _own(tx, service, moderator, author_id)
        names = await comments.names_of(tx, author_id, most=most)
        return Signed(author, names, await _browsers(tx, service, author))

    return await service.store.read(unit)


async def erase(service: Service, moderator: Moderator, author_id: str) -> int:
    """Delete all of a person's comments and the hash that knows them, a block included.

    GDPR article 17: whoever writes from that address afterwards is nobody we know.

    How many comments. The words leave the data files with the next scrub, within 24 hours.
    """

    async def unit(tx: Tx) -> int:
        await _own(tx, service, moderator, author_id)
        await authors.hold(tx, author_id)
        theirs = await comments.of_author(tx, author_id)
        await comments.hold(tx, [comment.id for comment in theirs])
        for comment in theirs:
            await learn.take_back(tx, comment)
            await comments.set_state(
                tx,
                comment,
                State.DELETED,
                by=moderator.decider,
                at=service.now(),
                reason="personal_data",
            )
        await authors.forget(tx, author_id)
        return len(theirs)

    return await service.store.write(unit, long=True)


async def block(
    service: Service,
    moderator: Moderator,
    author_id: str,
    *,
    reason: str | None,
    until: datetime | None,
    also_pending: bool,
) -> Blocked:
    """New comments of theirs go to spam, those that wait too if asked; they are told nothing."""

    async def unit(tx: Tx) -> Blocked:
        await _own(tx, service, moderator, author_id)
        await authors.hold(tx, author_id)
        before = await _own(tx, service, moderator, author_id)
        if not before.blocked:
            # Of an earlier block, past its end.
            await bans.forget_changes(tx, before.site_id, author_id)
        now = service.now()
        moved = 0
        await authors.block(tx, author_id, at=now, until=until, reason=reason, by=moderator.name)
        if also_pending:
            waiting = await comments.of_author(tx, author_id, state=State.PENDING)
            await comments.hold(tx, [comment.id for comment in waiting])
            for comment in waiting:
                moved += await comments.set_state(
                    tx,
                    comment,
                    State.SPAM,
                    by=moderator.decider,
                    at=now,
                    told=comment.told or State.PENDING,
                )
        blocked = await _own(tx, service, moderator, author_id)
        return Blocked(blocked, moved, is_new=not before.blocked)

    return await service.store.write(unit, long=True)


async def unblock(service: Service, moderator: Moderator, author_id: str) -> Author:
    """Take a block back; what it did to comments stays decided, and trust has to be earned anew.

    An author who was known for the block alone, without a comment left, is forgotten with it.
    """

    async def unit(tx: Tx) -> Author:
        blocked = await _own(tx, service, moderator, author_id)
        await authors.hold(tx, author_id)
        await authors.unblock(tx, author_id)
        await bans.forget_changes(tx, blocked.site_id, author_id)
        await browsers.lose(tx, blocked.site_id, author_id, at=service.now())
        freed = await _own(tx, service, moderator, author_id)
        await authors.forget_if_gone(tx, author_id, now=service.now())
        return freed

    return await service.store.write(unit)


async def distrust(service: Service, moderator: Moderator, author_id: str) -> Author:
    """Take from a person's browsers what they have earned: the next comments wait as anybody's."""

    async def unit(tx: Tx) -> Author:
        found = await _own(tx, service, moderator, author_id)
        await authors.hold(tx, author_id)
        await browsers.lose(tx, found.site_id, found.id, at=service.now())
        return found

    return await service.store.write(unit)


async def _browsers(tx: Tx, service: Service, author: Author) -> list[Browser]:
    return await browsers.of_author(tx, author.site_id, author.id, now=service.now())


async def _own(tx: Tx, service: Service, moderator: Moderator, author_id: str) -> Author:
    author = await authors.by_id(tx, author_id, now=service.now())
    if author is None or moderator.site_id not in (None, author.site_id):
        raise AuthorNotFound
    return author
