"""What a log line looks like, and what is never in one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

import logged
from palabre import logs
from palabre.logs import redact

ADDRESS = "Jeanne.Dupont+avis@courrier.example"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    with logged.as_it_was():
        yield


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(params=["plain", "json"])
def either(request: pytest.FixtureRequest, stream: io.StringIO) -> io.StringIO:
    """Where the lines of either format go."""
    logs.configure(format=request.param, level="debug", stream=stream)
    return stream


@pytest.fixture
def plain(stream: io.StringIO) -> io.StringIO:
    logs.configure(format="plain", level="info", stream=stream)
    return stream


@pytest.fixture
def as_json(stream: io.StringIO) -> io.StringIO:
    logs.configure(format="json", level="info", stream=stream)
    return stream


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError(ADDRESS)


log = logging.getLogger("palabre.test")


def record(**values: object) -> logging.LogRecord:
    ours = {"name": "palabre.test", "levelno": logging.INFO, "levelname": "INFO", "msg": "x"}
    return logging.makeLogRecord({**ours, **values})


def without_pytest() -> None:
    """For records that its own handler stumbles over; it comes back with the next test."""
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if type(one).__module__ == logs.__name__]


def test_a_json_line_is_one_object_with_the_fields_of_a_request(as_json: io.StringIO) -> None:
    token = logs.request_id.set("r-1")
    extra = {"method": "GET", "route": "/v1/comments", "status": 200, "ms": 1.5, "cached": None}
    log.info("answered %s", "well", extra=extra)
    logs.request_id.reset(token)
    line = json.loads(as_json.getvalue())
    at = datetime.fromisoformat(line.pop("time"))
    assert at.utcoffset() is not None
    assert at.tzname() == "UTC"
    assert line == {
        "level": "info",
        "logger": "palabre.test",
        "message": "answered well",
        "request_id": "r-1",
        **extra,
    }


def test_times_are_rfc_3339_in_utc(as_json: io.StringIO) -> None:
    log.handle(record(created=0.25))
    assert json.loads(as_json.getvalue())["time"] == "1970-01-01T00:00:00.250Z"


def test_a_plain_line_reads_from_left_to_right(plain: io.StringIO) -> None:
    token = logs.request_id.set("r-1")
    log.handle(record(created=0.25, msg="answered", status=200, why="all is well", cached=None))
    logs.request_id.reset(token)
    assert plain.getvalue() == (
        "1970-01-01T00:00:00.250Z INFO palabre.test [r-1] answered"
        ' status=200 why="all is well" cached=-\n'
    )


def test_outside_of_a_request_there_is_no_request_id(as_json: io.StringIO) -> None:
    log.info("starting")
    assert json.loads(as_json.getvalue())["request_id"] is None


def test_less_important_lines_are_left_out(stream: io.StringIO) -> None:
    logs.configure(format="plain", level="warning", stream=stream)
    log.info("small talk")
    logging.getLogger("other").info("small talk")
    log.warning("careful")
    assert [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()] == [
        "WARNING palabre.test careful"
    ]


def test_debug_is_for_our_own_loggers_alone(stream: io.StringIO) -> None:
    # aiosqlite's debug lines quote every parameter of every statement.
    logs.configure(format="plain", level="debug", stream=stream)
    logging.getLogger("aiosqlite").debug("executing insert with 'a comment'")
    log.debug("ours")
    assert "a comment" not in stream.getvalue()
    assert "ours" in stream.getvalue()


def test_configuring_twice_does_not_write_twice(plain: io.StringIO) -> None:
    second = io.StringIO()
    logs.configure(format="plain", level="info", stream=second)
    log.info("once")
    assert plain.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_lines_of_uvicorn_are_ours_too_but_for_its_access_log(stream: io.StringIO) -> None:
    own = io.StringIO()
    for name in ("uvicorn", "uvicorn.access"):
        logging.getLogger(name).addHandler(logging.StreamHandler(own))
        logging.getLogger(name).propagate = False
    logs.configure(format="json", level="info", stream=stream)
    logging.getLogger("uvicorn.error").error(
        "no %s", ADDRESS, extra={"color_message": f"\x1b[1m{ADDRESS}"}
    )
    logging.getLogger("uvicorn.access").info('%s - "%s"', "192.0.2.7:1", "GET /v1/form")
    line = json.loads(stream.getvalue())
    assert (line["logger"], line["message"]) == ("uvicorn.error", "no [e-mail]")
    assert "color_message" not in line
    assert own.getvalue() == ""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"no mail for {ADDRESS}.", "no mail for [e-mail]"),
        (f"mailto:{ADDRESS}", "mailto:[e-mail]"),
        (f"<{ADDRESS}>", "<[e-mail]>"),
        (f'{{"email":"{ADDRESS}","name":"J"}}', '{"email":"[e-mail]","name":"J"}'),
        (f"{ADDRESS},{ADDRESS};{ADDRESS}", "[e-mail],[e-mail];[e-mail]"),
        ("o'brien@mail.example", "[e-mail]"),
        ("renée@école.example", "[e-mail]"),
        (r"ren\u00e9e@\u00e9cole.example", "[e-mail]"),
        (r"jeanne\u0040courrier.example", "[e-mail]"),
        ("jeanne&#64;courrier.example", "[e-mail]"),
        ("jeanne＠courrier.example", "[e-mail]"),
        ('"jeanne dupont"@courrier.example', "[e-mail]"),
        ("jeanne@[192.0.2.7]", "[e-mail]]"),
        ("a@b@courrier.example", "[e-mail]"),
        ("jeanne%40courrier.example", "[e-mail]"),
        ("jeanne%2540courrier.example", "[e-mail]"),
        ("root@localhost", "[e-mail]"),
        (f"name=J&email={quote(ADDRESS)}", "[e-mail]"),
        ("GET /v1/form?article=/a&lang=fr HTTP/1.1", "GET /v1/form?[query] HTTP/1.1"),
        ("GET /v1/form?q=l'avis\"<b> HTTP/1.1", "GET /v1/form?[query] HTTP/1.1"),
        ("(https://c.example/x?y=z)", "(https://c.example/x?[query]"),
        ("POST /v1/receipts/aB3_-x/withdraw", "POST /v1/receipts/[token]/withdraw"),
        ("GET /v1/reports/aB3_-x", "GET /v1/reports/[token]"),
        ("url=%2Fv1%2Freports%2FaB3_-x", "url=%2Fv1%2Freports%2F[token]"),
        ("POST /v1/mail/approve.aB3_-x.7", "POST /v1/mail/[token]"),
        ("GET /v1/mail/unsubscribe/aB3.x", "GET /v1/mail/unsubscribe/[token]"),
        ("url=%2Fv1%2Fmail%2FaB3_-x", "url=%2Fv1%2Fmail%2F[token]"),
        ("url=%2Fv1%2Freceipts%2FaB3_-x", "url=%2Fv1%2Freceipts%2F[token]"),
        ("token palabre_aB3_-x.", "token palabre_[token]."),
        ("Authorization: Bearer aB3.x_-~+/=", "Authorization: Bearer [token]"),
        ("(b'authorization', b'bearer aB3')", "(b'authorization', b'Bearer [token]')"),
        ("'authorization': 'Bearer%20aB3'", "'authorization': 'Bearer%20[token]'"),
    ],
)
def test_what_could_betray_somebody_is_taken_out(text: str, left: str) -> None:
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
        "POST /v1/receipts/{token}/withdraw",
        "POST /v1/mail/{token}",
        "GET /v1/mail/unsubscribe/{token}",
        "why? nobody knows",
        "is /srv/palabre missing? Then 40 % of the disk is free & well.",
        '  File "/srv/palabre/service/palabre/web/public.py", line 40, in submit',
        "select id from site where name = ? and id in (?, ?)",
        "sent at 10:00 @ home",
        "« L’été »",
    ],
)
def test_what_betrays_nobody_stays(text: str) -> None:
    assert redact(text) == text


LOCAL = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~éß-]+(\.[a-z0-9]+)?", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z0-9é]{1,9}(-[a-z0-9]+)?\.[a-z]{2,6}", fullmatch=True)


@tries(max_examples=200, deadline=None)
@given(
    local=LOCAL,
    domain=DOMAIN,
    at=st.sampled_from(["@", "%40", "%2540"]),
    before=st.text(),
    after=st.text(),
)
def test_no_address_survives_whatever_stands_around_it(
    local: str, domain: str, at: str, before: str, after: str
) -> None:
    stream = io.StringIO()
    logs.configure(format="json", level="info", stream=stream)
    log.info("%s", f"{before}{local}{at}{domain}{after}", extra={"note": f"{local}{at}{domain}"})
    line = json.loads(stream.getvalue())
    assert f"{local}{at}{domain}" not in line["message"] + line["note"]
    assert f"{at}{domain}" not in line["message"] + line["note"]


@pytest.mark.parametrize("bit", ["a", "@", "a@", "%", "%25", "%40", "/", "?/", "a?=", "=", "["])
@pytest.mark.parametrize(
    "end", ["", "bearer%20", "palabre_", "/receipts/", "/v1/mail/", "&#64", "\\u0040", '"']
)
def test_a_long_line_is_read_once(bit: str, end: str) -> None:
    # A pattern that went back for every character would be at this for minutes.
    assert redact(f"{(bit + end) * 20_000} @ % & ? end").endswith(" @ % & ? end")


def test_an_exception_is_logged_without_the_address_in_it(either: io.StringIO) -> None:
    try:
        try:
            raise ValueError(f"not deliverable: {ADDRESS}")
        except ValueError as error:
            error.add_note(f"GET /v1/form?email={quote(ADDRESS)}")
            raise RuntimeError("palabre_aB3_-x") from error
    except RuntimeError:
        log.exception("could not store it")
    written = either.getvalue()
    assert "ValueError: not deliverable: [e-mail]" in written
    assert "GET /v1/form?[query]" in written
    assert "RuntimeError: palabre_[token]" in written
    assert "could not store it" in written
    assert "Dupont" not in written


def test_a_stack_is_logged_when_asked_for(as_json: io.StringIO) -> None:
    log.info("here", stack_info=True)
    line = json.loads(as_json.getvalue())
    assert line["exception"].startswith("Stack (most recent call last):")


def test_extra_fields_are_redacted_whatever_they_are(either: io.StringIO) -> None:
    extra = {"body": f"email={ADDRESS}".encode(), "fields": {"email": [ADDRESS]}, "n": float("nan")}
    log.info("took", extra=extra)
    assert "Dupont" not in either.getvalue()
    assert "[e-mail]" in either.getvalue()


def test_nothing_that_is_logged_can_begin_a_line_of_its_own(plain: io.StringIO) -> None:
    forged = "ok\n2026-11-23T09:00:00Z INFO palabre all is well\x1b[2J\u2028\u202e"
    try:
        raise ValueError(forged)
    except ValueError:
        log.exception(forged, extra={"note": forged})
    first, *rest = plain.getvalue().splitlines()
    assert "palabre.test ok\\n2026" in first
    assert all(line.startswith("    ") for line in rest)
    assert plain.getvalue().replace("\n", "").isprintable()


def test_json_lines_are_ascii_and_one_a_record(as_json: io.StringIO) -> None:
    # What pytest keeps of a test is sent from one process to another, which half a character can't.
    without_pytest()
    log.info("été\n\u2028\udce9")
    assert as_json.getvalue().isascii()
    assert as_json.getvalue().count("\n") == 1
    assert json.loads(as_json.getvalue())["message"] == "été\n\u2028\udce9"


def test_a_line_that_does_not_fit_its_arguments_is_written_all_the_same(
    either: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    without_pytest()
    log.info("%d comments", ADDRESS)
    assert "%d comments [its arguments do not fit]" in either.getvalue()
    assert capsys.readouterr().err == ""


def test_what_cannot_be_printed_is_said_so(either: io.StringIO) -> None:
    without_pytest()
    log.info(Unprintable(), extra={"who": Unprintable()})
    assert either.getvalue().count("[unprintable Unprintable]") == 2


def test_a_record_beyond_help_leaves_a_line_that_says_so(either: io.StringIO) -> None:
    without_pytest()
    log.handle(record(created=float("inf"), msg=ADDRESS))
    assert "a log line could not be formatted" in either.getvalue()
    assert "Dupont" not in either.getvalue()


def test_a_closed_stream_is_met_with_silence(
    either: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    either.close()
    log.error("to %s", ADDRESS)
    assert capsys.readouterr().err == ""


def test_an_extra_field_cannot_take_the_place_of_one_of_ours(as_json: io.StringIO) -> None:
    forged = dict.fromkeys(["time", "level", "logger", "request_id", "exception"], "forged")
    log.info("true", extra=forged)
    assert "forged" not in as_json.getvalue()


NAMES = st.text(min_size=1).filter(lambda name: name not in vars(record()))


@tries(max_examples=100, deadline=None)
@given(
    message=st.text(),
    name=st.text(),
    extra=st.dictionaries(NAMES, st.none() | st.integers() | st.floats() | st.text()),
    way=st.sampled_from(["plain", "json"]),
)
def test_any_record_is_one_line(
    message: str, name: str, extra: dict[str, object], way: str
) -> None:
    stream = io.StringIO()
    logs.configure(format=way, level="info", stream=stream)
    without_pytest()
    log.handle(record(**{**extra, "msg": message, "name": name, "levelno": logging.INFO}))
    assert stream.getvalue().endswith("\n")
    assert len(stream.getvalue().splitlines()) == 1
