"""What came of trying rules on what has come already, as JSON and for the desk's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre import locale
from palabre.actions.replay import Compared, Example, OfRule, Replay
from palabre.model import State
from palabre.rendering import shapes
from palabre.rendering.desk import rule_words
from palabre.rendering.desk_queue import Reason, excerpt, reason
from palabre.rendering.shapes import Json

STATES = (State.APPROVED, State.PENDING, State.REJECTED, State.SPAM)
"""The states that a comment may come in."""


_DECIDED = {
    State.APPROVED: "replay.decided.approved",
    State.REJECTED: "replay.decided.rejected",
    State.SPAM: "replay.decided.spam",
    State.PENDING: "replay.decided.pending",
    None: "replay.decided.none",
}


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A comment that would fare otherwise. `reasons`: its signals as they would be. `decided`: what
    a moderator made of it, in words."""

    id: str
    name: str
    text: str
    created_at: datetime
    reasons: tuple[Reason, ...]
    decided: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Those that would be caught, or freed. `name`: which. `said`: what moderators decided about
    them, in words."""

    name: str
    title: str
    comments: int
    said: str
    examples: tuple[Otherwise, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule: how many it decided on before and after, and what share of these was refused."""

    name: str
    before: int
    rightly_before: str
    after: int
    rightly_after: str


@dataclass(frozen=True, slots=True)
class ReplayView:
    """The page. `judged`: how many comments were judged. `not_tried`: the names of rules, in words.
    `fields`: what the form sent, to be sent again."""

    found: Replay
    days: int
    judged: int
    has_changes: bool
    not_tried: tuple[str, ...]
    kinds: tuple[Kind, ...]
    states: tuple[tuple[State, int, int], ...]
    rules: tuple[RuleRow, ...]
    fields: Mapping[str, str]


def view(
    found: Replay, fields: Mapping[str, str], *, days: int, has_changes: bool, language: str
) -> ReplayView:
    """What the desk shows of it."""
    before, after = found.states
    return ReplayView(
        found=found,
        days=days,
        judged=sum(before.values()),
        has_changes=has_changes,
        not_tried=tuple(locale.say(language, f"policy.{rule}") for rule in found.not_tried),
        kinds=(
            _kind("caught", "replay.caught", found.caught, found.examples_caught, language),
            _kind("freed", "replay.freed", found.freed, found.examples_freed, language),
        ),
        states=tuple((state, before[state], after[state]) for state in STATES),
        rules=tuple(
            RuleRow(
                rule_words(name, language),
                one.before.comments,
                _share(one.before, language),
                one.after.comments,
                _share(one.after, language),
            )
            for name, one in in_order(found.rules)
        ),
        fields=fields,
    )


def _kind(
    name: str, title: str, found: Compared, examples: Sequence[Example], language: str
) -> Kind:
    return Kind(
        name=name,
        title=locale.say(language, title, n=found.comments),
        comments=found.comments,
        said=", ".join(
            locale.say(language, code, n=n)
            for code, n in (
                ("replay.approved", found.approved),
                ("replay.refused", found.refused),
                ("replay.waiting", found.waiting),
            )
        ),
        examples=tuple(_otherwise(one, language) for one in examples),
    )


def _otherwise(found: Example, language: str) -> Otherwise:
    past = found.past
    return Otherwise(
        id=past.id,
        name=past.name,
        text=excerpt(past.text),
        created_at=past.created_at,
        reasons=tuple(reason(signal, language) for signal in found.verdict.signals),
        decided=locale.say(language, _DECIDED[past.decided]),
    )


def _share(found: Compared, language: str) -> str:
    if found.precision is None:
        return "–"
    return locale.say(language, "replay.percent", n=round(100 * found.precision))


def as_json(found: Replay, *, language: str, desk: str) -> Json:
    """All of it. *desk*: the URL before the paths of the desk."""
    before, after = found.states
    return {
        "site": found.site.name,
        "since": shapes.instant(found.since),
        "until": shapes.instant(found.until),
        "complete": found.is_all,
        "oldest": shapes.instant(found.oldest),
        "comments": found.comments,
        "left_out": {
            "of_moderators": found.of_moderators,
            "deleted": found.deleted,
            "edited": found.edited,
        },
        "not_tried": list(found.not_tried),
        "caught": _compared(found.caught),
        "freed": _compared(found.freed),
        "states": {
            "before": {state.value: before[state] for state in STATES},
            "after": {state.value: after[state] for state in STATES},
        },
        "rules": [
            {
                "rule": name.removeprefix("rule:"),
                "before": _compared(one.before),
                "after": _compared(one.after),
            }
            for name, one in in_order(found.rules)
        ],
        "examples": {
            "caught": [_example(one, language, desk) for one in found.examples_caught],
            "freed": [_example(one, language, desk) for one in found.examples_freed],
        },
    }


def in_order(rules: Mapping[str, OfRule]) -> list[tuple[str, OfRule]]:
    """Those that would decide the most first."""
    return sorted(
        rules.items(), key=lambda one: (-one[1].after.comments, -one[1].before.comments, one[0])
    )


def _compared(found: Compared) -> Json:
    return {
        "comments": found.comments,
        "approved": found.approved,
        "refused": found.refused,
        "waiting": found.waiting,
        "precision": found.precision,
    }


def _example(found: Example, language: str, desk: str) -> Json:
    past, verdict = found.past, found.verdict
    return {
        "id": past.id,
        "url": f"{desk}/comments/{past.id}",
        "name": past.name,
        "text": excerpt(past.text),
        "created_at": shapes.instant(past.created_at),
        "decided": past.decided,
        "before": {"state": past.then, "by": past.by},
        "after": {"state": verdict.state, "by": verdict.by},
        "signals": [shapes.signal(one, language) for one in verdict.signals],
    }
