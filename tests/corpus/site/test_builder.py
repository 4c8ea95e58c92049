"""The files of a site: what they contain, what they never contain, and what they replace."""

import re
from pathlib import Path

import pytest
import releases
import sites

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError
from aloi.corpus.site import table_files
from aloi.corpus.site.builder import build_site
from aloi.corpus.site.table_files import write_table


def build(corpus: Path, out: Path, earlier: Path | None = None) -> dict[str, bytes]:
    """Build the site of a corpus folder, and return its files."""
    build_site(Corpus.open(corpus), out, earlier=earlier)
    return files(out)


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_no_byte_of_a_restricted_document_is_on_the_site(tmp_path: Path) -> None:
    """Not even if its text was open in the earlier version that the site is compared with."""
    earlier, corpus = releases.folder(tmp_path / "old"), releases.folder(tmp_path / "new")
    releases.write(earlier, releases.record("d", releases.SECRET, {"Vaucluse": "LOC", "Il": "PER"}))
    (earlier / "restricted" / "d.json").unlink()
    manifest = earlier / "corpus.toml"
    manifest.write_text(manifest.read_text().replace('restricted = ["d"]', ""))
    releases.change(earlier, "a", text="Ana vit à Rome.")
    content = b"\n".join(build(corpus, tmp_path / "site", earlier).values()).decode().lower()
    words = {word.lower() for word in re.findall(r"\w{5,}", releases.SECRET)}
    for secret in (*words, "roses de malvoisin", "canal gazette"):
        assert secret not in content
    assert "ana vit à rome" in content


def test_a_document_that_repeats_restricted_text_is_refused(tmp_path: Path) -> None:
    corpus = releases.folder(tmp_path / "corpus")
    releases.change(corpus, "a", text=f"Ana vit à Rome. {releases.SECRET[:60]}")
    with pytest.raises(DataError, match="repeats text of d"):
        build(corpus, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_corpus_without_open_documents_is_refused(tmp_path: Path) -> None:
    corpus = releases.folder(tmp_path / "corpus")
    manifest = corpus / "corpus.toml"
    manifest.write_text(
        manifest.read_text().replace("redistributable = true", "redistributable = false")
    )
    with pytest.raises(DataError, match="no document of the corpus may be redistributed"):
        build(corpus, tmp_path / "site")


def test_the_same_corpus_gives_the_same_bytes_and_replaces_its_site(tmp_path: Path) -> None:
    corpus = releases.folder(tmp_path / "corpus")
    first = build(corpus, tmp_path / "site")
    assert build(corpus, tmp_path / "site") == first
    (corpus / "gold" / "c.json").unlink()
    assert build(corpus, tmp_path / "site") != first


@pytest.mark.parametrize("foreign", ["notes.txt", "site/notes.txt", "site/data/list-0.js"])
def test_files_of_the_user_are_never_replaced(tmp_path: Path, foreign: str) -> None:
    corpus, out = releases.folder(tmp_path / "corpus"), tmp_path / "out"
    target = out / "site" if "/" in foreign else out
    if "/" in foreign:
        build(corpus, target)
    else:
        out.mkdir()
    (out / foreign).write_text("keep me")
    before = files(out)
    with pytest.raises(DataError, match=r"neither a site nor an empty folder|added or changed"):
        build(corpus, target)
    assert files(out) == before


def test_hostile_text_is_escaped_and_names_no_file(tmp_path: Path) -> None:
    content = build(sites.write_hostile(tmp_path / "corpus"), tmp_path / "site")
    page = content.pop("index.html").decode()
    assert "<b>" not in page
    assert page.count("<script") == 2
    assert page.count("</template>") == 1
    data = {name: text for name, text in content.items() if name.startswith("data/")}
    assert all(re.fullmatch(r"data/[a-z]+(-\d+)?\.js", name) for name in data)
    assert not any(b"<" in text for text in data.values())
    ((id_, *_),) = sites.read_data(tmp_path / "site" / "data" / "list-0.js")
    assert id_ == sites.HOSTILE_ID


def test_nothing_on_the_site_names_a_web_address(tmp_path: Path) -> None:
    content = build(releases.folder(tmp_path / "corpus"), tmp_path / "site")
    addresses = re.findall(rb"\w+://[^\s\"']*", b"\n".join(content.values()))
    assert set(addresses) <= {b"http://www.w3.org/2000/svg", b"file://"}


def test_rows_are_divided_into_files_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_files, "MAX_FILE_BYTES", 40)
    rows = [[f"k{n}", "x" * 8] for n in range(5)]
    directory = write_table(tmp_path, "list", rows)
    assert directory == [("k0", 0), ("k2", 2), ("k4", 4)]
    parts = [sites.read_data(tmp_path / f"list-{n}.js") for n in range(3)]
    assert [row for part in parts for row in part] == rows
