"""The public pages: values in, HTML out. Every word comes from the catalogues, every link from a
parameter. Nothing here reads a request, the store or a clock, and Starlette is not imported.

Pages run under `default-src 'none'; style-src 'self'` and what a site's own stylesheet needs: no
inline style, no image, and no script but the form's own, which works without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from markupsafe import Markup

from palabre import demonstration, locale, screening
from palabre.errors import Problem
from palabre.model import REPORT_REASONS, Article, Comment, Outcome, Shown, State
from palabre.rendering.desk import decider
from palabre.rendering.site_rules import SiteRules
from palabre.rendering.templating import render
from palabre.text.email import EMAIL_LIMIT
from palabre.text.rules import NAME_LIMIT, NOTE_LIMIT, WEBSITE_LIMIT


@dataclass(frozen=True, slots=True)
class FieldMessage:
    """One field's error, in the reader's language already."""

    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """What the form page shows.

    `article`: as the hidden field sends it; `article_url`: where "back" leads, None if unknown.
    `values`: what was typed so far, by field name. `errors`: all of them; one of `parent` or
    `title` makes the form forget that hidden field. `notice`: (title, detail) of a problem with
    no field to blame. `held`: the site reviews before publishing. `returns`: a comment that is
    published at once leads back to the article. `stylesheet`: the site's own, taken in after ours
    (of the other pages, too). `stamp`: proves when the form was shown, None where that is unknown;
    `asks_for_proof`: it poses a puzzle, and what comes without the solution is held.
    """

    article: str
    article_url: str | None
    article_title: str | None
    idempotency_key: str
    comment_limit: int
    stamp: str | None = None
    asks_for_proof: bool = False
    is_open: bool = True
    held: bool = True
    returns: bool = True
    site: str | None = None
    parent: Shown | None = None
    privacy_url: str | None = None
    stylesheet: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[FieldMessage, ...] = ()
    notice: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """What the receipt page shows. `state`: the one its author is told; `comment` may differ.
    `site`: whose rules it leads to."""

    token: str
    state: State
    comment: Shown
    article: Article
    site: str
    reason: str | None = None
    decided_at: datetime | None = None
    stylesheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """What the page shows on which a reader reports a comment. `values`, `errors`, `notice`: as in
    `FormView`."""

    comment: Shown
    article: Article
    idempotency_key: str
    stylesheet: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[FieldMessage, ...] = ()
    notice: tuple[str, str] | None = None

    def wrong(self, name: str) -> str | None:
        """What is wrong with a field, in words."""
        return " ".join(one.message for one in self.errors if one.field == name) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReceiptView:
    """What a reporter's receipt shows. `comment`: as long as it is public."""

    comment: Shown | None
    article: Article
    outcome: Outcome
    reported_at: datetime
    settled_at: datetime | None = None
    stylesheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLinkView:
    """What the page of a link in a moderator's mail shows. `is_open`: it can still act.

    `moderator`: in whose name it would.
    """

    action: str
    is_open: bool
    comment: Comment
    moderator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView:
    """What a problem's page shows; `title`, `detail` and `errors` are translated already.
    `is_desk`: a moderator met it, who wants to go back there."""

    code: str
    title: str
    detail: str
    errors: tuple[FieldMessage, ...] = ()
    request_id: str | None = None
    stylesheet: str | None = None
    is_desk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingView:
    """What the listing shows. `comments`: one page in reading order, which may begin inside a
    thread. `next_path`: the service's path of the next page. `invites`: whether the listing
    ends with a link to the form.
    """

    article: Article
    comments: Sequence[Shown]
    next_path: str | None = None
    invites: bool = True


@dataclass(slots=True)
class Node:
    """A comment and its replies on this page."""

    comment: Shown
    replies: list[Node] = field(default_factory=list)


def form_page(form: FormView, *, language: str, base: str = "") -> str:
    """The comment form as a page of its own (contract 3.3), empty, filled in, or closed."""
    limits = {
        "comment": form.comment_limit,
        "name": NAME_LIMIT,
        "email": EMAIL_LIMIT,
        "website": WEBSITE_LIMIT,
    }
    return render(
        "public/form.html",
        language=language,
        base=base,
        stylesheet=form.stylesheet,
        form=form,
        limits=limits,
    )


def receipt_page(
    receipt: ReceiptView, *, language: str, base: str = "", now: datetime | None = None
) -> str:
    """A comment's status for its author, with the way to withdraw it. `now`: see format_when."""
    return render(
        "public/receipt.html",
        language=language,
        base=base,
        stylesheet=receipt.stylesheet,
        receipt=receipt,
        now=now,
    )


def report_page(report: ReportView, *, language: str, base: str = "") -> str:
    """The form by which a reader reports a comment."""
    return render(
        "public/report.html",
        language=language,
        base=base,
        stylesheet=report.stylesheet,
        report=report,
        reasons=REPORT_REASONS,
        # Twice the limit, since `maxlength` counts UTF-16 units, of which an emoji takes two.
        most=2 * NOTE_LIMIT,
    )


def report_receipt_page(
    receipt: ReportReceiptView, *, language: str, base: str = "", now: datetime | None = None
) -> str:
    """What became of a report, for its reporter. `now`: see format_when."""
    return render(
        "public/report_receipt.html",
        language=language,
        base=base,
        stylesheet=receipt.stylesheet,
        receipt=receipt,
        now=now,
    )


def site_rules_page(
    rules: SiteRules, *, language: str, base: str = "", stylesheet: str | None = None
) -> str:
    """A site's rules, for its readers and its legal page."""
    return render(
        "public/rules.html",
        language=language,
        base=base,
        stylesheet=stylesheet,
        rules=rules,
        languages=locale.LANGUAGES,
        name_of=locale.name_of,
    )


def mail_link_page(
    link: MailLinkView, *, language: str, base: str = "", now: datetime | None = None
) -> str:
    """What a link in a moderator's mail would do, or who has decided meanwhile."""
    return render(
        "public/mail_link.html",
        language=language,
        base=base,
        link=link,
        signals=[screening.sentence(signal, language) for signal in link.comment.signals],
        who=decider(link.comment.decided_by or "", language),
        now=now,
    )


def mail_end_page(*, is_over: bool, language: str, base: str = "") -> str:
    """Whether a moderator wants no more mail, or that they get none. `is_over`: the latter."""
    return render("public/mail_end.html", language=language, base=base, is_over=is_over)


def problem_page(problem: ProblemView, *, language: str, base: str = "") -> str:
    """An error, told to a browser."""
    return render(
        "public/problem.html",
        language=language,
        base=base,
        stylesheet=problem.stylesheet,
        problem=problem,
    )


def about_problem_page(problem: type[Problem], *, language: str, base: str = "") -> str:
    """The page that a problem's `type` leads to."""
    return render("public/about_problem.html", language=language, base=base, problem=problem)


def listing_fragment(listing: ListingView, *, language: str, service_url: str) -> str:
    """The listing as a piece of HTML with microdata, to be taken into any page (contract 3.2).

    `service_url`: absolute, without a slash at its end; every link to the service begins with it.
    """
    article = listing.article

    def form_url(parent: str | None = None) -> str:
        query = {"article": article.url, "lang": language}
        if parent is not None:
            query["parent"] = parent
        return f"{service_url}/v1/form?{urlencode(query)}"

    def report_url(comment_id: str) -> str:
        return f"{service_url}/v1/comments/{comment_id}/report?{urlencode({'lang': language})}"

    return render(
        "public/listing.html",
        language=language,
        base=service_url,
        article=article,
        threads=threads(listing.comments),
        next_url=None if listing.next_path is None else service_url + listing.next_path,
        invites=listing.invites,
        form_url=form_url,
        report_url=report_url,
    )


def demo_page(
    article: Article,
    *,
    listing: str,
    variant: str = demonstration.VARIANTS[0],
    has_story: bool = True,
    language: str,
    base: str = "",
) -> str:
    """A demonstration article that takes its comments in by one of `demonstration.VARIANTS`.

    `listing`: its fragment. `has_story`: it is the article whose text the template holds.
    """
    return render(
        "demo/article.html",
        language=language,
        base=base,
        article=article,
        variant=variant,
        variants=demonstration.VARIANTS,
        address=demonstration.ADDRESS,
        has_story=has_story,
        listing=Markup(listing),  # noqa: S704 (our own fragment, escaped already)
        languages=locale.LANGUAGES,
    )


def threads(comments: Sequence[Shown]) -> list[Node]:
    """The threads of a page in reading order, told from the depths alone.

    A reply whose parent is on an earlier page begins a thread of its own here.
    """
    roots: list[Node] = []
    above: list[Node] = []
    for comment in comments:
        while above and above[-1].comment.depth >= comment.depth:
            above.pop()
        node = Node(comment)
        (above[-1].replies if above else roots).append(node)
        above.append(node)
    return roots
