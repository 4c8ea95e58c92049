"""A site in a browser: views, search, links, keys, accessibility, and hostile content."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import msgspec
import pytest
import sites
from report_pages import LAPTOP, PHONE, Page, report_page
from selenium.webdriver.common.keys import Keys

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.site.builder import build_site

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).parents[3] / "corpus"
DISPATCH = "2000-03-20-senegal-wade"
IDS = (DISPATCH, "2006-08-14-retour-liban-sud")

VIEWS = (
    "#/",
    f"#/document/{DISPATCH}/e5",
    "#/surface/Wade",
    "#/ref/abdou-diouf",
    "#/type/PER",
    "#/relation/HAS_ROLE",
    "#/search/pr",
    "#/changes",
    "#/document/nowhere",
)


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
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a site of two dispatches, compared with fewer mentions and a text."""
    folder = tmp_path_factory.mktemp("site")
    documents = [d for d in Corpus.open(CORPUS).documents if d.id in IDS]
    new = write_corpus(folder / "new", *documents)
    first, second = documents
    older = msgspec.structs.replace(first, entities=first.entities[:-3], relations=())
    rewritten = msgspec.structs.replace(second, text=second.text.replace("Liban", "Libye", 1))
    old = write_corpus(folder / "old", older, rewritten)
    build_site(Corpus.open(new), folder / "site", earlier=old)
    return (folder / "site" / "index.html").as_uri()


def write_corpus(folder: Path, *documents: document_files.Document) -> Path:
    document_files.write(documents, folder / "gold")
    for name in ("schema.toml", "refs.toml"):
        shutil.copy(CORPUS / name, folder / name)
    manifest = (CORPUS / "corpus.toml").read_text(encoding="utf-8")
    lines = [line for line in manifest.splitlines() if not line.startswith("restricted =")]
    (folder / "corpus.toml").write_text("\n".join(lines), encoding="utf-8")
    (folder / "splits.toml").write_text(f'train = ["{IDS[0]}"]\ndev = ["{IDS[1]}"]\n')
    return folder


def test_the_start_page_leads_to_types_and_documents(page: Page, site: str) -> None:
    sites.open_site(page, site)
    assert page.texts(".sizes") == ["2 documents 51 mentions 10 relations"]
    assert [row.partition("\n")[0] for row in page.texts("#documents li")] == [
        "Sénégal : Diouf félicite Wade",
        "Au Liban, le retour commence",
    ]
    page.browser.execute_script("split.value = 'dev'; split.dispatchEvent(new Event('change'))")
    sites.wait_until(page, lambda: len(page.all("#documents li")) == 1)


def test_a_link_to_a_mention_selects_it(page: Page, site: str) -> None:
    sites.open_site(page, site, f"#/document/{DISPATCH}/e1")
    assert page.texts(".segment.selected") == ["DAKAR"]
    assert page.browser.switch_to.active_element.text == "LOC"
    page.press(Keys.ARROW_RIGHT)
    assert page.address == f"#/document/{DISPATCH}/e2"
    assert page.texts(".segment.selected") == ["Sénégal"]
    page.press(Keys.ESCAPE)
    assert page.texts(".segment.selected") == []
    assert page.address == f"#/document/{DISPATCH}"


def test_a_mention_shows_its_ref_and_relations(page: Page, site: str) -> None:
    sites.open_site(page, site, f"#/document/{DISPATCH}")
    number = page.texts(".segment").index("Abdou Diouf")
    page.click(".segment", number)
    (card,) = page.texts(".card")
    assert "Ref: Abdou Diouf abdou-diouf" in card
    assert "this MEETS ↔ Abdoulaye Wade" in card
    assert page.texts(".arc-label") == ["MEETS"]


def test_a_concordance_shows_the_context_and_links_to_the_place(page: Page, site: str) -> None:
    sites.open_site(page, site, "#/surface/Wade")
    assert page.texts("h2") == ["Concordance: 2 mentions"]
    left, right = page.texts(".kwic .left")[0], page.texts(".kwic .right")[0]
    assert left.endswith("L'élection s'était jouée dimanche. M. ")
    assert right.startswith(" l'emporte nettement.")
    page.click(".line a")
    sites.wait_until(page, lambda: page.texts(".segment.selected") == ["Wade"])


def test_going_back_shows_a_list_as_it_was_left(page: Page, site: str) -> None:
    page.resize(PHONE)
    sites.open_site(page, site)
    link = page.all("#documents a")[1]
    follow = "scrollTo(0, 50); arguments[0].focus({preventScroll: true}); arguments[0].click()"
    page.browser.execute_script(follow, link)
    sites.wait_until(page, lambda: page.all(".text"))
    page.browser.back()
    sites.wait_until(page, lambda: page.all("#documents"))
    assert page.browser.execute_script("return scrollY") == 50
    assert page.browser.switch_to.active_element == link


def test_a_ref_shows_surfaces_relations_and_mentions(page: Page, site: str) -> None:
    sites.open_site(page, site, "#/ref/abdoulaye-wade")
    assert page.texts(".names-list .title")[:2] == ["PER Wade", "PER Abdoulaye Wade"]
    assert "Abdoulaye Wade MEETS ↔ Abdou Diouf 1" in page.texts("summary")
    page.click("summary", page.texts("summary").index("Abdoulaye Wade MEETS ↔ Abdou Diouf 1"))
    expected = "Abdou Diouf a appelé PER Abdoulaye Wade"
    sites.wait_until(page, lambda: expected in page.texts(".evidence")[0])


def test_search_finds_the_start_of_words(page: Page, site: str) -> None:
    sites.open_site(page, site)
    for query, found in (
        ("SENEG", "Sénégal : Diouf félicite Wade"),
        ("2000-03", "Sénégal : Diouf félicite Wade"),
        ("abdou-d", "Abdou Diouf"),
        ("dakar", "DAKAR"),
        ("occurs", "OCCURS_ON"),
    ):
        page.filter(query)
        sites.wait_until(page, lambda: page.texts("h1") == [f"Search: {query}"])  # noqa: B023
        assert found in page.texts(".rows .title")
    page.press(Keys.ARROW_DOWN)
    assert page.browser.switch_to.active_element.text == "OCCURS_ON\n3"
    page.browser.back()
    sites.wait_until(page, lambda: page.all("#documents"))


def test_changes_are_shown(page: Page, site: str) -> None:
    sites.open_site(page, site, "#/changes")
    assert len(page.all("summary")) == 2
    page.click("summary", 0)
    page.click("summary", 1)
    assert "added" in page.texts(".corrections li")[0]
    assert page.texts("del") + page.texts("ins") == ["Libye", "Liban"]


@pytest.mark.parametrize(
    ("width", "dark", "rules"), [(PHONE, False, ()), (LAPTOP, True, ("color-contrast",))]
)
def test_the_views_are_accessible_and_fit(
    page: Page, site: str, width: int, dark: bool, rules: tuple[str, ...]
) -> None:
    page.resize(width, dark=dark)
    for view in VIEWS:
        sites.open_site(page, site, view)
        page.browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = 1)")
        assert page.overflow() == 0, view
        # axe cannot measure the contrast of text behind an arc.
        page.browser.execute_script("document.querySelector('.text svg')?.remove()")
        assert page.accessibility(*rules)["violations"] == [], view


def test_hostile_content_is_shown_as_text(page: Page, tmp_path: Path) -> None:
    build_site(Corpus.open(sites.write_hostile(tmp_path / "corpus")), tmp_path / "site")
    url = (tmp_path / "site" / "index.html").as_uri()
    sites.open_site(page, url)
    assert page.browser.title == "</title><h1>x"
    assert page.texts(".types a") == ["[/PER]", "__proto__", "<i>MEETS</i>"]
    address = quote(sites.HOSTILE_ID, safe="")
    sites.open_site(page, url, f"#/document/{address}/__proto__")
    assert page.texts(".segment.selected") == [sites.MARKUP]
    assert page.browser.title.startswith(f"<b>{sites.MARKUP}</b>")
    links = {each.get_attribute("href") for each in page.all("main a")}
    links |= {f"{url}#/type/__proto__", f"{url}#/relation/{quote('<i>MEETS</i>', safe='')}"}
    for view in sorted(links):
        sites.open_site(page, view, "")
        assert "Not found" not in page.texts("h1")
        assert page.all("main img, main script, main i, main b") == []


def test_no_request_leaves_the_site(page: Page, site: str) -> None:
    """On a disk and on a web host, whose pages are in a subfolder."""
    folder = Path(site.removeprefix("file://")).parents[1]
    with served(folder) as host:
        for url in (site, f"{host}/site/index.html"):
            for view in VIEWS[:3]:
                sites.open_site(page, url, view)
                assert "Error" not in page.texts("h1")
                loaded = page.browser.execute_script(
                    "return performance.getEntriesByType('resource').map(entry => entry.name)"
                )
                assert [name for name in loaded if not name.startswith(url[:-10])] == []


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_: object) -> None:
        pass
