"""Moderators' JSON bodies: typed values out of whatever was sent, every mistake named at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from palabre.errors import FieldError, InvalidRequest
from palabre.model import REASONS
from palabre.text import rules
from palabre.text.submission import UNUSABLE, Value

NOTE_MOST = 2000
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether a text holds neither NUL nor a lone surrogate, which JSON can spell."""
    return _UNSTORABLE.search(text) is None


class Wanted:
    """Reads a JSON object; `done` raises InvalidRequest with all that was wrong.

    Absent and null are the same.
    """

    def __init__(self, found: Mapping[str, object]) -> None:
        self._found = found
        self._errors: list[FieldError] = []

    def wrong(self, field: str, code: str, *, hint: str | None = None, **values: int | str) -> None:
        """Note a mistake."""
        self._errors.append(FieldError(field, code, hint, values))

    def refuse(self, field: str, exc: rules.Refused) -> None:
        """Note what a rule says of a field."""
        self._errors.append(exc.about(field))

    def has(self, field: str) -> bool:
        return field in self._found

    def value(self, field: str) -> object:
        return self._found.get(field)

    def text(self, field: str, *, most: int, required: bool = False) -> str | None:
        """A text of at most *most* characters once trimmed; blank is absent."""
        value = self._found.get(field)
        if value is None or (isinstance(value, str) and not value.strip()):
            if required:
                self.wrong(field, "required")
            return None
        if not isinstance(value, str) or not is_storable(value):
            self.wrong(field, "invalid")
        elif len(value.strip()) > most:
            self.wrong(field, "too_long", limit=most)
        else:
            return value.strip()
        return None

    def flag(self, field: str) -> bool | None:
        value = self._found.get(field)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(field, "invalid")
        return None

    def number(self, field: str) -> int | None:
        value = self._found.get(field)
        if value is None or (type(value) is int and 0 < value < 1 << 62):
            return value
        self.wrong(field, "invalid")
        return None

    def object(self, field: str) -> dict[str, object] | None:
        value = self._found.get(field)
        if value is None or (isinstance(value, dict) and all(map(is_storable, value))):
            return value
        self.wrong(field, "invalid")
        return None

    def reason(self) -> str | None:
        """One of the contract's reasons."""
        value = self._found.get("reason")
        if value is None or (isinstance(value, str) and value in REASONS):
            return value
        self.wrong("reason", "unknown" if isinstance(value, str) else "invalid")
        return None

    def moment(self, field: str) -> datetime | None:
        """A time in RFC 3339 with its offset, or a date, which means its beginning in UTC."""
        value = self._found.get(field)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else None
            if found is not None:
                return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        self.wrong(field, "invalid")
        return None

    def done(self) -> None:
        if self._errors:
            raise InvalidRequest(self._errors)


def as_fields(found: Mapping[str, object]) -> dict[str, Value | None]:
    """A JSON object as the fields of an edit or a reply; null stays null."""
    return {
        name: value if value is None or isinstance(value, str) else UNUSABLE
        for name, value in found.items()
    }
