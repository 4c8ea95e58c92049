"""Tests of the removal of a document: everything at once, or nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from standoff_texts import DRAW, write_standoff
from toy import SCHEMA, sentence

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.intake.addition import TextDetails, add_texts
from aloi.corpus.intake.texts import parse_plain
from aloi.corpus.problems import DataError
from aloi.corpus.quality.checks import check_path
from aloi.corpus.removal.removal import remove_document
from aloi.corpus.removal.removed_documents import removed_documents

TODAY = date(2026, 11, 29)
MANIFEST = """\
name = "toy"
version = "1"
licence = "CC0-1.0"
# The restricted document.
restricted = ["d1"]
rights = { licence = "CC0-1.0", holder = "Nobody", source = "tests", redistributable = true }
"""
SPLITS = """\
# By hand.
train = [
  "d0",  # the first
  "d1",
]
test = ["d2", "d3"]
"""
REVIEW = """\
least_count = 3

[[right]]
rule = "bare-surface"
document = "d1"
surface = "Bob"
why = "a verb"

[[right]]
rule = "bare-surface"
document = "d2"
surface = "Eva"
why = "a verb"
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a corpus with gold, a restricted document, two passes and a stand-off corpus."""
    files = {
        "corpus.toml": MANIFEST,
        "schema.toml": SCHEMA,
        "splits.toml": SPLITS,
        "review.toml": REVIEW,
        **{f"gold/d{n}.json": document_files.pretty_json(sentence(n)) for n in (0, 2, 3)},
        **{f"passes/{name}/d2.json": "{}" for name in ("ana", "bob")},
        "restricted/d1.json": document_files.pretty_json(sentence(1)),
        "restricted/passes/ana/d1.json": "{}",
    }
    folder = tmp_path / "corpus"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    write_standoff(folder / "wikinews")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every file by its path."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def files_with(folder: Path, id_: str) -> list[str]:
    """Return the files that contain an id in their name or content."""
    found = contents(folder).items()
    return sorted(name for name, content in found if id_.encode() in content or id_ in name)


@pytest.mark.parametrize("id_", ["d1", "d2"])
def test_only_the_tombstone_contains_the_id_of_a_removed_document(corpus: Path, id_: str) -> None:
    remove_document(corpus, id_, TODAY)
    assert files_with(corpus, id_) == ["removed.toml"]
    assert removed_documents(corpus) == {id_: TODAY}


def test_other_documents_and_comments_are_kept(corpus: Path) -> None:
    remove_document(corpus, "d1", TODAY)
    assert (corpus / "splits.toml").read_text(encoding="utf-8") == SPLITS.replace('  "d1",\n', "")
    assert "# The restricted document." in (corpus / "corpus.toml").read_text(encoding="utf-8")
    assert 'document = "d2"' in (corpus / "review.toml").read_text(encoding="utf-8")
    opened = Corpus.open(corpus)
    assert opened.manifest.restricted == ()
    assert [document.id for document in opened.documents] == ["d0", "d2", "d3"]


def test_a_document_of_the_inner_standoff_corpus_is_removed(corpus: Path) -> None:
    before = contents(corpus)
    remove_document(corpus, "2016_01_05-001", TODAY)
    line = '2016_01_05-001 = { theme = "society", split = "train" }\n'
    after = contents(corpus)
    assert after.pop("wikinews/removed.toml")
    assert after.pop("wikinews/draw.toml").decode() == DRAW.replace(line, "")
    assert after == {name: before[name] for name in after}


def test_an_unknown_id_is_an_error(corpus: Path) -> None:
    before = contents(corpus)
    with pytest.raises(DataError, match="d9: the corpus does not contain the document"):
        remove_document(corpus, "d9", TODAY)
    assert contents(corpus) == before


@pytest.mark.parametrize("id_", ["../corpus", "*", "", "PER", "train", "name", "toy"])
def test_only_an_id_of_a_document_is_removed(corpus: Path, id_: str) -> None:
    with pytest.raises(DataError, match="does not contain the document"):
        remove_document(corpus, id_, TODAY)


def test_a_failure_leaves_every_file_as_it_was(corpus: Path) -> None:
    (corpus / "removed.toml").mkdir()  # cannot be replaced by a file
    before = contents(corpus)
    with pytest.raises(DataError, match=r"removed\.toml: cannot change the file: .*nothing was"):
        remove_document(corpus, "d2", TODAY)
    assert contents(corpus) == before


@pytest.mark.parametrize("content", ["[[right", "x = " + "[" * 5000 + "]" * 5000])
def test_a_damaged_list_is_reported_and_nothing_is_removed(corpus: Path, content: str) -> None:
    (corpus / "review.toml").write_text(content)
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match=r"review\.toml"):
        remove_document(corpus, "d1", TODAY)
    assert {path: path.read_bytes() for path in before} == before


def test_the_check_reports_a_document_that_was_added_again(corpus: Path) -> None:
    remove_document(corpus, "d2", TODAY)
    (corpus / "gold/d2.json").write_text(document_files.pretty_json(sentence(2)), encoding="utf-8")
    messages = [str(p) for p in check_path(corpus) if p.kind == "removed-document"]
    assert len(messages) == 1
    assert "document d2: the document was removed on 2026-11-29" in messages[0]


def test_a_removed_id_cannot_be_added(corpus: Path) -> None:
    remove_document(corpus, "d2", TODAY)
    text = parse_plain("Une autre phrase, très différente des autres.".encode(), file="d2.txt")
    with pytest.raises(DataError, match="must not be added again"):
        add_texts([text], Corpus.open(corpus), TextDetails(id="d2"))


def test_a_second_removal_changes_nothing(corpus: Path) -> None:
    """A call that was killed after its last change can be repeated."""
    remove_document(corpus, "d2", TODAY)
    before = contents(corpus)
    assert remove_document(corpus, "d2", TODAY) == []
    assert contents(corpus) == before


def test_an_interrupted_removal_is_completed_by_the_same_call(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def interrupt(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".json":
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", interrupt)
        with pytest.raises(KeyboardInterrupt):
            remove_document(corpus, "d1", TODAY)
    assert removed_documents(corpus) == {"d1": TODAY}
    assert "removed-document" in {problem.kind for problem in check_path(corpus)}
    remove_document(corpus, "d1", TODAY)
    assert not list(corpus.rglob("d1.json"))
    assert removed_documents(corpus) == {"d1": TODAY}
