"""The counts in a README are the documents', and only between the marks."""

from pathlib import Path

import pytest

from aloi.corpus.collection import Corpus
from aloi.corpus.problems import DataError
from aloi.corpus.statistics.readme_tables import missing_documents, replace_counts, update_readme

OURS = Path(__file__).parents[3] / "corpus"


def test_our_own_card_is_up_to_date() -> None:
    corpus = Corpus.open(OURS)
    if missing_documents(corpus):
        pytest.skip(f"not at hand: {', '.join(missing_documents(corpus))}")
    text = (OURS / "README.md").read_text(encoding="utf-8")
    assert replace_counts(text, corpus) == text, "run `aloi corpus card corpus`"


def test_counts_stand_between_the_marks_and_nothing_else_changes(corpus: Path) -> None:
    card = corpus / "README.md"
    card.write_text("Before\n<!-- counts -->\nold\n<!-- /counts -->\nafter\n", encoding="utf-8")
    update_readme(Corpus.open(corpus))
    lines = card.read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        "Before",
        "<!-- counts -->",
        "| | documents | words | mentions | relations |",
        "|---|---:|---:|---:|---:|",
    ]
    assert "| all | 3 | 18 | 6 | 3 |" in lines  # as in the test of the statistics
    assert "| PER | 1 | 1 | 1 | 3 | 0 | 0 |" in lines
    assert lines[-2:] == ["<!-- /counts -->", "after"]


def test_without_marks_or_with_a_document_missing_nothing_is_written(corpus: Path) -> None:
    (corpus / "README.md").write_text("No marks\n")
    (corpus / "gold" / "c.json").unlink()
    with pytest.raises(DataError) as caught:
        update_readme(Corpus.open(corpus))
    assert [(p.kind, p.document) for p in caught.value.problems] == [
        ("no-marks", None),
        ("no-document", "c"),
    ]
    assert (corpus / "README.md").read_text() == "No marks\n"
