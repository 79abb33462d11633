"""One comment's page: its history, what was changed in it, and all that can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre import locale, screening
from palabre.model import Comment, Decision, Edit, Report
from palabre.rendering import shapes
from palabre.rendering.desk import decider
from palabre.rendering.desk_queue import Case
from palabre.rendering.difference import Part, difference
from palabre.rendering.pages import FieldMessage
from palabre.screening import personal


@dataclass(frozen=True, slots=True)
class Line:
    """One decision of the history, its decider in words."""

    decision: Decision
    by: str


@dataclass(frozen=True, slots=True)
class Change:
    """One edit, as the difference to the text before it. `masked`: what it masked, in words."""

    by: str
    at: datetime
    parts: tuple[Part, ...]
    masked: str | None


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One reader's report. `remarks`: what is to be known of how its reporter reports."""

    report: Report
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentView:
    """One comment's page.

    `ask`: the verb that is asked about, if one is. `back`: the queue's query it came from.
    `errors`: of the form `form`, `reply` or `edit`, whose `values` are what was typed.
    `meanwhile`: what became of the comment while somebody wrote. `bannable`: what of it can be
    banned, as the form says it and in words.
    """

    case: Case
    lines: tuple[Line, ...]
    changes: tuple[Change, ...]
    reports: tuple[ReportLine, ...]
    ask: str | None
    back: str
    decides: bool
    moderator: str
    form: str | None = None
    errors: tuple[FieldMessage, ...] = ()
    values: Mapping[str, str] | None = None
    meanwhile: str | None = None
    bannable: Sequence[tuple[str, str]] = ()

    @property
    def comment(self) -> Comment:
        return self.case.comment

    @property
    def can_reply(self) -> bool:
        return self.decides and self.case.can_be_answered

    def value(self, form: str, name: str, default: str | None) -> str:
        """What stands in a field."""
        if self.form == form and self.values is not None:
            return self.values.get(name, "")
        return default or ""

    def wrong(self, form: str, name: str) -> str | None:
        """What is wrong with a field, in words."""
        if self.form != form:
            return None
        return " ".join(error.message for error in self.errors if error.field == name) or None


def lines(decisions: Sequence[Decision], language: str) -> tuple[Line, ...]:
    """A comment's decisions, oldest first."""
    return tuple(Line(one, decider(one.by, language)) for one in decisions)


def reports(found: Sequence[Report], language: str) -> tuple[ReportLine, ...]:
    """A comment's reports, oldest first."""
    return tuple(
        ReportLine(
            one, tuple(locale.say(language, code, n=n) for code, n in shapes.report_remarks(one))
        )
        for one in found
    )


def changes(edits: Sequence[Edit], text: str | None, language: str) -> tuple[Change, ...]:
    """A comment's edits, oldest first: each keeps the text before it, the last led to *text*."""
    texts = [one.text for one in edits] + [text or ""]
    return tuple(
        Change(
            decider(edit.by, language),
            edit.at,
            tuple(difference(before, after)),
            screening.sentence(personal.masked(edit.masked), language) if edit.masked else None,
        )
        for edit, before, after in zip(edits, texts, texts[1:], strict=False)
    )
