"""Every URL on one page: all that Palabre can be asked over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from palabre.errors import MethodNotAllowed
from palabre.model import ACTIONS
from palabre.web import (
    answer,
    bans,
    cors,
    demo,
    desk,
    embed,
    events,
    files,
    health,
    mail,
    metrics,
    moderation,
    persons,
    places,
    public,
    quarantine,
    replay,
    reports,
    site_rules,
    submission,
)
from palabre.web.asked import asked

Handler = Callable[[Request], Awaitable[Response]]


class Methods:
    """One path's handlers by method. HEAD is GET without a body; OPTIONS names what there is.

    *form*: the path of the page whose form leads here. A browser that only looks, as after a page
    was reloaded by its address, is led there; it stands for no method.
    """

    def __init__(self, form: str | None = None, **handlers: Handler) -> None:
        self.form = form
        self.handlers = {name.upper(): handler for name, handler in handlers.items()}
        self.allowed = [*self.handlers]
        if "GET" in self.handlers:
            self.handlers["HEAD"] = self.handlers["GET"]
            self.allowed.insert(1, "HEAD")
        if "OPTIONS" not in self.handlers:
            self.allowed.append("OPTIONS")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        handler = self.handlers.get(scope["method"])
        if handler is not None:
            response = await handler(request)
        elif scope["method"] == "OPTIONS":
            response = Response(status_code=204, headers={"Allow": ", ".join(self.allowed)})
        elif scope["method"] in ("GET", "HEAD") and self.form and asked(request).is_page:
            given = {name: quote(value, safe="") for name, value in request.path_params.items()}
            base = request.app.state.service.settings.base_path
            response = answer.see_other(base + self.form.format_map(given))
        else:
            raise MethodNotAllowed(self.allowed)
        await response(scope, receive, send)


def route(path: str, *, form: str | None = None, **handlers: Handler) -> Route:
    """A path with its handlers: `get=…`, `post=…`, `put=…`, `patch=…`, `delete=…`, `options=…`."""
    return Route(path, Methods(form, **handlers))


_ANYONE = cors.preflight_for_anyone
_COMMENT = "/desk/comments/{id}"

ROUTES: list[BaseRoute] = [
    # The public side (contract section 3).
    route("/v1/comments", get=public.page, post=submission.post, options=cors.preflight),
    route("/v1/comments.html", get=public.fragment, options=_ANYONE),
    route("/v1/comments.atom", get=public.feed, options=_ANYONE),
    route("/v1/counts", get=public.counts, options=_ANYONE),
    route("/v1/rules", get=site_rules.rules, options=_ANYONE),
    route("/rules", get=site_rules.page),
    route("/v1/form", get=submission.form),
    route("/v1/stamp", get=submission.stamp, options=_ANYONE),
    route("/v1/comments/{id}/report", get=reports.form, post=reports.post, options=cors.preflight),
    route("/v1/reports/{token}", get=reports.receipt),
    route("/v1/receipts/{token}", get=public.receipt),
    route("/v1/receipts/{token}/withdraw", post=public.withdraw),
    # Moderators (contract section 4).
    route("/v1/moderation/comments", get=moderation.comments),
    route("/v1/moderation/comments/{id}", get=moderation.comment, patch=moderation.rewrite),
    route("/v1/moderation/comments/{id}/reply", post=moderation.reply),
    route("/v1/moderation/comments/{id}/mask", post=moderation.mask),
    *(route(f"/v1/moderation/comments/{{id}}/{action}", post=moderation.act) for action in ACTIONS),
    route("/v1/moderation/comments/{id}/dismiss-reports", post=moderation.dismiss_reports),
    route("/v1/moderation/decisions", post=moderation.act_on_many),
    route("/v1/moderation/quarantine", get=quarantine.look, post=quarantine.decide),
    route("/v1/moderation/log", get=moderation.log),
    route("/v1/moderation/events", get=events.events),
    route("/v1/moderation/articles", get=places.articles_page, put=places.put_article),
    route("/v1/moderation/articles/{id}", get=places.article, patch=places.change_article),
    route("/v1/moderation/sites/{name}", get=places.site, patch=places.change_site),
    route("/v1/moderation/sites/{name}/replay", post=replay.post),
    route("/v1/moderation/authors/lookup", post=persons.lookup),
    route("/v1/moderation/authors/{id}/export", get=persons.export),
    route("/v1/moderation/authors/{id}/erase", post=persons.erase),
    route("/v1/moderation/authors/{id}/block", post=persons.block),
    route("/v1/moderation/authors/{id}/unblock", post=persons.unblock),
    route("/v1/moderation/authors/{id}/distrust", post=persons.distrust),
    route("/v1/moderation/bans", get=bans.page, post=bans.make),
    route("/v1/moderation/bans/{id}", delete=bans.lift),
    route("/v1/moderation/bans/{id}/undo", post=bans.undo),
    # What the links in their mail lead to.
    route("/v1/mail/{token}", get=mail.look, post=mail.act),
    route("/v1/mail/unsubscribe/{token}", get=mail.about_unsubscribing, post=mail.unsubscribe),
    # The desk: the same powers in a browser.
    route("/desk", get=desk.queue.look),
    route("/desk/", get=desk.queue.look),
    route("/desk/login", get=desk.entry.form, post=desk.entry.login),
    route("/desk/link/{token}", get=desk.entry.link, post=desk.entry.enter),
    route("/desk/logout", form="/desk/", post=desk.entry.logout),
    route("/desk/sessions", get=desk.entry.mine, post=desk.entry.change),
    route("/desk/decide", form="/desk/", post=desk.queue.decide),
    route("/desk/undo", form="/desk/", post=desk.queue.take_back),
    route("/desk/quarantine", get=desk.quarantine.look, post=desk.quarantine.change),
    route("/desk/events", get=desk.live.events),
    route(_COMMENT, get=desk.comment.look),
    route("/desk/comments/{id}/look", form=_COMMENT, post=desk.comment.look_at),
    route("/desk/comments/{id}/leave", form=_COMMENT, post=desk.comment.leave),
    route("/desk/comments/{id}/dismiss", form=_COMMENT, post=desk.comment.dismiss),
    route("/desk/comments/{id}/reply", form=_COMMENT, post=desk.comment.reply),
    route("/desk/comments/{id}/edit", form=_COMMENT, post=desk.comment.rewrite),
    route("/desk/comments/{id}/mask", form=_COMMENT, post=desk.comment.mask),
    route("/desk/articles", get=desk.places.articles_page, post=desk.places.put),
    route("/desk/articles/{id}", get=desk.places.article, post=desk.places.change_article),
    route("/desk/people", get=desk.people.look_up, post=desk.people.find),
    route("/desk/people/{id}", get=desk.people.person, post=desk.people.change),
    route("/desk/people/{id}/export", get=desk.people.export),
    route("/desk/bans", get=desk.bans.look, post=desk.bans.change),
    route("/desk/rules", get=desk.places.rules_page, post=desk.places.change_rules),
    route("/desk/rules/try", form="/desk/rules", post=desk.replay.look),
    route("/desk/numbers", get=desk.numbers.look),
    route("/desk/log", get=desk.log.look),
    route("/desk/log.csv", get=desk.log.as_csv),
    route("/desk/moderators", get=desk.moderators.look, post=desk.moderators.change),
    # What explains and shows.
    route("/problems/{code}", get=public.about_problem),
    route("/openapi.json", get=files.openapi),
    route("/static/{name}", get=files.static),
    route("/favicon.ico", get=files.favicon),
    route("/embed.js", get=embed.script),
    # The demonstration's canonical address has no slash at its end, like every article's.
    route("/demo", get=demo.article),
    route("/demo/", get=demo.article),
    route("/demo/{name}", get=demo.article),
    # Operators.
    route("/healthz", get=health.alive),
    route("/readyz", get=health.ready),
    route("/metrics", get=metrics.metrics),
]
