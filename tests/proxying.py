"""nginx and Caddy as deploy/ configures them, on free ports, in front of a service under test."""

from __future__ import annotations

import abc
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import httpx2

import needed
from running import free_port

DEPLOY = Path(__file__).parents[1] / "deploy"
START_S = 20.0
_NGINX = """
daemon off;
master_process off;
pid nginx.pid;
events {{}}
http {{
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  include {included};
}}
"""
"""What stands around the example in a distribution's nginx.conf, as far as it matters."""


def installed(name: str) -> str:
    """The path of a program; Debian keeps daemons where a user's PATH does not lead."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    return found or needed.program(name)


def replaced(text: str, replacements: Mapping[str, str]) -> str:
    """A text with other words for some; each has to be there."""
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


class Proxy(abc.ABC):
    """A proxy's process. Everything it writes is below `folder`.

    `command` runs it in the foreground, `check` only reads its configuration.
    """

    def __init__(self, folder: Path, upstream: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = ""
        self.command: list[str] = []
        self.check: list[str] = []
        self.environ = dict(os.environ)
        self._upstream = upstream
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        self.configure()

    @abc.abstractmethod
    def configure(self) -> None:
        """Write the example with this folder, port and upstream in it."""

    def __enter__(self) -> Proxy:
        with (self.folder / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environ, stdout=output, stderr=output
            )
        deadline = time.monotonic() + START_S
        with visitor(self) as client:
            while True:
                assert self._process.poll() is None, self.logged()
                try:
                    client.get("/healthz")
                    return self
                except httpx2.TransportError:
                    assert time.monotonic() < deadline, self.logged()
                    time.sleep(0.02)

    def __exit__(self, *exc: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=START_S)

    def logged(self) -> str:
        """Every line of every log."""
        logs = sorted(self.folder.rglob("*.log"))
        return "".join(path.read_text("utf-8", "replace") for path in logs)


class Nginx(Proxy):
    def configure(self) -> None:
        certificate, key = self._certificate()
        host = "/etc/letsencrypt/live/comments.example.com"
        example = replaced(
            (DEPLOY / "nginx.conf").read_text("utf-8"),
            {
                "listen [::]:80;": "",
                "listen [::]:443 ssl;": "",
                "listen 80;": f"listen 127.0.0.1:{free_port()};",
                "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
                "server 127.0.0.1:8000;": f"server {self._upstream};",
                f"{host}/fullchain.pem": str(certificate),
                f"{host}/privkey.pem": str(key),
                "/var/log/nginx/": f"{self.folder}/",
            },
        )
        included, main = self.folder / "palabre.conf", self.folder / "nginx.conf"
        included.write_text(example, "utf-8")
        main.write_text(_NGINX.format(included=included), "utf-8")
        self.url = f"https://127.0.0.1:{self.port}"
        places = ["-p", str(self.folder), "-c", str(main), "-e", str(self.folder / "start.log")]
        self.command = [installed("nginx"), *places]
        self.check = [*self.command, "-t"]

    def _certificate(self) -> tuple[Path, Path]:
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        making = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        naming = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(
            [installed("openssl"), *making, *naming], check=True, capture_output=True, timeout=60
        )
        return certificate, key


class Caddy(Proxy):
    def configure(self) -> None:
        is_several = " " in self._upstream
        # The administration's port is the same for every Caddy of a machine.
        adapted = {"\tlog default {": "\tadmin off\n\tlog default {"}
        if is_several:
            adapted |= {
                "health_interval 5s": "health_interval 1s",
                "fail_duration 5s": "fail_duration 1s",
                "lb_try_interval 100ms": f"lb_try_interval 100ms\n\t{_buffering()}",
            }
        example = replaced((DEPLOY / "Caddyfile").read_text("utf-8"), adapted)
        config = self.folder / "Caddyfile"
        config.write_text(example, "utf-8")
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ |= {
            "COMMENTS_HOST": self.url,
            "COMMENTS_UPSTREAM": self._upstream,
            "COMMENTS_UPSTREAMS": "several" if is_several else "one",
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }
        options = ["--adapter", "caddyfile", "--config", str(config)]
        self.command = [installed("caddy"), "run", *options]
        self.check = [installed("caddy"), "validate", *options]


def _buffering() -> str:
    """The line that the example asks for where Caddy is old."""
    done = subprocess.run([installed("caddy"), "version"], capture_output=True, text=True)
    numbers = re.findall(r"\d+", done.stdout)
    version = tuple(map(int, numbers[:3]))
    if version >= (2, 11, 2):
        return ""
    return "request_buffers 300KB" if version >= (2, 7) else "buffer_requests"


def visitor(proxy: Proxy, address: str = "127.0.0.1") -> httpx2.Client:
    """A client that comes from *address*, one of loopback's 16 million."""
    transport = httpx2.HTTPTransport(local_address=address, verify=False)
    return httpx2.Client(transport=transport, base_url=proxy.url, timeout=20)
