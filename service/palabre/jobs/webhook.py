"""Telling a webhook of one event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from palabre.actions import webhooks
from palabre.jobs import outgoing, signing
from palabre.jobs.outcome import GiveUp
from palabre.model import Comment, State
from palabre.service import Service
from palabre.store import queue
from palabre.store import webhooks as rows
from palabre.store.jobs import Job
from palabre.store.tx import moment
from palabre.store.webhooks import Webhook

GONE = 410

Json = dict[str, Any]


async def webhook(service: Service, job: Job) -> None:
    """Tell it; nothing is to be done for one that has been removed meanwhile.

    The decision is as it was, the comment as it is now: what has been deleted since is not sent.
    Raises NotSent when it is not taken, GiveUp when there is nobody any more (410).
    """
    subject = job.subject
    found = await service.store.read(lambda tx: rows.by_id(tx, subject["webhook"]))
    if found is None:
        return
    comment = await service.store.read(
        lambda tx: queue.one(tx, subject["comment"], site_id=found.site_id, now=service.now())
    )
    status = await tell(service, found, subject["event_id"], message(subject, comment))
    if status == GONE:
        raise GiveUp("the receiver says that it is gone for good (410)")
    if not 200 <= status < 300:
        raise outgoing.NotSent(f"the receiver answered {status}")


async def tell(service: Service, webhook: Webhook, message_id: str, content: Json) -> int:
    """Send a signed message; the status of the answer. Raises NotSent."""
    body = json.dumps(content, ensure_ascii=False).encode()
    signature = signing.signed(
        webhooks.secrets(service, webhook), message_id=message_id, at=service.now(), body=body
    )
    return await outgoing.send(
        "POST",
        webhook.url,
        headers={"Content-Type": "application/json", **signature},
        body=body,
        allowed=service.settings.webhook_targets,
    )


def message(subject: Mapping[str, Any], comment: Comment | None) -> Json:
    """What a webhook is told (schema/event.json). *comment*: None when nobody knows it."""
    at = moment(subject["at"])
    return {
        "type": f"comment.{subject['event']}",
        "timestamp": _instant(at),
        "data": {
            "decision": {
                "comment": subject["comment"],
                "from": subject["from"],
                "to": subject["to"],
                "by": subject["by"],
                "at": _instant(at),
                "reason": subject["reason"],
            },
            "comment": None if comment is None else _comment(comment),
        },
    }


def _comment(comment: Comment) -> Json | None:
    shown = comment.shown
    if shown.state is State.DELETED:
        return None
    return {
        "id": shown.id,
        "site": comment.site,
        "article": {"url": comment.article.url, "title": comment.article.title},
        "parent": shown.parent,
        "state": shown.state,
        "author": {
            "id": comment.author.id if comment.author else None,
            "name": shown.name,
            "website": shown.website,
            "moderator": shown.moderator,
        },
        "text": comment.text,
        "html": shown.html,
        "created_at": _instant(shown.created_at),
        "edited_at": _instant(shown.edited_at),
        "version": comment.version,
    }


def _instant(at: datetime | None) -> str | None:
    """A time in RFC 3339, UTC, to the second, as the API writes it."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
