"""Visitors whose every page is watched: console, outside requests, width, accessibility."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

    from tests.program import Program

PC: Final = {"viewport": {"width": 1440, "height": 900}}
PHONE: Final = {
    "viewport": {"width": 375, "height": 812},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
COMMON: Final = {
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
    "reduced_motion": "reduce",
    "accept_downloads": True,
}
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
AXE: Final = """async (rules) => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
  return found.violations.map((v) => [v.id, v.help, v.nodes.map((n) => n.html.slice(0, 200))]);
}"""
OVERFLOW: Final = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const right = (e) => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect().right; };
  const out = [...document.body.querySelectorAll("*")]
    .filter((e) => e.checkVisibility() && !e.children.length && right(e) > wide + 1);
  return out.length ? out.slice(0, 5).map((e) => e.outerHTML.slice(0, 160)) : ["something"];
}"""
# The browser itself reports an error status of a page that is meant to have one.
EXPECTED: Final = re.compile(r"Failed to load resource: the server responded with a status of 4")


def plain(url: str) -> str:
    """An address without what differs from run to run."""
    path = urlsplit(url).path
    return re.sub(r"(?<=/)(?=[^/]*[0-9])[0-9A-Za-z_-]{8,}", "…", path)


@dataclass
class Visitor:
    """One browser profile with one page, which is looked at after every step."""

    context: BrowserContext
    page: Page
    program: Program
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    scripts: bool = True

    def go(self, path: str, *, status: int = 200) -> Page:
        """Open a page of the site and look at it."""
        answer = self.page.goto(f"{self.program.url}{path}")
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        self.look()
        return self.page

    def look(self) -> None:
        """Check the page that is shown now; each kind of page costs its time once."""
        self.page.wait_for_load_state()
        name = plain(self.page.url)
        if name in self.seen:
            return
        self.seen.add(name)
        for html in self.page.evaluate(OVERFLOW):
            self.faults.append(f"{name}: wider than the screen: {html}")
        if not self.scripts:
            return
        self.page.evaluate(AXE_SCRIPT)
        for rule, help_text, nodes in self.page.evaluate(AXE, list(RULES)):
            self.faults.append(f"{name}: {rule}: {help_text}: {nodes[:3]}")

    def press(self, name: str, *, role: Any = "button", exact: bool = True) -> None:
        """Press a button (or follow a link) by its words and look at what comes."""
        self.page.get_by_role(role, name=name, exact=exact).first.click()
        self.look()


class Visitors:
    """Makes visitors and collects what went wrong."""

    def __init__(self, browser: Browser) -> None:
        """Contexts come from ``browser``."""
        self._browser = browser
        self._made: list[Visitor] = []

    def new(self, program: Program, device: dict[str, Any] = PC, **options: Any) -> Visitor:
        """A visitor of ``program`` with cookies of its own."""
        context = self._browser.new_context(**{**COMMON, **device, **options})
        context.set_default_timeout(15_000)
        visitor = Visitor(context, context.new_page(), program)
        visitor.scripts = options.get("java_script_enabled", True)
        self._made.append(visitor)
        origins = {program.url, program.simulator_url}

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not EXPECTED.match(message.text):
                visitor.faults.append(f"console: {message.text} ({message.location})")

        def asked(request: Request) -> None:
            parts = urlsplit(request.url)
            local = parts.scheme in {"data", "blob", "about"}
            if not local and f"{parts.scheme}://{parts.netloc}" not in origins:
                visitor.faults.append(f"asked outside: {request.url}")

        context.on("console", heard)
        context.on("request", asked)
        context.on("weberror", lambda error: visitor.faults.append(f"script: {error.error}"))
        return visitor

    def take_pictures(self, folder: Path, name: str) -> None:
        """What every visitor sees now."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, visitor in enumerate(self._made):
            visitor.page.screenshot(path=folder / f"{name}-{number}.png")

    def close(self) -> None:
        """Close all; raises ``AssertionError`` with everything that was seen."""
        faults = [fault for visitor in self._made for fault in visitor.faults]
        for visitor in self._made:
            visitor.context.close()
        assert not faults, "\n".join(dict.fromkeys(faults))
