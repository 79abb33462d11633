"""All fields at once: of a reader's comment or report, a moderator's edit or reply. Pure.

The rules of the single fields are in `palabre.text.rules`, one set for every way of writing.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from palabre.errors import FieldError, InvalidSubmission
from palabre.model import Policy, Submission
from palabre.text import rules, throwaway


class Unusable(enum.Enum):
    """Stands for a value that is no text: a field given twice, a file part, undecodable bytes."""

    UNUSABLE = enum.auto()


UNUSABLE: Final = Unusable.UNUSABLE

Value = str | Unusable
Fields = Mapping[str, Value]
"""What a request says, by field name. What is absent or JSON null is not in it."""


class Kept(enum.Enum):
    """Stands for a field that an edit leaves as it is."""

    KEPT = enum.auto()


KEPT: Final = Kept.KEPT

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""NUL and lone surrogates, which no field may hold."""

_HONEYPOT = "subject"
"""A field that people don't see; programs fill it in."""

_STAMP = "stamp"
_PROOF = "proof"
"""Hidden fields that our own forms have."""

_BROWSER = "token"
"""What our own script adds for a reader who chose to be known again."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found. `submission` is there exactly when `errors` is empty.

    `article` (canonical) and `parent` (as asked for) are there when they alone are good, so that
    the form can be shown again in its place.
    """

    article: str | None
    parent: str | None
    errors: tuple[FieldError, ...]
    submission: Submission | None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A moderator's edit, every field in its stored form or KEPT; `website` None takes it away."""

    text: str | Kept = KEPT
    name: str | Kept = KEPT
    website: str | Kept | None = KEPT


@dataclass(frozen=True, slots=True)
class Reply:
    """A moderator's reply, both fields in their stored form."""

    text: str
    name: str


@dataclass(frozen=True, slots=True)
class Report:
    """A reader's report, every field in its stored form."""

    reason: str
    note: str | None
    idempotency_key: str | None = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """What `check_report` found. `report` is there exactly when `errors` is empty."""

    errors: tuple[FieldError, ...]
    report: Report | None


def check(
    fields: Fields, policy: Policy, origins: Sequence[str], *, header_key: str | None = None
) -> Checked:
    """What a reader sent, checked field by field (contract 3.1), every failing one reported, in
    the order in which a form has them.

    *origins*: those of the site that the submission is for. *header_key*: the `Idempotency-Key`
    header; unless blank it stands instead of the field. Other than the contract's fields, only the
    honeypot, the stamp, its proof and the browser's token are looked at; whatever text these hold
    is no error. Raises nothing.
    """
    reader = _Reader(_with_key(fields, header_key))
    article = reader.required("article", lambda raw: rules.article(raw, origins))
    text = reader.required("comment", lambda raw: rules.comment(raw, limit=policy.comment_limit))
    name = reader.required("name", rules.name)
    email = reader.required("email", rules.email)
    website = reader.optional("website", rules.website)
    parent = reader.optional("parent", rules.parent)
    title = reader.optional("title", rules.title)
    # Their meaning is the door's concern; that they are text at all is every field's.
    for field in ("site", "lang", "redirect"):
        reader.optional(field, str)
    key = reader.optional("idempotency_key", rules.idempotency_key)
    stamp, proof, token = map(reader.as_sent, (_STAMP, _PROOF, _BROWSER))
    submission = None
    if not reader.errors:
        submission = Submission(
            article=article,
            name=name,
            email=email,
            website=website,
            text=text,
            parent=parent,
            title=title,
            idempotency_key=key,
            lured=_is_filled(fields.get(_HONEYPOT)),
            stamp=stamp,
            throwaway=throwaway.is_throwaway(email),
            token=token,
            proof=proof,
        )
    return Checked(article or None, parent, tuple(reader.errors), submission)


def rewrite(fields: Mapping[str, Value | None], policy: Policy) -> Rewrite:
    """A moderator's edit: `text`, `name` and `website`, each optional, by a submission's rules.

    A field that is absent is kept, and so is a null `text` or `name`; a null or blank `website` is
    taken away. Raises InvalidSubmission with every failing field.
    """
    reader = _Reader(fields)
    text: str | Kept = KEPT
    name: str | Kept = KEPT
    website: str | Kept | None = KEPT
    if fields.get("text") is not None:
        text = reader.required("text", lambda raw: rules.comment(raw, limit=policy.comment_limit))
    if fields.get("name") is not None:
        name = reader.required("name", rules.name)
    if "website" in fields:
        website = reader.optional("website", rules.website)
    reader.raise_errors()
    return Rewrite(text, name, website)


def reply(fields: Mapping[str, Value | None], policy: Policy, *, default_name: str) -> Reply:
    """A moderator's reply: `text`, and `name` if it shall be shown instead of *default_name*.

    Raises InvalidSubmission with every failing field.
    """
    reader = _Reader(fields)
    text = reader.required("text", lambda raw: rules.comment(raw, limit=policy.comment_limit))
    name = reader.optional("name", rules.name)
    reader.raise_errors()
    return Reply(text=text, name=name or default_name)


def check_report(fields: Fields, *, header_key: str | None = None) -> CheckedReport:
    """A reader's report: `reason`, and `note` if there is more to say, every failing field
    reported. *header_key*: as in `check`. Raises nothing.
    """
    reader = _Reader(_with_key(fields, header_key))
    reason = reader.required("reason", rules.report_reason)
    note = reader.optional("note", lambda raw: rules.comment(raw, limit=rules.NOTE_LIMIT))
    reader.optional("lang", str)
    key = reader.optional("idempotency_key", rules.idempotency_key)
    found = None if reader.errors else Report(reason, note, key)
    return CheckedReport(tuple(reader.errors), found)


def _with_key(fields: Fields, header_key: str | None) -> Fields:
    """The fields, with the `Idempotency-Key` header for that of this name unless it is blank."""
    if header_key is None or rules.is_blank(header_key):
        return fields
    return {**fields, "idempotency_key": header_key}


class _Reader:
    """Reads fields by their rules and collects what is wrong, in the order of reading."""

    def __init__(self, fields: Mapping[str, Value | None]) -> None:
        self.fields = fields
        self.errors: list[FieldError] = []

    def required(self, field: str, rule: Callable[[str], str]) -> str:
        """The field's stored form; empty when that is an error."""
        value = self.fields.get(field)
        if value is None or not _is_filled(value):
            self.errors.append(FieldError(field, "required"))
            return ""
        return self._stored(field, value, rule) or ""

    def optional(self, field: str, rule: Callable[[str], str]) -> str | None:
        """The field's stored form; None when it is missing or an error."""
        value = self.fields.get(field)
        if value is None or not _is_filled(value):
            return None
        return self._stored(field, value, rule)

    def as_sent(self, field: str) -> str | None:
        """What a field holds whose text is judged elsewhere; None when it is missing or no text."""
        value = self.fields.get(field)
        if value is None or not _is_filled(value):
            return None
        if value is UNUSABLE:
            self.errors.append(FieldError(field, "invalid"))
            return None
        return value.strip()

    def _stored(self, field: str, value: Value, rule: Callable[[str], str]) -> str | None:
        if value is UNUSABLE or _UNSTORABLE.search(value):
            self.errors.append(FieldError(field, "invalid"))
            return None
        try:
            return rule(value)
        except rules.Refused as refused:
            self.errors.append(refused.about(field))
            return None

    def raise_errors(self) -> None:
        if self.errors:
            raise InvalidSubmission(self.errors)


def _is_filled(value: Value | None) -> bool:
    return value is not None and (value is UNUSABLE or not rules.is_blank(value))
