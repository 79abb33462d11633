"""The examples of deploy/: parsed, and compared with the service that they are for.

In front of a real one they are in tests/whole/test_proxies.py.
"""

from __future__ import annotations

import configparser
import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
import yaml  # type: ignore[import-untyped]

from exporting import exported
from palabre import settings
from palabre.commands.server import GRACE_S
from palabre.web.body import BODY_BYTES
from proxying import Caddy, Nginx, Proxy, installed, replaced

CHECKOUT = Path(__file__).parents[1]
DEPLOY = CHECKOUT / "deploy"
KEPT_S = uvicorn.Config("palabre").timeout_keep_alive
KIB = 1024
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
COMPOSED = ["compose.yml", "compose.postgres.yml"]
PUBLIC_URL = "https://comments.example.com"


def read(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def directives(name: str) -> str:
    """A file without its comments."""
    return re.sub(r"(?m)^\s*#.*\n|\s+#.*$", "", read(name))


def one(pattern: str, text: str) -> str:
    """What a pattern's group finds, in the one place where it does."""
    found: list[str] = re.findall(pattern, text)
    assert len(found) == 1, (pattern, found)
    return found[0]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, in order, with continued lines joined."""
    lines = re.sub(r"\\\n\s*", " ", directives("Dockerfile")).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines) if word]


def image_settings() -> dict[str, str]:
    (env,) = (rest for word, rest in instructions() if word == "ENV" and "PALABRE_" in rest)
    pairs = (pair.partition("=") for pair in shlex.split(env))
    return {name: value for name, _, value in pairs if name.startswith("PALABRE_")}


def compose(name: str = "compose.yml") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(read(name))
    return found


def serving(name: str) -> dict[str, dict[str, Any]]:
    """The services of a compose file that are Palabre's own and serve."""
    services: dict[str, dict[str, Any]] = compose(name)["services"]
    return {
        service: found
        for service, found in services.items()
        if found["image"] == "palabre" and "command" not in found
    }


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    """A service's settings, variables of the shell filled in."""
    given: Mapping[str, str] = service["environment"]
    return {
        name: re.sub(r"\$\{PALABRE_PUBLIC_URL.*\}", PUBLIC_URL, _with_password(value))
        for name, value in given.items()
    }


def _with_password(value: str) -> str:
    return re.sub(r"\$\{POSTGRES_PASSWORD[^}]*\}", "a1" * 32, value)


def compose_settings() -> dict[str, str]:
    return environment(compose()["services"]["palabre"])


def unit() -> dict[str, list[str]]:
    """The unit's [Service] section; a directive may be repeated."""
    parser = configparser.RawConfigParser(strict=False, dict_type=_Repeating)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(directives("palabre.service"))
    return {name: value.split("\n") for name, value in parser["Service"].items()}


class _Repeating(dict[str, Any]):
    """configparser collects a value's lines in a list: a name that returns adds to its list."""

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, list) and isinstance(self.get(name), list):
            self[name].extend(value)
        else:
            super().__setitem__(name, value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_that_a_file_names_exists(path: Path) -> None:
    known = {row.name for row in settings.table()}
    # What Kubernetes injects is named to warn of it.
    named = set(re.findall(r"\bPALABRE_[A-Z_]+[A-Z]", path.read_text("utf-8")))
    assert named <= known


def test_the_settings_files_and_environments_are_accepted(tmp_path: Path) -> None:
    config = DEPLOY / "palabre.toml"
    by_systemd = settings.load({"PALABRE_CONFIG": str(config)}, cwd=tmp_path)
    assert by_systemd.public_url == PUBLIC_URL
    by_hand = settings.load(image_settings(), cwd=tmp_path)
    assert by_hand.key_path == Path("/data/palabre.key")
    by_compose = settings.load(image_settings() | compose_settings(), cwd=tmp_path)
    assert by_compose.public_url == PUBLIC_URL
    assert by_compose.host == "0.0.0.0"


# The image.


def test_the_image_is_built_from_files_that_exist_and_reach_the_builder() -> None:
    copied = [
        shlex.split(rest)[:-1]
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
    ]
    sources = [source for words in copied for source in words]
    assert {"requirements-postgres.lock", "pyproject.toml", "service", "schema"} <= set(sources)
    for source in sources:
        assert (CHECKOUT / source).exists(), source
        assert not is_ignored(source), source
    for private in ("data", "data/palabre.key", ".env", ".git", "deploy/.env", "tests"):
        assert is_ignored(private), private


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path from the builder: the last line that fits decides."""
    ignored = False
    for line in (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and fnmatch.fnmatch(path.split("/")[0], pattern):
            ignored = not line.startswith("!")
    return ignored


def test_the_image_runs_the_service_itself_as_nobody_s_root() -> None:
    last = dict(instructions())
    assert json.loads(last["ENTRYPOINT"]) == ["palabre"]
    assert json.loads(last["CMD"]) == ["serve"]
    owner = last["USER"]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", owner)
    uid, _, gid = owner.partition(":")
    made = " ".join(rest for word, rest in instructions() if word == "RUN")
    assert f"--uid {uid} " in made
    assert f"-o {uid} -g {gid} -m 0700 /data /key" in made


def test_the_image_s_dependencies_are_checked_against_their_hashes() -> None:
    installing = [rest for word, rest in instructions() if word == "RUN" and "install" in rest]
    fetched = [rest for rest in installing if "pip " in rest and "--no-index" not in rest]
    assert fetched
    assert all("--require-hashes" in rest for rest in fetched)
    bases = {rest.split()[0] for word, rest in instructions() if word == "FROM"}
    assert len(bases) == 1


# Compose.


def test_compose_trusts_its_own_network_and_publishes_on_loopback() -> None:
    (pool,) = compose()["networks"]["default"]["ipam"]["config"]
    trusted = settings.load(image_settings() | compose_settings()).trusted_proxies
    assert trusted == (ip_network(pool["subnet"]),)
    port = image_settings()["PALABRE_PORT"]
    assert compose()["services"]["palabre"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert compose()["services"]["caddy"]["environment"]["COMMENTS_UPSTREAM"] == f"palabre:{port}"


def test_compose_keeps_the_key_out_of_the_data_volume_and_both_in_volumes() -> None:
    service = compose()["services"]["palabre"]
    mounts = {Path(inside): name for name, inside in (v.split(":") for v in service["volumes"])}
    found = settings.load(image_settings() | compose_settings())
    data, key = mounts[found.data_dir], mounts[found.key_path.parent]
    assert data != key
    assert {data, key} <= set(compose()["volumes"])


@pytest.mark.parametrize(
    ("file", "name"), [(file, name) for file in COMPOSED for name in compose(file)["services"]]
)
def test_compose_gives_no_service_more_than_it_needs(file: str, name: str) -> None:
    service = compose(file)["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert set(service.get("cap_add", [])) <= ({"NET_BIND_SERVICE"} if name == "caddy" else set())
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    for volume in service["volumes"]:
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (DEPLOY / source).is_file()
        else:
            assert source in compose(file)["volumes"]
    build = service.get("build")
    if build is not None:
        assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


@pytest.mark.parametrize("file", COMPOSED)
def test_compose_waits_only_for_services_that_say_when_they_are_healthy(file: str) -> None:
    services = compose(file)["services"]
    for service in services.values():
        for name, awaited in service.get("depends_on", {}).items():
            if awaited["condition"] == "service_healthy":
                # The image of ours has a check of its own.
                assert "healthcheck" in services[name] or services[name]["image"] == "palabre"
            else:
                assert awaited["condition"] == "service_completed_successfully"
                assert services[name]["restart"] == "no"


def test_several_processes_in_containers_differ_in_nothing_but_their_names() -> None:
    file = "compose.postgres.yml"
    first, *others = serving(file).values()
    assert others
    assert all(other == first for other in others)
    found = settings.load(image_settings() | environment(first))
    assert found.public_url == PUBLIC_URL
    mounts = dict(reversed(volume.split(":")) for volume in first["volumes"])
    assert mounts[str(found.key_path.parent)] in compose(file)["volumes"]
    migrate = compose(file)["services"]["migrate"]
    assert migrate["command"] == ["migrate"]
    assert migrate["environment"] == first["environment"]
    assert migrate["volumes"] == first["volumes"]
    assert first["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_only_caddy_is_reached_from_outside_and_it_knows_every_process() -> None:
    file = "compose.postgres.yml"
    services = compose(file)["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    port = image_settings()["PALABRE_PORT"]
    given = services["caddy"]["environment"]
    assert given["COMMENTS_UPSTREAM"].split() == [f"{name}:{port}" for name in serving(file)]
    assert given["COMMENTS_UPSTREAMS"] == "several"
    assert set(services["caddy"]["depends_on"]) == set(serving(file))
    # From where it asks, and that it can't ask the database.
    assert (services["caddy"]["networks"], services["postgres"]["networks"]) == (
        ["front"],
        ["back"],
    )
    assert compose(file)["networks"]["back"] == {"internal": True}
    (pool,) = compose(file)["networks"]["front"]["ipam"]["config"]
    for service in serving(file).values():
        trusted = settings.load(image_settings() | environment(service)).trusted_proxies
        assert trusted == (ip_network(pool["subnet"]),)


def test_the_database_in_a_container_is_the_one_that_the_processes_are_told() -> None:
    file = "compose.postgres.yml"
    postgres = compose(file)["services"]["postgres"]
    assert re.fullmatch(r"postgres:(1[6-9])(-\w+)?", postgres["image"])
    made = postgres["environment"]
    password = "${POSTGRES_PASSWORD:?"
    for service in serving(file).values():
        url = service["environment"]["PALABRE_DATABASE_URL"]
        assert url.startswith(f"postgresql://{made['POSTGRES_USER']}:{password}")
        assert url.endswith(f"@postgres:5432/{made['POSTGRES_DB']}")
    assert made["POSTGRES_PASSWORD"].startswith(password)
    assert "--encoding=UTF8" in made["POSTGRES_INITDB_ARGS"].split()
    options = dict(
        word.split("=") for word in postgres["command"] if re.fullmatch(r"\w+=\w+", word)
    )
    assert options["synchronous_commit"] == "on"
    # The third is a command beside them.
    each = int(next(iter(serving(file).values()))["environment"]["PALABRE_DATABASE_CONNECTIONS"])
    assert (len(serving(file)) + 1) * (each + 1) < int(options["max_connections"])


def test_the_image_s_lock_is_the_service_s_and_the_driver_for_postgresql() -> None:
    def locked(name: str) -> set[str]:
        return set(re.findall(r"(?m)^[a-z0-9-]+==\S+", (CHECKOUT / name).read_text("utf-8")))

    more = locked("requirements-postgres.lock") - locked("requirements.lock")
    assert locked("requirements.lock") < locked("requirements-postgres.lock")
    assert [found.partition("==")[0] for found in more] == ["asyncpg"]


@pytest.mark.parametrize("file", COMPOSED)
def test_whoever_stops_a_container_waits_longer_than_it_needs(file: str) -> None:
    for service in serving(file).values():
        assert int(one(r"(\d+)s", service["stop_grace_period"])) > 10


def test_whoever_stops_the_service_waits_longer_than_it_needs() -> None:
    assert int(unit()["TimeoutStopSec"][0]) > 10 > GRACE_S


# systemd.


def test_the_unit_owns_the_folders_that_its_settings_name() -> None:
    assert unit()["Environment"] == ["PALABRE_CONFIG=/etc/palabre/palabre.toml"]
    found = settings.load({"PALABRE_CONFIG": str(DEPLOY / "palabre.toml")})
    owned = {Path("/var/lib") / name for name in unit()["StateDirectory"][0].split()}
    assert {found.data_dir, found.database_path.parent, found.key_path.parent} == owned
    assert len(owned) == 2
    assert unit()["StateDirectoryMode"] == ["0700"]


def test_the_unit_is_shut_in() -> None:
    expected = {
        "ProtectSystem": ["strict"],
        "ProtectHome": ["yes"],
        "NoNewPrivileges": ["yes"],
        "CapabilityBoundingSet": [""],
        "MemoryDenyWriteExecute": ["yes"],
        "SystemCallFilter": ["@system-service", "~@privileged @resources"],
    }
    assert {name: unit().get(name) for name in expected} == expected


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = installed("systemd-analyze")
    path = tmp_path / "palabre.service"
    adapted = replaced(read("palabre.service"), {"/opt/palabre/bin/palabre": sys.executable})
    path.write_text(adapted, "utf-8")
    done = subprocess.run([analyze, "verify", path], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


# The proxies.


def test_body_limits_are_the_service_s_and_a_little() -> None:
    limits = [
        one(r"client_max_body_size (\d+)k;", directives("nginx.conf")),
        one(r"client_body_buffer_size (\d+)k;", directives("nginx.conf")),
    ]
    sizes = [int(limit) * KIB for limit in limits]
    sizes.append(int(one(r"max_size (\d+)KB", directives("Caddyfile"))) * 1000)
    for size in sizes:
        assert BODY_BYTES < size <= BODY_BYTES * 1.2


def test_proxies_close_idle_connections_before_the_service_does() -> None:
    upstream = one(r"(?s)upstream palabre \{(.*?)\n\}", directives("nginx.conf"))
    assert int(one(r"keepalive_timeout (\d+)s;", upstream)) < KEPT_S
    assert int(one(r"keepalive (\d+)s", directives("Caddyfile"))) < KEPT_S


def test_proxies_limit_the_time_of_heads_and_bodies() -> None:
    body_s = settings.load({}).body_timeout_s
    for name, pattern, most in (
        ("nginx.conf", r"client_header_timeout (\d+)s;", 10),
        ("nginx.conf", r"client_body_timeout (\d+)s;", body_s),
        ("Caddyfile", r"read_header (\d+)s", 10),
        ("Caddyfile", r"read_body (\d+)s", body_s),
    ):
        assert 0 < int(one(pattern, directives(name))) <= most


def test_nginx_sets_the_visitor_s_address_and_appends_it_to_nothing() -> None:
    text = directives("nginx.conf")
    assert one(r"proxy_set_header X-Forwarded-For (\S+);", text) == "$remote_addr"
    assert one(r"proxy_set_header Forwarded (\S+);", text) == '""'
    assert "proxy_add_x_forwarded_for" not in text


def test_nginx_logs_no_variable_that_holds_an_address_or_a_query() -> None:
    format_ = one(r"(?s)log_format palabre(.*?);\n", directives("nginx.conf"))
    assert set(re.findall(r"\$(\w+)", format_)) == {
        "time_iso8601",
        "request_method",
        "palabre_logged",
        "status",
        "body_bytes_sent",
        "request_time",
        "upstream_response_time",
        "upstream_status",
        "upstream_http_x_request_id",
    }
    logs = re.findall(r"access_log ([^;]+);", directives("nginx.conf"))
    assert all(log == "off" or log.endswith(" palabre") for log in logs)
    assert set(re.findall(r"error_log \S+ (\w+);", directives("nginx.conf"))) == {"emerg"}


@pytest.mark.parametrize(
    ("make", "upstream"),
    [
        (Nginx, "127.0.0.1:8000"),
        (Caddy, "127.0.0.1:8000"),
        (Caddy, "127.0.0.1:8000 127.0.0.1:8001"),
    ],
    ids=["nginx", "caddy", "caddy-several"],
)
def test_the_proxy_itself_accepts_its_example(
    make: type[Proxy], upstream: str, tmp_path: Path
) -> None:
    proxy = make(tmp_path / "proxy", upstream)
    done = subprocess.run(
        proxy.check, env=proxy.environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower()


# What is said of them.


async def test_the_readme_names_metrics_that_exist(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    text = read("README.md")
    # A histogram's samples go by its name in a query's words.
    exposed = {re.sub(r"_bucket$", "", name) for name in await exported(client, moderator)}
    table = re.findall(r"(?m)^\| (.*?) \|", text.partition("## What to watch")[2])
    named = {name for cell in table for name in re.findall(r"`(palabre_\w+)`", cell)}
    assert len(named) >= 8
    assert named <= exposed


def test_the_readme_leads_to_every_file_and_to_none_that_is_not_there() -> None:
    text = read("README.md")
    links = set(re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text))
    beside = {path.name for path in FILES if path.parent == DEPLOY}
    assert beside - {"README.md"} <= links
    assert {f"kubernetes/{path.name}" for path in (DEPLOY / "kubernetes").iterdir()} <= links
    assert [link for link in links if not (DEPLOY / link).exists()] == []


def test_the_change_runner_calls_what_the_readme_says() -> None:
    run = CHECKOUT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    subprocess.run(["bash", "-n", run], check=True, timeout=10)
    assert {"make check", "make test"} <= set(re.findall(r"\bmake \w+", run.read_text("utf-8")))
