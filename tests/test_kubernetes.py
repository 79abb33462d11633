"""deploy/kubernetes/: what its schemas accept, and what the files say of one another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import httpx2
import kubernetes_validate
import pytest
import yaml  # type: ignore[import-untyped]
from starlette.routing import Route

from exporting import exported
from palabre import commands, settings
from palabre.commands.server import GRACE_S
from palabre.errors import Refusal
from palabre.web.routes import ROUTES

FOLDER = Path(__file__).parents[1] / "deploy" / "kubernetes"
VERSIONS = ("1.30", "1.37")
NOT_KUBERNETES = {"kustomization.yaml", "prometheus-adapter.yaml"}
OPERATORS = {"/readyz", "/metrics"}
MAX_CONNECTIONS = 97
"""What PostgreSQL takes by default, without those that it reserves."""

Manifest = dict[str, Any]


def documents(path: Path) -> list[Manifest]:
    return [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]


def manifests(folder: str) -> Iterator[Manifest]:
    """What a folder's kustomization makes, its patches laid over it."""
    (kustomization,) = documents(FOLDER / folder / "kustomization.yaml")
    found: list[Manifest] = []
    for name in kustomization["resources"]:
        path = (FOLDER / folder / name).resolve()
        found += manifests(path.name) if path.is_dir() else documents(path)
    for patch in kustomization.get("patches", []):
        for over in documents(FOLDER / folder / patch["path"]):
            (index,) = [
                number for number, one in enumerate(found) if identity(one) == identity(over)
            ]
            found[index] = merged(found[index], over)
    yield from found


def identity(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def merged(under: Any, over: Any) -> Any:
    """A strategic merge, as far as ours go: lists whose items have names are merged by them."""
    if isinstance(under, dict) and isinstance(over, dict):
        return under | {key: merged(under.get(key), value) for key, value in over.items()}
    if isinstance(under, list) and isinstance(over, list):
        by_name = {item["name"]: item for item in deepcopy(under)}
        return list(
            (by_name | {i["name"]: merged(by_name.get(i["name"]), i) for i in over}).values()
        )
    return over


def of(folder: str, kind: str, name: str = "palabre") -> Manifest:
    (found,) = [one for one in manifests(folder) if identity(one) == (kind, name)]
    return found


def pods(folder: str) -> list[Manifest]:
    """The pod templates of all Deployments."""
    return [one["spec"]["template"] for one in manifests(folder) if one["kind"] == "Deployment"]


def containers(pod: Manifest) -> list[Manifest]:
    found: list[Manifest] = pod["spec"]["initContainers"] + pod["spec"]["containers"]
    return found


def environment(container: Manifest) -> dict[str, str]:
    """What a container finds, the Secret's placeholders left out."""
    config: dict[str, str] = of("base", "ConfigMap", "palabre-settings")["data"]
    return config | {one["name"]: one["value"] for one in container.get("env", [])}


def fits(selector: Manifest, pod: Manifest) -> bool:
    labels: dict[str, str] = pod["metadata"]["labels"]
    wanted: dict[str, str] = selector.get("matchLabels", selector)
    return wanted.items() <= labels.items()


# As Kubernetes reads them.


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", ["base", "workers", "examples"])
def test_kubernetes_schemas_accept_every_manifest(folder: str, version: str) -> None:
    if folder == "examples":
        paths = sorted((FOLDER / folder).glob("*.yaml"))
        found = [one for p in paths if p.name not in NOT_KUBERNETES for one in documents(p)]
    else:
        found = list(manifests(folder))
    assert found
    for manifest in found:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_misspelt_field_would_be_noticed() -> None:
    wrong = deepcopy(of("base", "Service", "comments"))
    wrong["spec"]["selectors"] = wrong["spec"].pop("selector")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_every_file_is_used_or_an_example() -> None:
    used = set()
    for folder in ("base", "workers"):
        (kustomization,) = documents(FOLDER / folder / "kustomization.yaml")
        named = kustomization["resources"] + [p["path"] for p in kustomization.get("patches", [])]
        used |= {(FOLDER / folder / name).resolve() for name in [*named, "kustomization.yaml"]}
    there = {path for path in FOLDER.rglob("*.yaml") if path.parent.name != "examples"}
    assert there == {path for path in used if path.is_file()}
    for folder in ("base", "workers"):
        everything = [identity(one) for one in manifests(folder)]
        assert len(set(everything)) == len(everything)


# What they say of one another.


@pytest.mark.parametrize("folder", ["base", "workers"])
def test_selectors_find_the_pods_that_they_mean(folder: str) -> None:
    serving = of(folder, "Deployment")["spec"]
    for deployment in (one for one in manifests(folder) if one["kind"] == "Deployment"):
        spec = deployment["spec"]
        assert fits(spec["selector"], spec["template"])
        others = [pod for pod in pods(folder) if pod != spec["template"]]
        assert not any(fits(spec["selector"], pod) for pod in others)
        for constraint in spec["template"]["spec"]["topologySpreadConstraints"]:
            assert fits(constraint["labelSelector"], spec["template"])
    for selector in (
        of(folder, "Service", "comments")["spec"]["selector"],
        of(folder, "PodDisruptionBudget")["spec"]["selector"],
    ):
        assert [pod for pod in pods(folder) if fits(selector, pod)] == [serving["template"]]
    for name in ("palabre", "palabre-jobs"):
        assert any(
            fits(of(folder, "NetworkPolicy", name)["spec"]["podSelector"], pod)
            for pod in pods(folder)
        )
    target = of(folder, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) in {identity(one) for one in manifests(folder)}


@pytest.mark.parametrize("folder", ["base", "workers"])
def test_settings_and_secrets_are_there_under_the_names_that_pods_ask_for(folder: str) -> None:
    (secret,) = documents(FOLDER / "examples" / "secret.yaml")
    config = of(folder, "ConfigMap", "palabre-settings")
    for pod in pods(folder):
        for container in containers(pod):
            assert container["envFrom"] == [
                {"configMapRef": {"name": config["metadata"]["name"]}},
                {"secretRef": {"name": secret["metadata"]["name"]}},
            ]
    assert set(secret["stringData"]) == {"PALABRE_DATABASE_URL", "PALABRE_MASTER_KEY"}
    assert not set(secret["stringData"]) & set(config["data"])


def test_ports_are_asked_for_by_the_name_under_which_the_service_listens() -> None:
    (container,) = of("base", "Deployment")["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    pod = of("base", "Deployment")["spec"]["template"]
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(port["containerPort"])
    assert f"PALABRE_PORT={port['containerPort']}" in (FOLDER.parent / "Dockerfile").read_text()
    (offered,) = of("base", "Service", "comments")["spec"]["ports"]
    assert offered["targetPort"] == port["name"]
    (allowed,) = of("base", "NetworkPolicy")["spec"]["ingress"][0]["ports"]
    assert allowed["port"] == port["name"]
    (ingress,) = documents(FOLDER / "examples" / "ingress.yaml")
    for path in ingress["spec"]["rules"][0]["http"]["paths"]:
        assert path["backend"] == {"service": {"name": "comments", "port": {"name": "http"}}}


# What they say of the service.


def test_the_settings_are_accepted() -> None:
    for container in (
        c for folder in ("base", "workers") for p in pods(folder) for c in containers(p)
    ):
        given = environment(container)
        assert set(given) <= {row.name for row in settings.table()}
        found = settings.load(given)
        assert found.metrics_public
        assert found.trusted_proxies == (ip_network("10.244.0.0/16"),)


def test_nothing_starts_with_the_secrets_of_the_example() -> None:
    (secret,) = documents(FOLDER / "examples" / "secret.yaml")
    for name, value in secret["stringData"].items():
        with pytest.raises(Refusal, match=name):
            settings.load({name: value})


@pytest.mark.parametrize("folder", ["base", "workers"])
def test_work_beside_the_answers_is_done_by_one_kind_of_pod_which_alone_may_go_out(
    folder: str,
) -> None:
    out = of(folder, "NetworkPolicy", "palabre-jobs")["spec"]["podSelector"]
    working = []
    for pod in pods(folder):
        (container,) = pod["spec"]["containers"]
        works = container["args"] == ["work"] or environment(container)["PALABRE_JOBS"] == "true"
        assert fits(out, pod) == works
        working += [container["args"]] if works else []
    assert working == [["serve"] if folder == "base" else ["work"]]


def test_webhooks_go_to_no_private_address() -> None:
    blocks = [
        to["ipBlock"]
        for to in of("base", "NetworkPolicy", "palabre-jobs")["spec"]["egress"][0]["to"]
    ]
    refused = [IPv4Network(one) for block in blocks for one in block.get("except", [])]
    for private in ("10.1.2.3/32", "172.31.0.1/32", "192.168.1.1/32", "169.254.169.254/32"):
        assert any(IPv4Network(private).subnet_of(one) for one in refused)
    (v6,) = [block["cidr"] for block in blocks if ":" in block["cidr"]]
    assert not IPv6Network("fd00::1/128").subnet_of(IPv6Network(v6))


def test_every_command_exists() -> None:
    known = set(commands.main.commands)
    named = {
        c["args"][0] for folder in ("base", "workers") for p in pods(folder) for c in containers(p)
    }
    assert named == {"serve", "migrate", "work"}
    assert named <= known


def test_probes_ask_for_paths_that_there_are_and_liveness_never_for_the_database() -> None:
    paths = {one.path for one in ROUTES if isinstance(one, Route)}
    (container,) = of("base", "Deployment")["spec"]["template"]["spec"]["containers"]
    asked = {
        name: container[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "liveness", "readiness")
    }
    assert asked == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert set(asked.values()) <= paths
    scraped = of("base", "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert scraped["prometheus.io/path"] in paths


def test_the_ingress_leads_to_all_that_visitors_may_ask_and_to_nothing_of_the_operators() -> None:
    (ingress,) = documents(FOLDER / "examples" / "ingress.yaml")
    rules = ingress["spec"]["rules"][0]["http"]["paths"]

    def is_led(path: str) -> bool:
        return any(
            path == rule["path"]
            or (rule["pathType"] == "Prefix" and path.startswith(rule["path"] + "/"))
            for rule in rules
        )

    paths = {one.path for one in ROUTES if isinstance(one, Route)}
    assert {path for path in paths if not is_led(path)} == OPERATORS


@pytest.mark.parametrize("folder", ["base", "workers"])
def test_whoever_stops_a_pod_waits_until_routers_know_and_requests_are_done(folder: str) -> None:
    for pod in pods(folder):
        (container,) = pod["spec"]["containers"]
        waiting = container.get("lifecycle", {}).get("preStop", {}).get("exec", {})
        found = re.search(r"sleep\((\d+)\)", " ".join(waiting.get("command", [])))
        assert ("serve" in container["args"]) == (found is not None)
        before_s = int(found[1]) if found else 0
        assert pod["spec"]["terminationGracePeriodSeconds"] > before_s + 10 > before_s + GRACE_S


@pytest.mark.parametrize("folder", ["base", "workers"])
def test_pods_are_what_the_restricted_profile_asks_for(folder: str) -> None:
    for pod in pods(folder):
        assert pod["spec"]["enableServiceLinks"] is False
        assert pod["spec"]["automountServiceAccountToken"] is False
        context = pod["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True
        assert f"USER {context['runAsUser']}:" in (FOLDER.parent / "Dockerfile").read_text("utf-8")
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]


def test_no_service_has_a_name_that_becomes_a_setting() -> None:
    for manifest in manifests("workers"):
        if manifest["kind"] == "Service":
            assert not manifest["metadata"]["name"].startswith("palabre")


def test_images_have_a_tag_of_their_own() -> None:
    for folder in ("base", "workers"):
        (kustomization,) = documents(FOLDER / folder / "kustomization.yaml")
        tags = {image["name"]: image["newTag"] for image in kustomization["images"]}
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", tag) for tag in tags.values())
        images = {container["image"] for pod in pods(folder) for container in containers(pod)}
        assert images == set(tags)


def test_all_pods_together_have_fewer_connections_than_postgresql_takes() -> None:
    scaling = of("workers", "HorizontalPodAutoscaler")["spec"]
    assert scaling["minReplicas"] >= 2
    total = 0
    for deployment in (one for one in manifests("workers") if one["kind"] == "Deployment"):
        spec = deployment["spec"]
        most = spec.get("replicas", scaling["maxReplicas"])
        (container,) = spec["template"]["spec"]["containers"]
        each = int(environment(container)["PALABRE_DATABASE_CONNECTIONS"]) + 1
        total += (most + spec["strategy"]["rollingUpdate"]["maxSurge"]) * each
    assert total < MAX_CONNECTIONS


async def test_the_autoscaler_goes_by_a_metric_that_the_adapter_makes_of_one_of_ours(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    known = await exported(client, moderator)
    metrics = of("base", "HorizontalPodAutoscaler")["spec"]["metrics"]
    wanted = {one["pods"]["metric"]["name"] for one in metrics if one["type"] == "Pods"}
    (adapter,) = documents(FOLDER / "examples" / "prometheus-adapter.yaml")
    made = {}
    for rule in adapter["rules"]["custom"]:
        series = rule["seriesQuery"].partition("{")[0]
        assert series in known
        assert re.fullmatch(rule["name"]["matches"], series)
        labels = set(re.findall(r"(\w+)(?:!~|=~|!=|=)\"", rule["metricsQuery"]))
        assert labels <= known[series]
        made[rule["name"]["as"]] = series
    assert wanted == set(made)
    # Where there is no adapter, the processor decides.
    (cpu,) = [one["containerResource"] for one in metrics if one["type"] == "ContainerResource"]
    (container,) = of("base", "Deployment")["spec"]["template"]["spec"]["containers"]
    assert (cpu["name"], cpu["container"]) == ("cpu", container["name"])
