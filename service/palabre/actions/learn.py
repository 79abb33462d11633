"""Learning from what moderators decide, and taking it back; scoring what waits by it.

Only an approval by a moderator, of what is public already too, and a verdict of spam teach
anything. What rules decide, what a moderator writes, and what a block moves does not.
"""

from __future__ import annotations

import logging
from datetime import datetime

from palabre.errors import Refusal
from palabre.ids import new_id
from palabre.model import Moderator, State
from palabre.screening import learned as rule
from palabre.service import Service
from palabre.store import Tx, comments, jobs, learned, moderators, sites
from palabre.store.comments import Standing
from palabre.store.learned import Label
from palabre.text import features
from palabre.text.features import Features

log = logging.getLogger(__name__)

TEACHES = {State.APPROVED: False, State.SPAM: True}
"""The states that teach, and whether what they teach is spam."""

AT_ONCE = 20
"""Comments scored or forgotten in a transaction, for which everybody else waits."""

RESCORED_MOST = 500
"""What waits beyond that is scored as it was when it came."""

_STEPS = frozenset(
    {20, 30, 45, 70}
    | {step * 10**zeros for zeros in range(1, 6) for step in (10, 15, 20, 30, 50, 70)}
)
"""Labels at which there is so much more to go by that what waits is scored anew."""


async def hold(tx: Tx, comment: Standing) -> None:
    """Nobody else teaches the comment's site until the transaction ends."""
    await learned.hold(tx, comment.site_id)


async def decided(
    tx: Tx, service: Service, comment: Standing, becomes: State, moderator: Moderator
) -> Label | None:
    """A moderator brought a comment, here as it was before, to a state; what it had taught.

    The site is held.
    """
    if becomes is State.DELETED:
        return None  # what was learned stays; the comment's label has gone with its words
    before = await learned.take_back(tx, comment.site_id, comment.id)
    is_spam = TEACHES.get(becomes)
    if is_spam is not None:
        await _teach(tx, service, comment, is_spam, moderator, is_new=before is None)
    return before


async def confirmed(tx: Tx, service: Service, comment: Standing, moderator: Moderator) -> None:
    """A moderator approves what is approved already: it is learned as honest if nothing was learned
    from it yet, since nobody had decided."""
    if await learned.is_spam(tx, comment.site_id, comment.id) is None:
        await learned.hold(tx, comment.site_id)
        await _teach(tx, service, comment, False, moderator, is_new=True)


async def _teach(
    tx: Tx,
    service: Service,
    comment: Standing,
    is_spam: bool,
    moderator: Moderator,
    *,
    is_new: bool,
) -> None:
    """Learn a comment that has no label, unless there is nothing to learn from. *is_new*: it had
    none before either. The site is held."""
    if comment.text is None or comment.is_moderators:
        return
    found = _features(comment)
    known = await learned.about(tx, comment.site_id, found)
    score = None
    if known.labels >= rule.ENOUGH:
        score = round(rule.score(known) * rule.THOUSANDTHS)
    label = Label(is_spam, moderator.id, service.now(), score)
    await learned.teach(tx, comment.site_id, comment.id, label, found)
    if is_new and known.labels + 1 in _STEPS:
        now = service.now()
        await jobs.put(
            tx,
            "rescore",
            job_id=new_id(now),
            site_id=comment.site_id,
            topic="learned",
            subject={},
            at=now,
        )


async def restore(tx: Tx, comment_id: str, label: Label | None) -> None:
    """A decision about a comment was undone: it teaches what it had taught before, if anything."""
    comment = await comments.standing(tx, comment_id, site_id=None)
    if comment is None or comment.text is None:
        return
    await learned.hold(tx, comment.site_id)
    await learned.take_back(tx, comment.site_id, comment_id)
    if label is not None:
        await learned.teach(tx, comment.site_id, comment_id, label, _features(comment))


async def edited(tx: Tx, before: Standing, after: Standing) -> None:
    """A comment's words were changed: what it taught, its new words teach. The site is held.

    The signal quotes the text, so it is made anew of what stands there now.
    """
    label = await learned.take_back(tx, before.site_id, before.id)
    quoting = [signal for signal in after.signals if signal.name == "learned"]
    if quoting and not await _score(tx, after):
        await comments.resignal(tx, after, rule.unquoted(quoting[0]))
    if label is not None:
        await learned.teach(tx, after.site_id, after.id, label, _features(after))


async def take_back(tx: Tx, comment: Standing) -> None:
    """The site is as if it had never learned from this comment."""
    await learned.hold(tx, comment.site_id)
    await learned.take_back(tx, comment.site_id, comment.id)


async def withdrawn(tx: Tx, comment: Standing) -> None:
    """Its author takes a comment back, and with it what it taught as an honest one.

    What it taught as spam stays: else who sends spam would have it forgotten.
    """
    if await learned.is_spam(tx, comment.site_id, comment.id) is False:
        await learned.hold(tx, comment.site_id)
        await learned.take_back(tx, comment.site_id, comment.id)


async def rescore(service: Service, site_id: str) -> int:
    """Score what waits on a site, the newest RESCORED_MOST, by what is known now; how many."""
    before, scored = (1 << 62, 0), 0
    while scored < RESCORED_MOST:

        async def unit(tx: Tx, before: tuple[int, int] = before) -> list[tuple[int, int]]:
            rows = await learned.waiting(tx, site_id, before=before, most=AT_ONCE)
            await comments.hold(tx, [row["id"] for row in rows])
            for row in rows:
                standing = await comments.standing(tx, row["id"], site_id=site_id)
                if standing is not None and standing.state is State.PENDING:
                    await _score(tx, standing)
            return [(row["created_at"], row["seq"]) for row in rows]

        places = await service.store.write(unit, long=True)
        if not places:
            break
        before, scored = places[-1], scored + len(places)
    return scored


async def forget(
    service: Service, name: str, *, site: str | None = None, since: datetime | None = None
) -> int:
    """Take out of the learned score all that a moderator's decisions taught; how many.

    As if those decisions had taught nothing: the comments stay as they are. *site*: the name of
    the only one it is about. *since*: only later decisions. Revoked moderators too.
    """
    moderator_id = await service.store.read(lambda tx: moderators.id_of(tx, name))
    if moderator_id is None:
        raise Refusal(f"There is no moderator “{name}”, and there was none.")
    forgotten = 0
    for site_id in await _site_ids(service, site):

        async def unit(tx: Tx, site_id: str = site_id) -> int:
            await learned.hold(tx, site_id)
            ids = await learned.of_moderator(tx, site_id, moderator_id, since=since, most=AT_ONCE)
            for comment_id in ids:
                await learned.take_back(tx, site_id, comment_id)
            return len(ids)

        while some := await service.store.write(unit, long=True):
            forgotten += some
    log.info("forgot what %d decisions of the moderator %s had taught", forgotten, name)
    return forgotten


async def taught_by(service: Service, name: str, *, site: str | None = None) -> int:
    """How many comments count in the learned score for a moderator's decisions."""

    async def unit(tx: Tx) -> int:
        moderator_id = await moderators.id_of(tx, name)
        if moderator_id is None:
            return 0
        every = [await learned.count_of(tx, one, moderator_id) for one in ids]
        return sum(every)

    ids = await _site_ids(service, site)
    return await service.store.read(unit)


async def _site_ids(service: Service, site: str | None) -> list[str]:
    if site is None:
        return list(await service.store.read(sites.ids))
    found = await service.store.read(lambda tx: sites.by_name(tx, site))
    if found is None:
        raise Refusal(f"There is no site “{site}”.")
    return [found.id]


async def _score(tx: Tx, comment: Standing) -> bool:
    """Leave the signal that it would have if it came now, if it would have one: a moderator's own
    words have none."""
    if comment.text is None or comment.is_moderators:
        return False
    known = await learned.about(tx, comment.site_id, _features(comment))
    signal = rule.about(comment.text, known)
    if signal is not None:
        await comments.resignal(tx, comment, signal)
    return signal is not None


def _features(comment: Standing) -> Features:
    return features.of(comment.text or "", comment.name or "", comment.website)
