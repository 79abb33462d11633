"""The public side of contract section 3: taking comments, publishing them, receipts."""

from __future__ import annotations

import functools
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import articles, listing, receipts, sites
from palabre.errors import PROBLEMS, BadParameter, FieldError, NotFound
from palabre.model import Article, Site
from palabre.rendering import atom, pages, shapes
from palabre.rendering.templating import web_link
from palabre.store.threads import Seen
from palabre.text import address, cursor, rules
from palabre.text.policy import stylesheet_url
from palabre.web import answer, body, cors, metrics, problems
from palabre.web.asked import Asked, asked, choice, number, parameters, repeated, visitor_of

COUNTS_MOST = 100
PAGE = 50
PAGE_MOST = 100
FEED = 50
_IN_A_URL = "%:/?#[]@!$&'()*+,;=~"
"""What has a meaning in a URL, or is percent-encoded already."""
NEVER_SHOWN = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


async def site_of(asks: Asked, *, name: str | None, article: str | None) -> Site:
    """The site that a GET means. Raises SiteNotFound, BadParameter when it can't be told."""
    origin = asks.headers.get("origin")
    site = await sites.find(asks.service, name=name, article=article, origin=origin)
    if site is None:
        raise BadParameter(site_required(article))
    asks.site = site
    told_by_article = article is not None and address.origin_of(article) is not None
    if name is None and not told_by_article and origin is not None:
        asks.by_origin = True
    return site


def site_required(article: str | None) -> list[FieldError]:
    """What is wrong when no site can be told: that, and an article that would be on none."""
    errors = [FieldError("site", "required")]
    if article is None:
        errors.append(FieldError("article", "required"))
    elif not address.is_path(article):
        errors.append(FieldError("article", "not_allowed", hint="article_not_allowed"))
    return errors


def canonical(site: Site, article: str | None) -> str:
    """The canonical address of the `article` parameter. Raises BadParameter."""
    if not article:
        raise BadParameter([FieldError("article", "required")])
    try:
        return rules.article(article, site.origins)
    except rules.Refused as exc:
        raise BadParameter([exc.about("article")]) from exc


@cors.for_anyone
async def page(request: Request) -> Response:
    """`GET /v1/comments`: JSON, or the fragment to who prefers a page."""
    return await _page(request, as_fragment=asked(request).is_page)


@cors.for_anyone
async def fragment(request: Request) -> Response:
    """`GET /v1/comments.html`: the same page as a piece of HTML."""
    return await _page(request, as_fragment=True)


async def _page(request: Request, *, as_fragment: bool) -> Response:
    asks = asked(request)
    given = parameters(request, "article", "site", "order", "limit", "after", "lang")
    limit = number(given, "limit", default=PAGE, most=PAGE_MOST)
    order = choice(given, "order", ("oldest", "newest"))
    site = await site_of(asks, name=given.get("site"), article=given.get("article"))
    path = canonical(site, given.get("article"))
    after = None
    if "after" in given:
        article = await articles.at(asks.service, site, path)
        after = _after(asks, article, order, given["after"])
    found = await listing.page(
        asks.service,
        site,
        path,
        order="newest" if order == "newest" else "oldest",
        after=after,
        limit=limit,
    )
    following = None
    if found.next is not None:
        position = (found.next.root, found.next.path)
        scope = _scope(found.article, order)
        sealed = cursor.seal(asks.service.keys, scope, position)
        query = urlencode({**given, "after": sealed}, safe="/:")
        following = f"{asks.service.settings.base_path}{request.scope['path']}?{query}"
    of = [listing.SITES, found.outdated_by]
    until = found.article.closes_at if found.article.open else None
    if as_fragment:
        view = pages.ListingView(
            article=found.article,
            comments=found.comments,
            next_path=None if following is None else _below_base(asks, following),
        )
        html = pages.listing_fragment(
            view, language=asks.language, service_url=asks.service.settings.public_url
        )
        return answer.lasting(
            request,
            html.encode(),
            "text/html",
            of=of,
            until=until,
            Content_Language=asks.language,
            Content_Security_Policy="default-src 'none'",
        )
    shaped = {
        "article": shapes.listed_article(found.article),
        "comments": [shapes.public(comment) for comment in found.comments],
        "next": following,
    }
    # The article page's element learns from headers what is not about comments.
    response = answer.lasting(
        request,
        answer.encode(shaped),
        "application/json",
        of=of,
        until=until,
        Content_Language=asks.language,
    )
    if privacy_url := web_link(found.article.policy.privacy_url):
        quoted = quote(privacy_url, safe=_IN_A_URL)
        response.headers["Link"] = f'<{quoted}>; rel="privacy-policy"'  # RFC 6903
        response.headers["Access-Control-Expose-Headers"] = f"{cors.EXPOSED}, Link"
    return response


def _below_base(asks: Asked, path: str) -> str:
    return path.removeprefix(asks.service.settings.base_path)


def _scope(article: Article, order: str) -> str:
    return f"listing/{article.id}/{order}"


def _after(asks: Asked, article: Article, order: str, given: str) -> Seen:
    try:
        root, path = cursor.position(asks.service.keys, _scope(article, order), given)
    except ValueError as exc:
        raise BadParameter([FieldError("after", "invalid", hint="cursor_invalid")]) from exc
    return Seen(int(root), str(path))


@cors.for_anyone
async def feed(request: Request) -> Response:
    """`GET /v1/comments.atom`: the newest approved comments of an article, or of the site."""
    asks = asked(request)
    given = parameters(request, "article", "site", "lang")
    wanted = given.get("article")
    site = await site_of(asks, name=given.get("site"), article=wanted)
    path = None if wanted is None else canonical(site, wanted)
    found = await listing.feed(asks.service, site, path, limit=FEED)
    query = f"?{urlencode(given)}" if given else ""
    document = atom.feed(
        found,
        self_url=f"{asks.service.settings.public_url}/v1/comments.atom{query}",
        language=asks.language,
    )
    return answer.lasting(
        request,
        document,
        "application/atom+xml",
        of=[listing.SITES, found.outdated_by],
        vary=(),
    )


@cors.for_anyone
async def counts(request: Request) -> Response:
    """`GET /v1/counts`: how many approved comments each of up to 100 articles has."""
    asks = asked(request)
    given = parameters(request, "site", "lang", many=("article",))
    wanted = list(dict.fromkeys(repeated(request, "article")))
    if not wanted:
        raise BadParameter([FieldError("article", "required")])
    if len(wanted) > COUNTS_MOST:
        hint = "articles_too_many"
        raise BadParameter([FieldError("article", "too_long", hint, {"limit": COUNTS_MOST})])
    homes: dict[str | None, Site] = {}
    addresses = []
    for article in wanted:
        home = address.origin_of(article)
        if home not in homes:
            homes[home] = await site_of(asks, name=given.get("site"), article=article)
        addresses.append((homes[home], canonical(homes[home], article)))
    numbers = await listing.counts(asks.service, addresses)
    return answer.lasting(
        request,
        answer.encode(
            {"counts": {asked_as: n for asked_as, (n, _) in zip(wanted, numbers, strict=True)}}
        ),
        "application/json",
        of=[listing.SITES, *(name for _, name in numbers)],
        vary=(),
    )


def by_secret_link(handler: cors.Handler) -> cors.Handler:
    """Keep what has a token of ours in its address out of indexes and referrers.

    Its problems too: a token with a character lost is still most of one.
    """

    @functools.wraps(handler)
    async def handle(request: Request) -> Response:
        response = await problems.answered(handler, request)
        response.headers.update(NEVER_SHOWN)
        return response

    return handle


@cors.for_scripts
@by_secret_link
async def receipt(request: Request) -> Response:
    """`GET /v1/receipts/TOKEN`: a comment's state, for its author.

    The article page's element asks from wherever it stands; whoever has the token may read.
    """
    parameters(request, "lang")
    token = request.path_params["token"]
    found = await receipts.show(asked(request).service, token)
    return _receipt(request, token, found)


@by_secret_link
async def withdraw(request: Request) -> Response:
    """`POST /v1/receipts/TOKEN/withdraw`: the author deletes their comment.

    Needs no body; the receipt page's form says which language it was in.
    """
    asks = asked(request)
    if request.headers.get("content-type", "").startswith(body.FORM):
        lang = (await body.read(request)).get("lang")
        asks.lang = lang if isinstance(lang, str) else asks.lang
    token = request.path_params["token"]
    found = await receipts.withdraw(asks.service, token, visitor_of(request))
    asks.site = found.site
    metrics.of(request).decisions.add("deleted")
    if asks.is_page:
        return answer.see_other(receipt_path(asks, token))
    return _receipt(request, token, found)


def receipt_path(asks: Asked, token: str) -> str:
    """Where a receipt is, in the language that was asked for."""
    query = f"?{urlencode({'lang': asks.language})}" if asks.lang and asks.is_page else ""
    return f"{asks.service.settings.base_path}/v1/receipts/{token}{query}"


def _receipt(request: Request, token: str, found: receipts.Receipt) -> Response:
    asks = asked(request)
    asks.site = found.site
    if asks.is_page:
        view = pages.ReceiptView(
            token=token,
            state=found.comment.state,
            comment=found.comment,
            article=found.article,
            site=found.site.name,
            reason=found.reason,
            decided_at=found.decided_at,
            stylesheet=stylesheet_url(found.article.policy, found.site.origins),
        )
        html = pages.receipt_page(
            view,
            language=asks.language,
            base=asks.service.settings.base_path,
            now=asks.service.now(),
        )
        return answer.page(html, language=asks.language, stylesheet=view.stylesheet)
    shaped = {
        "comment": shapes.public(found.comment),
        "reason": found.reason,
        "decided_at": shapes.instant(found.decided_at),
    }
    return answer.json_answer(shaped, headers={"Vary": "Accept"})


async def about_problem(request: Request) -> Response:
    """`GET /problems/CODE`: the page that a problem's `type` leads to."""
    asks = asked(request)
    for problem in PROBLEMS:
        if problem.code == request.path_params["code"]:
            html = pages.about_problem_page(
                problem, language=asks.language, base=asks.service.settings.base_path
            )
            return answer.page(html, language=asks.language)
    raise NotFound
