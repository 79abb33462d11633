"""A site's rules in plain words, for its readers and its legal page: what is looked at, what
follows from it, who decides.

Of what would only help to get round a rule nothing is said: no listed word, no ban, no moderator's
name, no figure of a flood, of a form's pace or of how many reports it takes. Article 14 of
Regulation (EU) 2022/2065 asks for the restrictions, the automated means and the review by people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from palabre import locale, screening
from palabre.model import REPORT_REASONS, Policy, Site, State
from palabre.screening import Rule, repeat
from palabre.settings import Settings
from palabre.text.policy import OFF, TREATMENT

Say = Callable[..., str]
Json = dict[str, object]

SET_BY: Mapping[str, tuple[str, ...]] = {
    "blocked": ("tell_banned",),
    "banned": ("tell_banned",),
    "pace": ("network_limit",),
    "author_pace": ("author_limit",),
    "proof": ("proof",),
    "stamp": ("min_seconds",),
    "words": ("hold_words", "reject_words"),
    "personal": ("personal_data",),
    "links": ("max_links",),
    "language": ("languages",),
    "learned": ("learned_hold", "learned_spam"),
}
"""The rules of the policy that set up a screening rule, besides its treatment."""


@dataclass(frozen=True, slots=True)
class ToldRule:
    """A screening rule in words. `treatment`: what it does at most, `off`, `note`, `hold`, `spam`
    or `refuse`. `thresholds`: those that are public."""

    name: str
    title: str
    treatment: str
    thresholds: Mapping[str, object]
    about: str
    follows: str

    @property
    def text(self) -> str:
        return f"{self.about} {self.follows}"


@dataclass(frozen=True, slots=True)
class SiteRules:
    """All of a site's rules in words. `rules`: those that look. `reasons`: each with its code, to
    stand after the first of the sentences on `decisions`. `days`: how long what is in a state is
    kept, None for ever."""

    site: Site
    language: str
    preset: str
    first_state: str
    automation: str
    rules: tuple[ToldRule, ...]
    limits: tuple[str, ...]
    reports: str
    decisions: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    retention: tuple[str, ...]
    days: Mapping[str, int | None]


def told(site: Site, settings: Settings, language: str) -> SiteRules:
    """The rules in force on a site, whatever its articles have of their own."""

    def say(code: str, **values: int | str) -> str:
        return locale.say(language, code, **values)

    policy = site.policy
    is_limited = settings.submission_limit is not None
    days = {
        "rejected": settings.retention_rejected_days,
        "spam": settings.retention_spam_days,
        "pending": settings.retention_pending_days,
    }
    return SiteRules(
        site=site,
        language=language,
        preset=say("rules.preset", preset=say(f"policy.preset.{policy.preset}")),
        first_state=_publication(policy, say),
        automation=say("rules.automation"),
        rules=tuple(rule for rule in every(site, language) if _looks(rule, is_limited=is_limited)),
        limits=tuple(_limits(policy, say, is_limited=is_limited)),
        reports=say("rules.reports.hold" if policy.reports_to_hold else "rules.reports.never"),
        decisions=(
            say("rules.decisions.people"),
            say("rules.decisions.told"),
            say("rules.decisions.review"),
        ),
        reasons=tuple((one, say(f"reason.{one}")) for one in policy.reasons),
        retention=(
            *(
                say(f"rules.retention.{state}.off")
                if n is None
                else say(f"rules.retention.{state}", n=n)
                for state, n in days.items()
            ),
            say("rules.retention.addresses"),
        ),
        days=days,
    )


def _looks(rule: ToldRule, *, is_limited: bool) -> bool:
    return rule.treatment != OFF and (is_limited or rule.name not in _OF_LIMITS)


_OF_LIMITS = frozenset({"author_pace", "proof"})
"""Rules of limits, which an operator switches off with PALABRE_SUBMISSION_LIMIT."""


def every(site: Site, language: str) -> tuple[ToldRule, ...]:
    """Each screening rule in words, those that don't look included, in their order."""
    return tuple(_rule(rule, site, language) for rule in screening.RULES)


def treatment_of(rule: Rule, policy: Policy) -> str:
    """What a rule does at most with a comment: what the site wants of it, or else its own way."""
    if rule.is_ban:
        return "refuse" if policy.tell_banned else "spam"
    wanted = policy.treatment.get(rule.name)
    own = "spam" if rule.becomes is State.SPAM else "hold"
    if rule.name in _OWN:
        own = _OWN[rule.name](policy)
    if wanted is None or own == OFF:
        return own
    # Who minds nothing has nothing treated, unless a remark of theirs is what is to be treated.
    return "note" if own == "note" and rule.finds is None and wanted != OFF else wanted


def is_set_here(name: str, policy: Policy) -> bool:
    """Whether the site has set up a screening rule itself, rather than left it to its preset."""
    own = (f"{TREATMENT}.{name}", *SET_BY.get(name, ()))
    return not policy.own.isdisjoint(own)


def as_json(rules: SiteRules, *, page: str) -> Json:
    """The rules as `GET /v1/rules` answers them. *page*: where they stand as a page."""
    policy = rules.site.policy
    return {
        "site": rules.site.name,
        "url": page,
        "language": rules.language,
        "preset": policy.preset,
        "first_state": {"value": policy.first_state.value, "text": rules.first_state},
        "automation": {"text": rules.automation},
        "rules": [
            {
                "name": rule.name,
                "title": rule.title,
                "treatment": rule.treatment,
                "thresholds": dict(rule.thresholds),
                "text": rule.text,
            }
            for rule in rules.rules
        ],
        "limits": {
            "comment_limit": policy.comment_limit,
            "depth": policy.depth,
            "close_after_days": policy.close_after_days,
            "text": " ".join(rules.limits),
        },
        "reports": {
            "reasons": list(REPORT_REASONS),
            "text": rules.reports,
        },
        "decisions": {
            "reasons": [code for code, _ in rules.reasons],
            "text": " ".join(
                (
                    f"{rules.decisions[0]} {', '.join(said for _, said in rules.reasons)}.",
                    *rules.decisions[1:],
                )
            ),
        },
        "retention": {
            **{f"{state}_days": n for state, n in rules.days.items()},
            "text": " ".join(rules.retention),
        },
        "privacy_url": policy.privacy_url,
    }


def _publication(policy: Policy, say: Say) -> str:
    """What becomes of a comment that no rule minds."""
    told = say(f"rules.first_state.{policy.first_state}")
    if policy.first_state is State.APPROVED or policy.trust_after is None:
        return told
    return f"{told} {say('rules.first_state.trusted')}"


def _rule(rule: Rule, site: Site, language: str) -> ToldRule:
    policy = site.policy
    thresholds: dict[str, object] = {}
    values: dict[str, int | str] = {}
    if rule.name == "links":
        thresholds["max_links"] = values["n"] = policy.max_links
    elif rule.name == "repeat":
        thresholds["days"] = values["n"] = repeat.DAYS
    elif rule.name == "language":
        tags = policy.languages or (site.locale,)
        thresholds["languages"] = list(tags)
        values["languages"] = ", ".join(locale.name_of(language, tag) for tag in tags)
    elif rule.name == "learned":
        thresholds |= {"learned_hold": policy.learned_hold, "learned_spam": policy.learned_spam}
    treatment = treatment_of(rule, policy)
    follows = [locale.say(language, f"rules.treatment.{treatment}")] if treatment != OFF else []
    more = _more(rule.name, policy, language)
    return ToldRule(
        name=rule.name,
        title=locale.say(language, f"rules.name.{rule.name}"),
        treatment=treatment,
        thresholds=thresholds,
        about=locale.say(language, f"rules.about.{rule.name}", **values),
        follows=" ".join((*follows, *more)),
    )


def _more(name: str, policy: Policy, language: str) -> Iterator[str]:
    """What else there is to say of what follows from a rule."""
    wanted = policy.treatment.get(name)
    if name == "words" and wanted is None and policy.hold_words and policy.reject_words:
        yield locale.say(language, "rules.words.both")
    if name == "learned":
        mistakes = {"hold": policy.learned_hold, "spam": policy.learned_spam}
        if wanted is not None:
            mistakes = {wanted: max(mistakes.values())} if wanted in mistakes else {}
        for state, n in mistakes.items():
            if n:
                yield locale.say(language, f"rules.learned.{state}", n=n)


def _words(policy: Policy) -> str:
    if policy.reject_words:
        return "refuse"
    return "hold" if policy.hold_words else OFF


def _learned(policy: Policy) -> str:
    if policy.learned_spam:
        return "spam"
    return "hold" if policy.learned_hold else "note"


_OWN: Mapping[str, Callable[[Policy], str]] = {
    "words": _words,
    "learned": _learned,
    "personal": lambda policy: policy.personal_data,
    "proof": lambda policy: OFF if policy.proof == OFF else "hold",
    "language": lambda policy: "note" if policy.languages is None else "hold",
    "author_pace": lambda policy: OFF if policy.author_limit == OFF else "hold",
    "throwaway": lambda policy: "note",
}
"""What these rules do by themselves, by the policy; the others by the first state they ask for."""


def _limits(policy: Policy, say: Say, *, is_limited: bool) -> Iterator[str]:
    yield say("rules.limits.comment", n=policy.comment_limit)
    yield say("rules.limits.depth", n=policy.depth)
    if policy.close_after_days is None:
        yield say("rules.limits.open")
    else:
        yield say("rules.limits.close", n=policy.close_after_days)
    yield say("rules.limits.article")
    if is_limited:
        yield say("rules.limits.pace")
        if (policy.article_limit, policy.site_limit) != (OFF, OFF):
            yield say("rules.flood")
