"""Masking the personal data in a comment: a moderator's one press, and nothing of it is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from palabre import locale
from palabre.actions import learn
from palabre.actions.decide import present
from palabre.errors import CommentNotFound, DecidedMeanwhile, NotAllowedFromHere
from palabre.model import Comment, Moderator, State
from palabre.screening import personal as rule
from palabre.service import Service
from palabre.store import Tx, comments, decisions, sites
from palabre.text import markup, personal, sketch
from palabre.text.rules import NAME_LIMIT

SHORT = "[…]"
"""Stands in a name that a whole marker would make too long."""


async def mask(
    service: Service, moderator: Moderator, comment_id: str, *, version: int | None = None
) -> Comment:
    """Put a marker in the site's language in each place of a comment, its name and its earlier
    texts where personal data stands; the comment as it is afterwards, its state unchanged.

    What stood there is not kept, and leaves the data files like what is deleted. Without any,
    nothing changes. Raises CommentNotFound, NotAllowedFromHere for a deleted one, DecidedMeanwhile
    when *version* is stale.
    """

    async def unit(tx: Tx) -> Comment:
        standing = await comments.standing(tx, comment_id, site_id=moderator.site_id)
        if standing is None:
            raise CommentNotFound
        before = await present(tx, service, comment_id)
        if standing.state is State.DELETED or standing.name is None or standing.text is None:
            raise NotAllowedFromHere
        if version is not None and version != standing.version:
            raise DecidedMeanwhile(before)
        await learn.hold(tx, standing)
        language = (await sites.by_id(tx, standing.site_id)).locale
        text, counts = _masked(standing.text, language)
        name, in_name = _masked_name(standing.name, language)
        earlier, in_earlier = {}, Counter[str]()
        for seq, body in await decisions.edited_texts(tx, comment_id):
            plain, found = _masked(body, language)
            if found:
                earlier[seq] = plain
                in_earlier += found
        counts += in_name
        if not counts and not earlier:
            return before
        done = personal.ordered(counts or in_earlier)
        signals = tuple(
            rule.masked(done) if signal.name == rule.NAME else signal for signal in standing.signals
        )
        changed = await comments.mask(
            tx,
            standing,
            name=name,
            hue=service.keys.hue(name, standing.article_id),
            text=text,
            html=markup.render(text),
            sketch=sketch.of(text),
            earlier=earlier,
            masked=done,
            signals=signals,
            reports=before.reports,
            by=moderator.decider,
            at=service.now(),
        )
        if not changed:
            raise DecidedMeanwhile(await present(tx, service, comment_id))
        await learn.edited(tx, standing, replace(standing, text=text, name=name, signals=signals))
        return await present(tx, service, comment_id)

    return await service.store.write(unit)


def _masked(text: str, language: str) -> tuple[str, Counter[str]]:
    plain, counts = personal.masked(text, lambda kind: locale.say(language, f"mask.{kind}"))
    return plain, Counter(counts)


def _masked_name(name: str, language: str) -> tuple[str, Counter[str]]:
    plain, counts = _masked(name, language)
    if len(plain) > NAME_LIMIT:
        plain, _ = personal.masked(name, lambda kind: SHORT)
    return plain, counts
