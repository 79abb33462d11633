"""A site's or an article's rules as a form sends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from palabre.errors import Invalid
from palabre.model import REASONS
from palabre.rendering.desk_places import ADDRESSES, NUMBERS, PolicyForm
from palabre.rendering.pages import FieldMessage
from palabre.web.asked import Asked
from palabre.web.problems import message

OWN = "own"


def changes(fields: Mapping[str, str]) -> dict[str, object]:
    """Every rule of the form: null where it is left to the default."""
    found: dict[str, object] = {}
    for rule in ("first_state", *ADDRESSES, *NUMBERS):
        text = fields.get(rule, "").strip()
        found[rule] = _value(rule, text) if text else None
    ticked = [reason for reason in REASONS if f"reason-{reason}" in fields]
    found["reasons"] = ticked if fields.get("reasons") == OWN else None
    return found


def again(form: PolicyForm, fields: Mapping[str, str], exc: Invalid, asks: Asked) -> PolicyForm:
    """The form with what was typed and what is wrong with it."""
    return replace(
        form,
        values={rule: fields.get(rule, "") for rule in form.values},
        reasons=tuple(reason for reason in REASONS if f"reason-{reason}" in fields),
        own_reasons=fields.get("reasons") == OWN,
        errors=tuple(FieldMessage(one.field, message(asks, one)) for one in exc.errors),
    )


def _value(rule: str, text: str) -> int | str:
    is_number = rule in NUMBERS and text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else text
