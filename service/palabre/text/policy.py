"""A site's policy as changes to the defaults: checked, merged, read from a command line. Pure.

Changes are a JSON object, the name of a rule to its value; null sets a rule back to its default,
which is the preset's. What a site sets itself stands above the preset, what an article sets above
both: also where the article has chosen another preset.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from palabre.errors import FieldError
from palabre.model import PERSONAL_DATA, PROOFS, REASONS, TREATMENTS, Policy, State
from palabre.settings import Rate, values
from palabre.text import address, rules, wordlist
from palabre.text.presets import DEFAULT, PRESETS, TREATABLE
from palabre.text.rules import Refused

LISTS = ("reasons", "languages", "hold_words", "reject_words")
"""Rules that are lists."""

WORDS = ("hold_words", "reject_words")
"""Lists of words, one set for the whole site: no article has its own, nor is answered with them."""

LIMITS = ("author_limit", "network_limit", "article_limit", "site_limit")
"""Rules that say how many comments may come in how long, as PALABRE_SUBMISSION_LIMIT does."""

TREATMENT = "treatment"
"""The rule that is a rule for each screening rule; the command line calls one `treatment.links`."""

OFF = "off"
"""A limit that there isn't. Null would be the default, as of every rule."""

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LANGUAGES_MOST = 20

_RULE = re.compile(r"[a-z_]{1,40}")

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")


def _preset(value: object) -> str:
    if not isinstance(value, str) or value not in PRESETS:
        raise Refused("invalid", "preset_invalid")
    return value


def _treatment(rule: str, value: object) -> str | None:
    if rule not in TREATABLE:
        raise Refused("unknown")
    if value is None:
        return None
    if value not in TREATMENTS:
        raise Refused("invalid", "treatment_invalid")
    if value not in TREATABLE[rule]:
        raise Refused("not_allowed", _WHY_NOT.get(rule, "treatment_not_spam"))
    return str(value)


_WHY_NOT = {
    "blocked": "treatment_of_ban",
    "banned": "treatment_of_ban",
    "personal": "treatment_of_personal",
    "proof": "treatment_of_proof",
}


def _between(least: int, most: int) -> Callable[[object], int]:
    def number(value: object) -> int:
        # JSON's true is an int to Python.
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Refused("invalid", "number_within", n=least, most=most)
        return value

    return number


def _limit(value: object) -> str:
    try:
        rate = values.rate(value) if isinstance(value, str) else None
        if rate is None and value != OFF:
            raise ValueError
    except ValueError as exc:
        raise Refused("invalid", "limit_invalid") from exc
    return OFF if rate is None else str(value).replace(" ", "").lower()


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused("invalid")
    return value


def _url(value: object) -> str:
    if not isinstance(value, str) or rules.is_blank(value):
        raise Refused("invalid", "website_invalid")
    return rules.website(value)


def _stylesheet(value: object) -> str:
    if not isinstance(value, str) or rules.is_blank(value):
        raise Refused("invalid")
    return rules.stylesheet(value)


def _one_of(words: Sequence[str]) -> Callable[[object], str]:
    def word(value: object) -> str:
        if value not in words:
            raise Refused("invalid")
        return str(value)

    return word


def _reasons(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not value:
        raise Refused("invalid", "reasons_missing")
    if any(reason not in REASONS for reason in value) or len(set(value)) < len(value):
        raise Refused("invalid")
    return list(value)


def _languages(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= _LANGUAGES_MOST:
        raise Refused("invalid", "languages_invalid")
    tags = [tag.strip().lower() if isinstance(tag, str) else "" for tag in value]
    if not all(map(_LANGUAGE.fullmatch, tags)):
        raise Refused("invalid", "languages_invalid")
    return list(dict.fromkeys(tags))


_RULES: Mapping[str, Callable[[object], object]] = {
    "preset": _preset,
    "first_state": _one_of((State.PENDING, State.APPROVED)),
    "depth": _between(0, 10),
    "max_links": _between(0, 100),
    "comment_limit": _between(1, 20_000),
    **dict.fromkeys(LIMITS, _limit),
    "close_after_days": _between(1, 36_500),
    "privacy_url": _url,
    "stylesheet": _stylesheet,
    "tell_banned": _flag,
    "reasons": _reasons,
    "reports_to_hold": _between(0, 1_000),
    "languages": _languages,
    "hold_words": wordlist.check,
    "reject_words": wordlist.check,
    "min_seconds": _between(0, 60),
    "personal_data": _one_of(PERSONAL_DATA),
    "learned_hold": _between(0, 100),
    "learned_spam": _between(0, 100),
    "trust_after": _between(1, 50),
    "proof": _one_of(PROOFS),
}
"""What each rule may be, in JSON: the checked value or Refused. The names are Policy's fields."""

_NAMES = frozenset({*_RULES, TREATMENT})

_OFF_AT_ZERO = frozenset({"min_seconds", "reports_to_hold"})
"""Rules that are on by default, so that null does not switch them off."""


def check(
    changes: Mapping[str, object], *, origins: Sequence[str] = (), of_article: bool = False
) -> tuple[dict[str, object], list[FieldError]]:
    """The good ones of *changes* in JSON's terms, and an error for each of the others.

    Errors name the field `policy.<rule>`; a rule that does not exist is `unknown`. *origins*: the
    site's, one of which a stylesheet with a whole URL is on. *of_article*: they are an article's,
    which can't have lists of words of its own.
    """
    good: dict[str, object] = {}
    errors: list[FieldError] = []
    for name, value in changes.items():
        if name == TREATMENT and value is not None:
            treatments, wrong = _treatments(value)
            errors += wrong
            if not wrong:
                good[name] = treatments
            continue
        try:
            if name not in _NAMES:
                raise Refused("unknown")
            if of_article and name in WORDS:
                raise Refused("not_allowed", "words_of_site")
            rule = None if value is None else _RULES[name](value)
            if name == "stylesheet" and rule is not None and not _is_on(str(rule), origins):
                raise Refused("not_allowed", "stylesheet_not_allowed")
            good[name] = rule
        except Refused as refused:
            errors.append(refused.about(f"policy.{name}"))
    return good, errors


def _treatments(value: object) -> tuple[dict[str, str | None], list[FieldError]]:
    """The good ones, by screening rule, and what is wrong with the others."""
    good: dict[str, str | None] = {}
    errors: list[FieldError] = []
    if not isinstance(value, Mapping):
        return good, [Refused("invalid", "treatment_invalid").about(f"policy.{TREATMENT}")]
    for rule, wanted in value.items():
        try:
            good[rule] = _treatment(rule, wanted)
        except Refused as refused:
            # What can be no rule's name is not said again: it may be no text at all.
            named = f"{TREATMENT}.{rule}" if _RULE.fullmatch(rule) else TREATMENT
            errors.append(refused.about(f"policy.{named}"))
    return good, errors


def changed(overridden: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What was set, after *changes*, which have been through `check`; treatments rule by rule."""
    after = {**overridden, **changes}
    if changes.get(TREATMENT) is not None:
        after[TREATMENT] = {**overridden.get(TREATMENT, {}), **changes[TREATMENT]}
        after[TREATMENT] = _set(after[TREATMENT]) or None
    return _set(after)


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def stylesheet_url(policy: Policy, origins: Sequence[str]) -> str | None:
    """Where the site's own stylesheet is; None without one, or if it is no longer on the site."""
    found = policy.stylesheet
    if found is None or not _is_on(found, origins):
        return None
    return origins[0] + found if address.is_path(found) else found


def _is_on(stylesheet: str, origins: Sequence[str]) -> bool:
    return address.is_path(stylesheet) or address.origin_of(stylesheet) in origins


def merge(base: Policy, changes: Mapping[str, object]) -> Policy:
    """*base* with *changes*, which have been through `check`; null is the rule's default.

    A rule, preset or treatment that this version does not know is passed over: a newer process may
    have stored it.
    """
    preset = changes.get("preset")
    if "preset" in changes and (preset is None or preset in PRESETS):
        base = beneath(base, DEFAULT if preset is None else str(preset))
    known: dict[str, Any] = {
        name: getattr(PRESETS[base.preset], name) if changes[name] is None else changes[name]
        for name in _RULES
        if name in changes and name != "preset"
    }
    if "first_state" in known:
        known["first_state"] = State(known["first_state"])
    for name in LISTS:
        if known.get(name) is not None:
            known[name] = tuple(known[name])
    own = {name for name in _RULES if changes.get(name) is not None}
    if isinstance(wanted := changes.get(TREATMENT), Mapping):
        treated = {rule: one for rule, one in wanted.items() if one in TREATABLE.get(rule, ())}
        known[TREATMENT] = {**base.treatment, **treated}
        own |= {f"{TREATMENT}.{rule}" for rule in treated}
    elif TREATMENT in changes:
        known[TREATMENT] = PRESETS[base.preset].treatment
    return replace(base, **known, own=frozenset(own))


def beneath(base: Policy, preset: str) -> Policy:
    """What a preset says, and above it what is set in *base*: what holds where somebody who has
    chosen that preset sets nothing else."""
    if preset == base.preset:
        return base
    found = PRESETS[preset]
    kept = {name: getattr(base, name) for name in _RULES if name in base.own and name != "preset"}
    treated = {
        rule: one for rule, one in base.treatment.items() if f"{TREATMENT}.{rule}" in base.own
    }
    return replace(found, **kept, treatment={**found.treatment, **treated}, own=base.own)


def parse(assignments: Iterable[tuple[str, str]]) -> dict[str, object]:
    """*assignments* of a command line as changes, still to be checked; the last of a name counts.

    Nothing is null, and so is `off` unless 0 is what switches a rule off, or it is one of a rule's
    words; digits are a number. The entries of a list are parted by line breaks, where there is one,
    or else by commas. `on` is true. `treatment.links` is the treatment of one screening rule.
    """
    changes: dict[str, object] = {}
    treatment: dict[str, str | None] = {}
    for name, text in assignments:
        rule, _, screened = name.strip().partition(".")
        if rule == TREATMENT and screened:
            treatment[screened] = text.strip().lower() or None
        else:
            changes[name.strip()] = _parsed(name.strip(), text)
    return {**changes, TREATMENT: treatment} if treatment else changes


@functools.lru_cache(maxsize=256)
def rate(limit: str) -> Rate | None:
    """What a limit says; None where it is off."""
    return values.rate(limit)


def as_json(policy: Policy) -> dict[str, object]:
    """Every rule with its value, in JSON's terms."""
    return {name: _as_json(getattr(policy, name)) for name in _SHOWN}


def as_json_of_article(policy: Policy) -> dict[str, object]:
    """The same of an article: without what is the whole site's, up to 20,000 words."""
    return {name: _as_json(getattr(policy, name)) for name in _SHOWN if name not in WORDS}


_SHOWN = tuple(one.name for one in fields(Policy) if one.name != "own")


def _as_json(value: object) -> object:
    if isinstance(value, State):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _parsed(name: str, text: str) -> object:
    if name in LISTS and "\n" in text:
        return text.splitlines()
    text = text.strip()
    if text.lower() == "off" and name in _OFF_AT_ZERO:
        return 0
    if name in ("personal_data", "proof", *LIMITS) and text:
        return text.lower()
    if text.lower() in ("", OFF):
        return None
    if name in LISTS:
        return [one.strip() for one in text.split(",")]
    if text.lower() == "on":
        return True
    return int(text) if _NUMBER.fullmatch(text) else text
