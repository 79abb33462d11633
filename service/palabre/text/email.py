"""The e-mail identity of contract section 6: the one form in which an address is hashed. Pure.

The syntax is email-validator's, with its default refusals and never a look-up. Its sentences are
not shown: they are English, have no code and repeat what was typed. Ordinary ASCII addresses are
recognised without it, and a process that has met no other never imports it.
"""

from __future__ import annotations

import re
import unicodedata

EMAIL_LIMIT = 254
"""Characters, and octets in UTF-8 (RFC 5321 4.5.3.1.3 with RFC 3696, erratum 1690)."""

_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

_DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""What IDNA takes for a dot between labels (UTS 46)."""
_NOT_LOCAL = re.compile(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]")
_NOT_DOMAIN = re.compile(r"[^A-Za-z0-9.\u0080-\U0010ffff-]")
"""RFC 5322 3.2.3 (atext) and RFC 1123 2.1, each widened by RFC 6531 3.3."""

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORDINARY = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*+@(?:{_LABEL}\.)++([a-z]{{2,63}})")
"""An address in small ASCII letters of which the library can only say yes, but for what follows."""
_RESERVED = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
"""Ends of domains that the library refuses; it has the say on each of them."""


class EmailError(ValueError):
    """An address that is refused, without the address.

    `code`: `too_long` or `invalid`. `hint`: what is wrong with it, if that is plain to see:
    `email_missing_at`, `email_several_ats`, `email_bad_character`, `email_missing_domain_end`,
    `email_reserved_domain`.
    """

    def __init__(self, code: str, hint: str | None = None) -> None:
        super().__init__(hint or code)
        self.code = code
        self.hint = hint


def identity(raw: str) -> str:
    """The address in the form that stands for its owner: `local@domain`.

    Addresses that differ only in surrounding white space, ASCII letter case, Unicode composition
    (NFC) or the form of an international domain have the same identity; dots and plus tags count.
    Raises EmailError, which does not repeat the address.
    """
    typed = raw.strip()
    if len(typed) > EMAIL_LIMIT:
        raise EmailError("too_long")
    return _ordinary(typed) or _validated(typed)


def mailbox(raw: str) -> str:
    """The address in the form to write to: the local part as typed, the domain in ASCII.

    Raises EmailError, which does not repeat the address.
    """
    domain = identity(raw).rpartition("@")[2]
    local = unicodedata.normalize("NFC", raw.strip().rpartition("@")[0])
    return f"{local}@{domain}"


def _ordinary(typed: str) -> str | None:
    """The identity of an address of the plainest kind; None if it takes the library to tell.

    Two hyphens together may be punycode, or a label that is reserved for the like (RFC 5890).
    """
    if not typed.isascii() or "--" in typed:
        return None
    small = typed.lower()
    match = _ORDINARY.fullmatch(small)
    return small if match and match[1] not in _RESERVED else None


def _validated(typed: str) -> str:
    """The identity by way of the library, or EmailError."""
    # Imported here for the idle process's sake: with idna's tables it takes a megabyte.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(
            typed,
            allow_smtputf8=True,
            allow_empty_local=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            check_deliverability=False,
            test_environment=False,
            globally_deliverable=True,
        )
    except EmailNotValidError:
        # Not chained: the library's message holds characters of the address.
        raise _error(typed) from None
    # NFC again: small letters have composed forms that capitals lack (H and h with U+0331).
    local = unicodedata.normalize("NFC", found.local_part).translate(_ASCII_LOWER)
    return f"{unicodedata.normalize('NFC', local)}@{found.ascii_domain}"


def _error(typed: str) -> EmailError:
    """Why *typed* was refused, as far as a person could mend it."""
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    if "@" not in typed:
        return EmailError("invalid", "email_missing_at")
    local, _, domain = typed.rpartition("@")
    if "@" in local:
        return EmailError("invalid", "email_several_ats")
    if _NOT_LOCAL.search(local) or _NOT_DOMAIN.search(domain) or _has_unsafe(typed):
        return EmailError("invalid", "email_bad_character")
    if not _DOTS.search(domain):
        return EmailError("invalid", "email_missing_domain_end")
    if _DOTS.split(domain)[-1].lower() in SPECIAL_USE_DOMAIN_NAMES:
        return EmailError("invalid", "email_reserved_domain")
    if len(typed.encode()) > EMAIL_LIMIT:
        return EmailError("too_long")
    return EmailError("invalid")


def _has_unsafe(typed: str) -> bool:
    """Whether a character is a space, invisible, private or unassigned, a lone surrogate included.

    A mark at the start or after the at-sign would combine with what stands before the address.
    """
    categories = [unicodedata.category(c) for c in typed]
    if any(category[0] in "CZ" for category in categories):
        return True
    return any(
        category[0] == "M" and (not before or before == "@")
        for category, before in zip(categories, ["", *typed], strict=False)
    )
