"""The contract's words as values: states and their arrows, sites, articles, comments, decisions.

Nothing here does anything; everything else speaks in these terms. Times are aware UTC datetimes.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


class State(enum.StrEnum):
    """Where a comment stands; only `APPROVED` is public."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPAM = "spam"
    DELETED = "deleted"


_LIVE = frozenset({State.PENDING, State.APPROVED, State.REJECTED, State.SPAM, State.DELETED})

ARROWS: Mapping[State, frozenset[State]] = {
    State.PENDING: _LIVE - {State.PENDING},
    State.APPROVED: _LIVE - {State.APPROVED},
    State.REJECTED: _LIVE - {State.REJECTED},
    State.SPAM: _LIVE - {State.SPAM},
    State.DELETED: frozenset(),
}
"""What each state may become: every arrow of contract section 2, and no other."""

ACTIONS: Mapping[str, State] = {
    "approve": State.APPROVED,
    "reject": State.REJECTED,
    "spam": State.SPAM,
    "hold": State.PENDING,
    "delete": State.DELETED,
}
"""The moderator's verbs and the state each asks for."""

REASONS = (
    "off_topic",
    "abuse",
    "illegal",
    "personal_data",
    "advertising",
    "duplicate",
    "other",
)

REPORT_REASONS = tuple(reason for reason in REASONS if reason != "duplicate")
"""Those that a reader may report a comment for: whether it stands twice is nothing to report."""


TREATMENTS = ("off", "note", "hold", "spam")
"""What a site may want of a screening rule: that it doesn't look, that it only leaves its signal,
or that what it minds waits or is spam."""

PERSONAL_DATA = ("hold", "note", "off")
"""What may be done with a comment that holds personal data; `note` leaves only a signal."""

PROOFS = ("attack", "off")
"""When browsers prove that they have worked: while a site is under attack, or never."""


class BanKind(enum.StrEnum):
    """What a ban is about. `ADDRESS` is what one household has (IPv4 /32, IPv6 /64), `NETWORK` what
    its neighbours share with it (/24, /48)."""

    AUTHOR = "author"
    ADDRESS = "address"
    NETWORK = "network"
    MAIL_DOMAIN = "mail_domain"
    LINK_DOMAIN = "link_domain"
    TEXT = "text"


class Scope(enum.StrEnum):
    """What a moderator's token allows; each implies the ones before it."""

    READ = "read"
    MODERATE = "moderate"
    ADMIN = "admin"

    def allows(self, wanted: Scope) -> bool:
        order = list(Scope)
        return order.index(self) >= order.index(wanted)


@dataclass(frozen=True, slots=True)
class Policy:
    """A site's rules. `palabre.text.policy` checks and merges them; the defaults stand here.

    `preset`: the set of defaults (`palabre.text.presets`) that holds where nothing else is said.
    `treatment`: what is done with what a screening rule minds, where it isn't what the rule asks
    for. `own`: the rules that the site, or the article, has set itself, `treatment.<rule>` for one
    of those; it is no rule.
    """

    preset: str = "balanced"
    treatment: Mapping[str, str] = field(default_factory=dict)
    first_state: State = State.PENDING
    depth: int = 3
    max_links: int = 2
    comment_limit: int = 10_000
    author_limit: str = "10/minute"
    network_limit: str = "100/minute"
    article_limit: str = "20/minute"
    site_limit: str = "30/minute"
    close_after_days: int | None = None
    privacy_url: str | None = None
    stylesheet: str | None = None
    tell_banned: bool = False
    reasons: tuple[str, ...] = REASONS
    reports_to_hold: int = 3
    languages: tuple[str, ...] | None = None
    min_seconds: int = 2
    personal_data: str = "hold"
    learned_hold: int = 10
    learned_spam: int = 0
    trust_after: int | None = None
    proof: str = "attack"
    hold_words: tuple[str, ...] = ()
    reject_words: tuple[str, ...] = ()
    own: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True)
class Site:
    """A web site whose articles take comments.

    `origins`: scheme://host[:port], the first one is where a bare path's URL is.
    """

    id: str
    name: str
    locale: str
    origins: tuple[str, ...]
    policy: Policy


@dataclass(frozen=True, slots=True)
class Article:
    """A page of a site. `address`: canonical path and query. `count`: its approved comments.

    `version` grows with every change a reader could see. `id` is empty for an article that
    nobody has commented on yet: it is not stored before that. `open`: takes comments now;
    `is_open_by_hand`: a moderator hasn't closed it; `closes_at`: when its age closes it. `title`:
    as a reader's form or a moderator gave it; `is_title_vouched`: the latter; `is_title_public`:
    that, or an approved comment brought it.
    """

    id: str
    site_id: str
    address: str
    url: str
    title: str | None
    open: bool
    count: int
    version: int
    policy: Policy
    is_title_vouched: bool
    is_title_public: bool
    is_open_by_hand: bool
    closes_at: datetime | None = None

    @property
    def public_title(self) -> str | None:
        """The title, once somebody answers for it: a moderator, or an approved comment."""
        return self.title if self.is_title_public else None


@dataclass(frozen=True, slots=True)
class Signal:
    """One line that screening leaves on a comment.

    `why` names a sentence of the catalogues (`signal.<why>`), `values` what stands in it, so
    that each moderator reads it in their own language. `score`: 0 to 1.
    """

    name: str
    score: float
    why: str
    values: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a comment, known only by a keyed hash of the address, which is not here.

    `approved`, `rejected`, `spam`: how many of their comments are in that state now.
    """

    id: str
    site_id: str
    first_seen: datetime
    approved: int
    rejected: int
    spam: int
    blocked: bool
    blocked_until: datetime | None = None
    blocked_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ban:
    """What moderators want no more of on a site.

    `id`: of an `AUTHOR`, that one's. `label`: a domain in plain, where somebody typed it or it
    stood in a link. `comment`: the one that the ban was made from, as long as that is there.
    `hits`: comments it has caught since, of those that are kept; `moved`: earlier ones that it has
    sent to spam, which can be brought back.
    """

    id: str
    site_id: str
    kind: BanKind
    label: str | None
    comment: str | None
    reason: str | None
    until: datetime | None
    created_at: datetime
    created_by: str
    hits: int = 0
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Banned:
    """A ban that catches a submission."""

    id: str
    kind: BanKind
    label: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A comment as the public may see it: approved, or a tombstone (`state` deleted, all nulled).

    `html` is safe markup, rendered when the text was written.
    """

    id: str
    parent: str | None
    depth: int
    state: State
    name: str | None
    website: str | None
    hue: int | None
    moderator: bool
    html: str | None
    created_at: datetime | None
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as moderators see it: everything but the address and its hash.

    `shown` has the real state and nothing nulled. `decided_at` and `decided_by` are None as long
    as the comment merely waits in its first state. `told`: the state its author is told, where
    telling the real one would say what is known of an address (contract 4, block). `remembered`: it
    came from a browser that its author let remember them.
    """

    shown: Shown
    version: int
    site: str
    article: Article
    text: str | None
    signals: tuple[Signal, ...]
    author: Author | None
    reports: int
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    told: State | None
    remembered: bool

    @property
    def id(self) -> str:
        return self.shown.id

    @property
    def state(self) -> State:
        return self.shown.state


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of state. `by`: a moderator's name, `author`, or `rule:NAME`."""

    comment: str
    from_state: State | None
    to_state: State
    by: str
    at: datetime
    reason: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """A decision as those are told of it who follow the log.

    `number`: its place there. `url`: its article's. `waiting`: comments of the site that are
    pending just now.
    """

    number: int
    site_id: str
    site: str
    url: str
    waiting: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a comment's text: who, when, and the text before it.

    `masked`: how much personal data of each kind was masked, if that was the change; then the
    text before it is masked too.
    """

    by: str
    at: datetime
    text: str
    masked: Mapping[str, int] = field(default_factory=dict)


class Outcome(enum.StrEnum):
    """What became of a reader's report; `GONE`: the comment, before anybody had decided."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Report:
    """A reader's report of a comment, as moderators see it; nothing tells who they were.

    `counts`: it speaks for holding the comment, as an independent one. `dismissed_before`: how
    many of the same reporter's had been dismissed that day. `recent`: how many they had sent in
    the ten minutes before.
    """

    id: str
    reason: str
    note: str | None
    at: datetime
    outcome: Outcome
    settled_at: datetime | None
    settled_by: str | None
    counts: bool
    dismissed_before: int
    recent: int


@dataclass(frozen=True, slots=True)
class Moderator:
    """A named person or program with a token; `site_id` None means every site."""

    id: str
    name: str
    scope: Scope
    site_id: str | None

    @property
    def decider(self) -> Decider:
        return Decider(self.name, self.id)


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides or edits: a moderator (with an id), the author, or a rule."""

    name: str
    moderator_id: str | None = None


AUTHOR = Decider("author")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a request was made, as far as screening may wonder at it; by default nothing is odd.

    `as_page`: it asks for a page, as a browser does that sends a form. `no_language`, `no_agent`:
    it has no such header. `program`: the library or driven browser that its User-Agent names, else
    empty. `no_navigation`: its Sec-Fetch headers say that no page was asked for.
    """

    as_page: bool = True
    no_language: bool = False
    no_agent: bool = False
    program: str = ""
    no_navigation: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a request says of where it came from.

    `network`: an IPv4 address or an IPv6 /64, never kept; `wide_network`: the /24 or /48 around it,
    neither. `origin`: of the page that the form stands on, None when unknown; `same_origin`: that
    page is the service's own. `manner`: never kept either.
    """

    network: str
    wide_network: str
    origin: str | None = None
    same_origin: bool = False
    manner: Manner = Manner()


class Standing(enum.StrEnum):
    """What a form's stamp is: there at all, made by us, and made for this article."""

    GOOD = "good"
    MISSING = "missing"
    FORGED = "forged"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the stamp says that came with a form; the defaults are of one that says nothing.

    `age_ms`: how long ago it was given out, below zero for one from the future; `uses`: comments
    of the site that came with it before. Both only mean something if it is `GOOD`.
    """

    standing: Standing = Standing.GOOD
    age_ms: int = 60_000
    uses: int = 0


class Proof(enum.StrEnum):
    """What the proof of work is that came with a form; looked at under attack alone."""

    GOOD = "good"
    MISSING = "missing"
    FORGED = "forged"
    ELSEWHERE = "elsewhere"
    UNASKED = "unasked"
    EXPIRED = "expired"
    SPENT = "spent"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Submission:
    """A comment as it was sent, every field checked and normalised.

    `article`: canonical path and query. `email`: the e-mail identity (contract section 6), the
    one place besides the request body where an address exists; never stored, never printed.
    `parent`: the id as asked for. `lured`: the honeypot field was filled in. `stamp`, `proof`: as
    they were sent, empty if they were no text. `throwaway`: the address is of a domain that gives
    anybody a mailbox for some minutes. `token`: by which a browser is known again, as it was sent.
    """

    article: str
    name: str
    email: str = field(repr=False)
    website: str | None
    text: str
    parent: str | None
    title: str | None
    idempotency_key: str | None = field(repr=False)
    lured: bool = False
    stamp: str | None = field(default=None, repr=False)
    throwaway: bool = False
    token: str | None = field(default=None, repr=False)
    proof: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Learned:
    """What a site's moderators have decided about comments that share features with this one.

    `labels`: comments that they approved or called spam. `honest`, `spam`: the distinct texts among
    them. `tokens`: the comment's own features by bucket (`palabre.text.features`). `counts`: of
    those that have been seen, the bucket and in how many honest and spam ones, in the order of
    buckets. `before`: of the honest ones, how many had which score, in thousandths, before they
    were learned.
    """

    labels: int = 0
    honest: int = 0
    spam: int = 0
    tokens: Mapping[int, str] = field(default_factory=dict)
    counts: Sequence[tuple[int, int, int]] = ()
    before: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store knows that the screening rules may weigh; read at once, before they run.

    `same_text`: comments of the site with this very text in the last 30 days, anybody's; `alike`:
    with one that is nearly the same. `articles`, `names`: how many other ones those have.
    `recent`: comments from the same visitor in the last 10 minutes. `blocked`: a moderator has
    blocked the author. `moderators`: the names of those whose token works on the site. `locale`
    and `site_name`: the site's. `stamp`, `manner`: what the form and the request say of themselves.
    `network_over`, `author_over`: more than the policy's limit comes from the
    visitor's wider network, or from the author's address. `flooded`: more came to the site than
    its limit, now or a moment ago; `crowded`: to the article. `banned`: the bans that stand on what
    it brings, the surest first. `learned`: what moderators decided about comments like this one.
    `trusted`: it comes from a browser whose token has earned that its reader need not wait.
    `borrowed`: its name is a known reader's, and it lacks the token of a browser of theirs.
    `name_is_own`: it has the token, and the name is the one that this browser's reader is known by;
    `name_is_approved`: a moderator has approved a comment of that name which came with it. `hosts`:
    the site's.
    `proof`: of work, by the stamp.
    """

    policy: Policy
    same_text: int = 0
    alike: int = 0
    articles: int = 0
    names: int = 0
    recent: int = 0
    blocked: bool = False
    moderators: tuple[str, ...] = ()
    locale: str | None = None
    site_name: str = ""
    stamp: Stamp = Stamp()
    manner: Manner = Manner()
    network_over: bool = False
    author_over: bool = False
    flooded: bool = False
    crowded: bool = False
    banned: tuple[Banned, ...] = ()
    learned: Learned = Learned()
    trusted: bool = False
    borrowed: bool = False
    name_is_own: bool = False
    name_is_approved: bool = False
    hosts: tuple[str, ...] = ()
    proof: Proof = Proof.MISSING

    @property
    def attacked(self) -> bool:
        """More comes than may, to the site or to the article."""
        return self.flooded or self.crowded
