"""Fills a store with N comments on one site, through the store's own functions.

`python tests/bench/seed.py FOLDER N` makes a data folder that `palabre serve` can be started on:
one article with N/10 comments (10,000 at most), the others with some ten each, threads, every
state, three years. Two runs of the same N differ in their ids and keys alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import multiprocessing
import random
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.pool import AsyncResult
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from palabre import settings
from palabre.actions import moderators as moderator_actions
from palabre.actions import sites as site_actions
from palabre.actions.indexing import catch_up
from palabre.ids import new_id, random_id
from palabre.keys import Tag
from palabre.model import Article, Decider, Moderator, Scope, Site, State
from palabre.service import Service, opened
from palabre.store import Tx, articles, authors, comments, moderators, receipts
from palabre.store.sqlite import SqliteStore
from palabre.text import markup, sketch

SITE, ORIGIN = "blog", "https://blog.example"
BIG = "/big"
"""The article with N/10 comments, or BIG_MOST."""
BIG_MOST = 10_000
SMALL = 10
"""Comments of any other article; SMALL_OPEN of them are being commented on at a time."""
SMALL_OPEN = 200
MODERATORS = ("alice", "basile", "chloe")

BEGIN = datetime(2023, 11, 20, 8, 0, tzinfo=UTC)
LASTS = timedelta(days=3 * 365)
UNIT = 10
"""Comments of a unit of work. What a unit changes is noted in a list that SQLite walks through at
the end of each statement, so larger ones cost more."""
DRAFTS = 1000
"""Comments that share a commit, as many units."""
DRAFTED_MOST = 8 * DRAFTS
"""Comments that are written ahead of the store."""

VOCABULARY = 40_000
LISTED = 1 << 20
COMMON = """
de la le et les des en un une du que est pour qui dans a par plus pas au sur ne se ce il sont avec
son sa ses mais comme ou nous vous ils on été être cette fait leur bien aussi tout même sans ces
deux peut après avoir entre encore moins autres temps très où déjà école française commentaire
article merci question réponse problème exemple ville année travail vie monde jour gouvernement
élèves société économie état gens vrai faux toujours jamais rien trop beaucoup
"""
"""The most frequent words, most frequent first; the others are made up of HEADS and TAILS."""
HEADS = "b c d f g j l m n p r s t v ch br cr dr fr gr pl pr tr qu"
TAILS = "a e i o u é è ai au eau ou on an in eur ette ique ment tion age isme"
SPAMMED = "casino bonus crypto viagra replica cheap loans click"
"""Words that stand in spam and nowhere else; spam holds few of the others."""
NAMES = """
Hélène Odile Rémi Zoé Karim Léa Jean Anaïs Noël Fatou Yann Inès Luc Maëlle Igor Aïcha Paul Chloé
Théo Salomé Hugo Nadia Élie Jules Sonia Gaël Rose Marc Lina Ugo
"""
RARE = 30_000
"""The rank of a word that one comment in some 5,000 holds."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wrote. `html`: as the service renders it."""

    text: str
    html: str
    name: str
    is_spam: bool


def vocabulary() -> list[str]:
    """VOCABULARY distinct words, the most frequent first."""
    rng = random.Random("vocabulary")
    heads, tails = HEADS.split(), TAILS.split()
    found = dict.fromkeys(COMMON.split())
    while len(found) < VOCABULARY:
        found[
            "".join(
                rng.choice(heads) + rng.choice(tails) for _ in range(rng.choice((2, 2, 3, 3, 4)))
            )
        ] = None
    return list(found)


class Writer:
    """Writes comments like people do: words by Zipf's law, a few dozen to some hundred of them."""

    def __init__(self) -> None:
        self._names, self._spammed = NAMES.split(), SPAMMED.split()
        # As often in a list as in texts, so that any one of it will do.
        self._words: list[str] = []
        weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
        for word, weight in zip(vocabulary(), weights, strict=True):
            most = round(weight / weights[-1] * LISTED)
            self._words += [word] * (most - len(self._words))

    def drafts(self, number: int) -> list[Draft]:
        """DRAFTS of them; the same ones for the same number."""
        rng = random.Random(f"drafts {number}")
        return [self._draft(rng) for _ in range(DRAFTS)]

    def _draft(self, rng: random.Random) -> Draft:
        is_spam = rng.random() < 0.05
        length = min(1500, max(50, int(rng.lognormvariate(5.8, 0.7))))
        taken = iter(rng.choices(self._words, k=length // 4 + 3))
        if is_spam:
            spammed = iter(rng.choices(self._spammed, k=length))
            taken = (word if rng.random() < 0.2 else next(spammed) for word in taken)
        paragraphs: list[str] = []
        written = 0
        while written < length:
            sentence = " ".join(itertools.islice(taken, rng.randint(5, 18)))
            if not sentence:
                break
            sentence = (
                sentence[0].upper() + sentence[1:] + rng.choice((". ", " ! ", "… ", ", non ? "))
            )
            if rng.random() < 0.15 or not paragraphs:
                paragraphs.append("")
            paragraphs[-1] += sentence
            written += len(sentence)
        text = "\n\n".join(paragraph.strip() for paragraph in paragraphs)[:1500].strip()
        if rng.random() < 0.08:
            text += f"\n\nVoir https://exemple.fr/{rng.randrange(10_000)}"
        name = f"{rng.choice(self._names)} {rng.choice(self._names)[0]}."
        return Draft(text, markup.render(text), name, is_spam)


_writer: Writer | None = None


def _drafts(number: int) -> list[Draft]:
    """`Writer.drafts` in a process beside this one."""
    global _writer
    _writer = _writer or Writer()
    return _writer.drafts(number)


class Conversation:
    """Who writes where, when, and what becomes of it. Deterministic but for ids."""

    def __init__(self, total: int, service: Service, site: Site, by: list[Decider]) -> None:
        self._total = total
        self._rng = random.Random(f"conversation {total}")
        self._service = service
        self._site = site
        self._by = by
        self._big = min(BIG_MOST, total // 10)
        self._authors = max(1, total // 8)
        self._known_authors: dict[int, tuple[str, Tag]] = {}
        self._made = 0
        self._small: list[list[int]] = []
        """Small articles that are open: number, comments still to come."""
        self._articles = 0
        self._known: dict[str, Article] = {}
        self._approved: dict[str, list[str]] = {}

    async def add(self, tx: Tx, number: int, draft: Draft) -> None:
        """Comment *number* and what follows from it."""
        rng, service, site = self._rng, self._service, self._site
        at = BEGIN + LASTS * (number / self._total)
        address = self._address(number)
        article = self._known.get(address)
        if article is None:
            await articles.add(tx, site, address, article_id=new_id(at), at=at)
            article = await articles.at(tx, site, address, now=at)
            self._known[address] = article
            self._approved[address] = []
        approved = self._approved[address]
        asked = rng.choice(approved[-40:]) if approved and rng.random() < 0.4 else None
        place = comments.TOP
        if asked is not None:
            place = await comments.under(tx, article.id, asked, depth=3) or place
        first, then = self._fate(draft, number)
        comment_id = new_id(at)
        author_id = await self._author(tx, first, at)
        await comments.add(
            tx,
            comments.New(
                id=comment_id,
                site_id=site.id,
                article_id=article.id,
                author_id=author_id,
                moderator_id=None,
                place=place,
                asked_parent=asked,
                state=first,
                told=None,
                name=draft.name,
                website=None,
                title=None,
                hue=service.keys.hue(draft.name, article.id),
                text=draft.text,
                html=draft.html,
                fingerprint=comments.fingerprint(draft.name, asked, draft.text),
                text_hash=comments.text_hash(draft.text),
                sketch=sketch.of(draft.text),
                at=at,
            ),
            by=Decider("rule:policy"),
        )
        token = hashlib.sha256(f"receipt {number}".encode()).digest()
        await receipts.add(tx, token, site_id=site.id, comment_id=comment_id, at=at)
        if then is not None:
            standing = await comments.standing(tx, comment_id, site_id=site.id)
            assert standing is not None
            reason = "off_topic" if then is State.REJECTED else None
            by = self._by[min(int(rng.expovariate(1.5)), len(self._by) - 1)]
            await comments.set_state(tx, standing, then, by=by, at=at, reason=reason)
        if (then or first) is State.APPROVED:
            approved.append(comment_id)

    def _address(self, number: int) -> str:
        left = self._total - number
        if self._rng.random() < (self._big - self._made) / left:
            self._made += 1
            return BIG
        while len(self._small) < SMALL_OPEN:
            self._small.append([self._articles, SMALL])
            self._articles += 1
        chosen = self._rng.randrange(SMALL_OPEN)
        entry = self._small[chosen]
        entry[1] -= 1
        address = f"/{entry[0]:06d}-un-article-de-la-maison"
        if not entry[1]:
            self._small[chosen] = self._small.pop()
            self._finish(address)
        return address

    def _finish(self, address: str) -> None:
        """Nobody writes there any more. Its last comment is stored after this."""
        for known in list(itertools.islice(self._known, max(0, len(self._known) - 4 * SMALL_OPEN))):
            if known not in (BIG, address):
                del self._known[known], self._approved[known]

    def _fate(self, draft: Draft, number: int) -> tuple[State, State | None]:
        """The first state, and the one that a moderator changes it to."""
        rng = self._rng
        chance = rng.random()
        if draft.is_spam:
            return (State.SPAM, None) if chance < 0.7 else (State.PENDING, State.SPAM)
        if chance < 0.0526:
            return State.PENDING, State.REJECTED
        # What waits is young, but some has waited for years.
        waits = 0.0525 if chance > 0.99 else 2.2 * max(0.0, number / self._total - 0.8)
        if chance > 0.99 or (number > 0.8 * self._total and rng.random() < waits):
            return State.PENDING, None
        return (State.PENDING, State.APPROVED) if rng.random() < 0.15 else (State.APPROVED, None)

    async def _author(self, tx: Tx, state: State, at: datetime) -> str:
        """The id of somebody: most write once or twice, a few all the time."""
        number = int(self._authors * self._rng.random() ** 1.5)
        if number not in self._known_authors:
            email = f"person{number}@example.com"
            tag = self._service.keys.hash_of(email, self._site.id)
            self._known_authors[number] = (random_id(), tag)
        known, tag = self._known_authors[number]
        return await authors.came(tx, self._site.id, tag, state, author_id=known, at=at)


async def seed(folder: Path, total: int) -> None:
    """Make the data folder *folder* with *total* comments."""
    chosen = settings.load({"PALABRE_DATA_DIR": str(folder)})
    async with opened(chosen, serving=True, now=lambda: BEGIN) as service:
        site = await site_actions.add(service, SITE, origins=[ORIGIN])
        for name in MODERATORS:
            await moderator_actions.add(service, name, scope=Scope.MODERATE)
        by = [await _decider(service, name) for name in MODERATORS]
        conversation = Conversation(total, service, site, by)
        began = time.monotonic()
        for first, drafts in _drafted(total):
            await asyncio.gather(
                *(
                    service.store.write(
                        partial(_add, conversation, first + start, drafts[start : start + UNIT])
                    )
                    for start in range(0, len(drafts), UNIT)
                )
            )
            await catch_up(service)
            _say(first + len(drafts), total, began)
        if isinstance(service.store, SqliteStore):
            await service.store.empty_journal()


async def _add(conversation: Conversation, first: int, drafts: list[Draft], tx: Tx) -> None:
    for number, draft in enumerate(drafts, first):
        await conversation.add(tx, number, draft)


def _drafted(total: int) -> Iterator[tuple[int, list[Draft]]]:
    """The texts, each lot with the number of its first; written in another process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        ahead: deque[AsyncResult[list[Draft]]] = deque()
        asked = iter(range(-(-total // DRAFTS)))
        for first in range(0, total, DRAFTS):
            while len(ahead) < DRAFTED_MOST // DRAFTS and (number := next(asked, None)) is not None:
                ahead.append(pool.apply_async(_drafts, (number,)))
            yield first, ahead.popleft().get()[: total - first]


async def _decider(service: Service, name: str) -> Decider:
    found = await service.store.read(lambda tx: moderators.id_of(tx, name))
    assert found is not None
    return Moderator(found, name, Scope.MODERATE, None).decider


def _say(done: int, total: int, began: float) -> None:
    seconds = time.monotonic() - began
    end = "\n" if done == total else ""
    print(
        f"\r{done:,} of {total:,} comments, {done / seconds:,.0f} a second",
        end=end,
        file=sys.stderr,
    )


if __name__ == "__main__":
    asyncio.run(seed(Path(sys.argv[1]), int(sys.argv[2])))
