"""What operators write, what it means, and what they are told when it is wrong."""

from __future__ import annotations

import base64
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from pydantic import ValidationError

from palabre.errors import Refusal
from palabre.settings import Rate, Relay, Sender, Settings, load, readme_table, table

KEY = bytes(range(32))
OTHER_KEY = bytes(range(32, 64))
SECRET = "correct-horse-battery-staple"  # not a key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory without a palabre.toml."""
    return tmp_path


def set_to(folder: Path, /, **values: str) -> Settings:
    return load({f"PALABRE_{name}": text for name, text in values.items()}, cwd=folder)


def refused(folder: Path, /, **values: str) -> tuple[str, ...]:
    with pytest.raises(Refusal) as caught:
        set_to(folder, **values)
    return caught.value.sentences


def test_nothing_needs_to_be_set(folder: Path) -> None:
    settings = load({"PATH": "/bin", "HOME": "/root"}, cwd=folder)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.trusted_proxies == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert settings.submission_limit == Rate(10, 60)
    assert settings.master_key is None
    assert settings.retention_rejected_days == settings.retention_spam_days == 30
    assert settings.retention_pending_days is None
    assert settings.metrics_public is settings.email_dns_check is False
    assert (settings.locale, settings.log_format, settings.log_level) == ("fr", "plain", "info")
    assert (settings.listing_max_age_s, settings.body_timeout_s) == (0, 20)
    assert settings.waiting_writes == 1000


def test_settings_cannot_be_changed_afterwards(folder: Path) -> None:
    settings = load({}, cwd=folder)
    with pytest.raises(ValidationError):
        settings.port = 1


def test_files_are_in_the_data_folder_unless_told_otherwise(folder: Path) -> None:
    settings = set_to(folder, DATA_DIR="/srv/palabre")
    assert settings.database_url == "sqlite:////srv/palabre/palabre.sqlite3"
    assert settings.database_path == Path("/srv/palabre/palabre.sqlite3")
    assert settings.key_path == Path("/srv/palabre/palabre.key")


def test_relative_paths_start_in_the_given_folder(folder: Path) -> None:
    settings = set_to(folder, DATABASE_URL="sqlite:///db/a.sqlite3", KEY_FILE="a.key")
    assert settings.database_path == folder / "db/a.sqlite3"
    assert settings.database_url == f"sqlite:///{folder}/db/a.sqlite3"
    assert settings.key_path == folder / "a.key"
    assert settings.data_dir == folder / "data"


def test_without_a_folder_relative_paths_stay_relative(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    settings = load({})
    assert settings.database_path == Path("data/palabre.sqlite3")
    assert settings.key_path == Path("data/palabre.key")


def test_an_absolute_database_url_is_that_file(folder: Path) -> None:
    settings = set_to(folder, DATABASE_URL="sqlite:////srv/c.sqlite3")
    assert settings.database_path == Path("/srv/c.sqlite3")


@pytest.mark.parametrize("name", ["DATABASE_URL", "KEY_FILE", "PUBLIC_URL"])
def test_an_empty_derived_setting_is_its_default(folder: Path, name: str) -> None:
    assert set_to(folder, **{name: ""}) == load({}, cwd=folder)


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("127.0.0.1", "8000", "http://127.0.0.1:8000"),
        ("0.0.0.0", "9000", "http://127.0.0.1:9000"),
        ("::", "9000", "http://127.0.0.1:9000"),
        ("::1", "9000", "http://[::1]:9000"),
        ("comments.lan", "80", "http://comments.lan"),
        ("127.0.0.1", "0", "http://127.0.0.1:0"),
    ],
)
def test_the_public_url_follows_host_and_port(folder: Path, host: str, port: str, url: str) -> None:
    assert set_to(folder, HOST=host, PORT=port).public_url == url


@pytest.mark.parametrize(
    ("written", "origin", "prefix"),
    [
        ("https://c.example", "https://c.example", ""),
        ("https://c.example/", "https://c.example", ""),
        ("https://C.Example:443/", "https://c.example", ""),
        ("http://c.example:8080/talk/", "http://c.example:8080", "/talk"),
        ("https://c.example/a/b%20c", "https://c.example", "/a/b%20c"),
        ("http://[2001:DB8::1]:80", "http://[2001:db8::1]", ""),
        ("https://xn--cole-9oa.fr", "https://xn--cole-9oa.fr", ""),
    ],
)
def test_a_public_url_is_an_origin_and_a_prefix(
    folder: Path, written: str, origin: str, prefix: str
) -> None:
    settings = set_to(folder, PUBLIC_URL=written)
    assert (settings.public_origin, settings.base_path) == (origin, prefix)
    assert settings.public_url == origin + prefix


@pytest.mark.parametrize(
    "written",
    [
        "c.example",
        "ftp://c.example",
        "https://",
        "https:///path",
        "https://user:pass@c.example",
        "https://c.example/?a=1",
        "https://c.example?",
        "https://c.example/#a",
        "https://c.example/a b",
        "https://c.example/a\nb",
        "https://c.example/../b",
        "https://c.example/a/.",
        "https://c.example//b",
        "https://c.example/%zz",
        "https://c.example\\b",
        "https://c.example:65536",
        "https://c.example:http",
        "https://[::1",
        "https://école.fr",
        "//c.example",
    ],
)
def test_what_is_no_public_url_is_refused(folder: Path, written: str) -> None:
    (sentence,) = refused(folder, PUBLIC_URL=written)
    assert sentence.startswith("PALABRE_PUBLIC_URL must be an http or https URL")


@pytest.mark.parametrize(
    ("written", "networks"),
    [
        ("", []),
        ("none", []),
        ("None", []),
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        ("192.0.2.7, 2001:db8::/32", ["192.0.2.7/32", "2001:db8::/32"]),
    ],
)
def test_trusted_proxies_are_networks_or_nobody(
    folder: Path, written: str, networks: list[str]
) -> None:
    found = set_to(folder, TRUSTED_PROXIES=written).trusted_proxies
    assert [str(network) for network in found] == networks


@pytest.mark.parametrize("written", ["*", "10.0.0.1/8", "proxy", "10.0.0.0/8,,", "300.0.0.1"])
def test_what_is_no_network_is_refused(folder: Path, written: str) -> None:
    (sentence,) = refused(folder, TRUSTED_PROXIES=written)
    assert sentence.startswith("PALABRE_TRUSTED_PROXIES must be networks such as")


@pytest.mark.parametrize("written", ["0.0.0.0/0", "127.0.0.1,::/0"])
def test_trusting_everybody_is_refused(folder: Path, written: str) -> None:
    (sentence,) = refused(folder, TRUSTED_PROXIES=written)
    assert "must not trust everybody" in sentence


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("10/minute", Rate(10, 60)),
        ("1 / second", Rate(1, 1)),
        ("500/Hour", Rate(500, 3600)),
        ("2000/day", Rate(2000, 86_400)),
        ("off", None),
        ("OFF", None),
    ],
)
def test_a_submission_limit_is_a_rate_or_off(folder: Path, written: str, rate: Rate | None) -> None:
    assert set_to(folder, SUBMISSION_LIMIT=written).submission_limit == rate


@pytest.mark.parametrize(
    "written", ["", "0/minute", "-1/minute", "10", "10/week", "10/minutes", "x/minute", "1.5/day"]
)
def test_what_is_no_rate_is_refused(folder: Path, written: str) -> None:
    (sentence,) = refused(folder, SUBMISSION_LIMIT=written)
    assert sentence.startswith("PALABRE_SUBMISSION_LIMIT must be a number per")


@pytest.mark.parametrize(("written", "days"), [("1", 1), ("365", 365), ("off", None)])
def test_a_retention_is_days_or_off(folder: Path, written: str, days: int | None) -> None:
    assert set_to(folder, RETENTION_SPAM_DAYS=written).retention_spam_days == days


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "http"),
        ("PORT", ""),
        ("HOST", ""),
        ("HOST", "http://a"),
        ("HOST", "127.0.0.1:8000"),
        ("HOST", "[::1]"),
        ("LOCALE", "de"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("LISTING_MAX_AGE_S", "-1"),
        ("METRICS_PUBLIC", "perhaps"),
        ("EMAIL_DNS_CHECK", ""),
        ("WAITING_WRITES", "0"),
        ("BODY_TIMEOUT_S", "0"),
        ("BODY_TIMEOUT_S", "nan"),
        ("RETENTION_PENDING_DAYS", "0"),
        ("RETENTION_PENDING_DAYS", "never"),
        ("DATA_DIR", ""),
        ("DATA_DIR", "~/data"),
        ("KEY_FILE", "~root/key"),
        ("MASTER_KEY", ""),
        ("DATABASE_URL", "sqlite://data.db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///a.db?mode=ro"),
    ],
)
def test_a_bad_value_is_refused_by_name_in_a_sentence_of_ours(
    folder: Path, name: str, written: str
) -> None:
    (sentence,) = refused(folder, **{name: written})
    assert sentence.startswith(f"PALABRE_{name} must be ")
    assert sentence.endswith(".")
    assert "Input should" not in sentence


@pytest.mark.parametrize(
    "url", ["mysql://u:pw@db/palabre", "postgresql+psycopg://u:pw@db/x", "data.db"]
)
def test_another_engine_is_refused_and_its_url_not_shown(folder: Path, url: str) -> None:
    (sentence,) = refused(folder, DATABASE_URL=url)
    assert "begin with sqlite:/// or postgresql://" in sentence
    assert url not in sentence


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("LOG_LEVEL", "WARNING", "warning"),
        ("LOG_FORMAT", " json\n", "json"),
        ("LOCALE", "EN", "en"),
        ("PORT", " 0 ", 0),
        ("METRICS_PUBLIC", "1", True),
        ("METRICS_PUBLIC", "no", False),
    ],
)
def test_case_and_space_around_do_not_matter(
    folder: Path, name: str, written: str, value: object
) -> None:
    assert getattr(set_to(folder, **{name: written}), name.lower()) == value


@pytest.mark.parametrize(
    "written",
    [
        KEY.hex(),
        base64.urlsafe_b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        f"{KEY.hex()}\n{OTHER_KEY.hex().upper()}\n",
    ],
)
def test_a_master_key_is_taken_and_never_printed(folder: Path, written: str) -> None:
    settings = set_to(folder, MASTER_KEY=written)
    assert settings.master_key is not None
    assert settings.master_key.get_secret_value() == written.strip()
    assert KEY.hex() not in repr(settings) + str(settings.model_dump())


@pytest.mark.parametrize("written", [SECRET, f"{KEY.hex()} {SECRET}", f"{KEY.hex()} {KEY.hex()}"])
def test_a_bad_master_key_is_refused_without_a_word_of_it(folder: Path, written: str) -> None:
    with pytest.raises(Refusal) as caught:
        set_to(folder, MASTER_KEY=written)
    (sentence,) = caught.value.sentences
    assert sentence.startswith("PALABRE_MASTER_KEY must be one or more different keys")
    assert SECRET not in sentence
    assert KEY.hex() not in sentence
    assert caught.value.__context__ is None


def test_no_sentence_repeats_a_value_whatever_it_was_meant_for(folder: Path) -> None:
    wrong = {row.name: f"{SECRET}\0@://?" for row in table() if row.name != "PALABRE_CONFIG"}
    wrong["PALABRE_MASTR_KEY"] = SECRET
    with pytest.raises(Refusal) as caught:
        load(wrong, cwd=folder)
    named = [sentence.split()[0] for sentence in caught.value.sentences]
    # Host comes first and was refused, so what derives from it is not computed; all are given.
    assert set(named) == set(wrong)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("PALABRE_PROT", "PALABRE_PORT"),
        ("PALABRE_PUBLICURL", "PALABRE_PUBLIC_URL"),
        ("PALABRE_port", "PALABRE_PORT"),
        ("PALABRE_TRUSTED_PROXY", "PALABRE_TRUSTED_PROXIES"),
    ],
)
def test_an_unknown_name_is_refused_with_the_likely_one(
    folder: Path, wrong: str, meant: str
) -> None:
    with pytest.raises(Refusal) as caught:
        load({wrong: "1"}, cwd=folder)
    assert caught.value.sentences == (f"{wrong} is not a setting. Did you mean {meant}?",)


def test_an_unknown_name_like_no_other_is_refused_without_a_guess(folder: Path) -> None:
    assert refused(folder, XYZZY="1") == ("PALABRE_XYZZY is not a setting.",)


def test_a_name_that_could_garble_a_terminal_is_shown_escaped(folder: Path) -> None:
    (sentence,) = refused(folder, **{"\x1b[2J\n": "1"})
    assert sentence == r"'PALABRE_\x1b[2J\n' is not a setting."


def test_what_kubernetes_injects_is_ignored(folder: Path) -> None:
    injected = {
        "PALABRE_SERVICE_HOST": "10.0.0.7",
        "PALABRE_SERVICE_PORT_HTTP": "80",
        "PALABRE_PORT_80_TCP_ADDR": "10.0.0.7",
    }
    assert load(injected, cwd=folder) == load({}, cwd=folder)


def test_a_port_that_kubernetes_injected_is_refused_with_the_remedy(folder: Path) -> None:
    (sentence,) = refused(folder, PORT="tcp://10.0.0.7:80")
    assert "set PALABRE_PORT in the pod" in sentence
    assert "enableServiceLinks: false" in sentence


def test_the_names_of_another_service_are_refused_with_the_remedy(folder: Path) -> None:
    (sentence,) = refused(folder, WEB_SERVICE_HOST="10.0.0.7")
    assert "enableServiceLinks: false" in sentence


def test_a_file_in_the_working_directory_is_read(folder: Path) -> None:
    (folder / "palabre.toml").write_text(
        'PALABRE_PORT = 9000\nPALABRE_METRICS_PUBLIC = true\nPALABRE_LOCALE = "en"\n'
    )
    settings = load({}, cwd=folder)
    assert (settings.port, settings.metrics_public, settings.locale) == (9000, True, "en")


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(folder: Path) -> None:
    (folder / "palabre.toml").write_text(
        'PALABRE_PORT = 1\nPALABRE_HOST = "::1"\nPALABRE_LOCALE = "en"\n'
    )
    environ = {"PALABRE_PORT": "2", "PALABRE_HOST": "0.0.0.0"}
    settings = load(environ, cwd=folder, port=3, host=None)
    assert (settings.port, settings.host, settings.locale) == (3, "0.0.0.0", "en")


def test_a_named_file_is_read_instead_of_the_one_in_the_working_directory(folder: Path) -> None:
    (folder / "palabre.toml").write_text("PALABRE_PORT = 1\n")
    (folder / "other.toml").write_text("PALABRE_PORT = 2\n")
    assert set_to(folder, CONFIG=str(folder / "other.toml")).port == 2


def test_a_named_file_that_does_not_exist_is_refused(folder: Path) -> None:
    (sentence,) = refused(folder, CONFIG="nowhere.toml")
    assert sentence == f"PALABRE_CONFIG names {folder / 'nowhere.toml'}, which does not exist."


def test_an_empty_file_name_is_refused(folder: Path) -> None:
    (sentence,) = refused(folder, CONFIG="")
    assert sentence.startswith("PALABRE_CONFIG is empty")


def test_a_folder_in_place_of_the_file_is_refused(folder: Path) -> None:
    (folder / "palabre.toml").mkdir()
    (sentence,) = refused(folder)
    assert sentence.startswith(f"{folder / 'palabre.toml'} can't be read: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'PALABRE_PORT = 1\nPALABRE_MASTER_KEY = "{SECRET}'.encode(), "is not valid TOML"),
        (f"{SECRET} = = 1".encode(), "is not valid TOML at line 1, column "),
        (f'"{SECRET}" = 1\n"{SECRET}" = 2'.encode(), "is not valid TOML at "),
        (b"a = " + b"[" * 5000, "is not valid TOML"),
        (b'PALABRE_HOST = "\xe9"', "is not in UTF-8."),
    ],
)
def test_a_broken_file_is_refused_without_its_content(
    folder: Path, content: bytes, said: str
) -> None:
    (folder / "palabre.toml").write_bytes(content)
    (sentence,) = refused(folder)
    assert said in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("PORT = 1", "PORT in palabre.toml is not a setting. Did you mean PALABRE_PORT?"),
        ("[palabre]\nport = 1", "palabre in palabre.toml is not a setting."),
        (
            'PALABRE_CONFIG = "x"',
            "PALABRE_CONFIG can't stand in palabre.toml: it is read from the environment only.",
        ),
        ("PALABRE_SERVICE_HOST = 1", "PALABRE_SERVICE_HOST in palabre.toml is not a setting."),
    ],
)
def test_an_unknown_name_in_the_file_is_refused(folder: Path, line: str, sentence: str) -> None:
    (folder / "palabre.toml").write_text(line)
    (told,) = refused(folder)
    assert told.startswith(sentence)


@pytest.mark.parametrize(
    "value", ["true", "0x" + "f" * 5000, "8000.5", "[8000]", "2026-11-23", "{a = 1}", "'x'"]
)
def test_a_value_of_the_wrong_kind_in_the_file_is_refused(folder: Path, value: str) -> None:
    (folder / "palabre.toml").write_text(f"PALABRE_PORT = {value}")
    (sentence,) = refused(folder)
    assert sentence == "PALABRE_PORT in palabre.toml must be a whole number from 0 to 65535."


@pytest.mark.parametrize("name", [row.name for row in table() if row.name != "PALABRE_CONFIG"])
def test_no_setting_takes_a_table_of_the_file(folder: Path, name: str) -> None:
    (folder / "palabre.toml").write_text(f"{name} = {{a = 1}}")
    (sentence,) = refused(folder)
    assert sentence.startswith(f"{name} in palabre.toml must be ")


def test_a_bad_value_on_the_command_line_says_where_it_stands(folder: Path) -> None:
    with pytest.raises(Refusal, match=r"^PALABRE_PORT on the command line must be a whole number"):
        load({"PALABRE_PORT": "1"}, cwd=folder, port=70_000)


def test_every_mistake_is_named_at_once(folder: Path) -> None:
    (folder / "palabre.toml").write_text('PALABRE_LOCALE = "de"\nPALABRE_HOTS = "a"\n')
    environ = {"PALABRE_PORT": "x", "PALABRE_PROT": "1", "PALABRE_MASTER_KEY": SECRET}
    with pytest.raises(Refusal) as caught:
        load(environ, cwd=folder, host="a b")
    assert [sentence.split()[0] for sentence in caught.value.sentences] == [
        "PALABRE_PROT",
        "PALABRE_HOTS",
        "PALABRE_HOST",
        "PALABRE_PORT",
        "PALABRE_MASTER_KEY",
        "PALABRE_LOCALE",
    ]


def test_a_broken_file_does_not_hide_the_mistakes_of_the_environment(folder: Path) -> None:
    (folder / "palabre.toml").write_text("= 1")
    sentences = refused(folder, PORT="x")
    assert len(sentences) == 2


def test_the_default_in_the_table_written_out_changes_nothing(folder: Path) -> None:
    derived = {"PALABRE_CONFIG", "PALABRE_PUBLIC_URL", "PALABRE_DATABASE_URL", "PALABRE_KEY_FILE"}
    written = {row.name: row.default for row in table() if row.default and row.name not in derived}
    assert load(written, cwd=folder) == load({}, cwd=folder)


def test_the_table_has_every_setting_with_one_sentence_of_help() -> None:
    rows = {row.name: row for row in table()}
    assert rows.keys() == {f"PALABRE_{f.upper()}" for f in Settings.model_fields} | {
        "PALABRE_CONFIG"
    }
    for row in rows.values():
        assert row.help.endswith(".")
        assert ". " not in row.help
        assert row.help.isprintable()


def test_the_readme_table_has_three_cells_a_line() -> None:
    lines = readme_table().splitlines()
    assert len(lines) == 2 + len(table())
    assert all(line.count("|") == 4 for line in lines)
    assert "| `PALABRE_PORT` | `8000` | TCP port to listen on; 0 takes any free one. |" in lines


@tries(max_examples=150, deadline=None)
@given(
    environ=st.dictionaries(
        st.sampled_from([row.name for row in table() if row.name != "PALABRE_CONFIG"]),
        st.text(max_size=40),
    )
)
def test_any_text_is_taken_or_refused_by_name(environ: dict[str, str]) -> None:
    try:
        load(environ, cwd=Path("/nonexistent"))
        named: list[str] = []
    except Refusal as refusal:
        named = [sentence.split()[0] for sentence in refusal.sentences]
    assert len(set(named)) == len(named)
    assert set(named) <= environ.keys()


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example", Relay("mail.example", 587, "starttls")),
        ("smtps://mail.example/", Relay("mail.example", 465, "tls")),
        (
            "smtp://al%40ice:p%2Fw%3A@mail.example:2525",
            Relay("mail.example", 2525, "starttls", "al@ice", "p/w:"),
        ),
        ("smtp+plain://localhost:1025", Relay("localhost", 1025, "none")),
        ("smtp+plain://[::1]", Relay("::1", 25, "none")),
    ],
)
def test_a_mail_server_is_a_url(folder: Path, url: str, relay: Relay) -> None:
    settings = set_to(folder, SMTP_URL=url)
    assert settings.relay == relay
    assert "mail.example" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://alice@mail.example",
        f"smtp://alice:{SECRET}@mail.example/path",
        f"smtp://alice:{SECRET}@mail.example?x",
        f"smtp://alice:{SECRET}@mail.example:port",
        f"smtp://alice:{SECRET}@[mail",
        f"smtp://al ice:{SECRET}@mail.example",
    ],
)
def test_a_bad_mail_server_is_refused_without_its_password(folder: Path, url: str) -> None:
    (sentence,) = refused(folder, SMTP_URL=url)
    assert sentence.startswith("PALABRE_SMTP_URL must be smtp://user:password@host:port")
    assert SECRET not in sentence


@pytest.mark.parametrize("host", ["mail.example", "10.0.0.1", "localhost.example"])
def test_plain_mail_goes_to_this_machine_alone(folder: Path, host: str) -> None:
    (sentence,) = refused(folder, SMTP_URL=f"smtp+plain://alice:{SECRET}@{host}")
    assert "smtp+plain:// is for this machine's own" in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("c@mail.example", Sender("", "c@mail.example")),
        ("Les commentaires <c@mail.example>", Sender("Les commentaires", "c@mail.example")),
        ("<c@localhost>", Sender("", "c@localhost")),
    ],
)
def test_mail_is_from_an_address_with_or_without_a_name(
    folder: Path, text: str, sender: Sender
) -> None:
    assert set_to(folder, MAIL_FROM=text).sender == sender


@pytest.mark.parametrize(
    "text", ["c", "c@", "a@b@c", "N <c@m.example", "N\n <c@m.example>", "<a> <c@m.example>", ""]
)
def test_mail_is_from_nobody_else(folder: Path, text: str) -> None:
    (sentence,) = refused(folder, MAIL_FROM=text)
    assert "PALABRE_MAIL_FROM must be an address" in sentence
