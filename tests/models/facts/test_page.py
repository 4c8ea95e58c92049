"""The page of facts: in a browser with mouse, keyboard and phone, and what is in its source."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_pages import LAPTOP, PHONE, Page, report_page
from selenium.webdriver.common.keys import Keys

from aloi.models.facts.page import render_facts, sentence_parts
from aloi.models.facts.statements import StatedFact, Statement, Thing

TEXT = "Ana <b> voit Bob à Rome."
ANA, BOB = (Thing(name, "PER", name.lower()) for name in ("Ana", "Bob"))
ROME = Thing("Rome", "LOC")


def fact(who: Thing, relation: str, whom: Thing, attributes: dict[str, str]) -> StatedFact:
    spans = [
        (TEXT.index(each.name), TEXT.index(each.name) + len(each.name)) for each in (who, whom)
    ]
    statement = Statement(0, len(TEXT), TEXT, spans[0], spans[1])
    return StatedFact("d", who, relation, whom, (statement,), attributes=attributes, score=0.5)


FACTS = [
    fact(ANA, "MEETS", BOB, {"assertion": "negated"}),
    fact(ANA, "LIVES_IN", ROME, {}),
    fact(BOB, "LIVES_IN", ROME, {}),
]
PAGE = render_facts(FACTS, model="m", documents=1, total=3, symmetric=["MEETS"])


def test_the_page_needs_no_other_file() -> None:
    assert not re.search(r"https?://|\b(src|href)=\"(?!#)|url\((?!#)", PAGE)
    assert "&lt;b&gt;" in PAGE


def test_only_directed_relations_have_arrows() -> None:
    lines = re.findall(r'<path class="line".*', PAGE)
    assert ["marker-end" in line for line in lines] == [False, True, True] * 2  # phone and desk


def test_restricted_text_and_missing_facts_are_named() -> None:
    page = render_facts(FACTS, model="m", documents=1, total=9, restricted=True)
    assert 'name="contains_restricted_text"' in page
    assert "first 3 are shown" in page
    assert "No relations were found" in render_facts([], model="m", documents=1, total=0)


def test_an_inner_end_is_marked_and_one_outside_is_not() -> None:
    statement = Statement(10, 31, "le président français", (13, 31), (23, 31))
    parts = [(each.text, each.role) for each in sentence_parts(statement)]
    assert parts == [("le président ", ""), ("français", "tail"), ("", "")]
    outside = Statement(10, 13, "Ana", (0, 5), (10, 13))
    assert [each.role for each in sentence_parts(outside)] == ["", "tail", ""]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with report_page() as page:
        yield page


@pytest.fixture
def opened(page: Page, tmp_path: Path) -> Iterator[Page]:
    (tmp_path / "facts.html").write_text(PAGE, encoding="utf-8")
    page.resize(LAPTOP)
    page.browser.get((tmp_path / "facts.html").as_uri())
    yield page
    assert page.browser.get_log("browser") == []


def shown_rows(page: Page) -> list[str]:
    return [each.text.split()[0] for each in page.all("tbody tr") if each.is_displayed()]


@pytest.mark.slow
def test_things_are_selected_with_the_keyboard(opened: Page) -> None:
    opened.press(Keys.TAB)  # one stop for the graph
    reached = {opened.browser.switch_to.active_element.get_attribute("data-name")}
    for key in (Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.ARROW_UP, Keys.ARROW_DOWN) * 2:
        opened.press(key)
        reached.add(opened.browser.switch_to.active_element.get_attribute("data-name"))
    assert reached == {"Ana", "Bob", "Rome"}
    opened.press(Keys.ENTER)
    name = opened.browser.switch_to.active_element.get_attribute("data-name")
    assert opened.texts("output") == [f"2 of 3 facts about {name}"]
    opened.press(Keys.ESCAPE)
    assert opened.texts("output") == ["3 of 3 facts"]


@pytest.mark.slow
def test_search_and_relation_filter_the_table(opened: Page) -> None:
    opened.filter("rômé")
    assert shown_rows(opened) == ["Ana", "Ana", "Bob"]  # the sentence contains it, too
    opened.filter("negated")
    assert shown_rows(opened) == ["Ana"]
    opened.filter("absent")
    assert opened.texts("#none") == ["No fact matches."]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "dark"), [(PHONE, True), (PHONE, False), (LAPTOP, True), (1920, False)]
)
def test_widths_and_colour_schemes_are_accessible(opened: Page, width: int, *, dark: bool) -> None:
    opened.resize(width, dark=dark)
    assert opened.overflow() == 0
    drawn = [each.is_displayed() for each in opened.all("svg.phone, svg.desk")]
    assert drawn == [width == PHONE, width != PHONE]
    assert opened.accessibility()["violations"] == []
