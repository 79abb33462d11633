"""The desk's pages of articles and of a site's rules."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from palabre.model import PERSONAL_DATA, PROOFS, REASONS, Article, Policy, Site
from palabre.rendering.pages import FieldMessage
from palabre.text import policy

ADDRESSES = ("privacy_url", "stylesheet")
"""Rules that are URLs."""

CHOICES = {
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


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """The rules as a form shows them. `values`: by rule, blank where the default holds. `before`:
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

    def wrong(self, rule: str) -> str | None:
        """What is wrong with a rule, in words."""
        found = [one.message for one in self.errors if one.field == f"policy.{rule}"]
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
    """A site's rules. `sites`: to choose among."""

    site: Site | None
    sites: tuple[str, ...]
    policy: PolicyForm | None
    saved: bool = False
    origins: tuple[str, ...] = field(default=())


def policy_form(rules: Policy, defaults: Policy, *, words: Sequence[str] = ()) -> PolicyForm:
    """The rules of a site or an article, against what holds where they say nothing.

    *words*: the lists of words that are to be shown.
    """
    values = {}
    for rule in (*CHOICES, *TYPED, *LIMITS):
        value = getattr(rules, rule)
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        values[rule] = "" if value is None or value == getattr(defaults, rule) else shown
    for rule in FLAGS:
        value = getattr(rules, rule)
        values[rule] = "" if value == getattr(defaults, rule) else switched(value)
    own_reasons = rules.reasons != defaults.reasons
    before = values | {"reasons": reasons_as_text(rules.reasons if own_reasons else None)}
    for rule in words:
        values[rule] = "\n".join(getattr(rules, rule))
        before[rule] = words_mark(values[rule])
    return PolicyForm(values, before, defaults, rules.reasons, own_reasons, words=tuple(words))


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
