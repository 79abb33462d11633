"""A site's or an article's rules as a form sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from palabre.errors import FieldError
from palabre.model import REASONS
from palabre.rendering.desk_places import (
    CHOICES,
    FLAGS,
    LIMITS,
    NUMBERS,
    TREATMENTS,
    TYPED,
    PolicyForm,
    reasons_as_text,
    words_mark,
)
from palabre.rendering.pages import FieldMessage
from palabre.text.policy import TREATMENT, WORDS
from palabre.web.asked import Asked
from palabre.web.problems import message

OWN = "own"


def changes(fields: Mapping[str, str]) -> dict[str, object]:
    """The rules that the form was made to say something else about: null is the default.

    What nobody touched is left alone, whatever somebody else has made of it meanwhile.
    """
    found: dict[str, object] = {}
    for rule in (*CHOICES, *TYPED, *LIMITS, *FLAGS):
        text = fields.get(rule, "").strip()
        if text != before_of(fields, rule):
            found[rule] = _value(rule, text) if text else None
    treatment = {
        rule: fields.get(name) or None
        for name, rule in TREATMENTS.items()
        if fields.get(name, "") != before_of(fields, name)
    }
    if treatment:
        found[TREATMENT] = treatment
    for rule in WORDS:
        listed = fields.get(rule)
        # An article's form has no lists, and a list that is not sent is not emptied.
        if listed is not None and words_mark(listed) != before_of(fields, rule):
            found[rule] = listed.splitlines() if listed.strip() else None
    ticked = _ticked(fields) if fields.get("reasons") == OWN else None
    if reasons_as_text(ticked) != before_of(fields, "reasons"):
        found["reasons"] = ticked
    return found


def again(
    form: PolicyForm, fields: Mapping[str, str], errors: Sequence[FieldError], asks: Asked
) -> PolicyForm:
    """The form with what was typed and what is wrong with it."""
    return replace(
        form,
        values={rule: fields.get(rule, "") for rule in form.values},
        before={rule: before_of(fields, rule) or "" for rule in form.before},
        reasons=tuple(_ticked(fields)),
        own_reasons=fields.get("reasons") == OWN,
        errors=tuple(FieldMessage(one.field, message(asks, one)) for one in errors),
    )


def before_of(fields: Mapping[str, str], rule: str) -> str | None:
    """What the form said of a rule when it was made."""
    return fields.get(f"{rule}_before")


def _ticked(fields: Mapping[str, str]) -> list[str]:
    return [reason for reason in REASONS if f"reason-{reason}" in fields]


def _value(rule: str, text: str) -> int | str | list[str]:
    if rule == "languages":
        return text.replace(",", " ").split()
    if rule in FLAGS and text in ("on", "off"):
        return text == "on"
    is_number = rule in NUMBERS and text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else text
