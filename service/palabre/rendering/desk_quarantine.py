"""The desk's page of what came in a flood, in bursts of what is alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre import locale
from palabre.actions.quarantine import COUNTED_MOST, Shown
from palabre.model import Signal
from palabre.rendering.desk_queue import Reason, excerpt, reason
from palabre.store.quarantine import Held


@dataclass(frozen=True, slots=True)
class BurstView:
    """A burst. `reasons`: what the rules found in its examples, of each kind what weighs most.
    `examples`: the id, name and beginning of each."""

    burst: Shown
    reasons: tuple[Reason, ...]
    examples: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """A site's quarantine. `sites`: to choose among. `count`: of all that is in it, `is_more` if
    there is more than that. `flooded`: that the site is, in words. `at`: when the page was made.
    `done`: what has just been done, in words; `undoes`: the burst that it let out. `days`: how
    long it is kept."""

    site: str | None
    sites: tuple[str, ...]
    bursts: tuple[BurstView, ...]
    count: int
    is_more: bool
    flooded: str | None
    days: int | None
    decides: bool
    at: datetime
    done: str | None = None
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What the queue says of a site's quarantine. `site`: its name."""

    site: str
    sentence: str
    flooded: str | None


def burst(found: Shown, *, language: str) -> BurstView:
    """A burst as the page shows it."""
    signals: dict[tuple[str, str], Signal] = {}
    for signal in (signal for comment in found.examples for signal in comment.signals):
        kind = (signal.name, signal.why)
        if kind not in signals or signals[kind].score < signal.score:
            signals[kind] = signal
    return BurstView(
        burst=found,
        reasons=tuple([reason(signal, language) for signal in signals.values()]),
        examples=tuple(
            (one.id, one.shown.name or "", excerpt(one.text or "")) for one in found.examples
        ),
    )


def lines(held: Sequence[Held], *, language: str, now: datetime) -> tuple[Line, ...]:
    """What the queue says of the sites that have something in quarantine or are flooded."""
    found = []
    for one in held:
        since = "" if one.since is None else locale.format_when(language, one.since, now)
        key = "quarantine.line_more" if one.count >= COUNTED_MOST else "quarantine.line"
        sentence = locale.say(language, key, n=one.count, since=since)
        flooded = flood(one, language=language, now=now)
        found.append(Line(one.site, sentence if one.count else "", flooded))
    return tuple(found)


def flood(held: Held, *, language: str, now: datetime) -> str | None:
    """What is done while a site is flooded, and until when; None when it isn't."""
    if held.flooded_until is None:
        return None
    until = locale.format_when(language, held.flooded_until, now)
    if held.asks_for_proof:
        return locale.say(language, "quarantine.proving", site=held.site, until=until)
    return locale.say(language, "quarantine.flooded", site=held.site, until=until)
