"""Sites for tests: a hostile corpus, data files, and a browser that shows a site."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from report_pages import Page
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.support.wait import WebDriverWait

MARKUP = "</script><script>document.title = 'broken'</script>"

HOSTILE_SCHEMA = """
name = "<b>hostile</b>"
version = "1"

[entities."[/PER]"]
description = "</template><b>"

[entities."__proto__"]

[relations."<i>MEETS</i>"]
head = ["[/PER]"]
tail = ["__proto__"]
"""
HOSTILE_MANIFEST = """
name = "</title><h1>x"
version = "<1>"
licence = "CC0-1.0"
rights = { licence = "CC0-1.0", holder = "Nobody", source = "tests", redistributable = true }
"""
HOSTILE_ID = f"../x/{MARKUP}?#%2F"
HOSTILE_REF = "constructor\"'><img src=x onerror=alert(1)>"


def write_hostile(folder: Path) -> Path:
    """Write a corpus with one document in which everything looks like markup or an address."""
    (folder / "gold").mkdir(parents=True)
    (folder / "corpus.toml").write_text(HOSTILE_MANIFEST)
    (folder / "schema.toml").write_text(HOSTILE_SCHEMA)
    (folder / "splits.toml").write_text(f"train = [{json.dumps(HOSTILE_ID)}]\n")
    text = f"👩‍🚀 {MARKUP} voit\n[/PER] &amp; Zoé."
    first, second = text.index(MARKUP), text.index("[/PER]")
    document = {
        "id": HOSTILE_ID,
        "text": text,
        "meta": {"title": f"<b>{MARKUP}</b>", "<dt>": "<dd>"},
        "entities": [
            {"id": "__proto__", "start": first, "end": first + len(MARKUP), "label": "[/PER]"}
            | {"ref": HOSTILE_REF},
            {"id": "b/c", "start": second, "end": second + 6, "label": "__proto__"}
            | {"ref": "__proto__"},
        ],
        "relations": [{"head": "__proto__", "tail": "b/c", "label": "<i>MEETS</i>"}],
    }
    (folder / "gold" / "x.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def read_data(file: Path) -> Any:
    """Return the content of a data file of a site."""
    match = re.fullmatch(r'aloiData\("([\w-]+)",(.*)\);\n', file.read_text(encoding="utf-8"))
    assert match
    assert match[1] == file.stem
    return json.loads(match[2])


def open_site(page: Page, url: str, address: str = "#/") -> None:
    """Open a view of a site and wait until it is shown."""
    page.browser.get("about:blank")
    page.browser.get(url + address)
    script = "return !!document.querySelector('main:not([aria-busy]) h1')"
    wait_until(page, lambda: page.browser.execute_script(script))


def wait_until(page: Page, is_ready: Callable[[], object]) -> None:
    """Wait until a function of the page returns true."""
    changing = (StaleElementReferenceException, IndexError)
    WebDriverWait(page.browser, 20, 0.05, changing).until(lambda _: is_ready())
