"""Comments: adding one in its place, changing its state, its text, and wiping it.

Every function keeps the counters (site, article, author, ancestors) true within the transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from palabre.model import Decider, Signal, State
from palabre.store import (
    alike,
    articles,
    authors,
    bans,
    browsers,
    decisions,
    info,
    learned,
    marks,
    receipts,
    reports,
    words,
)
from palabre.store.order import QueueOrder, Reached
from palabre.store.tx import Row, Tx, among, held, moment, ms
from palabre.text import lookalike
from palabre.text.sketch import Sketch

LEVEL = 8
"""Hexadecimal digits a level of a path: 2^32 comments an article."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment hangs in its thread."""

    parent_id: str | None
    depth: int
    root: int
    path: str


TOP = Place(None, 0, 0, "")
"""At the top of the thread."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A comment as its next change needs to know it."""

    seq: int
    id: str
    site_id: str
    article_id: str
    author_id: str | None
    moderator_id: str | None
    parent_id: str | None
    asked_parent: str | None
    state: State
    version: int
    name: str | None
    website: str | None
    text: str | None
    told: State | None
    reason: str | None
    title: str | None
    created_at: int
    state_at: int
    reports: int
    is_moderators: bool
    signals: tuple[Signal, ...]
    browser: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class New:
    """A comment to be stored. `near`: those that its text is alike to, if it has a `sketch`.
    `browser`: the author's, by its token's digest, if they let it be known again."""

    id: str
    site_id: str
    article_id: str
    author_id: str | None
    moderator_id: str | None
    place: Place
    asked_parent: str | None
    state: State
    told: State | None
    name: str
    website: str | None
    title: str | None
    hue: int
    text: str = field(repr=False)
    html: str = field(repr=False)
    fingerprint: bytes = field(repr=False)
    text_hash: bytes = field(repr=False)
    at: datetime
    signals: Sequence[Signal] = ()
    sketch: Sketch | None = field(default=None, repr=False)
    near: Sequence[alike.Near] = ()
    ban_id: str | None = None
    browser: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Undoing:
    """A decision is taken back. `reports`: their outcomes before it, as `reports.outcomes` gives
    them."""

    reports: str | None = None


async def under(tx: Tx, article_id: str, parent_id: str, *, depth: int) -> Place | None:
    """Where a reply to an approved comment hangs, its own place still missing from the path.

    None when there is no such approved comment on the article. A reply deeper than *depth* hangs
    under the ancestor at the deepest level that may have replies.
    """
    parent = await tx.one(
        "select id, parent_id, depth, root, path from comment "
        "where id = :id and article_id = :article and state = 'approved'",
        id=parent_id,
        article=article_id,
    )
    if parent is None:
        return None
    while parent is not None and parent["depth"] >= depth:
        parent = await tx.one(
            "select id, parent_id, depth, root, path from comment where id = :id",
            id=parent["parent_id"],
        )
    if parent is None:
        return TOP
    return Place(parent["id"], parent["depth"] + 1, parent["root"], parent["path"])


def fingerprint(name: str, asked_parent: str | None, text: str) -> bytes:
    """What makes two comments of an article the same one, whatever the address."""
    # No field holds a NUL, so that what is joined can be parted in one way only.
    return hashlib.sha256("\0".join((name, asked_parent or "", text)).encode()).digest()


def text_hash(text: str) -> bytes:
    """What makes two texts the same to screening: their letters and digits as they look, whatever
    the case, the accents, the spacing and the signs between; of a text without any, all of it.

    Numbers make a difference here; where they are all that does, texts are alike (`text.sketch`).
    """
    same = lookalike.skeleton(text).replace(" ", "") or " ".join(text.split())
    return hashlib.sha256(same.encode()).digest()[:16]


async def add(tx: Tx, new: New, *, by: Decider) -> None:
    """Store a comment with its first decision. Its author has been counted by `authors.came`.

    Raises `Taken("comment_fingerprint")` when the article holds the same one.
    """
    is_approved = new.state is State.APPROVED
    place = await articles.next_place(tx, new.article_id, approved=is_approved)
    await tx.run(
        "insert into comment (id, site_id, article_id, author_id, moderator_id, parent_id, "
        "asked_parent, depth, root, path, state, told, name, website, title, hue, body, html, "
        "signals, rank, fingerprint, body_hash, sketch, alike, ban_id, browser, is_shown, "
        "decided_at, decided_by, state_at, created_at) "
        "values (:id, :site, :article, :author, :moderator, :parent, :asked, :depth, :root, :path, "
        ":state, :told, :name, :website, :title, :hue, :body, :html, :signals, :rank, "
        ":fingerprint, :body_hash, :sketch, :alike, :ban, :browser, :is_shown, "
        ":decided_at, :decided_by, :at, :at)",
        id=new.id,
        site=new.site_id,
        article=new.article_id,
        author=new.author_id,
        moderator=new.moderator_id,
        parent=new.place.parent_id,
        asked=new.asked_parent,
        depth=new.place.depth,
        root=new.place.root or place,
        path=f"{new.place.path}{place:0{LEVEL}x}",
        state=new.state,
        told=new.told,
        name=new.name,
        website=new.website,
        title=new.title,
        hue=new.hue,
        body=new.text,
        html=new.html,
        signals=signals_as_json(new.signals),
        rank=marks.rank(new.signals),
        fingerprint=new.fingerprint,
        body_hash=new.text_hash,
        sketch=None if new.sketch is None else bytes(new.sketch),
        alike=alike.group_of(new.near),
        ban=new.ban_id,
        browser=new.browser,
        is_shown=int(is_approved),
        decided_at=None if new.state is State.PENDING else ms(new.at),
        decided_by=None if new.state is State.PENDING else by.name,
        at=ms(new.at),
    )
    if is_approved and new.place.parent_id is not None:
        await _count_below(tx, new.place.parent_id, 1)
    await words.add(tx, new.id, new.name, new.text)
    await marks.add(tx, new.id, new.signals)
    await alike.add(tx, new.site_id, new.id, new.sketch, new.near)
    await decisions.add(tx, new.site_id, new.id, None, new.state, by=by, at=new.at)
    if new.title is not None:
        await articles.retitle(tx, new.article_id)
    await _tally(tx, new.site_id, new.state, 1)
    if new.browser is not None and new.state is not State.PENDING:
        await browsers.settle(tx, new.site_id, new.browser)


async def taken_back(tx: Tx, new: New, *, by: Decider) -> str | None:
    """The id of the same comment by the same moderator, if they have rejected it themselves."""
    row = await tx.one(
        "select id from comment where article_id = :article and fingerprint = :fingerprint "
        "and site_id = :site and moderator_id = :moderator and state = 'rejected' "
        "and decided_by = :by",
        article=new.article_id,
        fingerprint=new.fingerprint,
        site=new.site_id,
        moderator=by.moderator_id,
        by=by.name,
    )
    return None if row is None else str(row["id"])


async def hold(tx: Tx, ids: Sequence[str]) -> None:
    """Let nobody else change these comments until the transaction ends, nor what counts them.

    Where several are to be changed in one transaction, all of them before the first.
    """
    if tx.engine == "sqlite":
        return
    for table, column in (("author", "author_id"), ("article", "article_id")):
        await tx.all(
            f"select 1 from {table} where id = any(array(select {column} from comment "
            f"where id {among(tx, 'ids')})) order by id{held(tx)}",
            # Nothing is called by a NUL, which would be refused here.
            ids=json.dumps([one for one in ids if "\0" not in one]),
        )


async def standing(tx: Tx, comment_id: str, *, site_id: str | None) -> Standing | None:
    """A comment as its next change needs it, on one site or on any (None)."""
    await hold(tx, [comment_id])
    row = await tx.one(
        "select * from comment where id = :id "
        f"and (cast(:site as text) is null or site_id = :site){held(tx)}",
        id=comment_id,
        site=site_id,
    )
    return None if row is None else _standing(row)


async def place(
    tx: Tx, comment_id: str, *, site_id: str | None, order: QueueOrder
) -> Reached | None:
    """Where a comment, on one site or on any (None), stands in the queue in this order."""
    row = await tx.one(
        "select rank, created_at, seq from comment where id = :id "
        "and (cast(:site as text) is null or site_id = :site)",
        id=comment_id,
        site=site_id,
    )
    if row is None:
        return None
    by_age = (row["created_at"], row["seq"])
    return (row["rank"], *by_age) if order == "urgent" else by_age


async def of_author(tx: Tx, author_id: str, *, state: State | None = None) -> list[Standing]:
    """An author's comments, oldest first."""
    rows = await tx.all(
        "select * from comment where author_id = :author "
        "and (cast(:state as text) is null or state = :state) order by created_at, seq",
        author=author_id,
        state=state,
    )
    return [_standing(row) for row in rows]


async def names_of(tx: Tx, author_id: str, *, most: int) -> list[tuple[str, int]]:
    """The names that an author signed with, and how many comments with each, the most first.

    Of more than *most* comments, some *most* of them are looked at.
    """
    rows = await tx.all(
        "select name, count(*) as n from (select name from comment where author_id = :author "
        "and name is not null limit :most) as same group by name order by count(*) desc, name",
        author=author_id,
        most=most,
    )
    return [(row["name"], row["n"]) for row in rows]


async def set_state(
    tx: Tx,
    comment: Standing,
    becomes: State,
    *,
    by: Decider,
    at: datetime,
    reason: str | None = None,
    note: str | None = None,
    told: State | None = None,
    undoes: Undoing | None = None,
) -> bool:
    """Change a comment's state, with its decision; False when it has changed meanwhile.

    `DELETED` also wipes it. *told*: what its author goes on being told instead. *undoes*: the
    decision that made it what it is is taken back, with what that made of its reports.
    """
    wiped = _WIPED if becomes is State.DELETED else ""
    changed = await tx.run(
        "update comment set state = :state, told = :told, version = version + 1, "
        "is_shown = case when :state = 'approved' or approved_below > 0 then 1 else 0 end, "
        f"reason = :reason, decided_at = :at, decided_by = :by, state_at = :at{wiped} "
        "where id = :id and version = :version",
        id=comment.id,
        version=comment.version,
        state=becomes,
        told=told,
        reason=reason,
        at=ms(at),
        by=by.name,
    )
    if not changed:
        return False
    await _count(tx, comment, came=becomes, went=comment.state)
    await decisions.add(
        tx,
        comment.site_id,
        comment.id,
        comment.state,
        becomes,
        by=by,
        at=at,
        reason=reason,
        note=None if becomes is State.DELETED else note,
    )
    if becomes is State.DELETED:
        await _wipe(tx, comment, now=at)
    else:
        await words.restate(tx, _indexed(comment), becomes)
        await marks.restate(tx, comment.seq, _marked(comment), becomes)
        if comment.browser is not None:
            await browsers.settle(tx, comment.site_id, comment.browser)
    if undoes is None:
        await reports.follow(tx, comment.id, becomes, by=by, at=at)
    else:
        await reports.bring_back(tx, comment.id, comment.state, undoes.reports)
    if comment.title is not None:
        await articles.retitle(tx, comment.article_id)
    return True


_WIPED = (
    ", name = null, website = null, title = null, hue = null, body = null, html = null, "
    "signals = '[]', rank = 0, reports = 0, fingerprint = null, body_hash = null, sketch = null, "
    "alike = null, ban_id = null, browser = null, author_id = null, edited_at = null"
)


async def _wipe(tx: Tx, comment: Standing, *, now: datetime) -> None:
    """What else holds a comment's words or hashes (contract section 2)."""
    await words.remove(tx, _indexed(comment))
    await marks.remove(tx, comment.seq, _marked(comment))
    await alike.remove(tx, _banded(comment))
    # By its name, so that a scrub which began before doesn't take this one for done.
    await info.put(tx, to_scrub=comment.id)
    await decisions.forget_texts(tx, comment.id)
    await receipts.forget_replays(tx, comment.id)
    await bans.forget_comment(tx, comment.site_id, comment.id)
    await learned.forget(tx, comment.site_id, comment.id)
    if comment.browser is not None:
        if comment.told is None and comment.state in (State.REJECTED, State.SPAM):
            at = moment(comment.state_at)
            await browsers.refused(tx, comment.site_id, comment.browser, at=at)
        await browsers.forget_if_gone(tx, comment.site_id, comment.browser)
        await browsers.settle(tx, comment.site_id, comment.browser)
    if comment.author_id is not None:
        await authors.forget_if_gone(tx, comment.author_id, now=now)


async def rewrite(
    tx: Tx,
    comment: Standing,
    *,
    name: str,
    website: str | None,
    hue: int,
    text: str,
    html: str,
    fingerprint: bytes,
    text_hash: bytes,
    sketch: Sketch | None,
    by: Decider,
    at: datetime,
    masked: Mapping[str, int] | None = None,
) -> bool:
    """Change a comment's words, keeping those before; False when it has changed meanwhile.

    With another text it is no longer in the group of those that its own was alike to.
    *masked*: what of them is masked now; then those before are kept as masked as these.
    """
    changed = await tx.run(
        "update comment set name = :name, website = :website, hue = :hue, body = :body, "
        "html = :html, fingerprint = :fingerprint, body_hash = :body_hash, sketch = :sketch, "
        "alike = case when body_hash = :body_hash then alike end, edited_at = :at, "
        "version = version + 1 where id = :id and version = :version",
        id=comment.id,
        version=comment.version,
        name=name,
        website=website,
        hue=hue,
        body=text,
        html=html,
        fingerprint=fingerprint,
        body_hash=text_hash,
        sketch=None if sketch is None else bytes(sketch),
        at=ms(at),
    )
    if not changed:
        return False
    before = comment.text or "" if masked is None else text
    await decisions.add_edit(tx, comment.site_id, comment.id, before, by=by, at=at, masked=masked)
    await words.replace(tx, _indexed(comment), name, text)
    await alike.replace(tx, _banded(comment), comment.id, sketch)
    if comment.browser is not None:
        await browsers.settle(tx, comment.site_id, comment.browser)
    if comment.state is State.APPROVED:
        await articles.count(tx, comment.article_id)
    return True


async def mask(
    tx: Tx,
    comment: Standing,
    *,
    name: str,
    hue: int,
    text: str,
    html: str,
    sketch: Sketch | None,
    earlier: Mapping[int, str],
    masked: Mapping[str, int],
    signals: Sequence[Signal],
    reports: int,
    by: Decider,
    at: datetime,
) -> bool:
    """Change a comment's words and keep nothing of those before; False when it has changed.

    *earlier*: what earlier edits say from now on. *signals*: of the same names as those it has.
    What was derived from the words before, and the requests that brought them, are wiped too.
    """
    changed = await rewrite(
        tx,
        comment,
        name=name,
        website=comment.website,
        hue=hue,
        text=text,
        html=html,
        # Its own alone: two that differed in what is masked only are not refused as the same.
        fingerprint=fingerprint(name, comment.asked_parent, f"{text}\0{comment.id}"),
        text_hash=text_hash(text),
        sketch=sketch,
        by=by,
        at=at,
        masked=masked,
    )
    if not changed:
        return False
    await tx.run(
        "update comment set signals = :signals, rank = :rank where id = :id",
        id=comment.id,
        signals=signals_as_json(signals),
        rank=marks.rank(signals, reports=reports),
    )
    for seq, words_then in earlier.items():
        await decisions.mask_edit(tx, comment.id, seq, words_then)
    await receipts.forget_replays(tx, comment.id)
    # As when it is deleted, which may still come: by another name.
    await info.put(tx, to_scrub=f"{comment.id}/{comment.version}")
    return True


async def _tally(tx: Tx, site_id: str, state: State, n: int) -> None:
    """*n* more (or fewer) of the site's comments are in *state*."""
    await tx.run(
        "update site_tally set comments = comments + :n where site_id = :site and state = :state",
        site=site_id,
        state=state,
        n=n,
    )


async def _count(tx: Tx, comment: Standing, *, came: State, went: State) -> None:
    """Keep every counter true when a comment goes from one state to another."""
    # In one order always, so that two transactions never wait for each other's row (`tx.held`).
    changes = [(state, n) for state, n in sorted(((went, -1), (came, 1))) if state != "deleted"]
    if comment.author_id is not None:
        for state, n in changes:
            await authors.count(tx, comment.author_id, state, n)
    approved = (came is State.APPROVED) - (went is State.APPROVED)
    if approved:
        await articles.count(tx, comment.article_id, approved=approved)
        if comment.parent_id is not None:
            await _count_below(tx, comment.parent_id, approved)
    for state, n in changes:
        await _tally(tx, comment.site_id, state, n)


async def _count_below(tx: Tx, parent_id: str, n: int) -> None:
    """An approved comment came (or went) somewhere beneath: tombstones appear and vanish."""
    await tx.run(
        "update comment set approved_below = approved_below + :n, is_shown = case "
        "when state = 'approved' or approved_below + :n > 0 then 1 else 0 end "
        "where id in (with recursive up (id, parent_id) as ("
        "select id, parent_id from comment where id = :parent union all "
        "select c.id, c.parent_id from comment as c join up on c.id = up.parent_id) "
        "select id from up)",
        parent=parent_id,
        n=n,
    )


def _indexed(comment: Standing) -> words.Indexed:
    return words.Indexed(
        comment.seq, comment.state, comment.site_id, comment.article_id, comment.author_id
    )


def _marked(comment: Standing) -> marks.Marked:
    names = marks.names(comment.signals)
    return marks.Marked(comment.site_id, comment.state, comment.created_at, names)


def _banded(comment: Standing) -> alike.Place:
    return alike.Place(comment.site_id, comment.created_at, comment.seq)


async def resignal(tx: Tx, comment: Standing, signal: Signal) -> Standing:
    """Leave a signal on a comment, in the place of one of its name, with whatever is found by it;
    the comment as it is then."""
    others = [one for one in comment.signals if one.name != signal.name]
    signals = (*others, signal)
    await tx.run(
        "update comment set signals = :signals, rank = rank + :more where id = :id",
        id=comment.id,
        signals=signals_as_json(signals),
        more=marks.rank(signals) - marks.rank(comment.signals),
    )
    await marks.remove(tx, comment.seq, _marked(comment))
    await marks.add(tx, comment.id, signals)
    return replace(comment, signals=signals)


def signals_as_json(signals: Sequence[Signal]) -> str:
    """Signals as the store keeps them: the sentence's name and values, in no language."""
    if not signals:
        return "[]"
    return json.dumps(
        [[signal.name, signal.score, signal.why, dict(signal.values)] for signal in signals],
        ensure_ascii=False,
    )


def signals_of(stored: str) -> tuple[Signal, ...]:
    """Stored signals."""
    return tuple(Signal(*values) for values in json.loads(stored))


def _standing(row: Row) -> Standing:
    return Standing(
        seq=row["seq"],
        id=row["id"],
        site_id=row["site_id"],
        article_id=row["article_id"],
        author_id=row["author_id"],
        moderator_id=row["moderator_id"],
        parent_id=row["parent_id"],
        asked_parent=row["asked_parent"],
        state=State(row["state"]),
        version=row["version"],
        name=row["name"],
        website=row["website"],
        text=row["body"],
        told=None if row["told"] is None else State(row["told"]),
        reason=row["reason"],
        title=row["title"],
        created_at=row["created_at"],
        state_at=row["state_at"],
        reports=row["reports"],
        is_moderators=row["moderator_id"] is not None,
        signals=signals_of(row["signals"]),
        browser=row["browser"],
    )
