"""A name that readers would take for a moderator's, a known reader's, or for the site itself."""

from __future__ import annotations

import functools
import re

from palabre.model import Facts, Signal, Submission
from palabre.text import lookalike

SCORE = 0.8
OF_READER = 0.55
"""Of a known reader's name, and of a moderator's that is one word, a first name mostly: namesakes
there are, and a reader who writes from another browser."""

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
    "the site administrator", "site moderator", "the site team", "webmaster", "le webmaster",
    "webmestre", "le webmestre", "staff", "le staff", "the staff", "staff du site",
    "le staff du site", "site staff", "équipe", "l’équipe", "the team", "site team",
    "équipe du blog", "l’équipe du blog", "blog team", "the blog team", "team blog", "le blog",
    "the blog", "support", "le support", "the support", "équipe support", "l’équipe support",
    "support team", "the support team", "officiel", "official", "blog officiel", "le blog officiel",
    "site officiel", "le site officiel", "official blog", "the official blog", "official site",
    "the official site", "directeur de publication", "le directeur de publication",
    "directrice de publication", "la directrice de publication", "directeur de la publication",
    "le directeur de la publication", "directrice de la publication",
    "la directrice de la publication",
)  # fmt: skip
"""Who speaks for a site, in its languages and ours."""

_OFFICES_ALONE = (
    "éditeur", "l’éditeur", "éditrice", "l’éditrice", "rédacteur", "le rédacteur", "rédactrice",
    "la rédactrice",
)  # fmt: skip
"""The same, of words that beside a name are its bearer's trade: "Claire, éditrice"."""

_PARTS = re.compile(r"[()\[\]{},;:|/–—]| - ")
"""What parts a name from what it is to be: "Léa (modération)", "Admin - Le blog"."""

_WORD = re.compile(r"[^\W_]+")


def impersonation(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a name that looks like a moderator's, an office's, the site's or a known reader's own.

    Names are compared whole, as they look, without their spaces; an office may also stand beside a
    name. A known reader is known by their browser's token, and may be called as a moderator is.
    What is known of the address has no part in it.
    """
    name = lookalike.outline(submission.name)
    if not name:
        return None
    if found := _of_moderator(name, facts):
        return found
    parts = {name, *map(lookalike.outline, _PARTS.split(submission.name))}
    if not parts.isdisjoint(_outlines(_OFFICES)) or name in _outlines(_OFFICES_ALONE):
        return Signal("impersonation", SCORE, "name_of_office")
    if name in {_outline(one) for one in (facts.site_name, *facts.hosts) if one}:
        return Signal("impersonation", SCORE, "name_of_site")
    if facts.borrowed:
        return Signal("impersonation", OF_READER, "name_of_reader")
    return None


def _of_moderator(name: str, facts: Facts) -> Signal | None:
    alike = [one for one in facts.moderators if _outline(one) == name]
    if not alike or facts.name_is_own:
        return None
    if any(len(_WORD.findall(one)) > 1 for one in alike):
        return Signal("impersonation", SCORE, "name_of_moderator")
    # Whoever is called so by chance need not wait again once a moderator has let it through.
    if facts.name_is_approved:
        return None
    return Signal("impersonation", OF_READER, "name_of_moderator")


@functools.lru_cache(maxsize=1024)
def _outline(name: str) -> str:
    """The outline of a name that comes again with every submission."""
    return lookalike.outline(name)


@functools.cache
def _outlines(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(lookalike.outline, names))
