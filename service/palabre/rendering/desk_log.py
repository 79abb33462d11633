"""The desk's log: every decision, and all of it as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from palabre.model import Comment, Decision
from palabre.rendering.desk_comment import Line
from palabre.rendering.desk_queue import excerpt
from palabre.rendering.templating import instant

COLUMNS = ("at", "article", "comment", "from", "to", "by", "reason", "note")
BEGINNING = 50
"""Characters of a comment by which a line of the log tells which it is."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class LogView:
    """A page of the log.

    `about`: the comments that the lines are about, by id. `given`: the filters as given. `csv`:
    the query of the whole as CSV.
    """

    lines: tuple[Line, ...]
    about: Mapping[str, Comment]
    given: Mapping[str, str]
    sites: tuple[str, ...]
    moderators: tuple[str, ...]
    next: str | None
    csv: str

    def given_or_blank(self, name: str) -> str:
        return self.given.get(name, "")

    def beginning(self, comment: str) -> str | None:
        """How a comment begins; None when its text is gone."""
        text = self.about[comment].text if comment in self.about else None
        return None if text is None else excerpt(text, BEGINNING)


def head() -> str:
    """The CSV's first line. With a byte order mark, by which spreadsheets know UTF-8."""
    return "\ufeff" + _csv([COLUMNS])


def rows(decisions: Sequence[Decision], urls: Mapping[str, str]) -> str:
    """Decisions as lines of CSV (RFC 4180). *urls*: their comments' articles, by comment."""
    return _csv(
        [
            (
                instant(one.at),
                urls.get(one.comment, ""),
                one.comment,
                one.from_state or "",
                one.to_state,
                one.by,
                one.reason or "",
                one.note or "",
            )
            for one in decisions
        ]
    )


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _csv(lines: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([[guarded(cell) for cell in line] for line in lines])
    return out.getvalue()
