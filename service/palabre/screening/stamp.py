"""The form's stamp: when it was given out, for which article, and whether it was used before."""

from __future__ import annotations

from palabre.model import Facts, Signal, Standing, Submission

HOURS = 24
"""How long a stamp is good for."""

SKEW_MS = 300_000
"""How far the clocks of processes that serve one store may be apart."""

FORGIVEN = 2
"""Comments after the first with one stamp that are only remarked on: a page that the browser kept
and shows again when a reader goes back has the stamp of the comment they sent from it."""


def stamp(submission: Submission, facts: Facts) -> Signal | None:
    """Remarks on a form without a stamp, minds one that was not filled in by hand.

    0.1 without, as hand-written forms and programs are; 0.5 for one that is not ours, 0.6 for
    another article's. Of ours: 0.5 when it was filled in quicker than the policy's `min_seconds`,
    0.4 from HOURS on (a page left open), 0.3 from the future (our own clocks are wrong then), and
    used before 0.3, from the fourth comment on 0.6 to 0.9. The weightiest is the signal.
    """
    found = facts.stamp
    if found.standing is Standing.MISSING:
        return Signal("stamp", 0.1, "stamp_missing")
    if found.standing is Standing.FORGED:
        return Signal("stamp", 0.5, "stamp_forged")
    if found.standing is Standing.ELSEWHERE:
        return Signal("stamp", 0.6, "stamp_elsewhere")
    # max() keeps the first of equals.
    return max(
        [one for one in (_quick(facts), _used(facts), _untimely(facts)) if one],
        key=lambda signal: signal.score,
        default=None,
    )


def _quick(facts: Facts) -> Signal | None:
    age_ms = facts.stamp.age_ms
    if not 0 <= age_ms < 1000 * facts.policy.min_seconds:
        return None
    seconds, rest_ms = divmod(age_ms, 1000)
    return Signal("stamp", 0.5, "filled_quickly", {"seconds": seconds, "tenths": rest_ms // 100})


def _used(facts: Facts) -> Signal | None:
    uses = facts.stamp.uses
    if not uses:
        return None
    over = uses - FORGIVEN - 1
    score = 0.3 if over < 0 else min(0.9, 0.6 + 0.1 * over)
    return Signal("stamp", round(score, 2), "stamp_used", {"n": uses})


def _untimely(facts: Facts) -> Signal | None:
    age_ms = facts.stamp.age_ms
    if age_ms < -SKEW_MS:
        return Signal("stamp", 0.3, "stamp_ahead")
    hours = age_ms // 3_600_000
    return Signal("stamp", 0.4, "stamp_old", {"hours": hours}) if hours >= HOURS else None
