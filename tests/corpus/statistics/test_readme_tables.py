"""The README has the counts of the documents, and only the text between the marks changes."""

from pathlib import Path

import pytest

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError
from aloi.corpus.statistics.readme_tables import (
    count_tables,
    missing_documents,
    replace_counts,
    update_readme,
)

CORPUS = Path(__file__).parents[3] / "corpus"


def test_the_readme_of_our_corpus_is_up_to_date() -> None:
    corpus = Corpus.open(CORPUS)
    if missing_documents(corpus):
        pytest.skip(f"missing documents: {', '.join(missing_documents(corpus))}")
    text = (CORPUS / "README.md").read_text(encoding="utf-8")
    assert replace_counts(text, corpus) == text, "run `aloi corpus card corpus`"


def test_only_the_text_between_the_marks_is_replaced(corpus: Path) -> None:
    readme = corpus / "README.md"
    readme.write_text("Before\n<!-- counts -->\nold\n<!-- /counts -->\nafter\n", encoding="utf-8")
    update_readme(Corpus.open(corpus))
    lines = readme.read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        "Before",
        "<!-- counts -->",
        "| | documents | words | mentions | relations |",
        "|---|---:|---:|---:|---:|",
    ]
    assert "| all | 3 | 18 | 6 | 3 |" in lines  # as in test_counts.py
    assert "| PER | 1 | 1 | 1 | 3 | 0 | 0 |" in lines
    assert lines[-2:] == ["<!-- /counts -->", "after"]


def test_pipes_in_labels_and_forms_stay_in_their_cell(corpus: Path) -> None:
    for file in ("schema.toml", *(f"gold/{name}.json" for name in "abc")):
        text = (corpus / file).read_text(encoding="utf-8")
        text = text.replace('"PER"', '"A|B"').replace("PER =", '"A|B" =')
        (corpus / file).write_text(text, encoding="utf-8")
    table = count_tables(Corpus.open(corpus))
    assert r"| A\|B | 1 | 1 | 1 | 3 | 0 | 0 |" in table


def test_nothing_is_written_without_marks_or_with_a_missing_document(corpus: Path) -> None:
    (corpus / "README.md").write_text("No marks\n")
    (corpus / "gold" / "c.json").unlink()
    with pytest.raises(DataError) as caught:
        update_readme(Corpus.open(corpus))
    assert [(p.kind, p.document) for p in caught.value.problems] == [
        ("no-marks", None),
        ("no-document", "c"),
    ]
    assert (corpus / "README.md").read_text() == "No marks\n"
