"""The HTML page in a browser: it shows all annotations, and texts are never markup."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import Report, evaluate

pytestmark = pytest.mark.slow

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
CORPUS = Path(__file__).parents[3] / "corpus"


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no browser: install Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1400,1000"):
        options.add_argument(argument)
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def open_page(browser: webdriver.Chrome, report: Report, folder: Path) -> None:
    file = folder / "page.html"
    file.write_text(render_page(report), encoding="utf-8")
    browser.get(file.as_uri())


def select_document(browser: webdriver.Chrome, number: int) -> dict[str, tuple[int, int]]:
    """Select a document and return the number of mentions and arcs on each side."""
    browser.find_elements(By.CSS_SELECTOR, "#list button")[number].click()
    return {
        side: (
            len(browser.find_elements(By.CSS_SELECTOR, f"[data-side={side}] .tag")),
            len(browser.find_elements(By.CSS_SELECTOR, f"[data-side={side}] .arc")),
        )
        for side in ("gold", "pred")
    }


def test_the_page_shows_every_annotation_of_the_corpus(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    corpus = Corpus.open(CORPUS)
    gold = [d for d in corpus.split("test") if d.id not in corpus.manifest.restricted]
    # Predictions without every fifth mention and its relations.
    pred = []
    for document in gold:
        kept = {e.id: e for n, e in enumerate(document.entities) if n % 5}
        arcs = [r for r in document.relations if r.head in kept and r.tail in kept]
        pred.append(Document(document.id, document.text, tuple(kept.values()), tuple(arcs)))
    report = evaluate(gold, pred, schema=corpus.schema, bootstrap=20)
    open_page(browser, report, tmp_path)
    counts = [select_document(browser, number) for number in range(len(gold))]
    exact, strict = (
        report.to_json()[task][scheme]["micro"]
        for task, scheme in (("entities", "exact"), ("relations", "strict"))
    )
    for side, other in (("gold", "fn"), ("pred", "fp")):
        sums = [sum(each[side][n] for each in counts) for n in (0, 1)]
        assert sums == [row["tp"] + row[other] for row in (exact, strict)]
    assert browser.get_log("browser") == []


def test_markup_in_a_text_is_shown_as_text(browser: webdriver.Chrome, tmp_path: Path) -> None:
    text = "👩‍🚀 <script>document.title = 'broken'</script> & </script> <b>Ana</b>"
    start = text.index("Ana")
    ana, tag = (
        Entity(id="a", start=start, end=start + 3, label="PER"),
        Entity(id="t", start=4, end=12, label="<i>LOC</i>"),
    )
    gold = Document("<d>", text, (ana, tag), (Relation(head="a", tail="t", label="<u>"),))
    open_page(browser, evaluate([gold], [Document("<d>", text, ())]), tmp_path)
    assert browser.title == "aloi: evaluation"
    shown = browser.find_element(By.CSS_SELECTOR, "[data-side=pred] .text")
    assert shown.get_property("textContent") == text
    segments = browser.find_elements(By.CSS_SELECTOR, "[data-side=gold] .segment")
    assert [segment.text for segment in segments] == ["<script>", "Ana"]
    assert browser.get_log("browser") == []


def test_a_restricted_document_is_shown_without_text(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    ana, rome = (
        Entity(id="a", start=0, end=3, label="PER"),
        Entity(id="r", start=10, end=14, label="LOC"),
    )
    hidden = {"redistributable": False}
    gold = [
        Document(
            "hidden",
            "Ana vit à Rome",
            (ana, rome),
            (Relation(head="a", tail="r", label="IN"),),
            hidden,
        ),
        Document("shown", "Bob vit à Lima", (ana,)),
    ]
    open_page(browser, evaluate(gold, [Document(d.id, d.text, ()) for d in gold]), tmp_path)
    assert select_document(browser, 0) == {"gold": (0, 0), "pred": (0, 0)}
    side = browser.find_element(By.CSS_SELECTOR, "[data-side=gold]").text
    assert "gold: 2 mentions, 1 relation" in side
    assert "3 errors. The text is omitted" in side
    assert select_document(browser, 1) == {"gold": (1, 0), "pred": (0, 0)}
    assert "Ana" not in browser.page_source
    assert browser.get_log("browser") == []


def test_documents_are_sorted_by_errors_and_can_be_searched(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    gold = [
        Document(
            id_,
            f"Ana à {place}",
            tuple(Entity(id=f"e{n}", start=n, end=n + 1, label="PER") for n in range(size)),
        )
        for id_, place, size in (("a", "Rome", 1), ("b", "Lima", 3), ("c", "Oslo", 0))
    ]
    open_page(browser, evaluate(gold, [Document(d.id, d.text, ()) for d in gold]), tmp_path)
    buttons = browser.find_elements(By.CSS_SELECTOR, "#list button")
    assert [button.text.split()[0] for button in buttons] == ["b", "a", "c"]
    browser.find_element(By.ID, "search").send_keys("rome")
    assert [button.is_displayed() for button in buttons] == [False, True, False]


def test_the_data_in_the_page_are_valid_json() -> None:
    report = evaluate([Document("d", "</script>", ())], [Document("d", "</script>", ())])
    written = render_page(report).partition('id="data">')[2].partition("</script>")[0]
    assert json.loads(written)["documents"][0]["text"] == "</script>"
