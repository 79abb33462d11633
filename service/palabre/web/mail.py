"""Where the links in mail to moderators lead: a page with a button, and what the button does.

GET changes nothing: mail scanners and previews open every link. The token is the authority: no
cookie is read, so a foreign page has nothing to act with, and there is nothing to protect a POST
by but the token that it needs anyway. All of it is for people's eyes; only problems come as JSON.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import mail_links
from palabre.errors import DecidedMeanwhile, FieldError, InvalidRequest
from palabre.model import REASONS
from palabre.rendering import pages
from palabre.web import answer, body, metrics
from palabre.web.asked import Asked, asked, parameters
from palabre.web.public import by_secret_link


@by_secret_link
async def look(request: Request) -> Response:
    """`GET /v1/mail/TOKEN`: the comment, and a button if the link can still act."""
    parameters(request, "lang")
    return _page(asked(request), await _opened(request))


@by_secret_link
async def act(request: Request) -> Response:
    """`POST /v1/mail/TOKEN`: decide, once; then the page says who decided what."""
    asks = asked(request)
    query = f"?lang={asks.language}" if asks.lang else ""
    reason = await _reason(request)
    await _opened(request)
    try:
        comment = await mail_links.act(asks.service, _token(request), reason=reason)
    except DecidedMeanwhile:
        return _page(asks, await _opened(request), DecidedMeanwhile.status)
    metrics.of(request).decisions.add(comment.state)
    return answer.see_other(f"{asks.service.settings.base_path}{request.scope['path']}{query}")


@by_secret_link
async def about_unsubscribing(request: Request) -> Response:
    """`GET /v1/mail/unsubscribe/TOKEN`: a page with a button."""
    parameters(request, "lang")
    asks = asked(request)
    language = await mail_links.subscribed(asks.service, _token(request))
    return _end_page(asks, language, is_over=language is None)


@by_secret_link
async def unsubscribe(request: Request) -> Response:
    """`POST /v1/mail/unsubscribe/TOKEN`: no more mail. RFC 8058, 3.2: no cookie, no redirect.

    The body is not read: there is nothing else that it could ask for.
    """
    asks = asked(request)
    language = await mail_links.subscribed(asks.service, _token(request))
    await mail_links.unsubscribe(asks.service, _token(request))
    return _end_page(asks, language, is_over=True)


async def _opened(request: Request) -> mail_links.Opened:
    asks = asked(request)
    opened = await mail_links.look(asks.service, _token(request))
    asks.lang = asks.lang or opened.language
    return opened


def _token(request: Request) -> str:
    return str(request.path_params["token"])


async def _reason(request: Request) -> str | None:
    """The reason that the page's form brings, if any. Raises InvalidRequest for an unknown one."""
    if not request.headers.get("content-type", "").startswith(body.FORM):
        return None
    reason = (await body.read(request)).get("reason") or None
    if reason is not None and reason not in REASONS:
        raise InvalidRequest([FieldError("reason", "unknown")])
    return str(reason) if reason else None


def _page(asks: Asked, opened: mail_links.Opened, status: int = 200) -> Response:
    view = pages.MailLinkView(
        action=opened.link.action,
        is_open=opened.is_open,
        comment=opened.comment,
        moderator=opened.moderator.name,
    )
    html = pages.mail_link_page(
        view, language=asks.language, base=asks.service.settings.base_path, now=asks.service.now()
    )
    return answer.page(html, status, language=asks.language)


def _end_page(asks: Asked, language: str | None, *, is_over: bool) -> Response:
    asks.lang = asks.lang or language
    html = pages.mail_end_page(
        is_over=is_over, language=asks.language, base=asks.service.settings.base_path
    )
    return answer.page(html, language=asks.language)
