"""Something of the submission is banned: its network, its domain, a link of it, its text."""

from __future__ import annotations

from palabre.model import BanKind, Facts, Signal, Submission

WHY = {
    BanKind.ADDRESS: "banned_address",
    BanKind.NETWORK: "banned_network",
    BanKind.MAIL_DOMAIN: "banned_mail_domain",
    BanKind.LINK_DOMAIN: "banned_link_domain",
    BanKind.TEXT: "banned_text",
}


def banned(submission: Submission, facts: Facts) -> Signal | None:
    """Minds what a ban stands on; the surest one is named, with its reason if it has one."""
    if not facts.banned:
        return None
    ban = facts.banned[0]
    why = WHY[ban.kind]
    # A mail domain is part of an address, which moderators never see.
    values = {"domain": ban.label or ""} if ban.kind is BanKind.LINK_DOMAIN else {}
    if ban.reason is None:
        return Signal("banned", 1.0, why, values)
    return Signal("banned", 1.0, f"{why}_because", values | {"reason": ban.reason})
