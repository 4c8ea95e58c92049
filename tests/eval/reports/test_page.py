"""The HTML page in a browser: annotations, navigation, accessibility and print."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from report_pages import LAPTOP, PHONE, Page, report_page
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.reports.report import Report, evaluate

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).parents[3] / "corpus"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with report_page() as page:
        yield page


@pytest.fixture(autouse=True)
def _reset(page: Page) -> Iterator[None]:
    page.resize(LAPTOP)
    yield
    assert page.browser.get_log("browser") == []


@pytest.fixture(scope="module")
def corpus_report() -> Report:
    """Return the report of predictions without every fifth mention and its relations."""
    corpus = Corpus.open(CORPUS)
    gold = [d for d in corpus.split("test") if d.id not in corpus.manifest.restricted][:6]
    pred = []
    for document in gold:
        kept = {
            e.id: Entity(id=e.id, start=e.start, end=e.end, label=e.label, score=0.5 + n % 5 / 10)
            for n, e in enumerate(document.entities)
            if n % 5
        }
        arcs = [r for r in document.relations if r.head in kept and r.tail in kept]
        pred.append(Document(document.id, document.text, tuple(kept.values()), tuple(arcs)))
    return evaluate(gold, pred, schema=corpus.schema, bootstrap=20)


TEXT = "Ana vit à Rome.\n\nBob voit Ana 👩‍🚀 à Lima."


def entity(id_: str, surface: str, label: str) -> Entity:
    start = TEXT.index(surface)
    return Entity(id=id_, start=start, end=start + len(surface), label=label)


ANA, ROME = entity("a", "Ana", "PER"), entity("r", "Rome", "LOC")
BOB, LIMA = entity("b", "Bob", "PER"), entity("l", "Lima", "LOC")
LIVES, MEETS = (
    Relation(head="a", tail="r", label="LIVES_IN"),
    Relation(head="b", tail="a", label="MEETS"),
)


@pytest.fixture(scope="module")
def small_report() -> Report:
    """Return the report of two documents: one with three errors, one without."""
    return report_of("meeting")


def report_of(*ids: str) -> Report:
    """Return the report of documents with the same three errors, and of one without errors."""
    right = Document("travel", TEXT, (ANA,))
    org = entity("r", "Rome", "ORG")
    gold = [Document(id_, TEXT, (ANA, ROME, BOB, LIMA), (LIVES, MEETS)) for id_ in ids]
    pred = [Document(id_, TEXT, (ANA, org, BOB, LIMA), (MEETS,)) for id_ in ids]
    return evaluate([*gold, right], [*pred, right])


def counts(page: Page) -> dict[str, tuple[int, int]]:
    """Return the number of mentions and of listed relations on each side of the document."""
    relations = [len(each.find_elements(By.TAG_NAME, "li")) for each in page.all(".lists section")]
    return {
        side: (len(page.all(f".tag[data-side={side}]")), number)
        for side, number in zip(("gold", "pred"), relations or (0, 0), strict=True)
    }


def test_the_page_shows_every_annotation(page: Page, corpus_report: Report, tmp_path: Path) -> None:
    page.open(corpus_report, tmp_path)
    shown, arcs = [], 0
    for number in range(corpus_report.documents):
        page.click("#list a", number)
        shown.append(counts(page))
        if number == 0:
            page.click("[name=all]")
        arcs += len(page.all(".arc"))
    exact, strict = (
        corpus_report.to_json()[task][scheme]["micro"]
        for task, scheme in (("entities", "exact"), ("relations", "strict"))
    )
    for side, other in (("gold", "fn"), ("pred", "fp")):
        sums = [sum(each[side][n] for each in shown) for n in (0, 1)]
        assert sums == [row["tp"] + row[other] for row in (exact, strict)]
    assert arcs == 2 * strict["tp"] + strict["fn"] + strict["fp"]


def test_markup_in_a_text_is_shown_as_text(page: Page, tmp_path: Path) -> None:
    text = "👩‍🚀 <script>document.title = 'broken'</script> & </script> <b>Ana</b>"
    start = text.index("Ana")
    ana, tag = (
        Entity(id="a", start=start, end=start + 3, label="PER"),
        Entity(id="t", start=4, end=12, label="<i>LOC</i>"),
    )
    gold = Document("<d>", text, (ana, tag), (Relation(head="a", tail="t", label="<u>"),))
    page.open(evaluate([gold], [Document("<d>", text, ())]), tmp_path)
    assert page.browser.title == "predictions: aloi evaluation"
    (cell,) = page.texts("[data-side=pred].cell")
    assert cell == text
    assert page.texts("[data-side=gold] .segment") == ["<script>", "Ana"]
    page.filter("</SCRIPT> <b>")
    assert page.texts("#list a") == ["<d>\n✗ 3"]


def test_a_restricted_document_is_shown_without_text(page: Page, tmp_path: Path) -> None:
    hidden = {"redistributable": False}
    gold = [
        Document("hidden", TEXT, (ANA, ROME), (LIVES,), hidden),
        Document("shown", TEXT, (BOB,)),
    ]
    page.open(evaluate(gold, [Document(d.id, d.text, ()) for d in gold]), tmp_path)
    side = page.texts("#document [data-side=gold]")[0]
    assert "gold: 2 mentions, 1 relation" in side
    assert "3 errors. The text is omitted" in side
    page.click("#list a", 1)
    assert counts(page) == {"gold": (1, 0), "pred": (0, 0)}


def test_documents_can_be_filtered(page: Page, small_report: Report, tmp_path: Path) -> None:
    page.open(small_report, tmp_path)
    assert page.texts("#list a") == ["meeting\n✗ 3", "travel\n✓"]
    for query, found in (
        ("TRAVEL", ["travel\n✓"]),
        ("lives_in", ["meeting\n✗ 3"]),
        ("head", []),
        ("lima", ["meeting\n✗ 3", "travel\n✓"]),
    ):
        page.filter(query)
        assert page.texts("#list a") == found
    page.filter("Atlantis")
    assert page.texts("#list a") == []
    assert page.texts("#found") == ["Nothing found for “Atlantis”."]


def test_gold_and_prediction_are_aligned_by_paragraph(
    page: Page, small_report: Report, tmp_path: Path
) -> None:
    page.open(small_report, tmp_path)
    cells = page.all(".cell")
    places = [(each.get_attribute("data-side"), each.rect["y"]) for each in cells]
    assert [side for side, _ in places] == ["gold", "pred"] * 2
    assert places[0][1] == places[1][1] < places[2][1] == places[3][1]
    page.resize(PHONE)
    assert len({each.rect["y"] for each in page.all(".cell")}) == 4
    assert page.texts(".which") == ["gold", "predicted"] * 2


def test_relations_of_the_selected_mention_are_drawn(
    page: Page, small_report: Report, tmp_path: Path
) -> None:
    page.open(small_report, tmp_path)
    assert page.all(".arc") == []
    ActionChains(page.browser).move_to_element(page.all(".segment")[0]).perform()
    assert page.texts(".arc-label") == ["✗ LIVES_IN: wrong type", "MEETS"]
    page.click(".tag[data-side=gold]")  # Ana: LIVES_IN is missed, MEETS is right
    assert page.texts(".arc-label") == ["✗ LIVES_IN: wrong type", "MEETS"]
    page.click("[name=errorsOnly]")
    assert page.texts(".arc-label") == []  # Ana is right, so her mention is hidden
    page.click("[name=errorsOnly]")
    page.click(".segment")
    assert len(page.texts(".arc-label")) == 2
    page.click("[name=all]")
    assert len(page.texts(".arc-label")) == 3


def test_kinds_of_errors_are_text(page: Page, small_report: Report, tmp_path: Path) -> None:
    """They can be read without a pointer and without colours."""
    page.open(small_report, tmp_path)
    assert page.texts(".tag.wrong") == ["LOC ✗ type", "ORG ✗ type"]
    page.click(".tag.wrong")
    (detail,) = page.texts("#detail")
    assert "gold: LOC “Rome”, ✗ type. Gold and prediction have the same span" in detail
    assert "predicted: ORG “Rome”" in detail
    assert "✗ missed, wrong type. Head or tail was predicted with another label." in detail
    assert page.texts("#error-list li") == [
        "✗ missed relation, wrong type: PER “Ana” → LIVES_IN → LOC “Rome”",
        "✗ type: gold LOC “Rome”, predicted ORG “Rome”",
    ]


def test_an_address_opens_a_document_and_an_error(
    page: Page, small_report: Report, tmp_path: Path
) -> None:
    page.open(small_report, tmp_path, "#doc=meeting&e=2")
    assert page.texts("#error-list [aria-current]") == page.texts("#error-list a")[1:]
    assert page.browser.switch_to.active_element.text == "LOC ✗ type"
    assert page.texts(".tag.selected") == ["LOC ✗ type", "ORG ✗ type"]
    page.open(report_of("meeting", "second meeting"), tmp_path)  # frequent errors occur twice
    page.click("table.frequent a")
    assert page.address == f"#doc=meeting&at={ROME.start}"
    assert page.browser.switch_to.active_element.text == "LOC ✗ type"
    page.open(small_report, tmp_path, "#doc=nowhere")
    assert page.texts("#document") == ["This report contains no document “nowhere”."]


def test_arrow_keys_select_documents_mentions_and_errors(
    page: Page, small_report: Report, tmp_path: Path
) -> None:
    page.open(small_report, tmp_path)
    page.all("#list a")[0].send_keys(Keys.ARROW_DOWN)
    assert page.address == "#doc=travel"
    page.press(Keys.ARROW_UP)
    assert page.address == "#doc=meeting"
    page.click(".tag")
    page.press(Keys.ARROW_RIGHT)
    assert page.texts(".tag.selected") == ["LOC ✗ type"]
    page.press(Keys.ARROW_LEFT)
    assert page.texts(".tag.selected") == ["PER"]
    page.press(Keys.ARROW_DOWN)
    assert page.address == "#doc=meeting&e=2"
    page.press(Keys.ARROW_UP)
    assert page.address == "#doc=meeting&e=1"


def test_the_table_of_documents_can_be_sorted(
    page: Page, small_report: Report, tmp_path: Path
) -> None:
    page.open(small_report, tmp_path)
    rows = page.texts("#documents tbody tr")
    assert rows == [
        "meeting 3 3 1 1 0.750 0.750 0.750 1 0 1 1.000 0.500 0.667",
        "travel 0 1 0 0 1.000 1.000 1.000 0 0 0 – – –",
    ]
    page.click("#documents thead button", 1)
    assert page.texts("#documents tbody tr") == rows[::-1]
    assert page.all("#documents [aria-sort=ascending]")[0].text.startswith("errors")


@pytest.mark.parametrize(("width", "dark"), [(PHONE, False), (LAPTOP, True)])
def test_the_page_is_accessible_and_fits(
    page: Page, corpus_report: Report, tmp_path: Path, width: int, dark: bool
) -> None:
    page.resize(width, dark=dark)
    page.open(corpus_report, tmp_path, "#doc=" + corpus_report.analysis.errors.pair.ids[0])
    page.browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.click(".tag.wrong")
    assert page.overflow() == 0
    assert page.accessibility()["violations"] == []
    # axe cannot measure the contrast of what is behind the arcs or outside a scrolled table.
    page.browser.execute_script("document.querySelector('.text svg').remove()")
    style = ".scroll, #list { overflow: visible !important; max-height: none !important }"
    page.browser.execute_script(
        "document.head.append(Object.assign(document.createElement('style'),"
        " {textContent: arguments[0]}))",
        f"{style} body {{ width: 4000px }} #detail {{ position: static }}",
    )
    contrast = page.accessibility("color-contrast")
    assert contrast == {"violations": [], "incomplete": []}


def test_a_print_contains_all_documents(page: Page, corpus_report: Report, tmp_path: Path) -> None:
    page.open(corpus_report, tmp_path)
    page.browser.execute_script(
        "addEventListener('beforeprint', () => "
        "{ window.printed = document.querySelectorAll('#print article').length; })"
    )
    page.browser.print_page()
    assert page.browser.execute_script("return printed") == corpus_report.documents
    assert page.all("#print article") == []  # afterprint


def test_a_page_without_documents_opens(page: Page, tmp_path: Path) -> None:
    page.open(evaluate([], []), tmp_path)
    assert page.texts("#found") == ["0 documents"]


def test_ten_thousand_documents_open_quickly(page: Page, tmp_path: Path) -> None:
    gold = [Document(f"d{n:05}", TEXT, (ANA, ROME, BOB, LIMA), (LIVES,)) for n in range(10_000)]
    pred = [Document(d.id, d.text, d.entities[n % 2 :], ()) for n, d in enumerate(gold)]
    assert page.open(evaluate(gold, pred), tmp_path, "#doc=d09999") < 5
    assert page.texts("#document h3") == ["d09999"]
    page.filter("d0777")
    assert page.texts("#found") == ["10 of 10000 documents"]
