"""A headless Chromium, and Label Studio's page in it, operated by keys and mouse."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_actions import PointerActions
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")

WAIT_TIMEOUT = 60
"""Seconds to wait for an element to appear."""

TEXT = ".lsf-richtext__container"

_NO_ARCS = "//*[text()='Create relations between regions']"

_ARC_LABELS = ".lsf-relation-meta button"

_DESCRIPTIONS = "[class*='project-card__description']"

_KNOWN_REFS = ".htx-taxonomy-dropdown .ant-select-tree-checkbox"

_FRAME = "return [outerWidth - innerWidth, outerHeight - innerHeight]"

_RECT = "return arguments[0].getBoundingClientRect().toJSON()"

_CORNERS = """
const [css, surface, number] = arguments, nodes = [], root = document.querySelector(css);
if (!root) return null;
const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) nodes.push(walker.currentNode);
const text = nodes.map(node => node.data).join('');
let start = -1;
for (let n = 0; n <= number; n++) start = text.indexOf(surface, start + 1);
if (start < 0) return null;
function at(offset, isEnd) {
  for (const node of nodes) {
    if (offset < node.length || (isEnd && offset === node.length)) return [node, offset];
    offset -= node.length;
  }
}
const range = document.createRange();
range.setStart(...at(start, false));
range.setEnd(...at(start + surface.length, true));
range.startContainer.parentElement.scrollIntoView({block: 'center'});
const boxes = range.getClientRects(), first = boxes[0], last = boxes[boxes.length - 1];
return [first.left, first.top + first.height / 2, last.right, last.top + last.height / 2];
"""


@contextmanager
def chromium(size: str = "1500,1000", *, log: bool = False) -> Iterator[webdriver.Chrome]:
    """Start a headless browser; skip the test if none is installed.

    log: keep the messages of the console, for `get_log("browser")`.
    """
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no browser: install Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", f"--window-size={size}"):
        options.add_argument(argument)
    options.binary_location = binary
    if log:
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield browser
    finally:
        browser.quit()


@dataclass
class Desk:
    """An annotator's browser on a server. `number` counts the occurrences of a surface from 0."""

    browser: webdriver.Chrome
    url: str

    def log_in(self, username: str, password: str) -> None:
        self.browser.get(f"{self.url}/user/login/")
        self.find("[name=email]").send_keys(username)
        self.find("[name=password]").send_keys(password, Keys.ENTER)
        self._wait(lambda: "/user/login" not in self.browser.current_url)

    def resize(self, width: int, height: int) -> None:
        """Give the page this size in pixels."""
        for _ in range(2):  # the first time measures the window's frame
            frame = self.browser.execute_script(_FRAME)
            self.browser.set_window_size(width + frame[0], height + frame[1])

    def open(self, project: int, task: int) -> None:
        """Open a task's page and wait for its text."""
        self.browser.get(f"{self.url}/projects/{project}/data?task={task}")
        self.find(f"{TEXT} .lsf-richtext__line")

    def task_columns(self, project: int) -> set[str]:
        """Open a project's task list and return the titles of its columns."""
        self.browser.get(f"{self.url}/projects/{project}/data")
        self.find(".lsf-table-row")
        cells = self.browser.find_elements(By.CSS_SELECTOR, ".lsf-table-head .lsf-th-content")
        return {cell.get_property("textContent") for cell in cells}

    def find(self, css: str) -> WebElement:
        """Return the first element of a CSS selector; wait for it."""
        return self._wait(
            lambda: next(iter(self.browser.find_elements(By.CSS_SELECTOR, css)), None)
        )

    def mark(self, surface: str, key: str, number: int = 0) -> None:
        """Mark a mention: press the label's key and drag over the surface until it is marked.

        No mention may be selected, because the key would relabel it. A page that has just been
        opened ignores some keys and drags.
        """
        self.press(Keys.ESCAPE)
        before = len(self._spans())

        def marked() -> bool:
            if len(self._spans()) > before:
                return True
            self.press(Keys.ESCAPE)
            self.press(key)
            self.drag(surface, number)
            with suppress(TimeoutException):
                self._wait(lambda: len(self._spans()) > before, seconds=10)
            return False

        self._wait(marked)

    def drag(self, surface: str, number: int = 0) -> None:
        """Drag the mouse over a surface.

        Text that a label has not taken stays selected, and the next drag would move it.
        """
        self.browser.execute_script("getSelection().removeAllRanges()")
        left, top, right, bottom = self._corners(surface, number)
        with self._mouse() as mouse:
            mouse.move_to_location(round(left), round(top))
            mouse.pointer_down()
            mouse.move_to_location(round(right), round(bottom))
            mouse.pointer_up()

    def select(self, surface: str, number: int = 0) -> None:
        """Click a mention until it is selected; the page ignores some clicks after drags."""
        self.press(Keys.ESCAPE)

        def selected() -> bool:
            self.click(surface, number)
            time.sleep(0.3)
            return bool(self.browser.find_elements(By.CSS_SELECTOR, f"{TEXT} .__active"))

        self._wait(selected)

    def click(self, surface: str, number: int = 0) -> None:
        """Click the first letter of a surface; this completes an arc that is being drawn."""
        left, top, _, _ = self._corners(surface, number)
        with self._mouse() as mouse:
            mouse.move_to_location(round(left) + 3, round(top))
            mouse.click()

    def relate(self, head: str, tail: str, *labels: str) -> None:
        """Draw an arc by Alt+R and a click, and choose its labels in the list of relations."""
        self.draw(head, tail)
        self.label_arc(*labels)

    def draw(self, head: str, tail: str) -> None:
        """Draw an arc without labels by Alt+R and a click."""
        if "_active" not in (self._tab("Relations").get_attribute("class") or ""):
            self._panel("Relations")
        self._wait(lambda: self._arcs() or self.browser.find_elements(By.XPATH, _NO_ARCS))
        before = len(self._arcs())
        self.select(head)
        self.press("r", Keys.ALT)
        self.click(tail)
        self._wait(lambda: len(self._arcs()) > before)

    def label_arc(self, *labels: str) -> None:
        """Choose labels for the latest arc."""
        button = self.open_arc()
        for label in labels:
            self._wait(lambda: self._options().get(label)).click()  # noqa: B023 - called immediately
            self._wait(lambda: label in (button.get_attribute("data-value") or ""))  # noqa: B023
        self.press(Keys.ESCAPE)
        self._wait(lambda: not self._options())

    def open_arc(self) -> WebElement:
        """Open the labels of the newest arc by two clicks on it; return the button that lists them.

        One click is enough if the arc already shows its labels.
        """
        self._panel("Relations")
        arc = self._arcs()[-1]
        ActionChains(self.browser).move_to_element(arc).perform()
        if not arc.find_elements(By.CSS_SELECTOR, _ARC_LABELS):
            ActionChains(self.browser).click().perform()
            self._wait(lambda: arc.find_elements(By.CSS_SELECTOR, _ARC_LABELS))
        ActionChains(self.browser).click().perform()
        self._wait(self._options)
        time.sleep(0.5)  # the list moves while it opens
        return arc.find_element(By.CSS_SELECTOR, _ARC_LABELS)

    def offered_labels(self) -> list[str]:
        """Return the visible labels in the open list, in their order on the page."""
        shown = [option for option in self._options().values() if option.is_displayed()]
        return [option.text for option in sorted(shown, key=lambda option: option.rect["y"])]

    def refer(self, surface: str, ref: str, number: int = 0) -> None:
        """Set the ref of a mention: Tab moves to its field, and Enter there saves it."""
        self.select(surface, number)
        self.press(Keys.TAB)
        field = self.browser.switch_to.active_element
        assert field.get_attribute("name") == "ref", f"Tab does not reach the ref of {surface!r}"
        field.send_keys(ref, Keys.ENTER)

    def choose_ref(self, surface: str, search: str, number: int = 0) -> None:
        """Choose a known ref for a mention: search in the list and take the only result."""
        field = self.search_refs(surface, search, number)
        self._wait(lambda: len(self._known_refs()) == 1)
        field.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
        self.find(".htx-taxonomy .ant-select-selection-item")
        self._panel("Regions")  # leave the field, so that keys work again

    def search_refs(self, surface: str, search: str, number: int = 0) -> WebElement:
        """Select a mention and search in the list of known refs; return the search field."""
        self.select(surface, number)
        self.find(".htx-taxonomy").click()
        field = self.find(".lsf-taxonomy-search-input")
        self._wait(lambda: self.browser.switch_to.active_element == field)
        field.send_keys(search)
        return field

    def arc_tops(self) -> list[float]:
        """Return the top edges of the arcs in the list of relations, oldest arc first."""
        self._panel("Relations")
        return [arc.rect["y"] for arc in self._arcs()]

    def scroll_to(self, surface: str) -> None:
        """Scroll a surface into the middle of the page."""
        self._corners(surface, 0)

    def line_height(self) -> float:
        """Return the distance of the text's lines in pixels."""
        return float(self.find(TEXT).value_of_css_property("line-height").removesuffix("px"))

    def font_size(self) -> float:
        """Return the size of the text's letters in pixels."""
        return float(self.find(TEXT).value_of_css_property("font-size").removesuffix("px"))

    def is_above(self, above: str, below: str) -> bool:
        """Return whether an element covers another one where they overlap, by their z-indices."""
        heights = [self.find(css).value_of_css_property("z-index") for css in (above, below)]
        return int(heights[0]) > int(heights[1].replace("auto", "0"))

    def rect(self, css: str) -> dict[str, float]:
        """Return the left, top, right and bottom edges of an element in the window, in pixels."""
        element = self.find(css)
        return dict(self.browser.execute_script(_RECT, element))

    def choose(self, surface: str, key: str, number: int = 0) -> None:
        """Set an attribute of a mention by the key of its value."""
        self.select(surface, number)
        self.press(key)

    def ask(self, question: str) -> None:
        """Write a question about the task, and leave the field so that keys work again."""
        self.find("[placeholder^='Une question']").send_keys(question, Keys.ENTER)
        self._panel("Regions")

    def mentions(self) -> list[str]:
        """Return the marked surfaces; wait until there are some."""
        spans = self._wait(self._spans)
        return [span.text for span in spans]

    def wait_for_project(self, *lines: str) -> None:
        """Load the list of projects until a project has a description with these lines."""

        def listed() -> bool:
            self.browser.get(f"{self.url}/projects/")
            self.find(_DESCRIPTIONS)
            texts = self.browser.find_elements(By.CSS_SELECTOR, _DESCRIPTIONS)
            return any(all(line in each.text for line in lines) for each in texts)

        self._wait(listed)

    def answer(self, key: str) -> None:
        """Press the key of an answer until it is checked; a new page ignores some keys."""
        before = self._checked()

        def chosen() -> bool:
            if self._checked() > before:
                return True
            self.press(key)
            with suppress(TimeoutException):
                self._wait(lambda: self._checked() > before, seconds=10)
            return False

        self._wait(chosen)

    def _checked(self) -> int:
        return len(self.browser.find_elements(By.CSS_SELECTOR, "input:checked"))

    def submit(self) -> None:
        """Submit the work by Ctrl+Enter and wait until it is stored."""
        self.press(Keys.ENTER, Keys.CONTROL)
        self._wait(lambda: not self.find("[data-testid=bottombar-update-button]").is_enabled())

    def press(self, key: str, *modifiers: str) -> None:
        """Press a key together with modifiers."""
        chain = ActionChains(self.browser)
        for modifier in modifiers:
            chain.key_down(modifier)
        chain.send_keys(key)
        for modifier in modifiers:
            chain.key_up(modifier)
        chain.perform()

    def _corners(self, surface: str, number: int) -> list[float]:
        """Return the coordinates of a surface's start and end, in the middle of their lines.

        A page that has just been opened draws its text more than once.
        """
        message = f"the page's text has no {surface!r}"
        script = (_CORNERS, TEXT, surface, number)
        return list(self._wait(lambda: self.browser.execute_script(*script), message=message))

    @contextmanager
    def _mouse(self) -> Iterator[PointerActions]:
        actions = ActionBuilder(self.browser, mouse=PointerInput("mouse", "mouse"))
        yield actions.pointer_action
        actions.perform()

    def _panel(self, name: str) -> None:
        self._tab(name).click()

    def _tab(self, name: str) -> WebElement:
        """Return the tab of a list; wait for it."""
        path = f"//*[text()='{name}']"
        return self._wait(
            lambda: next(
                filter(WebElement.is_displayed, self.browser.find_elements(By.XPATH, path)), None
            )
        )

    def _arcs(self) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, ".lsf-relations__item")

    def _options(self) -> dict[str, WebElement]:
        options = self.browser.find_elements(By.CSS_SELECTOR, "[role=option]")
        return {option.text: option for option in options}

    def _known_refs(self) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, _KNOWN_REFS)

    def _spans(self) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, ".htx-highlight")

    def _wait(self, ready: Callable[[], T], seconds: float = WAIT_TIMEOUT, message: str = "") -> T:
        changing = (StaleElementReferenceException,)
        waiting = WebDriverWait(self.browser, seconds, ignored_exceptions=changing)
        return waiting.until(lambda _: ready(), message)
