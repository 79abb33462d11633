"""The rule of each field of a comment (contract 3.1): typed text in, stored form out, or Refused.

Each function takes a value that is not blank and holds neither NUL nor lone surrogates;
`palabre.text.submission` sees to that, and knows which fields a request needs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from palabre.errors import FieldError
from palabre.model import REPORT_REASONS
from palabre.text import address
from palabre.text.address import ADDRESS_LIMIT, AddressError
from palabre.text.email import EMAIL_LIMIT, EmailError, identity

NAME_LIMIT = 80
TITLE_LIMIT = 300
WEBSITE_LIMIT = 500
NOTE_LIMIT = 1000
KEY_MINIMUM = 8
KEY_LIMIT = 128
"""Characters (code points), all of them."""

_PARENT_LIMIT = 64
"""Characters, more than any id has: the store need not be asked for what is longer."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters (Cc); a text may have line breaks and tabs."""

# Line and paragraph separators; bidi embeddings, overrides and isolates, which reorder what stands
# after them (the marks U+200E, U+200F and U+061C only colour their neighbours, and Hebrew and
# Arabic names need them); noncharacters (Unicode 23.7).
_DISORDERLY = re.compile(
    "[\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17)
    )
    + "]"
)

# Letters, symbols and marks that show nothing: Hangul and Khmer fillers, the empty Braille cell,
# grapheme joiner, variation selectors.
_EMPTY_LOOKING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


class Refused(ValueError):
    """A value breaks its rule; `about` makes it a field's error."""

    def __init__(self, code: str, hint: str | None = None, **values: int | str) -> None:
        super().__init__(hint or code)
        self.code = code
        self.hint = hint
        self.values = values

    def about(self, field: str) -> FieldError:
        """What is wrong with the field that held the value."""
        return FieldError(field, self.code, self.hint, self.values)


def is_blank(raw: str) -> bool:
    """Whether *raw* shows nothing: white space, format characters and fillers, or no character."""
    if "!" <= raw[:1] <= "~":
        return False
    return all(
        c.isspace() or unicodedata.category(c) == "Cf" or _EMPTY_LOOKING.match(c) for c in raw
    )


def article(raw: str, origins: Sequence[str]) -> str:
    """Canonical path and query of an article on one of *origins*."""
    try:
        return address.canonical(raw.strip(), origins)
    except AddressError as error:
        if error.code == "too_long":
            raise Refused("too_long", limit=ADDRESS_LIMIT) from None
        hint = "article_not_allowed" if error.code == "not_allowed" else None
        raise Refused(error.code, hint) from None


def name(raw: str) -> str:
    """A person's name: 1 to NAME_LIMIT characters of any script on one line, NFC, trimmed."""
    return _line(raw, limit=NAME_LIMIT, hint="name_invalid")


def title(raw: str) -> str:
    """An article's title: 1 to TITLE_LIMIT characters on one line, NFC, trimmed."""
    return _line(raw, limit=TITLE_LIMIT)


def email(raw: str) -> str:
    """The e-mail identity (contract section 6)."""
    try:
        return identity(raw)
    except EmailError as error:
        if error.code == "too_long":
            raise Refused("too_long", limit=EMAIL_LIMIT) from None
        raise Refused(error.code, error.hint or "email_invalid") from None


def website(raw: str) -> str:
    """An absolute http(s) URL of at most WEBSITE_LIMIT characters, its origin normalised."""
    typed = _within(WEBSITE_LIMIT, raw.strip())
    try:
        # Again afterwards: a host's ASCII form may be longer.
        return _within(WEBSITE_LIMIT, address.link(typed))
    except AddressError:
        raise Refused("invalid", "website_invalid") from None


def stylesheet(raw: str) -> str:
    """An absolute http(s) URL, or a path beginning with one `/`, that a page may link to."""
    typed = _within(WEBSITE_LIMIT, raw.strip())
    try:
        if address.is_path(typed):
            # Whatever may follow an origin in a link.
            return address.link("https://a" + typed).removeprefix("https://a")
        return _within(WEBSITE_LIMIT, address.link(typed))
    except AddressError:
        raise Refused("invalid") from None


def comment(raw: str, *, limit: int) -> str:
    """A comment's text: 1 to *limit* characters, line breaks as LF, trimmed, otherwise as typed."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _CONTROL_IN_TEXT.search(text):
        raise Refused("invalid")
    return _within(limit, text)


def report_reason(raw: str) -> str:
    """One of those that a reader may give."""
    if raw.strip() not in REPORT_REASONS:
        raise Refused("unknown", "report_reason_unknown")
    return raw.strip()


def parent(raw: str) -> str:
    """A comment's id as asked for; what cannot be one is `unknown`, like one that is not there."""
    asked = raw.strip()
    if len(asked) > _PARENT_LIMIT or not asked.isascii() or not asked.isprintable():
        raise Refused("unknown", "parent_unknown")
    return asked


def idempotency_key(raw: str) -> str:
    """KEY_MINIMUM to KEY_LIMIT characters without control characters, trimmed."""
    key = raw.strip()
    if _CONTROL.search(key):
        raise Refused("invalid")
    if len(key) < KEY_MINIMUM:
        raise Refused("too_short", limit=KEY_MINIMUM)
    return _within(KEY_LIMIT, key)


def _line(raw: str, *, limit: int, hint: str | None = None) -> str:
    # NFC takes quadratic time on a long run of marks, and makes of four characters one at the
    # most (UAX 15, expansion factors): what is longer would be too long afterwards as well.
    line = unicodedata.normalize("NFC", _within(4 * limit, raw.strip(), told=limit))
    # What Python calls printable is neither, and soon told.
    if not line.isprintable() and (_CONTROL.search(line) or _DISORDERLY.search(line)):
        raise Refused("invalid", hint)
    return _within(limit, line)


def _within(limit: int, text: str, *, told: int | None = None) -> str:
    """*text*, unless it has more than *limit* characters; the refusal says both, or *told*."""
    if len(text) > limit:
        raise Refused("too_long", "over_limit", limit=told or limit, length=len(text))
    return text
