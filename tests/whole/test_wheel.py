"""The wheel works outside a checkout: built, installed into a fresh environment, served from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest

from running import free_port

pytestmark = pytest.mark.whole
CHECKOUT = Path(__file__).parents[2]
START_S = 30.0


def run(
    *words: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, copy)
    for name in ("service", "schema"):
        shutil.copytree(
            CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "dist"]
    run(sys.executable, "-m", "pip", "wheel", *options, "./copy", cwd=folder)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program `palabre` of a fresh environment that has the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder)
    python = folder / "bin" / "python"
    options = ["--quiet", "--no-deps", "--no-index"]
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder)
    # The dependencies come from the environment that runs this test. A path in a .pth file leads to
    # its packages, but not to the .pth files beside them: the checkout's own stays out of reach.
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (own,) = (folder / "lib").glob("python3.*/site-packages")
    (own / "dependencies.pth").write_text("\n".join(sorted(places)) + "\n", "utf-8")
    return folder / "bin" / "palabre"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Nothing of the checkout's, and a data folder elsewhere."""
    ours = ("PALABRE_", "PYTHON", "VIRTUAL_ENV")
    rest = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return rest | {"PALABRE_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """An empty working directory."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_wheel_holds_schema_catalogues_templates_and_static_files(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    package = CHECKOUT / "service" / "palabre"
    expected = {
        f"palabre/_schema/{path.relative_to(CHECKOUT / 'schema')}"
        for path in (CHECKOUT / "schema").rglob("*")
        if path.is_file()
    }
    patterns = ("locale/*/*.po", "rendering/templates/**/*", "web/static/*", "**/*.py", "py.typed")
    for pattern in patterns:
        found = {path for path in package.glob(pattern) if path.is_file()}
        assert found, pattern
        expected |= {f"palabre/{path.relative_to(package)}" for path in found}
    assert any(name.endswith(".sql") for name in expected)
    assert not expected - packed


def test_wheel_holds_nothing_else_of_the_checkout(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"palabre"}


def test_installed_command_is_the_wheel_s_and_shows_its_help(
    installed: Path, environ: dict[str, str], elsewhere: Path
) -> None:
    question = "import palabre, palabre.schema; print(palabre.__file__, palabre.schema.root())"
    places = run(installed.with_name("python"), "-c", question, cwd=elsewhere, env=environ).stdout
    assert all(Path(place).is_relative_to(installed.parents[1]) for place in places.split())
    shown = run(installed, "--help", cwd=elsewhere, env=environ).stdout
    assert {"serve", "demo", "check", "migrate", "site", "moderator"} <= set(shown.split())


def test_installed_wheel_serves_from_an_empty_folder(
    installed: Path, environ: dict[str, str], elsewhere: Path
) -> None:
    origin = "https://blog.example"
    added = run(
        *(installed, "site", "add", "blog", "--origin", origin, "--json"),
        cwd=elsewhere,
        env=environ,
    ).stdout
    assert json.loads(added)["origins"] == [origin]

    port = free_port()
    log = elsewhere.parent / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [installed, "serve"],
            cwd=elsewhere,
            env=environ | {"PALABRE_PORT": str(port)},
            stdout=output,
            stderr=output,
        )
    try:
        client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, verify=False)
        with client:
            _await_start(client, process, log)
            form = client.get("/v1/form", params={"article": f"{origin}/a", "lang": "fr"})
            assert form.status_code == 200
            assert "Votre adresse de messagerie ne sera pas publiée." in form.text
            assert client.get("/static/style.css").status_code == 200
            assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
            sent = {"article": "/a", "name": "Zoé", "email": "zoe@example.com", "comment": "Bien !"}
            assert client.post("/v1/comments", json=sent).status_code == 201
        process.terminate()
        assert process.wait(timeout=15) == 0, log.read_text("utf-8")
    finally:
        process.kill()
        process.wait()
    assert list(elsewhere.iterdir()) == []


def _await_start(client: httpx2.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        assert process.poll() is None, log.read_text("utf-8")
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx2.TransportError:
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.05)
