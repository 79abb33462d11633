"""What looks suspicious about a submission: the rules, and the fold that chooses the first state.

A rule is a pure function of the submission and the facts, alone in its file; all of them run, and
each may leave one signal. Nothing here reads the store, a clock or a request. To add a rule: its
file, its line in RULES, its sentence `signal.<why>` in the catalogues, its table of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from palabre import locale
from palabre.model import Facts, Policy, Proof, Signal, Standing, State, Submission
from palabre.screening import (
    author_pace,
    banned,
    blocked,
    bot,
    capitals,
    honeypot,
    impersonation,
    language,
    learned,
    links,
    noise,
    pace,
    personal,
    proof,
    repeat,
    stamp,
    throwaway,
    words,
)
from palabre.text import languages
from palabre.text.policy import OFF

MINDS = 0.5
"""A rule minds a submission when its signal scores this or more; below, it only remarks."""

IN_QUARANTINE = 0.9
"""Short of certain: an honest reader's may be among them."""

MARKS = 0.3
"""In a flood, the score from which a signal tells a comment of the flood from all others."""

NO_MARK = 2.0
"""Above every score: what honest readers have too."""

FLOOD = "flood"
"""The name of the signal that a flood leaves, and of what decides then. It is no rule: it weighs
what the rules have found."""


WITHOUT_ROOM = ("flood_full", "flood_share")
"""Why a comment without a mark is in quarantine: there was no room, or none for its network."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's function, and what it does with a submission that it minds.

    `of_words`: it judges the text, the name and the website, by the policy and by what the store
    holds, all of which can be looked at again later; what any other says of how a comment came,
    only its signal still tells.
    `becomes`: the first state that a score of MINDS or more asks for, `PENDING` or `SPAM`.
    `refuses`: what it says, as a signal's `why`, of what it asks `REJECTED` for instead. `minds`:
    in place of these, the first state that its signal asks for, None where it only remarks. `told`:
    whether the author may see that. A rule that must not show is `told=False`: its author is told
    what anybody else with the same text would be. Nobody is told that something is spam, but that
    it waits. `marks`: the score from which its signal tells a comment of a flood. `is_ban`: on a
    site that tells those whom it bans (`tell_banned`) the rule asks for `REJECTED` instead, and is
    told. `finds`: the score from which a remark of its own is what it looks for, so that a site
    that wants such comments held (`treatment`) has them held. `treated`: what a site wants in place
    of any first state that the rule asks for.
    """

    look: Callable[[Submission, Facts], Signal | None]
    of_words: bool = field(kw_only=True)
    becomes: State = State.PENDING
    told: bool = True
    refuses: Set[str] = frozenset()
    marks: float = MARKS
    is_ban: bool = False

    minds: Callable[[Signal, Facts], State | None] | None = None
    finds: float | None = None
    treated: State | None = None

    @property
    def name(self) -> str:
        """Its signals' name."""
        return self.look.__name__

    def runs(self, policy: Policy) -> bool:
        """Whether a site has it look at all."""
        return policy.treatment.get(self.name) != OFF

    def asks(self, signal: Signal, facts: Facts) -> State | None:
        """The first state that its signal asks for, None where it only remarks."""
        asked = self._asks(signal, facts)
        if self.treated is None:
            return asked
        is_found = self.finds is not None and signal.score >= self.finds
        return self.treated if asked is not None or is_found else None

    def _asks(self, signal: Signal, facts: Facts) -> State | None:
        if self.minds is not None:
            return self.minds(signal, facts)
        if signal.score < MINDS:
            return None
        return State.REJECTED if signal.why in self.refuses else self.becomes

    def on(self, policy: Policy) -> Rule:
        """The rule as a site has it."""
        if self.is_ban and policy.tell_banned:
            return replace(self, becomes=State.REJECTED, told=True)
        treatment = policy.treatment.get(self.name)
        if treatment == "note":
            return replace(self, minds=_nothing, marks=NO_MARK)
        if treatment is None:
            return self
        return replace(self, treated=State.SPAM if treatment == "spam" else State.PENDING)


def _nothing(signal: Signal, facts: Facts) -> State | None:
    """What a rule asks for that only leaves its signal."""
    return None


# The order is the one in which moderators read the signals, and the first of two rules that weigh
# the same is named as the one that decided. So: first what is certain, then what has been counted,
# last what is guessed from the wording, from the clearest sign to the faintest.
RULES: tuple[Rule, ...] = (
    # Certain, and secret: a blocked author or a bot that noticed would come back differently.
    Rule(blocked.blocked, of_words=False, becomes=State.SPAM, told=False, is_ban=True),
    Rule(banned.banned, of_words=False, becomes=State.SPAM, told=False, is_ban=True),
    Rule(honeypot.honeypot, of_words=False, becomes=State.SPAM, told=False),
    # Counted by the store, by text and by visitor. In a flood many visitors share an address, and
    # to be one of them says nothing yet.
    Rule(repeat.repeat, of_words=True),
    Rule(pace.pace, of_words=False, marks=MINDS),
    # By author, and therefore secret: no answer tells of what an address has sent.
    Rule(author_pace.author_pace, of_words=False, told=False),
    # In a flood alone; a browser without JavaScript, or too old, has none.
    Rule(proof.proof, of_words=False, marks=NO_MARK),
    # What the form and the request say of how they were made.
    Rule(stamp.stamp, of_words=False),
    Rule(bot.bot, of_words=False),
    # Read out of what was typed: what the site has listed or is called first.
    Rule(words.words, of_words=True, refuses=words.REFUSALS),
    Rule(impersonation.impersonation, of_words=True),
    Rule(personal.personal, of_words=True),
    Rule(links.links, of_words=True),
    Rule(noise.noise, of_words=True),
    Rule(capitals.capitals, of_words=True),
    # In a flood, to write in another language is no mark of a robot.
    Rule(language.language, of_words=True, finds=language.REMARK_LANGUAGE, marks=MINDS),
    # Learned from this site's own decisions; minds only above what the site accepts by mistake.
    Rule(learned.learned, of_words=True, minds=learned.minds, marks=MINDS),
    # Says little, and holds nothing by itself.
    Rule(throwaway.throwaway, of_words=False, finds=throwaway.SCORE, marks=MINDS),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What screening says of a submission.

    `state`: its first state. `told`: the one its author is told, pending, approved or rejected,
    whatever is known of them unless the site tells of bans. `signals`: all of them, in the order of
    RULES. `by`: who stands on the first decision: `rule:NAME` of the weightiest rule that minded;
    when none did, `rule:trust` if it would have waited but for the reader's browser, or else
    `rule:policy`.
    """

    state: State
    told: State
    signals: tuple[Signal, ...]
    by: str


_GRAVITY = (State.PENDING, State.REJECTED, State.SPAM)
"""What rules may ask for. The last that any asks for is what the comment becomes."""


def screen(submission: Submission, facts: Facts) -> Verdict:
    """Every rule's signal, and the first state that follows from them and from the policy.

    Costs time linear in the text. Raises nothing.
    """
    looked = [(rule, rule.look(submission, facts)) for rule in RULES if rule.runs(facts.policy)]
    return _verdict(looked, facts)


def screen_again(submission: Submission, facts: Facts, then: Sequence[Signal]) -> Verdict:
    """What screening would say today of a comment that came with the signals *then*.

    The rules of words look again; of the others, and of a flood, what they said then holds.
    """
    kept = {signal.name: signal for signal in then}
    flood = kept.get(FLOOD)
    if flood is not None:
        is_article = flood.why == "flood_article"
        facts = replace(facts, flooded=not is_article, crowded=is_article)
    looked = [
        (rule, rule.look(submission, facts) if rule.of_words else kept.get(rule.name))
        for rule in RULES
        if rule.runs(facts.policy)
    ]
    verdict = _verdict(looked, facts)
    if flood is not None and flood.why in WITHOUT_ROOM:
        return without_room(verdict, flood.why)
    return verdict


def _verdict(looked: Iterable[tuple[Rule, Signal | None]], facts: Facts) -> Verdict:
    """The fold: what follows from the rules' signals, in the order of RULES."""
    found = [(rule.on(facts.policy), signal) for rule, signal in looked if signal is not None]
    minded = [
        (rule, becomes, signal)
        for rule, signal in found
        if (becomes := rule.asks(signal, facts)) is not None
    ]
    state, by = _first_state([(becomes, signal) for _, becomes, signal in minded], facts)
    told, _ = _first_state(
        [
            (State.PENDING if becomes is State.SPAM else becomes, signal)
            for rule, becomes, signal in minded
            if rule.told
        ],
        facts,
    )
    verdict = Verdict(state, told, tuple(signal for _, signal in found), by)
    if not facts.attacked:
        return verdict
    return _in_flood(verdict, facts, [rule for rule, one in found if one.score >= rule.marks])


def is_vouched_for(facts: Facts) -> bool:
    """Whether something speaks for a submission in a flood: work, or an author known to be good."""
    return facts.trusted or facts.proof is Proof.GOOD


def kind_in_flood(facts: Facts) -> str:
    """What may be told of a submission in a flood that nothing speaks against, whatever is known of
    its author: that something speaks for it, that a form of ours brought it, or neither."""
    if is_vouched_for(facts):
        return "vouched"
    found = facts.stamp
    return "stamped" if found.standing is Standing.GOOD and not found.uses else "plain"


def takes_room(verdict: Verdict) -> bool:
    """Whether a submission in a flood takes of the room that is left for such: also one that isn't
    for the queue, if its author is told what those are told for whom there was room."""
    return verdict.state is not State.SPAM or verdict.told is not State.PENDING


def without_room(verdict: Verdict, why: str) -> Verdict:
    """What becomes of a submission that nothing speaks against in a flood, where so many of these
    have come, from everywhere or from its network, that there is room for no more. *why*: one of
    WITHOUT_ROOM."""
    if verdict.state is State.SPAM:
        return replace(verdict, told=State.PENDING)
    return _to_quarantine(verdict, why)


def _in_flood(verdict: Verdict, facts: Facts, marks: Sequence[Rule]) -> Verdict:
    """While more comes than the site or the article may get, all of it is held: what is marked
    goes to the quarantine, the rest to the queue. What is vouched for fares as at any time, unless
    it is marked.

    The others' authors are all told that they have to wait, and those of what is vouched for what
    follows from the marks they may know of, so that none learns what else is known of them.
    """
    is_vouched = is_vouched_for(facts)
    told = State.PENDING
    if is_vouched and not any(rule.told for rule in marks):
        told = verdict.told
    if verdict.state is State.SPAM:
        return replace(verdict, told=told)
    if marks:
        why = "flood_site" if facts.flooded else "flood_article"
        return replace(_to_quarantine(verdict, why), told=told)
    if is_vouched:
        return verdict
    if verdict.state is State.PENDING:
        return replace(verdict, told=State.PENDING)
    signal = Signal(FLOOD, MINDS, "flood_held")
    return Verdict(State.PENDING, State.PENDING, (signal, *verdict.signals), f"rule:{FLOOD}")


def _to_quarantine(verdict: Verdict, why: str) -> Verdict:
    """Spam that a moderator finds apart, by its signal and by what its author was told."""
    signals = tuple(signal for signal in verdict.signals if signal.name != FLOOD)
    signal = Signal(FLOOD, IN_QUARANTINE, why)
    return Verdict(State.SPAM, State.PENDING, (signal, *signals), f"rule:{FLOOD}")


def sentence(signal: Signal, language: str) -> str:
    """What a signal says to a moderator who reads that language.

    Where it names several things that were found together, each has its own words.
    """
    values = dict(signal.values)
    if isinstance(marks := values.get("marks"), str):
        words = [
            locale.say(language, f"signal.{signal.why}.{mark}", **values) for mark in marks.split()
        ]
        values["marks"] = ", ".join(words)
    if isinstance(said := values.get("language"), str) and (tag := languages.tag_of(said)):
        values["language"] = locale.name_of(language, tag)
    if signal.name == "personal":
        values = {"found": personal_data(values, language)}
    if signal.name == "learned":
        values = dict(learned.spelt_out(signal, language))
    return locale.say(language, f"signal.{signal.why}", **values)


def personal_data(counts: Mapping[str, int | str], language: str) -> str:
    """How much personal data of which kinds, in words; never what it is."""
    return ", ".join(locale.say(language, f"personal.{kind}", n=n) for kind, n in counts.items())


def _first_state(asked: Sequence[tuple[State, Signal]], facts: Facts) -> tuple[State, str]:
    """The weightiest state that these signals ask for, or else trust or the policy, and which
    decided.

    Trust opens the queue where nothing else closes it; what a rule minds, it minds of anybody.
    """
    if not asked:
        if facts.trusted and facts.policy.first_state is not State.APPROVED:
            return State.APPROVED, "rule:trust"
        return facts.policy.first_state, "rule:policy"
    # max() keeps the first of equals, which is what the order of RULES promises.
    state, signal = max(asked, key=lambda pair: (_GRAVITY.index(pair[0]), pair[1].score))
    return state, f"rule:{signal.name}"
