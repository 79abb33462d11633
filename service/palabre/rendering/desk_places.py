"""The desk's pages of articles and of a site's rules."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from palabre import locale
from palabre.actions.replay import DAYS
from palabre.model import PERSONAL_DATA, PROOFS, REASONS, Article, Policy, Site
from palabre.rendering.pages import FieldMessage
from palabre.rendering.site_rules import SET_BY, ToldRule, is_set_here
from palabre.text import policy
from palabre.text.presets import PRESETS, TREATABLE

ADDRESSES = ("privacy_url", "stylesheet")
"""Rules that are URLs."""

CHOICES = {
    "preset": tuple(PRESETS),
    "first_state": ("pending", "approved"),
    "personal_data": PERSONAL_DATA,
    "proof": PROOFS,
}
"""Rules that are one of several words."""

LIMITS = policy.LIMITS
"""Rules that say how many comments may come in how long."""

FLAGS = ("tell_banned",)
"""Rules that are on or off."""

NUMBERS = (
    "depth",
    "max_links",
    "comment_limit",
    "close_after_days",
    "reports_to_hold",
    "min_seconds",
    "learned_hold",
    "learned_spam",
    "trust_after",
)
"""Rules that are whole numbers."""


TYPED = ("languages", *ADDRESSES, *NUMBERS)
"""Rules that are typed on one line."""

TREATMENTS = {f"treatment_{rule}": rule for rule, may in TREATABLE.items() if may}
"""The fields that say what is done with what a screening rule minds, by name."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """One of these fields. `told`: the rule as it is where the field says nothing."""

    field: str
    told: ToldRule
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleNow:
    """A screening rule as it is now. `thresholds`: each with its name. `own`: set here and not
    left to the preset. `caught`, `approved`: as in `palabre.actions.numbers`."""

    told: ToldRule
    thresholds: tuple[tuple[str, str], ...]
    own: bool
    caught: int
    approved: int


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """The rules as a form shows them. `values`: by rule, blank where nothing is set. `before`:
    what stands for each as it was when the form was first shown, to tell what was changed in it.

    `defaults`: what holds there. `reasons`: those that are ticked; `own_reasons`: they are not
    the default's. `errors`: one a rule at most is shown.
    """

    values: Mapping[str, str]
    before: Mapping[str, str]
    defaults: Policy
    reasons: tuple[str, ...]
    own_reasons: bool
    errors: tuple[FieldMessage, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: CHOICES)
    numbers: tuple[str, ...] = NUMBERS
    limits: tuple[str, ...] = LIMITS
    addresses: tuple[str, ...] = ADDRESSES
    words: tuple[str, ...] = ()
    flags: tuple[str, ...] = FLAGS
    all_reasons: tuple[str, ...] = REASONS
    treatments: tuple[Treatment, ...] = ()

    def wrong(self, rule: str) -> str | None:
        """What is wrong with a rule, in words."""
        name = f"treatment.{TREATMENTS[rule]}" if rule in TREATMENTS else rule
        found = [one.message for one in self.errors if one.field == f"policy.{name}"]
        return " ".join(found) or None

    def default(self, rule: str) -> object:
        return getattr(self.defaults, rule)

    @property
    def default_languages(self) -> str | None:
        """The languages that hold by default; None when the site's own is all there is."""
        return None if self.defaults.languages is None else ", ".join(self.defaults.languages)

    def in_force(self, rule: str) -> object:
        return self.values[rule] or self.default(rule)


@dataclass(frozen=True, slots=True)
class ArticlesView:
    """A site's articles, newest first. `sites`: to choose among. `error`: of the address typed.
    `is_new`: there is no article at it yet."""

    site: Site | None
    sites: tuple[str, ...]
    articles: Sequence[Article]
    next: str | None
    typed: str = ""
    error: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class ArticleView:
    """One article with its rules. `saved`: it has just been changed."""

    article: Article
    site: Site
    policy: PolicyForm
    title: str
    title_error: str | None = None
    saved: bool = False


@dataclass(frozen=True, slots=True)
class RulesView:
    """A site's rules. `sites`: to choose among. `try_days`: how far back rules are tried."""

    site: Site | None
    sites: tuple[str, ...]
    policy: PolicyForm | None
    saved: bool = False
    origins: tuple[str, ...] = field(default=())
    now: tuple[RuleNow, ...] = ()
    try_days: int = DAYS


def beneath_site(rules: Policy) -> Policy:
    """What holds on a site where it sets nothing itself: what its preset says."""
    return replace(PRESETS[rules.preset], preset=Policy().preset)


def beneath_article(rules: Policy, site: Policy) -> Policy:
    """What holds on an article where it sets nothing itself: its site's rules, or its preset."""
    return replace(policy.beneath(site, rules.preset), preset=site.preset)


def policy_form(
    rules: Policy, defaults: Policy, *, told: Sequence[ToldRule], words: Sequence[str] = ()
) -> PolicyForm:
    """The rules of a site or an article, against what holds where they set nothing.

    *told*: the screening rules by these defaults. *words*: the lists of words that are to be shown.
    """
    values = {}
    for rule in (*CHOICES, *TYPED, *LIMITS):
        value = getattr(rules, rule)
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        values[rule] = shown if rule in rules.own else ""
    for rule in FLAGS:
        values[rule] = switched(getattr(rules, rule)) if rule in rules.own else ""
    for name, rule in TREATMENTS.items():
        is_own = f"{policy.TREATMENT}.{rule}" in rules.own
        values[name] = rules.treatment[rule] if is_own else ""
    own_reasons = "reasons" in rules.own
    before = values | {"reasons": reasons_as_text(rules.reasons if own_reasons else None)}
    for rule in words:
        values[rule] = "\n".join(getattr(rules, rule))
        before[rule] = words_mark(values[rule])
    return PolicyForm(
        values,
        before,
        defaults,
        rules.reasons,
        own_reasons,
        words=tuple(words),
        treatments=tuple(
            Treatment(f"treatment_{one.name}", one, TREATABLE[one.name])
            for one in told
            if TREATABLE[one.name]
        ),
    )


def rules_now(
    rules: Policy,
    told: Sequence[ToldRule],
    counted: Mapping[str, tuple[int, int]],
    language: str,
) -> tuple[RuleNow, ...]:
    """What each screening rule does now. *counted*: by its name, caught and of these approved."""
    return tuple(
        RuleNow(
            one,
            tuple(
                (locale.say(language, f"policy.{name}"), _in_words(name, rules, language))
                for name in SET_BY.get(one.name, ())
            ),
            is_set_here(one.name, rules),
            *counted.get(one.name, (0, 0)),
        )
        for one in told
    )


def _in_words(rule: str, rules: Policy, language: str) -> str:
    """The value of a rule of the policy."""
    value = getattr(rules, rule)
    if rule in policy.WORDS:
        return locale.format_number(language, len(value))
    if rule in FLAGS:
        return locale.say(language, f"policy.{rule}.{switched(value)}")
    if rule in CHOICES:
        return locale.say(language, f"policy.{rule}.{value}")
    if rule == "languages":
        return ", ".join(value) if value else locale.say(language, "policy.languages.unsaid")
    return locale.format_number(language, value) if isinstance(value, int) else str(value)


def words_mark(text: str) -> str:
    """What stands for a list in a form's hidden field, instead of all of it once more.

    Browsers send line breaks in another way than they were given, and leave blank ones alone.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32] if lines else ""


def switched(flag: bool) -> str:
    """A rule that is on or off, as the form says it."""
    return "on" if flag else "off"


def reasons_as_text(reasons: Sequence[str] | None) -> str:
    """Reasons of one's own in a form's hidden field; blank for the default's."""
    return "" if reasons is None else " ".join(("own", *reasons))
