"""Where the copies of an article's comments lie in a folder: one place for each address. Pure.

No two addresses share a place, whatever the file system makes of upper and lower case, and no
address leads out of the folder or onto a file of another article.
"""

from __future__ import annotations

import hashlib
import re

NAMES = ("comments.json", "comments.html", "comments.atom")
"""An article's files."""
FEED, INDEX = "site.atom", "index.json"
"""A site's."""

SEGMENT_MOST = 100
"""Longer ones are cut: file systems take 255 bytes."""

_PLAIN = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
_OTHER = re.compile(rb"[^a-z0-9._-]")


def place(address: str) -> str:
    """The folder of an article, below its site's: `/a/b?x=1` lies in `a/b/%3Fx%3D1`.

    Whatever is not a small ASCII letter, a digit, or one of `._-` is written as the bytes of its
    UTF-8 in `%XX`; so are a dot at the beginning and the first letter of what is called like one
    of our files. What is too long ends in `~` and a digest, and nothing else holds a `~`.
    """
    path, mark, query = address.partition("?")
    segments = [_written(segment) for segment in path.split("/") if segment]
    if mark:
        # No path begins a segment so: its own question mark would be `%253F`.
        segments.append(_cut("%3F" + _encoded(query)))
    return "/".join(segments)


def _written(segment: str) -> str:
    if _PLAIN.fullmatch(segment) and segment not in (*NAMES, FEED, INDEX):
        return _cut(segment)
    encoded = _encoded(segment)
    if encoded[0] != "%":
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}"
    return _cut(encoded)


def _encoded(text: str) -> str:
    return _OTHER.sub(lambda found: b"%%%02X" % found[0][0], text.encode()).decode()


def _cut(segment: str) -> str:
    if len(segment) <= SEGMENT_MOST:
        return segment
    return f"{segment[:60]}~{hashlib.sha256(segment.encode()).hexdigest()[:32]}"
