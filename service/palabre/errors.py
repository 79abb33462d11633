"""Every problem Palabre can name, without HTTP's words for them beyond a status, without text.

    Problem
    ├── Invalid (errors: one FieldError a field)
    │   ├── InvalidSubmission  422      InvalidReport  422
    │   ├── InvalidRequest  422         BadParameter  400
    ├── Malformed 400   BodyTooLarge 413   UnsupportedMediaType 415   BodyTooSlow 408
    ├── OriginNotAllowed 403   ArticleClosed 403   IdempotencyMismatch 422   DuplicateComment 409
    ├── TooFast 429   Busy 503   StoreUnavailable 503
    ├── Unauthenticated 401   ScopeMissing 403
    ├── NotAllowedFromHere 409   DecidedMeanwhile 409   ReportedEnough 409
    ├── MailLinkExpired 410   MailLinkNotAllowed 403
    ├── LoginLinkExpired 410   FormExpired 403
    ├── NotFound 404
    │   ├── SiteNotFound  ArticleNotFound  CommentNotFound  ReceiptNotFound  AuthorNotFound
    │   ├── MailLinkNotFound
    ├── MethodNotAllowed 405
    └── InternalError 500
    Refusal (start and command line: a sentence for the operator)

The catalogues hold `problem.<code>.title` and `problem.<code>.detail` for each code. Codes never
change.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from palabre.model import Comment

FIELD_CODES = ("required", "too_long", "too_short", "invalid", "not_allowed", "unknown")


@dataclasses.dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field.

    `code` is one of FIELD_CODES. `hint` may name a more helpful sentence than the code's own
    (`field.<hint>` in the catalogues); `values` stand in it.
    """

    field: str
    code: str
    hint: str | None = None
    values: Mapping[str, int | str] = dataclasses.field(default_factory=dict)


class Problem(Exception):
    """Something a caller did, or met, that has a name. Raised where it is known, caught once."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, *, retry_after_s: int | None = None, **values: int | str) -> None:
        super().__init__(self.code)
        self.values = values
        self.retry_after_s = retry_after_s


class Invalid(Problem):
    """One or more fields are wrong; all of them are named at once."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = tuple(errors)


class InvalidSubmission(Invalid):
    """A comment's fields break the rules of contract 3.1, on any write path."""

    code = "invalid_submission"
    status = 422


class InvalidReport(Invalid):
    """A reader's report lacks its reason, or has a note that can't be kept."""

    code = "invalid_report"
    status = 422


class InvalidRequest(Invalid):
    """A moderator's request has a wrong or unknown value."""

    code = "invalid_request"
    status = 422


class BadParameter(Invalid):
    """A query parameter is missing, wrong, given twice, or a cursor that is not ours."""

    code = "bad_parameter"
    status = 400


class Malformed(Problem):
    """The body is not the JSON, form or encoding it says it is."""

    code = "malformed_body"
    status = 400


class BodyTooSlow(Problem):
    """The body did not arrive within the time it is given."""

    code = "body_too_slow"
    status = 408


class BodyTooLarge(Problem):
    """The body is over 256 KiB."""

    code = "body_too_large"
    status = 413


class UnsupportedMediaType(Problem):
    """A body in a content type, charset or coding that we don't read."""

    code = "unsupported_media_type"
    status = 415


class OriginNotAllowed(Problem):
    """A form on a page that is neither the site's nor ours."""

    code = "origin_not_allowed"
    status = 403


class ArticleClosed(Problem):
    """The article takes no comments any more."""

    code = "article_closed"
    status = 403


class IdempotencyMismatch(Problem):
    """The same idempotency key with other fields."""

    code = "idempotency_mismatch"
    status = 422


class DuplicateComment(Problem):
    """The same name, article, parent and text again."""

    code = "duplicate_comment"
    status = 409


class TooFast(Problem):
    """This client has sent more than the submission limit allows."""

    code = "too_fast"
    status = 429


class Busy(Problem):
    """More is waiting to be stored than we can promise to store soon."""

    code = "busy"
    status = 503


class StoreUnavailable(Problem):
    """The store can't be written or reached just now; nothing was stored."""

    code = "store_unavailable"
    status = 503


class TooManyStreams(Problem):
    """As many follow the events here as one process takes."""

    code = "too_many_streams"
    status = 503


class Unauthenticated(Problem):
    """No token, or one that is unknown, expired or revoked."""

    code = "unauthenticated"
    status = 401


class ScopeMissing(Problem):
    """A good token that does not allow this."""

    code = "scope_missing"
    status = 403


class NotAllowedFromHere(Problem):
    """The comment's state does not allow this change."""

    code = "not_allowed_from_here"
    status = 409


class ReportedEnough(Problem):
    """The comment has as many open reports as are kept: one more would tell moderators nothing."""

    code = "reported_enough"
    status = 409


class DecidedMeanwhile(Problem):
    """The comment has changed since the caller looked; `comment` is how it is now."""

    code = "decided_meanwhile"
    status = 409

    def __init__(self, comment: Comment) -> None:
        super().__init__()
        self.comment = comment


class NotFound(Problem):
    """Nothing is at this address."""

    code = "not_found"
    status = 404


class SiteNotFound(NotFound):
    """No site has this name."""

    code = "site_not_found"


class ArticleNotFound(NotFound):
    """No article has this id, as far as the caller may know."""

    code = "article_not_found"


class CommentNotFound(NotFound):
    """No comment has this id, as far as the caller may know."""

    code = "comment_not_found"


class ReceiptNotFound(NotFound):
    """No receipt has this token."""

    code = "receipt_not_found"


class AuthorNotFound(NotFound):
    """No author is behind this id or address."""

    code = "author_not_found"


class BanNotFound(NotFound):
    """No ban that stands has this id, as far as the caller may know."""

    code = "ban_not_found"


class MailLinkNotFound(NotFound):
    """No link like this was ever in a mail of ours: it is damaged, or made up."""

    code = "mail_link_not_found"


class MailLinkExpired(Problem):
    """A link from a mail to a moderator, after the days that it was good for."""

    code = "mail_link_expired"
    status = 410


class MailLinkNotAllowed(Problem):
    """A link from a mail to somebody who may not decide any more, or gets no mail there."""

    code = "mail_link_not_allowed"
    status = 403


class LoginLinkExpired(Problem):
    """A link to the desk that was used, is older than 15 minutes, or was never made."""

    code = "login_link_expired"
    status = 410


class FormExpired(Problem):
    """A form of the desk that is from another page, or without the proof of this session."""

    code = "form_expired"
    status = 403


class MethodNotAllowed(Problem):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        super().__init__()
        self.allowed = tuple(allowed)


class InternalError(Problem):
    """A fault of ours; the log has the details under the same request id."""

    code = "internal_error"
    status = 500


PROBLEMS: tuple[type[Problem], ...] = (
    InvalidSubmission,
    InvalidReport,
    InvalidRequest,
    BadParameter,
    Malformed,
    BodyTooSlow,
    BodyTooLarge,
    UnsupportedMediaType,
    OriginNotAllowed,
    ArticleClosed,
    IdempotencyMismatch,
    DuplicateComment,
    TooFast,
    Busy,
    StoreUnavailable,
    TooManyStreams,
    Unauthenticated,
    ScopeMissing,
    NotAllowedFromHere,
    ReportedEnough,
    DecidedMeanwhile,
    NotFound,
    SiteNotFound,
    ArticleNotFound,
    CommentNotFound,
    ReceiptNotFound,
    AuthorNotFound,
    BanNotFound,
    MailLinkNotFound,
    MailLinkExpired,
    MailLinkNotAllowed,
    LoginLinkExpired,
    FormExpired,
    MethodNotAllowed,
    InternalError,
)
"""Every problem with a code of its own, for the pages under /problems/ and for the catalogues."""


class Refusal(Exception):
    """The program won't start or a command won't run; the sentences are for the operator."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
