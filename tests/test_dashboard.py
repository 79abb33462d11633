"""deploy/grafana.json: every query is understood, and about something we export."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

import needed
from exporting import exported

DASHBOARD = Path(__file__).parents[1] / "deploy" / "grafana.json"
TARGET_LABELS = {"instance"}
"""What Prometheus adds to everything that it reads."""

_SELECTOR = re.compile(r"\b(palabre_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"(\w+)(?:=~|!~|!=|=)\"")


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    assert len(found) > 20
    return found


def selected(query: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric that a query names, with the labels that are asked of it or grouped by."""
    grouped = {
        label.strip() for by in re.findall(r"\bby \(([^)]*)\)", query) for label in by.split(",")
    }
    for name, matchers in _SELECTOR.findall(query):
        yield name, grouped | set(_MATCHER.findall(matchers))


async def test_every_query_is_about_metrics_and_labels_that_are_exported(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    known = await exported(client, moderator)
    for query in queries():
        named = list(selected(query))
        assert named, query
        for name, labels in named:
            assert name in known, query
            assert labels <= known[name] | TARGET_LABELS, query


async def test_every_metric_that_is_exported_is_on_the_dashboard(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    def family(name: str) -> str:
        return re.sub(r"_(bucket|sum|count|created)$", "", name)

    shown = {family(name) for query in queries() for name, _ in selected(query)}
    assert {family(name) for name in await exported(client, moderator)} <= shown


def test_counters_are_shown_as_rates_and_what_all_processes_say_alike_is_not_added_up() -> None:
    for query in queries():
        for name, _ in selected(query):
            if re.search(r"_(total|bucket|sum|count)$", name):
                assert re.search(rf"rate\({name}[^\[]*\[\$__rate_interval\]\)", query), query
        if re.search(r"palabre_(queue|jobs)_", query):
            assert query.startswith("max("), query


def test_the_source_of_data_is_chosen_on_the_dashboard() -> None:
    variables = {one["name"]: one for one in dashboard()["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert variables["instance"]["datasource"] == chosen
    for panel in panels():
        assert panel["datasource"] == chosen
        assert all(target["datasource"] == chosen for target in panel["targets"])
    used = set(re.findall(r"\$\{?(\w+)", " ".join(queries())))
    assert used == {"instance", "__rate_interval"}


def test_panels_say_what_they_show_and_lie_beside_one_another() -> None:
    places: set[tuple[int, int]] = set()
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith(".")
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & places, panel["title"]
        places |= cells


def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    promtool = needed.program("promtool")
    rules = [
        {"record": f"a:query:{number}", "expr": adapted(query)}
        for number, query in enumerate(queries())
    ]
    file = tmp_path / "rules.json"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def adapted(query: str) -> str:
    """A query as Grafana sends it."""
    return query.replace("$__rate_interval", "5m").replace("$instance", ".*")
