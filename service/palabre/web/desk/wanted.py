"""What of the queue a page of the desk asks for: all of it stands in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from palabre import locale
from palabre.actions import queue
from palabre.errors import BadParameter, FieldError
from palabre.model import State
from palabre.store.order import QueueOrder, Reached
from palabre.text import cursor
from palabre.web.desk.door import Visit

NAMES = (
    "state",
    "site",
    "article",
    "author",
    "signal",
    "q",
    "since",
    "until",
    "same",
    "reported",
    "order",
    "after",
    "lang",
)
FILTERS = ("site", "article", "author", "signal", "q", "since", "until", "same", "reported")
REPORTED = "1"
"""What `reported` says where only what readers have reported is asked for."""
DAY = timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - DAY
ORDERS: tuple[QueueOrder, ...] = ("oldest", "newest", "urgent")
ALL = "all"
SHOWN = tuple(sorted(set(State) - {State.DELETED}))
"""The states that a list may be of: nothing is left of what was deleted."""


@dataclass(frozen=True, slots=True)
class Asks:
    """One page of the queue. `given`: the parameters that say so, the blank ones left out."""

    wanted: queue.Wanted
    order: QueueOrder
    after: Reached | None
    given: Mapping[str, str]

    @property
    def is_narrow(self) -> bool:
        """Whether more than a state and a site is asked for: "all of it" is then no whole site."""
        return any(name in self.given for name in FILTERS if name != "site")


def read(visit: Visit, given: Mapping[str, str]) -> Asks:
    """The parameters understood. Raises BadParameter with all that are wrong."""
    given = {name: given[name].strip() for name in NAMES if given.get(name, "").strip()}
    wrong: list[FieldError] = []
    state = given.get("state", State.PENDING)
    if state not in (*SHOWN, ALL):
        wrong.append(FieldError("state", "unknown"))
    named = given.get("order", ORDERS[0])
    order: QueueOrder = next((one for one in ORDERS if one == named), "oldest")
    if named not in ORDERS:
        wrong.append(FieldError("order", "unknown"))
    if order == "urgent" and state != State.PENDING:
        order = "oldest"
    if given.get("reported", REPORTED) != REPORTED:
        wrong.append(FieldError("reported", "unknown"))
    since = day(given, "since", wrong)
    until = day(given, "until", wrong)
    if since is not None and until is not None and until < since:
        # The field of a wrong date is emptied: it is named.
        said = locale.format_day(visit.asks.language, until)
        wrong.append(
            FieldError("until", "invalid", hint="until_before_since", values={"day": said})
        )
    if wrong:
        raise BadParameter(wrong)
    wanted = queue.Wanted(
        states=SHOWN if state == ALL else (State(state),),
        site=given.get("site"),
        article=given.get("article"),
        author=given.get("author"),
        words=given.get("q"),
        signal=given.get("signal"),
        since=since,
        until=None if until is None else until + DAY,
        same=given.get("same"),
        reported="reported" in given,
    )
    order = queue.ordered(wanted, order)
    after = None
    if "after" in given:
        try:
            position = cursor.position(
                visit.service.keys, scope(visit, wanted, order), given["after"]
            )
        except ValueError as exc:
            raise BadParameter([FieldError("after", "invalid", hint="cursor_invalid")]) from exc
        after = tuple(map(int, position))
    return Asks(wanted, order, after, given)


def of_query(visit: Visit, query: str) -> Asks:
    """The same from a query as a form sends it along; what is wrong in it is forgotten."""
    try:
        return read(visit, dict(parse_qsl(query, max_num_fields=50)))
    except (BadParameter, ValueError):
        return read(visit, {})


def path(given: Mapping[str, str], **changes: str | None) -> str:
    """The queue's path with these parameters, some of them changed; `after` only if it is given."""
    merged = {**given, **changes}
    pairs = [(name, merged[name]) for name in NAMES if merged.get(name)]
    return "?" + urlencode(pairs, safe="/:") if pairs else ""


def reported(given: Mapping[str, str]) -> str:
    """The path of what is public and reported, of the same site."""
    site = {name: given[name] for name in ("site", "lang") if name in given}
    return path(site, state=State.APPROVED, reported=REPORTED)


def quoted(given: Mapping[str, str]) -> str:
    """The same, to stand in a parameter of another page's."""
    return quote(path(given).removeprefix("?"), safe="")


def following(visit: Visit, asks: Asks, reached: Reached) -> str:
    """The path of the page behind *reached*."""
    sealed = cursor.seal(visit.service.keys, scope(visit, asks.wanted, asks.order), reached)
    return path(asks.given, after=sealed)


def scope(visit: Visit, wanted: queue.Wanted, order: QueueOrder) -> str:
    """Which list a cursor is good for."""
    return f"desk/{visit.moderator.site_id}/{order}/{wanted}"


def day(given: Mapping[str, str], name: str, wrong: list[FieldError]) -> datetime | None:
    """The beginning of a day in UTC, None where none is given; what is wrong is noted.

    There is always a day after it.
    """
    if name not in given:
        return None
    try:
        found = datetime.strptime(given[name], "%Y-%m-%d").replace(tzinfo=UTC)
        if found > _LAST:
            raise ValueError
        return found
    except ValueError:
        wrong.append(FieldError(name, "invalid", hint="parameter_day"))
        return None
