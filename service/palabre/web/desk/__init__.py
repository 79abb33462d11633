"""The desk: moderators' work in a browser. One file a page; the rules are the actions'."""

from palabre.web.desk import (
    bans,
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
    replay,
)

__all__ = [
    "bans",
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
    "replay",
]
