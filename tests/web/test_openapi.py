"""`schema/openapi.json`: valid, complete, and true to the code it describes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from starlette.routing import Route

import makers
import palabre
from conftest import PUBLIC_URL, START
from palabre import locale
from palabre.actions import bans as bans_made
from palabre.actions.mail_links import sealed_for
from palabre.actions.moderators import tell_by_mail
from palabre.errors import FIELD_CODES, PROBLEMS, Invalid
from palabre.model import (
    ACTIONS,
    REASONS,
    REPORT_REASONS,
    TREATMENTS,
    Decider,
    Outcome,
    Policy,
    Scope,
    Signal,
    State,
)
from palabre.schema import root
from palabre.service import Service
from palabre.store import Tx, comments, mailboxes, marks, reports
from palabre.store import bans as ban_rows
from palabre.text import address, email, mail_link, policy, rules, wordlist
from palabre.text.presets import PRESETS
from palabre.web import bans, moderation, persons, places, public, wanted
from palabre.web.routes import ROUTES, Methods
from web.speaking import BROWSER, FORM, Sent, as_json, multipart, problem, urlencoded

Json = dict[str, Any]

DOCUMENT: Json = json.loads((root() / "openapi.json").read_text("utf-8"))
SCHEMAS: Json = DOCUMENT["components"]["schemas"]
PARAMETERS: Json = DOCUMENT["components"]["parameters"]

FOR_EYES = ("/demo", "/desk", "/rules", "/static/", "/favicon.ico", "/embed.js")
"""Where what a browser gets by following links begins; no program asks for it."""

AT_DESK = {"login_link_expired", "form_expired"}
"""Problems that only the desk meets: their pages are described, no operation has them."""

ENCODING: Mapping[str, Callable[[Mapping[str, str]], Sent]] = {
    FORM: urlencoded,
    "multipart/form-data": multipart,
    "application/json": as_json,
}
BY_CODE = {one.code: one for one in PROBLEMS}


def resolved(found: Json) -> Json:
    """What a reference leads to."""
    while "$ref" in found:
        target: Any = DOCUMENT
        for step in found["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        found = target
    return found


def problem_codes(answer: Json) -> list[str]:
    """The codes of the problems that an answer may be."""
    content = answer.get("content", {}).get("application/problem+json")
    if content is None:
        return []
    codes: list[str] = content["schema"]["allOf"][1]["properties"]["code"]["enum"]
    return codes


@dataclass(frozen=True)
class Operation:
    """One method of one path; `scope`: what its token has to allow, None for anybody."""

    path: str
    method: str
    about: Json

    @property
    def id(self) -> str:
        return str(self.about["operationId"])

    @property
    def answering(self) -> str:
        """The method whose answer has an end: of a stream only the head is asked for."""
        is_stream = "text/event-stream" in self.about["responses"].get("200", {}).get("content", {})
        return "HEAD" if is_stream else self.method

    @property
    def scope(self) -> str | None:
        if "security" not in self.about:
            return None
        ((scope,),) = (one["token"] for one in self.about["security"])
        return str(scope)

    @property
    def parameters(self) -> list[Json]:
        return [resolved(one) for one in self.about.get("parameters", [])]

    @property
    def bodies(self) -> Json:
        found: Json = self.about.get("requestBody", {}).get("content", {})
        return found

    @property
    def answers(self) -> dict[int, Json]:
        return {int(status): resolved(one) for status, one in self.about["responses"].items()}


OPERATIONS = [
    Operation(path, method.upper(), about)
    for path, item in DOCUMENT["paths"].items()
    for method, about in item.items()
]
GUARDED = [operation for operation in OPERATIONS if operation.scope]


def each(operations: list[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", operations, ids=[one.id for one in operations])


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


@pytest.mark.engine("sqlite")
async def test_what_is_served_is_the_document_with_its_own_version_and_address(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    served = answer.json()
    assert served["info"]["version"] == palabre.__version__
    assert served["servers"] == [{"url": PUBLIC_URL}]
    served["info"]["version"] = DOCUMENT["info"]["version"]
    assert served == DOCUMENT | {"servers": served["servers"]}
    known = await client.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert known.status_code == 304


def test_every_route_is_described_and_nothing_else() -> None:
    there: set[tuple[str, str]] = set()
    for route in ROUTES:
        assert isinstance(route, Route)
        assert isinstance(route.endpoint, Methods)
        if not route.path.startswith(FOR_EYES):
            # HEAD is GET's; OPTIONS is everywhere, and described where it is a CORS preflight.
            there |= {
                (route.path, method) for method in route.endpoint.handlers if method != "HEAD"
            }
    assert there == {(one.path, one.method) for one in OPERATIONS}


def test_every_part_is_used() -> None:
    text = json.dumps(DOCUMENT)
    kinds = DOCUMENT["components"]
    unused = {
        f"{kind}/{name}"
        for kind in ("parameters", "headers", "responses", "schemas", "examples")
        for name in kinds[kind]
        if f'"#/components/{kind}/{name}"' not in text
    }
    # What a path answers to methods that it does not have belongs to none of its operations.
    assert unused == {"responses/MethodNotAllowed"}


# --- Examples


def samples(found: Any, at: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every example and default: where it is, where its schema is, and its value."""
    if isinstance(found, list):
        for number, inside in enumerate(found):
            yield from samples(inside, f"{at}/{number}")
    if not isinstance(found, dict):
        return
    if "schema" in found:
        if "example" in found:
            yield f"{at}/example", f"{at}/schema", found["example"]
        for name, example in found.get("examples", {}).items():
            yield f"{at}/examples/{name}", f"{at}/schema", resolved(example)["value"]
    elif isinstance(found.get("examples"), list):
        for value in found["examples"]:
            yield f"{at}/examples", at, value
    if "default" in found:
        yield f"{at}/default", at, found["default"]
    for name, inside in found.items():
        if name not in ("example", "examples", "default"):
            yield from samples(inside, f"{at}/{name.replace('~', '~0').replace('/', '~1')}")


REGISTRY: Registry[Any] = Registry().with_resource(
    "urn:document", Resource.from_contents(DOCUMENT, default_specification=DRAFT202012)
)


def test_every_example_and_default_fits_its_schema() -> None:
    found = list(samples(DOCUMENT))
    wrong = [
        f"{place}: {error.message}"
        for place, schema, value in found
        for error in Draft202012Validator(
            {"$ref": f"urn:document#{schema}"}, registry=REGISTRY, format_checker=FormatChecker()
        ).iter_errors(value)
    ]
    assert len(found) > 100
    assert wrong == []


@each(OPERATIONS)
def test_there_is_an_example_of_every_json_body_and_of_every_parameter_that_is_needed(
    operation: Operation,
) -> None:
    for kind, body in operation.bodies.items():
        assert body["examples"], kind
    for status, answer in operation.answers.items():
        for kind, content in answer.get("content", {}).items():
            # The description of the interface is its own example.
            if kind.endswith("json") and operation.path != "/openapi.json":
                assert content["examples"], (status, kind)
    for parameter in operation.parameters:
        assert "example" in parameter or not parameter.get("required"), parameter["name"]


@dataclass(frozen=True)
class Example:
    """A request made of an operation's examples."""

    operation: Operation
    kind: str | None = None
    body: Any = None
    name: str = ""

    @property
    def id(self) -> str:
        return f"{self.operation.id}-{self.name}" if self.name else self.operation.id


EXAMPLES = [
    *(Example(operation) for operation in OPERATIONS if not operation.bodies),
    *(
        Example(operation, kind, example["value"], name)
        for operation in OPERATIONS
        for kind, body in operation.bodies.items()
        for name, example in body["examples"].items()
    ),
]

EARLIER = "Un commentaire qui est déjà là, et que son texte distingue."


@pytest.fixture
async def real(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> Mapping[str, str]:
    """What the ids in the examples stand for: an approved comment on the examples' article, and
    one that is in quarantine."""
    (submit,) = (one for one in OPERATIONS if one.id == "submitComment")
    fields_sent = submit.bodies["application/json"]["examples"]["least"]["value"]
    sent = (await client.post("/v1/comments", json=fields_sent | {"comment": EARLIER})).json()
    comment = f"/v1/moderation/comments/{sent['comment']['id']}"
    approved = (await client.post(f"{comment}/approve", headers=moderator)).json()
    about = f"/v1/comments/{approved['id']}/report"
    reported = (await client.post(about, json={"reason": "other"})).json()
    await tell_by_mail(service, "alice", "alice@example.com", language="fr")
    (mailbox,) = (await service.store.read(mailboxes.every)).values()
    to, expires_s = sealed_for(mailbox), int(service.now().timestamp()) + 60
    link = mail_link.Link("approve", approved["id"], approved["version"], to, expires_s)
    burst = await makers.comment(client)
    await service.store.write(partial(_put_in_quarantine, comment_id=burst))
    of_domain = {"kind": "link_domain", "domain": "ban.example"}
    banned = await client.post("/v1/moderation/bans", json=of_domain, headers=moderator)
    stands_for = {
        "commentId": approved["id"],
        "articleId": approved["article"]["id"],
        "authorId": approved["author"]["id"],
        "banId": banned.json()["ban"]["id"],
        "token": sent["receipt"]["token"],
        "reportToken": reported["receipt"]["token"],
        "mailToken": mail_link.seal(service.keys, link),
        "mailEndToken": mail_link.seal_unsubscribe(service.keys, link.to),
    }
    # The longest first: the tokens of mail have ids in them.
    known = {PARAMETERS[name]["example"]: value for name, value in stands_for.items()}
    (on_burst,) = (one for one in OPERATIONS if one.id == "decideOnBurst")
    known[on_burst.bodies["application/json"]["examples"]["delete"]["value"]["group"]] = burst
    return {example: known[example] for example in sorted(known, key=len, reverse=True)}


async def _put_in_quarantine(tx: Tx, *, comment_id: str) -> None:
    standing = await comments.standing(tx, comment_id, site_id=None)
    assert standing is not None
    by, told = Decider("rule:flood"), State.PENDING
    await comments.set_state(tx, standing, State.SPAM, by=by, at=START, told=told)
    await marks.add(tx, comment_id, [Signal("flood", 0.9, "flood_site")])


@pytest.mark.parametrize(
    "accept", ["application/json", BROWSER["Accept"]], ids=["program", "browser"]
)
@pytest.mark.parametrize("example", EXAMPLES, ids=[one.id for one in EXAMPLES])
@pytest.mark.engine("sqlite")
async def test_every_example_request_gets_one_of_the_good_answers_that_are_described(
    example: Example,
    accept: str,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    admin: dict[str, str],
    reader: dict[str, str],
    real: Mapping[str, str],
) -> None:
    operation = example.operation
    given = [one for one in operation.parameters if "example" in one]
    values: Json = {one["name"]: one["example"] for one in given}
    whole = json.dumps([values, example.body])
    for stand_in, value in real.items():
        whole = whole.replace(stand_in, value)
    values, body = json.loads(whole)
    tokens = {"read": reader, "moderate": moderator, "admin": admin, None: {}}
    headers = {"Accept": accept, **tokens[operation.scope]}
    headers |= {one["name"]: values[one["name"]] for one in given if one["in"] == "header"}
    content = b""
    if example.kind is not None:
        sent = ENCODING[example.kind](body)
        headers["Content-Type"], content = sent.content_type, sent.content
    answer = await client.request(
        operation.answering,
        operation.path.format_map(values),
        params={one["name"]: values[one["name"]] for one in given if one["in"] == "query"},
        headers=headers,
        content=content,
    )
    assert answer.status_code < 400, answer.text
    described = operation.answers[answer.status_code].get("content", {None: None})
    kind = answer.headers.get("content-type", "").partition(";")[0] or None
    assert kind in described


# --- Problems


def test_the_codes_are_those_of_the_code() -> None:
    assert SCHEMAS["Problem"]["properties"]["code"]["enum"] == list(BY_CODE)
    assert SCHEMAS["FieldError"]["properties"]["code"]["enum"] == list(FIELD_CODES)


def test_every_problem_is_described_with_its_status_and_an_example() -> None:
    answers = [
        (status, one) for operation in OPERATIONS for status, one in operation.answers.items()
    ]
    answers.append((405, DOCUMENT["components"]["responses"]["MethodNotAllowed"]))
    told: set[str] = set()
    for status, answer in answers:
        codes = problem_codes(answer)
        told.update(codes)
        if not codes:
            continue
        content = answer["content"]["application/problem+json"]
        assert content["schema"]["allOf"][1]["properties"]["status"] == {"const": status}
        assert [BY_CODE[code].status for code in codes] == [status] * len(codes)
        shown = [resolved(example)["value"] for example in content["examples"].values()]
        assert [one["code"] for one in shown] == codes
        assert "text/html" in answer["content"]
    assert told == set(BY_CODE) - AT_DESK


@pytest.mark.parametrize("code", sorted(set(BY_CODE) - AT_DESK))
def test_an_example_of_a_problem_is_what_would_be_said(code: str) -> None:
    shown = DOCUMENT["components"]["examples"][code]["value"]
    assert shown["type"] == f"{PUBLIC_URL}/problems/{code}"
    assert shown["status"] == BY_CODE[code].status
    assert shown["title"] == locale.say("en", f"problem.{code}.title")
    assert ("errors" in shown) == issubclass(BY_CODE[code], Invalid)


def test_who_must_wait_is_told_how_long() -> None:
    for operation in OPERATIONS:
        for status in {429, 503} & operation.answers.keys():
            assert "Retry-After" in operation.answers[status]["headers"], operation.id


# --- Who may


@each(GUARDED)
@pytest.mark.engine("sqlite")
async def test_a_moderators_operation_asks_for_a_token(
    operation: Operation, client: httpx2.AsyncClient
) -> None:
    path = operation.path.format(id="nobody", name="blog")
    for headers in ({}, {"Authorization": "Bearer palabre_unknown"}):
        answer = await client.request(operation.method, path, headers=headers)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert problem_codes(operation.answers[401]) == ["unauthenticated"]


@each(GUARDED)
@pytest.mark.engine("sqlite")
async def test_the_scope_that_is_described_is_the_one_that_it_takes(
    operation: Operation,
    client: httpx2.AsyncClient,
    reader: dict[str, str],
    moderator: dict[str, str],
    admin: dict[str, str],
) -> None:
    path = operation.path.format(id="nobody", name="blog")
    tokens = {Scope.READ: reader, Scope.MODERATE: moderator, Scope.ADMIN: admin}
    for scope, headers in tokens.items():
        answer = await client.request(operation.answering, path, headers=headers)
        if scope.allows(Scope(str(operation.scope))):
            assert answer.status_code not in (401, 403)
        else:
            problem(answer, 403, "scope_missing")
            assert problem_codes(operation.answers[403]) == ["scope_missing"]
    assert (403 in operation.answers) == (operation.scope != Scope.READ)


def test_everything_below_moderation_is_guarded_and_nothing_else() -> None:
    for operation in OPERATIONS:
        is_moderation = operation.path.startswith("/v1/moderation/")
        assert (operation.scope is not None) == is_moderation, operation.id


# --- Words and limits


def test_the_words_are_those_of_the_code() -> None:
    assert SCHEMAS["State"]["enum"] == list(State)
    assert SCHEMAS["Action"]["enum"] == list(ACTIONS)
    assert SCHEMAS["Reason"]["enum"] == list(REASONS)
    assert SCHEMAS["BanKind"]["enum"] == list(bans.KINDS)
    assert SCHEMAS["ReportReason"]["enum"] == list(REPORT_REASONS)
    assert SCHEMAS["Outcome"]["enum"] == list(Outcome)
    assert SCHEMAS["Site"]["properties"]["locale"]["enum"] == list(locale.LANGUAGES)
    assert set(SCHEMAS["StateCounts"]["required"]) == set(State) - {State.DELETED}


LIMITS = [
    ("Submission", "article", "maxLength", address.ADDRESS_LIMIT),
    ("Submission", "name", "maxLength", rules.NAME_LIMIT),
    ("Submission", "email", "maxLength", email.EMAIL_LIMIT),
    ("Submission", "website", "maxLength", rules.WEBSITE_LIMIT),
    ("Submission", "title", "maxLength", rules.TITLE_LIMIT),
    ("Submission", "idempotency_key", "minLength", rules.KEY_MINIMUM),
    ("Submission", "idempotency_key", "maxLength", rules.KEY_LIMIT),
    ("ReportRequest", "note", "maxLength", rules.NOTE_LIMIT),
    ("ReportRequest", "idempotency_key", "minLength", rules.KEY_MINIMUM),
    ("ReportRequest", "idempotency_key", "maxLength", rules.KEY_LIMIT),
    ("ModeratorsReport", "note", "maxLength", rules.NOTE_LIMIT),
    ("PublicAuthor", "name", "maxLength", rules.NAME_LIMIT),
    ("PublicAuthor", "website", "maxLength", rules.WEBSITE_LIMIT),
    ("ListedArticle", "title", "maxLength", rules.TITLE_LIMIT),
    ("Listing", "comments", "maxItems", public.PAGE_MOST),
    ("Queue", "comments", "maxItems", moderation.PAGE_MOST),
    ("Log", "decisions", "maxItems", moderation.PAGE_MOST),
    ("Articles", "articles", "maxItems", moderation.PAGE_MOST),
    ("Decisions", "ids", "maxItems", moderation.AT_ONCE),
    ("Decisions", "note", "maxLength", wanted.NOTE_MOST),
    ("DecisionRequest", "note", "maxLength", wanted.NOTE_MOST),
    ("Decision", "note", "maxLength", wanted.NOTE_MOST),
    ("LoggedDecision", "note", "maxLength", wanted.NOTE_MOST),
    ("Reply", "name", "maxLength", rules.NAME_LIMIT),
    ("CommentChange", "name", "maxLength", rules.NAME_LIMIT),
    ("CommentChange", "website", "maxLength", rules.WEBSITE_LIMIT),
    ("ArticlePut", "article", "maxLength", places.URL_MOST),
    ("ArticlePut", "title", "maxLength", rules.TITLE_LIMIT),
    ("ArticleChange", "title", "maxLength", rules.TITLE_LIMIT),
    ("AuthorLookup", "email", "maxLength", email.EMAIL_LIMIT),
    ("AuthorBlock", "reason", "maxLength", persons.REASON_MOST),
    ("Bans", "bans", "maxItems", moderation.PAGE_MOST),
    ("BanRequest", "reason", "maxLength", bans.REASON_MOST),
    ("BanRequest", "domain", "maxLength", bans.DOMAIN_MOST),
    ("BanPreview", "examples", "maxItems", bans_made.EXAMPLES_MOST),
    ("BanPreview", "pending", "maximum", bans_made.COUNT_MOST),
    ("Ban", "hits", "maximum", ban_rows.HITS_MOST),
]


@pytest.mark.parametrize(("schema", "member", "bound", "number"), LIMITS)
def test_a_limit_is_the_codes(schema: str, member: str, bound: str, number: int) -> None:
    assert SCHEMAS[schema]["properties"][member][bound] == number


def test_the_limits_of_parameters_are_the_codes() -> None:
    key = PARAMETERS["Idempotency-Key"]["schema"]
    assert (key["minLength"], key["maxLength"]) == (rules.KEY_MINIMUM, rules.KEY_LIMIT)
    limit, of_many = PARAMETERS["limit"]["schema"], PARAMETERS["limitOfMany"]["schema"]
    assert (limit["default"], limit["maximum"]) == (public.PAGE, public.PAGE_MOST)
    assert (of_many["default"], of_many["maximum"]) == (moderation.PAGE, moderation.PAGE_MOST)
    assert PARAMETERS["articles"]["schema"]["maxItems"] == public.COUNTS_MOST
    for name in ("article", "articleFilter"):
        assert PARAMETERS[name]["schema"]["maxLength"] == address.ADDRESS_LIMIT
    assert PARAMETERS["articles"]["schema"]["items"]["maxLength"] == address.ADDRESS_LIMIT


def test_as_many_reports_are_shown_as_it_says() -> None:
    listed = SCHEMAS["CommentCase"]["allOf"][1]["properties"]["report_list"]
    assert listed["maxItems"] == reports.SHOWN_MOST


def test_a_parent_may_be_as_long_as_it_says() -> None:
    longest = SCHEMAS["Submission"]["properties"]["parent"]["maxLength"]
    assert rules.parent("x" * longest)
    with pytest.raises(rules.Refused):
        rules.parent("x" * (longest + 1))


def test_the_rules_of_a_policy_are_the_codes_with_their_defaults() -> None:
    described = SCHEMAS["PolicyChange"]["properties"]
    assert list(described) == [rule.name for rule in fields(Policy) if rule.name != "own"]
    assert described["preset"]["enum"] == [*PRESETS, None]
    assert SCHEMAS["Treatment"]["enum"] == list(TREATMENTS)
    assert {name: rule["default"] for name, rule in described.items()} == policy.as_json(Policy())
    of_article, of_site = SCHEMAS["Policy"], SCHEMAS["SitePolicy"]["allOf"][1]
    assert list(of_article["properties"] | of_site["properties"]) == list(described)
    assert tuple(of_site["properties"]) == policy.WORDS
    for rule in of_site["properties"].values():
        assert rule["maxItems"] == wordlist.ENTRIES_MOST
        assert rule["items"]["maxLength"] == wordlist.ENTRY_LIMIT


@pytest.mark.parametrize("schema", ["Policy", "PolicyChange"])
@pytest.mark.parametrize(
    "rule", ["depth", "max_links", "comment_limit", "close_after_days", "reports_to_hold"]
)
def test_a_number_in_a_policy_has_the_bounds_that_it_says(schema: str, rule: str) -> None:
    described = SCHEMAS[schema]["properties"][rule]
    least, most = described["minimum"], described["maximum"]
    accepted = {
        value: not policy.check({rule: value})[1] for value in (least - 1, least, most, most + 1)
    }
    assert list(accepted.values()) == [False, True, True, False]


def test_a_comment_is_never_longer_than_the_longest_that_a_policy_allows() -> None:
    most = SCHEMAS["Policy"]["properties"]["comment_limit"]["maximum"]
    assert SCHEMAS["Submission"]["properties"]["comment"]["maxLength"] == most
    assert SCHEMAS["Reply"]["properties"]["text"]["maxLength"] == most
    assert SCHEMAS["CommentChange"]["properties"]["text"]["maxLength"] == most
