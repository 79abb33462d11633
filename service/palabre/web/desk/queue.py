"""The queue: what waits, and deciding on it, one by one or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from starlette.responses import Response

from palabre.actions import looking, sessions, undo
from palabre.actions import queue as queue_actions
from palabre.actions.decide import Because, Result
from palabre.errors import FieldError, InvalidRequest
from palabre.model import ACTIONS, REASONS, Scope, State
from palabre.rendering import desk, desk_queue
from palabre.store import sites
from palabre.web import answer, metrics
from palabre.web.asked import parameters
from palabre.web.desk import wanted
from palabre.web.desk.door import HEADERS, Visit, guarded
from palabre.web.wanted import NOTE_MOST

PAGE = 50
AT_ONCE = 500
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
    asks = wanted.read(
        visit, parameters(visit.request, *wanted.NAMES, blank=frozenset(wanted.NAMES))
    )
    found = await queue_actions.page(
        visit.service,
        visit.moderator,
        asks.wanted,
        order=asks.order,
        after=asks.after,
        limit=PAGE,
    )
    around = await looking.around(visit.service, visit.moderator, found.comments)
    site_names = await visit.service.store.read(sites.names)
    view = desk_queue.QueueView(
        cases=tuple(
            desk_queue.case(comment, around, language=visit.asks.language)
            for comment in found.comments
        ),
        counts=found.counts,
        state=asks.given.get("state", State.PENDING.value),
        given=asks.given,
        order=asks.order,
        sites=() if visit.moderator.site_id is not None else tuple(site_names),
        rule_choices=desk_queue.rule_choices(visit.asks.language),
        states={
            state: wanted.path(asks.given, state=state, after=None)
            for state in ("pending", "approved", "rejected", "spam", wanted.ALL)
        },
        next=None if found.next is None else wanted.following(visit, asks, found.next),
        first=wanted.path(asks.given, after=None) if asks.after is not None else None,
        back=wanted.path(asks.given),
        is_narrow=asks.is_narrow,
        decides=visit.may(Scope.MODERATE),
        last=await last_told(visit),
        at=visit.service.now(),
    )
    return await visit.page("queue", view)


@guarded(Scope.MODERATE)
async def decide(visit: Visit) -> Response:
    """`POST /desk/decide`: then back to the queue, at the comment that follows."""
    act = await _act(visit)
    back = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    path = wanted.path(back.given)
    if act.action in ("ask", "reply") and act.ids:
        opens = "?ask=reject&" if act.action == "ask" else "?"
        return visit.see_other(
            f"comments/{quote(act.ids[0])}{opens}back={wanted.quoted(back.given)}"
            + ("#reply" if act.action == "reply" else "")
        )
    if act.action not in ACTIONS:
        raise InvalidRequest([FieldError("act", "unknown")])
    if not act.ids:
        return visit.see_other(path + "#none")
    if act.action == "delete" and visit.fields.get("sure") != "yes":
        return await visit.page("sure", _sure(visit, act, path))
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
        return await _as_json(visit, results)
    return visit.see_other(path + (f"#c-{following}" if following else ""))


@guarded(Scope.MODERATE)
async def take_back(visit: Visit) -> Response:
    """`POST /desk/undo`: the last decision, by one of its own."""
    back = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    results = await undo.undo(visit.service, visit.signed_in)
    _count(visit, results)
    first = next((one.id for one in results if one.status == 200), None)
    return visit.see_other(wanted.path(back.given) + (f"#c-{first}" if first else ""))


async def last_told(visit: Visit) -> desk_queue.Told | None:
    """The line about what this session did last, while it is still fresh."""
    last = undo.read(visit.signed_in.session.last)
    if last is None or visit.service.now() - last.at > SHOWN_FOR:
        return None
    seen = [one[0] for one in last.done[:1]]
    seen += [one[0] for one in last.failed[: desk_queue.FAILED_MOST]]
    about = await looking.some(visit.service, visit.moderator, seen)
    return desk_queue.told(last, about, language=visit.asks.language, now=visit.service.now())


async def _as_json(visit: Visit, results: Sequence[Result]) -> Response:
    """What the script shows of it: the line, the counts, and which comments it is about."""
    signed_in = await sessions.known(visit.service, visit.signed_in.token)
    line = await last_told(replace(visit, signed_in=signed_in))
    site_id = visit.moderator.site_id
    counts = await visit.service.store.read(lambda tx: sites.tally(tx, site_id))
    return answer.json_answer(
        {
            "told": line,
            "counts": counts,
            "done": [one.id for one in results if one.status == 200],
            "failed": [one.id for one in results if one.status != 200],
        },
        headers=HEADERS,
    )


def _count(visit: Visit, results: Sequence[Result]) -> None:
    for one in results:
        if one.was is not None and one.state is not None:
            metrics.of(visit.request).decisions.add(one.state)


def _sure(visit: Visit, act: Act, back: str) -> desk.Sure:
    return desk.Sure(
        count=len(act.ids),
        fields={
            "act": "delete",
            "back": back,
            "sure": "yes",
            "shown": " ".join(
                f"{one}.{act.versions[one]}" for one in act.ids if one in act.versions
            ),
            "ids": " ".join(act.ids),
            "reason": act.because.reason or "",
        },
        back=back,
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
    because = _because(fields) if action in ("reject", "delete", "spam") else Because()
    return Act(action, ids, {k: v for k, v in versions.items() if k in ids}, because)


async def _all(visit: Visit) -> tuple[tuple[str, ...], dict[str, int]]:
    """All that the list held when its page was made, AT_ONCE at most, in their versions of now."""
    asks = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    if not asks.is_narrow:
        return (), {}
    try:
        seen_at = datetime.fromisoformat(visit.fields.get("at", ""))
    except ValueError:
        seen_at = visit.service.now()
    until = min(filter(None, (asks.wanted.until, seen_at)))
    found = await queue_actions.page(
        visit.service,
        visit.moderator,
        replace(asks.wanted, until=until),
        order=asks.order,
        limit=AT_ONCE,
    )
    versions = {comment.id: comment.version for comment in found.comments}
    return tuple(versions), versions


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
        if version.isascii() and version.isdigit() and len(version) < 10
    ]


async def _following(visit: Visit, ids: Sequence[str], back: wanted.Asks) -> str | None:
    """The comment that stands behind the last of these in the list, where the moderator goes on."""
    shown = [one for one, _ in _versions(visit.fields.get("shown", ""))]
    places = [number for number, one in enumerate(shown) if one in set(ids)]
    if len(shown) > 1 and places:
        return next((one for one in shown[places[-1] + 1 :] if one not in set(ids)), None)
    return await looking.following(visit.service, visit.moderator, ids[-1], back.wanted, back.order)
