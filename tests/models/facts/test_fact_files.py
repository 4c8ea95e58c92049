"""The files of facts, and their prediction from texts."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from marked_documents import marked_document
from toy import pipeline

from aloi.corpus import document_files
from aloi.corpus.document import Document, Relation
from aloi.models.facts import fact_files
from aloi.models.facts.fact_files import FactStream, write_fact_files
from aloi.models.facts.fact_prediction import predict_facts
from aloi.models.refs.lexicon import RefLexicon


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("facts") / "model"
    pipeline().to_disk(folder)
    return str(folder)


def negated(id_: str = "d") -> Document:
    document = marked_document("[Ana](PER#ana) ne voit pas [Bob](PER).", id_)
    relation = Relation(
        head="e1", tail="e2", label="MEETS", attributes={"assertion": "negated"}, score=0.5
    )
    return msgspec.structs.replace(document, relations=(relation,))


def test_the_three_files_have_the_same_facts(tmp_path: Path) -> None:
    facts = FactStream([negated(), marked_document("Rien.", "e")])
    write_fact_files(facts, tmp_path / "new" / "out", model="m", language="fr")
    folder = tmp_path / "new" / "out"
    assert sorted(each.name for each in folder.iterdir()) == [
        "facts.csv",
        "facts.html",
        "facts.jsonl",
    ]
    [line] = (folder / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    fact = json.loads(line)
    assert fact["who"] == {"name": "Ana", "label": "PER", "ref": "ana"}
    assert fact["statements"][0]["text"] == "Ana ne voit pas Bob."
    with (folder / "facts.csv").open(encoding="utf-8", newline="") as stream:
        [row] = csv.DictReader(stream)
    assert list(row)[:7] == ["document", "who", "relation", "whom", "when", "assertion", "sentence"]
    assert (row["who"], row["assertion"], row["start"], row["end"]) == ("Ana", "negated", "0", "20")
    page = (folder / "facts.html").read_text(encoding="utf-8")
    assert "1 fact in 2 documents" in page
    assert '<th scope="col">Assertion</th>' in page


def test_the_page_has_a_limit_and_the_other_files_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fact_files, "MAX_PAGE_FACTS", 2)
    facts = FactStream(negated(f"d{number}") for number in range(5))
    write_fact_files(facts, tmp_path, model="m", language="fr")
    assert len(facts.first) == 2
    assert len((tmp_path / "facts.csv").read_text(encoding="utf-8").splitlines()) == 6
    assert "The first 2 are shown" in (tmp_path / "facts.html").read_text(encoding="utf-8")


def test_documents_are_read_while_facts_are_written() -> None:
    """Only one document at a time is in memory."""
    read: list[str] = []

    def documents() -> Iterator[Document]:
        for number in range(3):
            read.append(f"d{number}")
            yield negated(f"d{number}")

    for number, fact in enumerate(FactStream(documents())):
        assert read == [f"d{each}" for each in range(number + 1)]
        assert fact.document == read[-1]


TEXT = "Ana vit à Rome et rencontre Eva."


def test_texts_in_files_folders_and_documents(model: str, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.txt").write_text(TEXT, encoding="utf-8")
    document_files.write([Document("d", TEXT, ())], tmp_path / "in.jsonl")
    found = {}
    for source in (folder, folder / "one.txt", tmp_path / "in.jsonl"):
        with predict_facts(model, str(source)) as predicted:
            found[source.name] = [(f.document, f.who.name, f.whom.name) for f in predicted.facts]
            assert not predicted.has_refs
    both = [("Ana", "Rome"), ("Ana", "Eva")]
    assert found["texts"] == [(name, *ends) for name in ("one", "two") for ends in both]
    assert found["one.txt"] == [("one", *ends) for ends in both]
    assert found["in.jsonl"] == [("d", *ends) for ends in both]


def test_a_lexicon_fills_in_refs_and_dates(model: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    lexicon = RefLexicon(names={"rome": ("rome-italie",)}, types={"rome-italie": "LOC"})
    with predict_facts(model, str(tmp_path / "a.txt"), lexicon=lexicon, date="2026-02-04") as found:
        facts = list(found.facts)
    assert found.has_refs
    assert [fact.whom.ref for fact in facts] == ["rome-italie", "a#p2"]
