"""A browser for HTML reports, and what it shows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from browser import chromium
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import Report

PHONE, LAPTOP = 390, 1400
"""Widths of windows in pixels."""

_AXE = """
const [rules, done] = arguments;
axe.run(document, {resultTypes: ['violations', 'incomplete'], ...rules}).then(found => done(
  Object.fromEntries(['violations', 'incomplete'].map(name => [
    name, found[name].flatMap(rule => rule.nodes.map(node => [rule.id, node.html]))]))));
"""


@dataclass
class Page:
    """An HTML report in a browser."""

    browser: webdriver.Chrome

    def open(self, report: Report, folder: Path, address: str = "") -> float:
        """Open a report and return the seconds until it is shown; `address` is `#…`."""
        file = folder / "page.html"
        file.write_text(render_page(report), encoding="utf-8")
        self.browser.get("about:blank")
        started = time.monotonic()
        self.browser.get(file.as_uri() + address)
        return time.monotonic() - started

    def resize(self, width: int, *, dark: bool = False) -> None:
        """Set the width in pixels and the colour scheme."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def all(self, css: str) -> list[WebElement]:
        """Return the elements of a CSS selector."""
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css: str) -> list[str]:
        """Return the visible texts of the elements of a CSS selector."""
        return [element.text for element in self.all(css)]

    def click(self, css: str, number: int = 0) -> None:
        """Click an element, as a finger would: without moving a pointer over others."""
        self.browser.execute_script("arguments[0].click()", self.all(css)[number])

    def press(self, key: str) -> None:
        """Press a key in the focused element."""
        self.browser.switch_to.active_element.send_keys(key)

    def filter(self, query: str) -> None:
        """Write in the filter, and wait until the list is filtered."""
        field = self.browser.find_element(By.ID, "search")
        field.clear()
        field.send_keys(query)
        time.sleep(0.4)

    @property
    def address(self) -> str:
        """The part of the address after `#`."""
        return str(self.browser.execute_script("return location.hash"))

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        script = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
        return int(self.browser.execute_script(script))

    def accessibility(self, *rules: str) -> dict[str, list[tuple[str, str]]]:
        """Return what axe-core finds: rules and elements, `violations` and `incomplete`.

        Without `rules`, all its rules are checked.
        """
        script = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        self.browser.execute_script(script)
        chosen = {"runOnly": rules} if rules else {}
        return dict(self.browser.execute_async_script(_AXE, chosen))


@contextmanager
def report_page() -> Iterator[Page]:
    """Start a browser for reports."""
    with chromium(f"{LAPTOP},1000", log=True) as browser:
        yield Page(browser)


def page_documents(page: str) -> dict[str, dict[str, Any]]:
    """Return the documents in the source of a page by id."""
    index = json.loads(page.partition('id="index">')[2].partition("</script>")[0])
    chunks = [part.partition("</script>")[0] for part in page.split('class="chunk">')[1:]]
    documents = [document for chunk in chunks for document in json.loads(chunk)]
    return {
        id_: {**document, "counts": counts}
        for (id_, *counts), document in zip(index["documents"], documents, strict=True)
    }
