"""What came of trying rules on what has come already, as JSON and for the desk's page."""

from __future__ import annotations

from collections.abc import Mapping

from palabre.actions.replay import Compared, Example, OfRule, Replay
from palabre.model import State
from palabre.rendering import shapes
from palabre.rendering.desk_queue import excerpt
from palabre.rendering.shapes import Json

STATES = (State.APPROVED, State.PENDING, State.REJECTED, State.SPAM)
"""The states that a comment may come in."""


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
