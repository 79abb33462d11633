"""The queue's page: each comment with what it answers, who wrote it and why it waits."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from palabre import locale, screening
from palabre.model import ARROWS, REASONS, Author, Comment, Signal, State
from palabre.rendering.desk import decider
from palabre.screening import personal

EXCERPT = 200
FAILED_MOST = 5
"""Comments that a line tells of by name."""

_FILTERS = {
    "q": "desk.filter.is_q",
    "site": "desk.filter.is_site",
    "article": "desk.filter.is_article",
    "author": "desk.filter.is_author",
    "signal": "desk.filter.is_signal",
    "since": "desk.filter.is_since",
    "until": "desk.filter.is_until",
    "same": "desk.filter.is_same",
    "reported": "desk.filter.is_reported",
}
"""What is said of each filter that is set."""

_CLEAR, _LIKELY = 0.9, screening.MINDS


@dataclass(frozen=True, slots=True)
class Reason:
    """One signal in words. `level`: how much it weighs, `bad`, `warn` or "". `name`: its rule."""

    name: str
    level: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Case:
    """One comment as the queue shows it.

    `parent`: who is answered, and the beginning of what they said. `looker`: who else looks at it.
    `verbs`: what may be done with it. `by`: who decided, in words. `is_repeated`: the same text
    waits in another, or nearly.
    """

    comment: Comment
    parent: tuple[str, str] | None
    looker: str | None
    reasons: tuple[Reason, ...]
    verbs: tuple[str, ...]
    by: str | None
    is_repeated: bool

    @property
    def author(self) -> Author | None:
        return self.comment.author

    @property
    def offered(self) -> tuple[str, ...]:
        """The reasons that it may be refused for, by what applies on its article."""
        return tuple(self.comment.article.policy.reasons)

    @property
    def can_be_masked(self) -> bool:
        """Personal data was found in it that nobody has masked."""
        is_found = any(one.name == personal.NAME and one.score for one in self.comment.signals)
        return is_found and self.comment.state is not State.DELETED

    @property
    def can_be_answered(self) -> bool:
        """A reply stands under what is public; it can make what waits so."""
        return self.comment.state in (State.APPROVED, State.PENDING)


@dataclass(frozen=True, slots=True)
class Told:
    """What was done last, as a line. `failed`: a sentence for each that was not. `undoes`: its id
    if it can be taken back."""

    sentence: str | None
    failed: tuple[str, ...]
    undoes: str | None


class _Line(Protocol):
    @property
    def site(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def flooded(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A page of the queue.

    `counts`: of the states, of all that the moderator may see. `state`: the one shown, or `all`.
    `given`: the parameters as given. `rule_choices`: rules, and what they look at in words.
    `states`: the same list in other states; `reported`: what readers have reported of what is
    public, and `reported_count` how many that are, in words, "" for none. `next`, `first`: queries
    of other pages. `back`: the query of this one. `at`: when it was made. `article`: the URL of
    the only one that is shown. `decides`: the moderator may. `every`: the choice of all that the
    list holds, if it is one. `newest`: the query of the same list with what came last first.
    `errors`: what is wrong with filters, by their names; then nothing was looked for. `language`:
    of its dates. `quarantine`: a line for each site that has something there, or is flooded.
    """

    cases: tuple[Case, ...]
    counts: Mapping[str, int]
    state: str
    given: Mapping[str, str]
    order: str
    sites: tuple[str, ...]
    rule_choices: tuple[tuple[str, str], ...]
    states: Mapping[str, str]
    reported: str
    reported_count: str
    next: str | None
    first: str | None
    back: str
    article: str | None
    is_narrow: bool
    decides: bool
    every: str | None
    last: Told | None
    at: datetime
    newest: str
    language: str
    errors: Mapping[str, str] = field(default_factory=dict)
    quarantine: Sequence[_Line] = ()

    @property
    def shown(self) -> str:
        """The comments of the page in their order, with the versions they are seen in."""
        return " ".join(f"{case.comment.id}.{case.comment.version}" for case in self.cases)

    @property
    def total(self) -> int | None:
        """How many comments are in the state that is shown; None where nobody has counted."""
        return self.counts.get(self.state)

    @property
    def is_live(self) -> bool:
        """Whether what is told of a comment that comes in tells if it belongs to the list: its
        state, site and article, but nothing of its words, its author and what rules found."""
        return not self.errors and not any(
            name in self.given for name in _FILTERS if name not in ("site", "article")
        )

    @property
    def reason_sets(self) -> tuple[tuple[str, ...], ...]:
        """The reasons offered for refusing: a set for each site or article that differs."""
        return tuple(dict.fromkeys(case.offered for case in self.cases))

    @property
    def reasons(self) -> tuple[str, ...]:
        """What may be given for several at once: what is offered for each of them."""
        return tuple(one for one in REASONS if all(one in some for some in self.reason_sets))

    def given_or_blank(self, name: str) -> str:
        return self.given.get(name, "")

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """The filters that are set: the sentence of each, and its value as people read it."""
        return tuple(
            (_FILTERS[name], self._read(name, value))
            for name, value in self.given.items()
            if name in _FILTERS
        )

    def _read(self, name: str, value: str) -> str:
        if name == "signal":
            return dict(self.rule_choices).get(value, value)
        if name in ("since", "until"):
            with contextlib.suppress(ValueError):
                return locale.format_day(self.language, date.fromisoformat(value))
        return value

    @property
    def is_reported(self) -> bool:
        """Whether it is the list of what is public and reported."""
        return self.state == State.APPROVED and "reported" in self.given

    @property
    def unfiltered(self) -> str:
        """The query of the same state without any filter."""
        return "" if self.state == State.PENDING else f"?state={self.state}"

    @property
    def site_choices(self) -> tuple[tuple[str, str], ...]:
        """The sites to choose among, each by its name."""
        return tuple((name, name) for name in self.sites)


class _Around(Protocol):
    @property
    def parents(self) -> Mapping[str, Comment]: ...
    @property
    def lookers(self) -> Mapping[str, str]: ...
    @property
    def repeated(self) -> frozenset[str]: ...


class _Last(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def becomes(self) -> State: ...
    @property
    def done(self) -> Mapping[str, object]: ...
    @property
    def failed(self) -> tuple[tuple[str, int], ...]: ...
    @property
    def is_undone(self) -> bool: ...
    @property
    def can_be_undone(self) -> bool: ...
    @property
    def reply(self) -> str | None: ...


def rule_choices(language: str) -> tuple[tuple[str, str], ...]:
    """The rules that may leave a signal, and what each looks at, in words."""
    names = [screening.FLOOD, *(rule.look.__name__ for rule in screening.RULES)]
    return tuple((name, locale.say(language, f"rule.{name}")) for name in names)


def case(comment: Comment, around: _Around, *, language: str) -> Case:
    """A comment with what stands around it."""
    parent = around.parents.get(comment.shown.parent or "")
    return Case(
        comment=comment,
        parent=None if parent is None else (parent.shown.name or "", excerpt(parent.text or "")),
        looker=around.lookers.get(comment.id),
        reasons=tuple(reason(signal, language) for signal in comment.signals),
        verbs=verbs(comment.state),
        by=None if comment.decided_by is None else decider(comment.decided_by, language),
        is_repeated=comment.id in around.repeated,
    )


def reason(signal: Signal, language: str) -> Reason:
    """A signal in words."""
    level = "bad" if signal.score >= _CLEAR else "warn" if signal.score >= _LIKELY else ""
    return Reason(signal.name, level, screening.sentence(signal, language))


def verbs(state: State) -> tuple[str, ...]:
    """What may be done with a comment in this state, in the order of its buttons; never to
    delete, which is asked for elsewhere."""
    order = {
        "approve": State.APPROVED,
        "reject": State.REJECTED,
        "spam": State.SPAM,
        "hold": State.PENDING,
    }
    return tuple(verb for verb, becomes in order.items() if becomes in ARROWS[state])


def every(n: int, most: int, language: str) -> str:
    """The choice of all *n* that a list holds, *most* of which are decided on at once."""
    if n > most:
        return locale.say(language, "desk.many.first", n=most)
    return locale.say(language, "desk.many.all", n=n)


def excerpt(text: str, most: int = EXCERPT) -> str:
    """The beginning of a text on one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return (
        line[: most + 1].rpartition(" ")[0][:most] + "…"
        if " " in line[:most]
        else line[:most] + "…"
    )


def told(last: _Last, about: Mapping[str, Comment], *, language: str, now: datetime) -> Told:
    """The line about the last decision: what came of it, and what did not."""
    sentences = []
    decided = [one for one in last.done if one != last.reply]
    if decided:
        n = len(decided)
        code = f"desk.undone.{last.becomes}" if last.is_undone else f"desk.done.{last.becomes}"
        first = about.get(decided[0])
        if n == 1 and first is not None and first.text is not None:
            sentence = locale.say(
                language,
                f"{code}.one",
                name=first.shown.name or "",
                text=excerpt(first.text, 40),
            )
        else:
            sentence = locale.say(language, code, n=n)
        sentences.append(sentence)
    if last.reply in last.done:
        said = "desk.reply.taken_back" if last.is_undone else "desk.replied"
        sentences.append(locale.say(language, said))
    failed = [
        _failed(about.get(one), status, language, now) for one, status in last.failed[:FAILED_MOST]
    ]
    if len(last.failed) > FAILED_MOST:
        failed.append(locale.say(language, "desk.failed.more", n=len(last.failed) - FAILED_MOST))
    undoes = last.id if last.can_be_undone else None
    return Told(" ".join(sentences) or None, tuple(failed), undoes)


def _failed(comment: Comment | None, status: int, language: str, now: datetime) -> str:
    if comment is None or status == 404:
        return locale.say(language, "desk.failed.gone")
    name = comment.shown.name or ""
    if status == 422:
        return locale.say(language, "desk.failed.reason", name=name)
    if comment.decided_by is None or comment.decided_at is None:
        return locale.say(language, "desk.failed.changed", name=name)
    return locale.say(
        language,
        "desk.failed.decided",
        name=name,
        state=locale.say(language, f"state.{comment.state}"),
        who=decider(comment.decided_by, language),
        when=locale.format_when(language, comment.decided_at, now),
    )
