"""Markup that nobody types here by hand: an address or tags in the name, BBCode, raw anchors."""

from __future__ import annotations

import re

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import links_in, prose

# A web or e-mail address. Bare domains only under the endings that spammers' names have: readers
# do sign "J.P.Martin" or "Rue89.fr".
_ADDRESS = re.compile(
    r"://|@[\w-]++\.\w|\w\.(?:com|net|org|info|biz|xyz|shop|site|online|top|ru|cn)(?![\w-])",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[a-z/!][^<>]*+>", re.IGNORECASE)
# Forums taught people [b] and [quote], which do no harm; links and images are what bots paste.
_BBCODE = re.compile(r"\[(?:url|link|img)=|\[/(?:url|link|img)\]", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\s[^<>]*?href\s*+=", re.IGNORECASE)
_INLINE_CODE = re.compile(r"`[^`\n]++`")


def noise(submission: Submission, facts: Facts) -> Signal | None:
    """Minds an address (0.8) or markup (0.8) in the name, BBCode links (0.7), `<a href=` (0.6).

    The weightiest of them is the signal. Code may hold any of it, a name none.
    """
    name = submission.name
    if _ADDRESS.search(name) or links_in(name):
        return Signal("noise", 0.8, "name_address")
    if _TAG.search(name) or _BBCODE.search(name):
        return Signal("noise", 0.8, "name_markup")
    if "[" not in submission.text and "<" not in submission.text:
        return None
    text = _INLINE_CODE.sub(" ", prose(submission.text))
    if _BBCODE.search(text):
        return Signal("noise", 0.7, "bbcode")
    if _ANCHOR.search(text):
        return Signal("noise", 0.6, "anchor")
    return None
