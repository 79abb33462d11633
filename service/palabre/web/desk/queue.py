"""The queue: what waits, and deciding on it, one by one or many at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from palabre import locale
from palabre.actions import looking, quarantine, sessions, undo
from palabre.actions import queue as queue_actions
from palabre.actions.decide import Because, Result
from palabre.errors import BadParameter, FieldError, InvalidRequest, SiteNotFound
from palabre.model import ACTIONS, REASONS, Comment, Scope, State
from palabre.rendering import desk, desk_quarantine, desk_queue
from palabre.store import sites
from palabre.web import answer, metrics
from palabre.web.asked import parameters
from palabre.web.desk import wanted
from palabre.web.desk.door import HEADERS, Visit, guarded
from palabre.web.desk.places import site_names, site_of
from palabre.web.problems import message
from palabre.web.wanted import NOTE_MOST

_ID = re.compile(r"[0-9a-z]{1,64}")
"""What a comment's id may look like; nothing else is asked for, nor stands in a URL."""

PAGE = 50
AT_ONCE = 500
REPORTED_MOST = 100
"""Reported comments are counted up to there: no page counts all there are."""
SHOWN_FOR = timedelta(hours=1)
"""How long the last decision stays in sight, with its undo."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a form asks for. `ids` with the versions they were seen in, as far as known."""

    action: str
    ids: tuple[str, ...]
    versions: Mapping[str, int]
    because: Because


@guarded(Scope.READ)
async def look(visit: Visit) -> Response:
    """`GET /desk/`: comments that wait, or others."""
    given = parameters(visit.request, *wanted.NAMES)
    filled = {name: value for name, value in given.items() if value.strip()}
    if len(filled) < len(given):
        # A form sends every field; a URL to be passed on holds what was filled in.
        return visit.see_other(wanted.path(filled))
    try:
        return await _list(visit, wanted.read(visit, given))
    except BadParameter as exc:
        return await _unclear(visit, given, exc)
    except SiteNotFound:
        wrong = await _unknown_site(visit, given)
        if wrong is None:
            raise
        return await _unclear(visit, given, BadParameter([wrong]))


async def _unknown_site(visit: Visit, given: Mapping[str, str]) -> FieldError | None:
    """What is said beside the filter that names no site of the moderator's; None where there is
    no such field."""
    if "site" not in given:
        # Of an article on another site, as of one on none.
        return FieldError("article", "not_allowed", hint="article_not_allowed")
    return FieldError("site", "unknown") if len(await site_names(visit)) > 1 else None


async def _list(visit: Visit, asks: wanted.Asks, *, later: bool = False) -> Response:
    """A page of the list. *later*: something else was decided since what was to be undone."""
    found = await queue_actions.page(
        visit.service,
        visit.moderator,
        asks.wanted,
        order=asks.order,
        after=asks.after,
        limit=PAGE,
    )
    around = await looking.around(visit.service, visit.moderator, found.comments)
    view = desk_queue.QueueView(
        cases=tuple(
            desk_queue.case(comment, around, language=visit.asks.language)
            for comment in found.comments
        ),
        counts=await _counts(visit, asks),
        state=asks.given.get("state", State.PENDING.value),
        given=asks.given,
        order=asks.order,
        sites=await site_names(visit),
        rule_choices=desk_queue.rule_choices(visit.asks.language),
        states={
            state: wanted.path(asks.given, state=state, reported=None, after=None)
            for state in (*wanted.SHOWN, wanted.ALL)
        },
        reported=wanted.reported(asks.given),
        reported_count=await _reported_count(visit, asks),
        next=None if found.next is None else wanted.following(visit, asks, found.next),
        first=wanted.path(asks.given, after=None) if asks.after is not None else None,
        back=wanted.path(asks.given),
        article=None if found.article is None else found.article.url,
        is_narrow=asks.is_narrow,
        decides=visit.may(Scope.MODERATE),
        every=await _every(visit, asks, found) if visit.may(Scope.MODERATE) else None,
        last=await last_told(visit, later=later),
        at=visit.service.now(),
        newest=wanted.path(asks.given, after=None, order="newest"),
        language=visit.asks.language,
        quarantine=desk_quarantine.lines(
            await quarantine.held(visit.service, visit.moderator),
            language=visit.asks.language,
            now=visit.service.now(),
        ),
    )
    return await visit.page("queue", view, status=409 if later else 200)


async def _unclear(visit: Visit, given: Mapping[str, str], exc: BadParameter) -> Response:
    """The filters again, with what is wrong beside each."""
    given = {name: value.strip() for name, value in given.items()}
    view = desk_queue.QueueView(
        cases=(),
        counts={},
        state=given.get("state", State.PENDING.value),
        given={name: value for name, value in given.items() if name != "after"},
        order=wanted.ORDERS[0],
        sites=await site_names(visit),
        rule_choices=desk_queue.rule_choices(visit.asks.language),
        states={state: wanted.path({}, state=state) for state in (*wanted.SHOWN, wanted.ALL)},
        reported=wanted.reported({}),
        reported_count="",
        next=None,
        first=None,
        back="",
        article=None,
        is_narrow=True,
        decides=False,
        every=None,
        last=None,
        at=visit.service.now(),
        newest="",
        language=visit.asks.language,
        errors={one.field: message(visit.asks, one) for one in exc.errors},
    )
    return await visit.page("queue", view, status=exc.status)


async def _counts(visit: Visit, asks: wanted.Asks) -> Mapping[str, int]:
    """How many comments are in each state, of the site that is asked for; nobody has counted what
    other filters leave."""
    if asks.is_narrow:
        return {}
    site_id = visit.moderator.site_id
    if "site" in asks.given:
        found = await site_of(visit, asks.given["site"])
        site_id = site_id if found is None else found.id
    return await visit.service.store.read(lambda tx: sites.tally(tx, site_id))


async def _reported_count(visit: Visit, asks: wanted.Asks) -> str:
    """How many public comments of the site that is asked for are reported; "" for none."""
    n = await queue_actions.count(
        visit.service,
        visit.moderator,
        queue_actions.Wanted(states=(State.APPROVED,), site=asks.given.get("site"), reported=True),
        order=asks.order,
        most=REPORTED_MOST,
    )
    if n < REPORTED_MOST:
        return locale.format_number(visit.asks.language, n) if n else ""
    return f"{locale.format_number(visit.asks.language, n - 1)}+"


async def _every(
    visit: Visit, asks: wanted.Asks, found: queue_actions.QueuePage | None = None
) -> str | None:
    """The choice of all that the list holds, counted as far as they are decided on at once.

    *found*: a page of it, which may be all. None for a whole state or site, which is more than one
    button takes.
    """
    if not asks.is_narrow:
        return None
    if found is not None and asks.after is None and found.next is None:
        n = len(found.comments)
    else:
        seen = _until(asks, seen_at(visit))
        n = await queue_actions.count(
            visit.service, visit.moderator, seen, order=asks.order, most=AT_ONCE + 1
        )
    return desk_queue.every(n, AT_ONCE, visit.asks.language)


@guarded(Scope.MODERATE)
async def decide(visit: Visit) -> Response:
    """`POST /desk/decide`: then back to the queue, at the comment that follows."""
    act = await _act(visit)
    back = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    path = wanted.path(back.given)
    if act.action == "stay":
        # Pressed by Enter on a tick: the page stays as it is, ticks included.
        return Response(status_code=204, headers=HEADERS)
    if act.action not in (*ACTIONS, "ask", "reply"):
        raise InvalidRequest([FieldError("act", "unknown")])
    if not act.ids:
        return visit.see_other(path + "#none")
    if act.action in ("ask", "reply"):
        asks = "reject" if act.action == "ask" else "reply"
        return visit.see_other(f"comments/{act.ids[0]}?ask={asks}&back={wanted.quoted(back.given)}")
    if act.action == "delete" and visit.fields.get("sure") != "yes":
        return await visit.page("sure", await _sure(visit, act, back))
    becomes = ACTIONS[act.action]
    following = await _following(visit, act.ids, back)
    results = await undo.decide(
        visit.service,
        visit.signed_in,
        act.ids,
        becomes,
        because=act.because,
        versions=act.versions,
    )
    _count(visit, results)
    if not visit.asks.is_page:
        return await _as_json(visit, results, back)
    return visit.see_other(path + (f"#c-{following}" if following else ""))


@guarded(Scope.MODERATE)
async def take_back(visit: Visit) -> Response:
    """`POST /desk/undo`: the last decision, by one of its own, if it is still the one named."""
    back = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    results = await undo.undo(visit.service, visit.signed_in, visit.fields.get("undo") or None)
    if results is None:
        return await _list(visit, back, later=True)
    _count(visit, results)
    first = next((one.id for one in results if one.status == 200), None)
    return visit.see_other(wanted.path(back.given) + (f"#c-{first}" if first else ""))


async def last_told(visit: Visit, *, later: bool = False) -> desk_queue.Told | None:
    """The line about what this session did last, while it is still fresh.

    *later*: it is not what was to be undone.
    """
    last = undo.read(visit.signed_in.session.last)
    if last is None or visit.service.now() - last.at > SHOWN_FOR:
        return None
    seen = list(last.done)[:1]
    seen += [one[0] for one in last.failed[: desk_queue.FAILED_MOST]]
    about = await looking.some(visit.service, visit.moderator, seen)
    line = desk_queue.told(last, about, language=visit.asks.language, now=visit.service.now())
    if later:
        line = replace(line, failed=(visit.asks.say("desk.undo.later"), *line.failed))
    return line


async def _as_json(visit: Visit, results: Sequence[Result], back: wanted.Asks) -> Response:
    """What the script shows of it: the line, the counts, and which comments it is about."""
    signed_in = await sessions.known(visit.service, visit.signed_in.token)
    line = await last_told(replace(visit, signed_in=signed_in))
    try:
        counts, every = await _counts(visit, back), await _every(visit, back)
    except (BadParameter, SiteNotFound):
        # What is decided is decided, whatever has become of the list that it was decided in.
        counts, every = {}, None
    return answer.json_answer(
        {
            "told": line,
            "counts": counts,
            "every": every,
            "done": [one.id for one in results if one.status == 200],
            "failed": [one.id for one in results if one.status != 200],
        },
        headers=HEADERS,
    )


def _count(visit: Visit, results: Sequence[Result]) -> None:
    for one in results:
        if one.was is not None and one.state is not None:
            metrics.of(visit.request).decisions.add(one.state)


async def _sure(visit: Visit, act: Act, asks: wanted.Asks) -> desk.Sure:
    back = place = wanted.path(asks.given)
    if len(act.ids) == 1:
        # Whoever thinks better of it goes on where they were.
        place += f"#c-{act.ids[0]}"
        if visit.fields.get("at_comment") == "yes":
            place = f"comments/{act.ids[0]}?back={wanted.quoted(asks.given)}"
    named = act.ids[: desk.SURE_MOST]
    about = await looking.some(visit.service, visit.moderator, named)
    return desk.Sure(
        count=len(act.ids),
        comments=tuple(
            (found.shown.name or "", desk_queue.excerpt(found.text or ""))
            for found in map(about.get, named)
            if found is not None
        ),
        fields={
            "act": "delete",
            "back": back,
            "sure": "yes",
            "shown": " ".join(
                f"{one}.{act.versions[one]}" for one in act.ids if one in act.versions
            ),
            "ids": " ".join(act.ids),
            "reason": act.because.reason or "",
            "note": act.because.note or "",
        },
        back=place,
    )


async def _act(visit: Visit) -> Act:
    """`act` is a verb, and the id if a comment's own button was pressed."""
    fields = visit.fields
    action, _, one = fields.get("act", "").partition(" ")
    versions = dict(_versions(fields.get("shown", "")))
    if one:
        ids: tuple[str, ...] = (one,)
    elif "ids" in fields:
        ids = tuple(fields["ids"].split()[:AT_ONCE])
    elif fields.get("which") == "shown":
        ids = tuple(versions)
    elif fields.get("which") == "all":
        ids, versions = await _all(visit)
    else:
        ids = tuple(name[2:] for name in fields if name.startswith("c-"))
    ids = tuple(filter(_ID.fullmatch, ids))
    # In the queue the fields that are sent with a comment's own button are meant for several.
    is_meant = not one or action == "reject" or fields.get("at_comment") == "yes"
    has_reason = action in ("reject", "delete", "spam")
    because = _because(fields) if has_reason and is_meant else Because()
    return Act(action, ids, {k: v for k, v in versions.items() if k in ids}, because)


async def _all(visit: Visit) -> tuple[tuple[str, ...], dict[str, int]]:
    """All that the list held when its page was made, AT_ONCE at most, in the versions it had then.

    What changed since gets none that any comment has: it is told of, not decided on.
    """
    asks = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    if not asks.is_narrow:
        return (), {}
    moment = seen_at(visit)
    found = await queue_actions.page(
        visit.service,
        visit.moderator,
        _until(asks, moment),
        order=asks.order,
        limit=AT_ONCE,
    )
    versions = {
        comment.id: 0 if _changed_after(comment, moment) else comment.version
        for comment in found.comments
    }
    return tuple(versions), versions


def seen_at(visit: Visit) -> datetime:
    """When the page was made that a form is on; now if none says so."""
    try:
        return datetime.fromisoformat(visit.fields.get("at", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return visit.service.now()


def _until(asks: wanted.Asks, seen_at: datetime) -> queue_actions.Wanted:
    """What is asked for, of what had come by then."""
    return replace(asks.wanted, until=min(filter(None, (asks.wanted.until, seen_at))))


def _changed_after(comment: Comment, moment: datetime) -> bool:
    changes = (comment.decided_at, comment.shown.edited_at)
    return any(change is not None and change > moment for change in changes)


def _because(fields: Mapping[str, str]) -> Because:
    reason, note = fields.get("reason") or None, fields.get("note", "").strip() or None
    wrong = []
    if reason is not None and reason not in REASONS:
        wrong.append(FieldError("reason", "unknown"))
    if note is not None and len(note) > NOTE_MOST:
        wrong.append(FieldError("note", "too_long", values={"limit": NOTE_MOST}))
    if wrong:
        raise InvalidRequest(wrong)
    return Because(reason, note)


def _versions(shown: str) -> list[tuple[str, int]]:
    pairs = [one.partition(".") for one in shown.split()[:AT_ONCE]]
    return [
        (one, int(version))
        for one, _, version in pairs
        if _ID.fullmatch(one) and version.isascii() and version.isdigit() and len(version) < 10
    ]


async def _following(visit: Visit, ids: Sequence[str], back: wanted.Asks) -> str | None:
    """The comment that stands behind the last of these in the list, where the moderator goes on."""
    shown = [one for one, _ in _versions(visit.fields.get("shown", ""))]
    places = [number for number, one in enumerate(shown) if one in set(ids)]
    if len(shown) > 1 and places:
        return next((one for one in shown[places[-1] + 1 :] if one not in set(ids)), None)
    return await looking.following(visit.service, visit.moderator, ids[-1], back.wanted, back.order)
