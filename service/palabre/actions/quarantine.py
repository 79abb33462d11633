"""The quarantine: what came in a flood, looked at and decided on in bursts of what is alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from palabre.errors import CommentNotFound
from palabre.model import Article, Comment, Decider, Moderator, Site, State
from palabre.service import Service
from palabre.store import Tx, articles, comments, jobs, quarantine, queue
from palabre.store.jobs import Job
from palabre.store.quarantine import Alike, Burst, Held, Members
from palabre.store.tx import moment, ms

OTHERS = "others"
"""What the burst is called of all that is like nothing else; any other by its oldest comment."""

DELETE, RELEASE, RESTORE = "delete", "release", "restore"
ACTIONS = (DELETE, RELEASE, RESTORE)
"""Delete a burst, let it out into the queue, and put back what was let out."""

BURSTS_MOST = 20
ARTICLES_MOST = 5
COUNTED_MOST = 1000
"""Comments of a quarantine that are counted where it is only mentioned."""
AT_ONCE = 50
"""Comments decided on in one transaction, some fifty milliseconds, for which others wait."""
BEFORE_THE_ANSWER = 100
"""Comments decided on before the answer; what is left is a job's."""
AT_ONCE_WITHIN = timedelta(minutes=1)
"""When a job takes over what was to be done before the answer."""
OF_A_RUN = 2000
"""Comments that a job decides on before it lets other jobs have their turn, and comes back."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A burst as moderators see it.

    `group`: what it is called. `examples`: its newest comments. `articles`: those that most of it
    came to, each with how much; `more_articles`: how many there are besides.
    """

    group: str
    count: int
    since: datetime
    until: datetime
    examples: tuple[Comment, ...]
    articles: tuple[tuple[Article, int], ...]
    more_articles: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A site's quarantine. `bursts`: the newest first, what is like nothing else last."""

    held: Held
    bursts: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done at once, of how many, LOOKED_AT_MOST at most; the rest is a job's."""

    count: int
    done: int


async def look(service: Service, site: Site) -> Lane:
    """A site's quarantine: its newest bursts, each with examples."""
    now = service.now()

    async def unit(tx: Tx) -> Lane:
        (held,) = await quarantine.held(tx, site.id, now=now)
        if not held.count:
            return Lane(held, ())
        found = await quarantine.bursts(tx, site.id)
        rest = [one for one in found if one.what == Alike()]
        shown = [*[one for one in found if one.what != Alike()][:BURSTS_MOST], *rest]
        newest = [comment_id for one in shown for comment_id in one.newest]
        examples = {one.id: one for one in await queue.some(tx, newest, site_id=site.id, now=now)}
        return Lane(held, tuple([await _shown(tx, site, one, examples, now=now) for one in shown]))

    return await service.store.read(unit)


async def held(service: Service, moderator: Moderator) -> list[Held]:
    """The sites that have something in quarantine or are flooded, of those the moderator sees.

    Counted up to COUNTED_MOST: every look at the queue pays for it.
    """
    found = await service.store.read(
        partial(quarantine.held, site_id=moderator.site_id, now=service.now(), most=COUNTED_MOST)
    )
    return [one for one in found if one.count or one.flooded_until is not None]


async def decide(
    service: Service,
    moderator: Moderator,
    site: Site,
    group: str,
    action: str,
    *,
    until: datetime,
) -> Done:
    """Do one of ACTIONS to all of a burst that had come *until* then.

    To BEFORE_THE_ANSWER of it at once, to the rest by a job. What was begun before with the burst
    goes no further, unless it is the same: then the later *until* counts. Raises CommentNotFound
    when there is no such burst any more, and nothing was begun.
    """
    act = _Act(site.id, group, action, until, moderator.decider)
    n, has_ended = await service.store.write(partial(_begin, act=act, at=service.now()))
    if not n:
        if has_ended:
            return Done(0, 0)
        raise CommentNotFound
    done, _ = await _run(service, act, most=BEFORE_THE_ANSWER)
    await service.store.write(partial(_leave, act=act, is_all=done >= n, at=service.now()))
    return Done(n, done)


async def _begin(tx: Tx, *, act: _Act, at: datetime) -> tuple[int, bool]:
    """How many comments it is about, and whether something else that was begun ends with it.

    The last word counts: whoever is at something else finds that its job is gone. So what is done
    at once has one too, from before its first comment on; it is due when that should be over.
    """
    has_ended = False
    for action in ACTIONS:
        if action != act.action:
            has_ended |= await jobs.drop(tx, _job_id(act.site_id, act.group, action))
    members = await _members(tx, act)
    n = 0 if members is None else await quarantine.count(tx, members)
    if n:
        await _put(tx, act=act, at=at)
    return n, has_ended


async def _put(tx: Tx, *, act: _Act, at: datetime) -> None:
    """A job that does it; one that does the same already does so up to the later moment."""
    subject = {
        "group": act.group,
        "action": act.action,
        "until": ms(act.until),
        "by": act.by.name,
        "moderator": act.by.moderator_id,
    }
    await jobs.put(
        tx,
        "quarantine",
        job_id=act.job_id,
        site_id=act.site_id,
        topic=f"{act.group}.{act.action}",
        subject=subject,
        at=at,
        due_at=at + AT_ONCE_WITHIN,
    )
    # Nobody else changes it now: it was put.
    before = await jobs.subject_of(tx, act.job_id)
    if before is not None and not _covers(before, subject):
        await jobs.change_subject(tx, act.job_id, subject)


async def _leave(tx: Tx, *, act: _Act, is_all: bool, at: datetime) -> None:
    """Let the job do the rest, if there is one, and nobody has ended it."""
    if is_all:
        await jobs.withdraw(tx, act.job_id)
    else:
        await jobs.retry(tx, now=at, ids=[act.job_id])


def _covers(before: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """Whether the job that there was does all of what is asked for; only its own moderator's
    comments are put back."""
    is_same = before["action"] != RESTORE or before["by"] == subject["by"]
    return bool(is_same and before["until"] >= subject["until"])


def _job_id(site_id: str, group: str, action: str) -> str:
    return f"{site_id}.{group}.{action}"


async def go_on(service: Service, job: Job) -> bool:
    """Do some more of what a moderator has begun; whether something is left for another run."""
    subject = job.subject
    act = _Act(
        job.site_id,
        subject["group"],
        subject["action"],
        moment(subject["until"]),
        Decider(subject["by"], subject["moderator"]),
    )
    done, found = await _run(service, act, most=OF_A_RUN)
    return bool(done) and found == OF_A_RUN


@dataclass(frozen=True, slots=True)
class _Act:
    """What somebody does to a burst, and to what of it: what had come *until* then."""

    site_id: str
    group: str
    action: str
    until: datetime
    by: Decider

    @property
    def job_id(self) -> str:
        """Of the job that is there as long as it is done and nobody has done something else."""
        return _job_id(self.site_id, self.group, self.action)


async def _run(service: Service, act: _Act, *, most: int) -> tuple[int, int]:
    """Decide on *most* comments of a burst, AT_ONCE a transaction: how many were changed, of how
    many that were found. As long as its job is there.
    """

    async def find(tx: Tx) -> list[str]:
        members = await _members(tx, act)
        return [] if members is None else await quarantine.ids(tx, members, limit=most)

    found, done = await service.store.read(find), 0
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        done += await service.store.write(
            partial(_change, service=service, act=act, ids=some), long=True
        )
    return done, len(found)


async def _change(tx: Tx, *, service: Service, act: _Act, ids: Sequence[str]) -> int:
    """Decide on those of these that are as they were found; how many."""
    if not await jobs.hold(tx, act.job_id):
        return 0
    becomes = {DELETE: State.DELETED, RELEASE: State.PENDING, RESTORE: State.SPAM}[act.action]
    was, told = (State.PENDING, None) if act.action == RESTORE else (State.SPAM, State.PENDING)
    told_then = State.PENDING if act.action == RESTORE else None
    await comments.hold(tx, ids)
    changed = 0
    for comment_id in ids:
        one = await comments.standing(tx, comment_id, site_id=act.site_id)
        if one is not None and (one.state, one.told) == (was, told):
            changed += await comments.set_state(
                tx, one, becomes, by=act.by, at=service.now(), told=told_then
            )
    return changed


async def _members(tx: Tx, act: _Act) -> Members | None:
    """Which comments it is about; None if the burst is gone."""
    what: Alike | None = Alike()
    if act.group != OTHERS:
        what = await quarantine.alike(tx, act.site_id, act.group)
    if what is None:
        return None
    if act.action == RESTORE:
        by = act.by.name
        return Members(act.site_id, what, act.until, state=State.PENDING, decided_by=by)
    return Members(act.site_id, what, act.until)


async def _shown(
    tx: Tx, site: Site, burst: Burst, examples: Mapping[str, Comment], *, now: datetime
) -> Shown:
    named = []
    for article_id, n in burst.articles.most_common(ARTICLES_MOST):
        article = await articles.by_id(tx, site, article_id, now=now)
        if article is not None:
            named.append((article, n))
    return Shown(
        group=OTHERS if burst.what == Alike() else burst.first,
        count=burst.count,
        since=burst.since,
        until=burst.until,
        examples=tuple(examples[one] for one in burst.newest if one in examples),
        articles=tuple(named),
        more_articles=len(burst.articles) - len(named),
    )
