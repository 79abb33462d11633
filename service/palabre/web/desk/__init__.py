"""The desk: moderators' work in a browser. One file a page; the rules are the actions'."""

from palabre.web.desk import (
    comment,
    entry,
    live,
    log,
    moderators,
    numbers,
    people,
    places,
    quarantine,
    queue,
)

__all__ = [
    "comment",
    "entry",
    "live",
    "log",
    "moderators",
    "numbers",
    "people",
    "places",
    "quarantine",
    "queue",
]
