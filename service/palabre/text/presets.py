"""Sets of defaults for a site's rules, and which treatments a screening rule can have. Pure.

A site chooses a set by one word and changes what it likes of it; the other rules follow the set.
"""

from __future__ import annotations

from collections.abc import Mapping

from palabre.model import TREATMENTS, Policy, State

PRESETS: Mapping[str, Policy] = {
    # For a site under attack, or whose comments are a legal risk: a person reads everything, and
    # the marks by which they tell it come earlier. One link, where WordPress and Discourse let two
    # pass; form-filling as slow as Antispam Bee asks for, nearly. Two reports and not one, with
    # which any reader could take any comment away. The learned score may be wrong about three in a
    # hundred, since it costs only a wait; it sends nothing to spam, where fewer people look.
    "strict": Policy(
        preset="strict",
        first_state=State.PENDING,
        max_links=1,
        author_limit="5/minute",
        network_limit="50/minute",
        article_limit="10/minute",
        site_limit="20/minute",
        reports_to_hold=2,
        min_seconds=4,
        learned_hold=30,
        treatment={"language": "hold", "throwaway": "hold"},
    ),
    # WordPress's manner: the first look is a person's, two links, and what is faint only remarks.
    "balanced": Policy(),
    # Coral's and Discourse's manner, for readers who know each other: published at once, looked at
    # when a rule or a reader minds. Personal data is held all the same: it is somebody else's, and
    # the law knows no open sites. A text in capitals is a matter of taste there.
    "open": Policy(
        preset="open",
        first_state=State.APPROVED,
        max_links=5,
        author_limit="20/minute",
        network_limit="200/minute",
        article_limit="40/minute",
        site_limit="60/minute",
        reports_to_hold=5,
        min_seconds=1,
        learned_hold=5,
        treatment={"capitals": "note"},
    ),
}

DEFAULT = "balanced"

_ANY = TREATMENTS
_NEVER_SPAM = ("off", "note", "hold")
"""Of rules that say nothing of spam: who breaks them may be told why their comment isn't public
(Regulation (EU) 2022/2065, article 17), while of spam nobody is told anything."""

TREATABLE: Mapping[str, tuple[str, ...]] = {
    # A person's decision, which a person takes back; `tell_banned` says what its author sees.
    "blocked": (),
    "banned": (),
    "honeypot": _ANY,
    "repeat": _ANY,
    "pace": _NEVER_SPAM,
    "author_pace": _ANY,
    # The rule `proof` says it.
    "proof": (),
    "stamp": _ANY,
    "bot": _ANY,
    "words": _NEVER_SPAM,
    "impersonation": _NEVER_SPAM,
    # The rule `personal_data` says it.
    "personal": (),
    "links": _ANY,
    "noise": _ANY,
    "capitals": _NEVER_SPAM,
    "language": _NEVER_SPAM,
    "learned": _ANY,
    "throwaway": _NEVER_SPAM,
}
"""What may be wanted of each screening rule; a rule that does not stand here can't be set up."""
