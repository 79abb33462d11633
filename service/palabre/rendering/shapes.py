"""What we know, in the shapes of the contract's JSON. Every public value passes through here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from palabre import locale, screening
from palabre.actions.bans import Preview
from palabre.actions.people import Exported, Record
from palabre.actions.report import DISMISSED_MOST, RECENT_MOST, Receipt
from palabre.actions.stamps import Given
from palabre.model import (
    Article,
    Author,
    Ban,
    BanKind,
    Comment,
    Decision,
    Edit,
    Event,
    Report,
    Shown,
    Signal,
    Site,
)
from palabre.store.browsers import Browser
from palabre.store.tx import moment
from palabre.text import policy
from palabre.text.stamp import PARTS

Json = dict[str, Any]


def instant(moment: datetime | None) -> str | None:
    """A time in RFC 3339, UTC, to the second."""
    if moment is None:
        return None
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat()[:19] + "Z"


def public(comment: Shown) -> Json:
    """A comment as the public sees it (contract 3.2)."""
    author = None
    if comment.name is not None:
        author = {
            "name": comment.name,
            "website": comment.website,
            "hue": comment.hue,
            "moderator": comment.moderator,
        }
    return {
        "id": comment.id,
        "parent": comment.parent,
        "depth": comment.depth,
        "state": comment.state,
        "author": author,
        "html": comment.html,
        "created_at": instant(comment.created_at),
        "edited_at": instant(comment.edited_at),
    }


def stamp(given: Given, language: str) -> Json:
    """A form's stamp, and the puzzle if it poses one, with what to tell who waits for it."""
    if given.puzzle is None:
        return {"stamp": given.token}
    puzzle = {
        "bits": given.puzzle.bits,
        "parts": PARTS,
        "until": instant(moment(given.puzzle.until_ms)),
        "says": locale.say(language, "form.proving"),
    }
    return {"stamp": given.token, "puzzle": puzzle}


def listed_article(article: Article) -> Json:
    """An article at the head of its listing."""
    return {
        "url": article.url,
        "title": article.public_title,
        "open": article.open,
        "count": article.count,
    }


def article(found: Article) -> Json:
    """An article as moderators see it."""
    return {
        "id": found.id,
        "url": found.url,
        "title": found.title,
        "open": found.open,
        "count": found.count,
        "policy": policy.as_json_of_article(found.policy),
        "set": sorted(found.policy.own),
    }


def site(found: Site) -> Json:
    """A site with the rules in force."""
    return {
        "name": found.name,
        "origins": list(found.origins),
        "locale": found.locale,
        "policy": policy.as_json(found.policy),
        "set": sorted(found.policy.own),
    }


def moderated(comment: Comment, language: str) -> Json:
    """A comment as moderators see it (contract 4); signals as sentences in their language."""
    author = comment.author
    return public(comment.shown) | {
        "author": {
            "id": author.id if author else None,
            "name": comment.shown.name,
            "website": comment.shown.website,
            "hue": comment.shown.hue,
            "moderator": comment.shown.moderator,
            "first_seen": instant(author.first_seen) if author else None,
            "approved": author.approved if author else 0,
            "rejected": author.rejected if author else 0,
            "spam": author.spam if author else 0,
            "blocked": author.blocked if author else False,
        },
        "version": comment.version,
        "site": comment.site,
        "article": {
            "id": comment.article.id,
            "url": comment.article.url,
            "title": comment.article.title,
            "open": comment.article.open,
            "count": comment.article.count,
        },
        "text": comment.text,
        "signals": [signal(found, language) for found in comment.signals],
        "reports": comment.reports,
        "decided_at": instant(comment.decided_at),
        "decided_by": comment.decided_by,
        "reason": comment.reason,
    }


def signal(found: Signal, language: str) -> Json:
    """A signal with its sentence."""
    sentence = screening.sentence(found, language)
    return {"name": found.name, "score": found.score, "why": sentence}


def decision(found: Decision) -> Json:
    """A decision within its comment."""
    return {
        "from": found.from_state,
        "to": found.to_state,
        "by": found.by,
        "at": instant(found.at),
        "reason": found.reason,
        "note": found.note,
    }


def logged(found: Decision) -> Json:
    """A decision within the log."""
    return {"comment": found.comment, **decision(found)}


def event(found: Event) -> Json:
    """A decision as it is told at once: nothing that a person wrote, and no name of an author."""
    shaped = decision(found.decision)
    del shaped["note"]
    return {
        "comment": found.decision.comment,
        "site": found.site,
        "article": {"url": found.url},
        **shaped,
        "pending": found.waiting,
    }


def edit(found: Edit) -> Json:
    """An edit: the text before it, and what was masked, if that was all."""
    shaped: Json = {"by": found.by, "at": instant(found.at), "text": found.text}
    return shaped | {"masked": dict(found.masked)} if found.masked else shaped


def author(found: Author) -> Json:
    """An author, without the hash that knows them."""
    return {
        "id": found.id,
        "first_seen": instant(found.first_seen),
        "approved": found.approved,
        "rejected": found.rejected,
        "spam": found.spam,
        "blocked": found.blocked,
        "blocked_until": instant(found.blocked_until),
        "blocked_reason": found.blocked_reason,
    }


def browser(found: Browser) -> Json:
    """A browser that a person let remember them, without the hash that knows it."""
    return {
        "since": instant(found.since),
        "approved": found.approved,
        "lost_at": instant(found.lost),
    }


def exported(found: Exported, language: str) -> Json:
    """A person with everything that is kept of them."""
    return {
        "author": author(found.author),
        "browsers": [browser(one) for one in found.browsers],
        "comments": [record(one, language) for one in found.records],
    }


def ban(found: Ban, site: str) -> Json:
    """A ban on the site of that name."""
    is_network = found.kind in (BanKind.ADDRESS, BanKind.NETWORK)
    return {
        "id": found.id,
        "kind": BanKind.NETWORK if is_network else found.kind,
        "prefix": found.kind if is_network else None,
        "site": site,
        "domain": found.label,
        "comment": found.comment,
        "reason": found.reason,
        "until": instant(found.until),
        "created_at": instant(found.created_at),
        "by": found.created_by,
        "hits": found.hits,
        "moved": found.moved,
    }


def ban_preview(found: Preview, language: str) -> Json:
    """What a ban would take to spam."""
    return {
        **{state.value: n for state, n in found.counts.items()},
        "examples": [moderated(comment, language) for comment in found.examples],
    }


def case(found: Record, language: str) -> Json:
    """A comment with everything that moderators may know about it."""
    return record(found, language) | {
        "report_list": [report(one, language) for one in found.reports]
    }


def report(found: Report, language: str) -> Json:
    """A reader's report as moderators see it; `remarks` are on how its reporter reports."""
    return {
        "id": found.id,
        "reason": found.reason,
        "note": found.note,
        "at": instant(found.at),
        "outcome": found.outcome,
        "settled_at": instant(found.settled_at),
        "settled_by": found.settled_by,
        "counts": found.counts,
        "remarks": [locale.say(language, code, n=n) for code, n in report_remarks(found)],
    }


def report_remarks(found: Report) -> list[tuple[str, int]]:
    """What is to be said of how a report's reporter reports: codes of sentences, and numbers."""
    remarks = []
    if found.dismissed_before > DISMISSED_MOST:
        remarks.append(("report.remark.dismissed", found.dismissed_before))
    if found.recent > RECENT_MOST:
        remarks.append(("report.remark.many", found.recent + 1))
    return remarks


def told_report(found: Receipt) -> Json:
    """A report as its reporter is told of it."""
    return {
        "comment_id": found.comment_id,
        "comment": None if found.comment is None else public(found.comment),
        "outcome": found.outcome,
        "reported_at": instant(found.reported_at),
        "settled_at": instant(found.settled_at),
    }


def record(found: Record, language: str) -> Json:
    """A comment with everything that is kept about it, but what others said of it."""
    return moderated(found.comment, language) | {
        "decisions": [decision(one) for one in found.decisions],
        "edits": [edit(one) for one in found.edits],
    }
