"""A name that readers would take for a moderator's, a known reader's, or for the site itself."""

from __future__ import annotations

import functools
import re

from palabre.model import Facts, Signal, Submission
from palabre.text import lookalike

SCORE = 0.8
OF_READER = 0.55
"""Of a known reader's name: namesakes there are, and a reader who writes from another browser."""

_OFFICES = (
    "admin", "l’admin", "les admins", "the admin", "site admin", "admin du site", "administrateur",
    "l’administrateur", "administratrice", "l’administratrice", "administration",
    "l’administration", "administrator", "the administrator", "modo", "le modo", "les modos",
    "modérateur", "le modérateur", "modératrice", "la modératrice", "modérateurs",
    "les modérateurs", "modération", "la modération", "équipe de modération",
    "l’équipe de modération", "moderator", "the moderator", "moderators", "the moderators",
    "moderation", "moderation team", "the moderation team", "rédaction", "la rédaction",
    "équipe de rédaction", "l’équipe de rédaction", "rédacteur en chef", "rédactrice en chef",
    "editor", "the editor", "editors", "the editors", "editorial team", "the editorial team",
    "administrateur du site", "l’administrateur du site", "administratrice du site",
    "l’administratrice du site", "administration du site", "admin du blog", "modérateur du site",
    "modératrice du site", "équipe du site", "l’équipe du site", "site administrator",
    "the site administrator", "site moderator", "the site team",
    "webmaster", "le webmaster", "webmestre", "le webmestre", "staff", "le staff", "the staff",
)  # fmt: skip
"""Who speaks for a site, in its languages and ours."""

_PARTS = re.compile(r"[()\[\]{},;:|/–—]| - ")
"""What parts a name from what it is to be: "Léa (modération)", "Admin - Le blog"."""


def impersonation(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a name that looks like a moderator's, an office's, the site's or a known reader's own.

    Names are compared whole, as they look, without their spaces; an office may also stand beside a
    name. A known reader is known by their browser's token. What is known of the address has no part
    in it.
    """
    name = lookalike.outline(submission.name)
    if not name:
        return None
    if name in map(_outline, facts.moderators):
        return Signal("impersonation", SCORE, "name_of_moderator")
    parts = {name, *map(lookalike.outline, _PARTS.split(submission.name))}
    if not parts.isdisjoint(_office_outlines()):
        return Signal("impersonation", SCORE, "name_of_office")
    if facts.site_name and name == _outline(facts.site_name):
        return Signal("impersonation", SCORE, "name_of_site")
    if facts.borrowed:
        return Signal("impersonation", OF_READER, "name_of_reader")
    return None


@functools.lru_cache(maxsize=1024)
def _outline(name: str) -> str:
    """The outline of a name that comes again with every submission."""
    return lookalike.outline(name)


@functools.cache
def _office_outlines() -> frozenset[str]:
    return frozenset(map(lookalike.outline, _OFFICES))
