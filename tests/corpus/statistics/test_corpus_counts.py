"""Counts of the tiny corpus that can be checked by eye."""

from pathlib import Path
from typing import Any

import pytest

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.document_files import pretty_json
from aloi.corpus.formats import inline
from aloi.corpus.statistics.corpus_counts import (
    corpus_tables,
    format_cell,
    relation_table,
    shared_ngrams,
    to_json,
)


def test_counts_of_the_tiny_corpus(corpus: Path) -> None:
    tables = to_json(corpus_tables(Corpus.open(corpus)))
    assert tables["by split"]["all"] == {
        "documents": 3,
        "words": 18,
        "mentions": 6,
        "relations": 3,
    }
    assert tables["entities"]["PER"] == {
        "train": 1,
        "dev": 1,
        "test": 1,
        "all": 3,
        "unseen in dev": 0.0,
        "unseen in test": 0.0,
    }
    assert tables["relations"]["MEETS"]["all"] == 0


def replace_document(
    corpus: Path, id_: str, markup: str, relations: str = "", date: str = ""
) -> None:
    """Replace a document of the tiny corpus by one given in inline markup."""
    content = f'+++\nid = "{id_}"\ndate = "{date}"\n+++\n{markup}\n+++\n{relations}\n'
    (document,) = inline.parse_markup(content)
    (corpus / "gold" / f"{id_}.json").write_text(pretty_json(document), encoding="utf-8")


def tables_of(corpus: Path) -> dict[str, Any]:
    return to_json(corpus_tables(Corpus.open(corpus)))


def test_documents_by_length_and_year(corpus: Path) -> None:
    # a has 99 words, b 100 and c 250.
    for id_, count, date in (("a", 99, "1990-01-02"), ("b", 100, "1990"), ("c", 250, "hier")):
        replace_document(corpus, id_, " ".join(["mot"] * count), date=date)
    tables = tables_of(corpus)
    bands = {name: row["documents"] for name, row in tables["by length in words"].items()}
    assert bands == {"0–99": 1, "100–199": 1, "200–299": 1, "all": 3}
    assert {name: row["words"] for name, row in tables["by year"].items()} == {
        "1990": 199,
        "unknown": 250,
        "all": 449,
    }


def test_documents_without_theme_or_form_have_a_named_row(corpus: Path) -> None:
    tables = tables_of(corpus)
    for title in ("by theme", "by form"):
        assert {name: row["documents"] for name, row in tables[title].items()} == {
            "none": 3,
            "all": 3,
        }


def test_density_per_100_words_and_documents_without_relation(corpus: Path) -> None:
    # Each document has 6 words, 2 mentions and 1 relation; b now has no mention or relation.
    replace_document(corpus, "b", "Ana vit à Rome, dit-on encore")
    density = tables_of(corpus)["density, per 100 words"]
    assert density["train"] == {
        "mentions": 33.33,
        "relations": 16.67,
        "relations a mention": 0.5,
        "documents without relation": 0,
    }
    assert density["dev"]["mentions"] == 0
    assert density["dev"]["relations a mention"] is None
    assert density["dev"]["documents without relation"] == 1
    assert density["all"]["mentions"] == 22.22  # 4 in 18 words


def test_the_most_frequent_surface_of_train(corpus: Path) -> None:
    replace_document(corpus, "a", "[Ana](PER), [Eva](PER), [ANA](PER), [Zoé](PER)")
    replace_document(corpus, "b", "[Eva](PER), [Eva](PER)")  # dev is not counted
    frequent = tables_of(corpus)["most frequent surface in train"]
    assert frequent == {"PER": {"surface": "ana", "mentions": 2, "share": 0.5, "surfaces": 3}}


@pytest.mark.parametrize(
    ("markup", "characters", "words", "across"),
    [
        ("[Ana](PER#a) vit à [Rome](LOC#b)", 7, 2, False),
        ("à [Rome](LOC#b) vit [Ana](PER#a)", 5, 1, False),  # the order does not matter
        ("[Ana de [Rome](LOC#b)](PER#a)", 0, 0, False),
        ("[Ana](PER#a) vit. [Rome](LOC#b)", 6, 1, True),
        ("[Ana](PER#a) dit « non ! » [Rome](LOC#b)", 15, 5, True),
        ("[Ana](PER#a)\n[Rome](LOC#b)", 1, 0, True),
        ("[Ana](PER#a) et M. Zed à [Rome](LOC#b)", 13, 4, False),
        ("[Ana](PER#a) a 3.000 amis à [Rome](LOC#b)", 16, 4, False),
    ],
)
def test_distance_of_a_relation(
    corpus: Path, markup: str, characters: int, words: int, across: bool
) -> None:
    replace_document(corpus, "a", markup, "#a LIVES_IN #b")
    rows = relation_table(Corpus.open(corpus))
    (row,) = rows[rows["split"] == "train"].itertuples(index=False)
    assert (row.characters, row.words, row.across) == (characters, words, across)


def test_distances_by_label(corpus: Path) -> None:
    # The distance of LIVES_IN is 7 characters in b and c (` vit à `), and 1 in a.
    replace_document(corpus, "a", "[Ana](PER#a)\n[Rome](LOC#b)", "#a LIVES_IN #b")
    table = tables_of(corpus)["between the mentions of a relation"]
    assert set(table) == {"LIVES_IN", "all"}
    assert table["LIVES_IN"]["characters, median"] == 7
    assert table["LIVES_IN"]["across sentences"] == 0.333


def test_word_ngrams_shared_by_more_than_three_documents() -> None:
    run = "un deux trois quatre cinq six sept huit"
    documents = [Document(f"d{n}", f"{run.upper()}, fin {n}. {run}", ()) for n in range(4)]
    assert "fin 0" not in shared_ngrams(documents).index
    assert shared_ngrams(documents).to_dict() == {"documents": {run: 4, f"{run[3:]} fin": 4}}
    assert shared_ngrams(documents[:3]).empty


def test_an_empty_corpus(corpus: Path) -> None:
    for file in (corpus / "gold").iterdir():
        file.unlink()
    tables = tables_of(corpus)
    assert tables["by split"]["all"]["documents"] == 0
    assert tables["by length in words"]["all"]["documents"] == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (1234567, "1234567"), (0.25, "0.25"), (float("nan"), ""), ("onu", "onu")],
)
def test_cells(value: object, text: str) -> None:
    assert format_cell(value) == text
