"""The watch itself: a page with faults is caught at each of them."""

from __future__ import annotations

import pytest

from tests.browser.watching import PHONE

pytestmark = pytest.mark.browser

FAULTY = """() => {
  const wide = document.createElement("p");
  wide.textContent = "宽".repeat(60);
  wide.className = "nowrap";
  const picture = document.createElement("img");
  picture.src = "/static/nothing-there.png";
  document.body.append(wide, picture);
  console.error("planted");
  setTimeout(() => { throw new Error("thrown"); });
}"""


def test_faults_are_seen(site, visitors):
    visitor = visitors.new(site, PHONE)
    page = visitor.go("/sign-in")
    assert visitor.faults == []
    page.evaluate(FAULTY)
    visitor.seen.clear()
    visitor.look()
    page.goto(f"{site.url.replace('127.0.0.1', 'localhost')}/healthz")
    seen = "\n".join(visitor.faults)
    visitor.faults.clear()
    for sign in ("wider than the screen", "image-alt", "console: planted", "thrown", "outside"):
        assert sign in seen, f"{sign} was not seen in:\n{seen}"
