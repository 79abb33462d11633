"""How `palabre demo` plays its conversation: by the real actions, at past times, or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar, cast

from palabre import demonstration
from palabre.actions import articles, decide, edit, moderators, receipts, stamps, submit
from palabre.commands.conversation import Corrected, Decided, Said, Step, Story
from palabre.memory import Memory
from palabre.model import Moderator, Scope, Site, Visitor
from palabre.service import Service
from palabre.store import Store, Tx, Unit
from palabre.store import moderators as moderator_rows

T = TypeVar("T")
Event = tuple[int, Callable[[], Awaitable[object]]]
"""Something that happens, and how many minutes ago."""


class _Within:
    """A store whose units are parts of one transaction that is open already."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def refresh(self) -> None:
        """Nothing is remembered here."""

    async def read(self, unit: Unit[T], /) -> T:
        return await unit(self._tx)

    async def glance(self, unit: Unit[T], /) -> T:
        return await unit(self._tx)

    async def write(self, unit: Unit[T], /, *, long: bool = False) -> T:
        return await unit(self._tx)


def within(service: Service, tx: Tx) -> Service:
    """The service for actions that are to be parts of *tx*: all of them happen, or none.

    Without what would refuse the players: the submission limit, and the DNS, which says truly
    that example.com gets no mail.
    """
    settings = service.settings.model_copy(
        update={"submission_limit": None, "email_dns_check": False}
    )
    # Of a store, actions use what is here alone. What is not yet committed is not
    # to be remembered.
    return replace(
        service,
        store=cast("Store", _Within(tx)),
        settings=settings,
        known_sites=Memory(lambda: 1, most=0),
    )


async def play(service: Service, site: Site, stories: Sequence[Story]) -> int:
    """Play *stories*, each event at its time; how many comments were written.

    *service*: made by `within`. Raises what the actions raise; nothing is stored then.
    """
    now = service.now()
    oldest = max(said.ago for story in stories for said in story.comments)
    clock = _Clock(now - timedelta(minutes=oldest + 60))
    service = replace(service, now=clock)
    moderator, is_new = await _moderator(service, site)
    company = _Company(service, site, moderator)
    events = [event for story in stories for event in company.events_of(story)]
    for ago, happen in sorted(events, key=lambda event: -event[0]):
        clock.moment = now - timedelta(minutes=ago)
        await happen()
    if is_new:
        await moderators.revoke(service, moderator.name)
    return len(company.written)


_WRITING = timedelta(minutes=3)
"""How long before they send it people have had the form before them."""


@dataclass(slots=True)
class _Clock:
    """A clock that stands at `moment`."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment


async def _moderator(service: Service, site: Site) -> tuple[Moderator, bool]:
    """Who decides, and whether they are new: then the token is to be revoked in the end."""
    name = demonstration.MODERATOR
    known = await service.store.read(lambda tx: moderator_rows.id_of(tx, name))
    if known is not None:
        return Moderator(known, name, Scope.MODERATE, site.id), False
    token = await moderators.add(service, name, scope=Scope.MODERATE, site=site.name)
    return await moderators.known(service, token), True


@dataclass(frozen=True, slots=True)
class _Written:
    """What a comment is known by once it is written. `token`: of its receipt, if it has one."""

    id: str
    token: str


class _Company:
    """Those who write and decide; `written` is what came of each line of the conversation."""

    def __init__(self, service: Service, site: Site, moderator: Moderator) -> None:
        self.written: dict[Said, _Written] = {}
        self._service = service
        self._site = site
        self._moderator = moderator
        # Networks kept for documentation (RFC 5737): each comment comes from a household's own.
        self._networks = itertools.cycle(f"192.0.2.{host}" for host in range(1, 255))

    def events_of(self, story: Story) -> Iterator[Event]:
        """Everything that happens on an article; in order once sorted by time."""
        oldest = max(said.ago for said in story.comments)
        yield oldest + 30, partial(self._put, story, articles.Changes(True, story.title, True))
        for said in story.comments:
            yield from self._events(story, said, None)
        if story.closed:
            yield 0, partial(self._put, story, articles.Changes(open=False))

    def _events(self, story: Story, said: Said, parent: Said | None) -> Iterator[Event]:
        yield said.ago, partial(self._write, story, said, parent)
        for step in said.steps:
            yield said.ago - step.after, partial(self._take, said, step)
        for reply in said.replies:
            yield from self._events(story, reply, said)

    async def _put(self, story: Story, changes: articles.Changes) -> None:
        await articles.put(self._service, self._site, story.address, changes)

    async def _write(self, story: Story, said: Said, parent: Said | None) -> None:
        if said.by_moderator and parent is not None:
            words = {"text": said.text, "name": said.name}
            above = self.written[parent].id
            reply = await edit.reply(self._service, self._moderator, above, words)
            self.written[said] = _Written(reply.id, "")
            return
        shown = replace(self._service, now=lambda: self._service.now() - _WRITING)
        article = await articles.at(shown, self._site, story.address)
        fields = {
            "article": story.address,
            "stamp": (await stamps.fresh(shown, article)).token,
            "name": said.name,
            "email": said.email,
            "website": said.website or "",
            "comment": said.text,
            "parent": self.written[parent].id if parent else "",
            "subject": "Bonjour" if said.lured else "",
        }
        visitor = Visitor(network=next(self._networks), wide_network="192.0.2.0/24")
        stored = await submit.submit(self._service, self._site, fields, visitor)
        self.written[said] = _Written(stored.comment.id, stored.token)

    async def _take(self, said: Said, step: Step) -> None:
        known = self.written[said]
        if isinstance(step, Decided):
            because = decide.Because(step.reason, step.note)
            await decide.decide(
                self._service, self._moderator, known.id, step.becomes, because=because
            )
        elif isinstance(step, Corrected):
            await edit.rewrite(self._service, self._moderator, known.id, {"text": step.text})
        else:
            await receipts.withdraw(
                self._service, known.token, Visitor(network="", wide_network="")
            )
