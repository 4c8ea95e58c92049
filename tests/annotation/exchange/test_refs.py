"""Refs that a push fills in and offers, and that mentions inherit at a pull."""

from pathlib import Path

import pytest
from marked_documents import marked_document, refs_of

from aloi.annotation.exchange.refs import RefTable, inherit_refs
from aloi.annotation.server_protocol import KnownRef
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity

LABELS = ("PER", "LOC", "ORG", "DATE", "TREATY")


def document(id_: str, *mentions: tuple[str, str, str | None]) -> Document:
    """Return a document of mentions, as (surface, label, ref), separated by spaces."""
    entities, start = [], 0
    for number, (surface, label, ref) in enumerate(mentions):
        end = start + len(surface)
        entities.append(Entity(id=f"e{number}", start=start, end=end, label=label, ref=ref))
        start = end + 1
    return Document(id_, " ".join(surface for surface, _, _ in mentions), tuple(entities))


def refs(document: Document) -> list[str | None]:
    return [entity.ref for entity in document.entities]


GOLD = [
    document("g1", ("Moscou", "LOC", "russie"), ("lundi", "DATE", "2001-01-01")),
    document("g2", ("Moscou", "LOC", "russie"), ("Paris", "LOC", "france")),
    document("g3", ("Paris", "LOC", "paris"), ("Wade", "PER", "abdoulaye-wade")),
    document("g4", ("Paris", "LOC", "paris"), ("Moscou", "ORG", None)),
]


@pytest.mark.parametrize(
    ("mention", "ref"),
    [
        (("Moscou", "LOC", None), "russie"),  # g1 and g2 agree
        (("Moscou", "LOC", "moscou"), "moscou"),  # the prediction has a ref
        (("Moscou", "ORG", None), None),  # a different label
        (("Paris", "LOC", None), None),  # g2 and g3 disagree
        (("Wade", "PER", None), None),  # only g3
        (("Ana", "PER", None), None),
    ],
)
def test_a_ref_on_which_two_documents_agree_is_filled_in(
    mention: tuple[str, str, str | None], ref: str | None
) -> None:
    assert refs(RefTable.from_documents(GOLD).fill(document("d", mention))) == [ref]


def test_the_annotations_of_a_document_do_not_fill_in_its_own_refs() -> None:
    again = document("g1", ("Moscou", "LOC", None))
    assert refs(RefTable.from_documents(GOLD).fill(again)) == [None]


def test_refs_of_words_in_the_text_are_offered() -> None:
    table = RefTable.from_documents(GOLD)
    text = Document("d", "Wade quitte Paris pour Moscou-sur-Seine. Lundiste.", ())
    predicted = document("d", ("Wade", "PER", "autre-wade"))
    assert table.known_refs(text, predicted) == [
        KnownRef("abdoulaye-wade", ("Wade",)),
        KnownRef("autre-wade"),
        KnownRef("france", ("Paris",)),
        KnownRef("paris", ("Paris",)),
        KnownRef("russie", ("Moscou",)),
    ]


def test_words_with_many_refs_are_not_used() -> None:
    days = [document(f"g{n}", ("lundi", "DATE", f"2001-01-{n:02}")) for n in range(9)]
    assert RefTable.from_documents(days).known_refs(Document("d", "lundi", ())) == []


def test_the_ref_of_a_private_person_is_not_offered_elsewhere() -> None:
    table = RefTable.from_documents([document("g1", ("Ana", "PER", "g1#p1"))])
    assert table.known_refs(Document("d", "Ana", ())) == []


def test_mentions_of_the_same_words_inherit_a_ref() -> None:
    moscow, org = ("Moscou", "LOC", "russie"), ("Moscou", "ORG", None)
    work = document("d", moscow, ("Moscou", "LOC", None), org, ("Wade", "PER", None))
    inherited, ids = inherit_refs(work)
    assert (refs(inherited), ids) == (["russie", "russie", None, None], ["e1"])


def test_different_refs_of_the_same_words_are_not_inherited() -> None:
    work = document("d", ("Xi", "PER", "a"), ("Xi", "PER", "b"), ("Xi", "PER", None))
    assert inherit_refs(work) == (work, [])


def corpus_with_refs(folder: Path) -> Corpus:
    """Write a corpus with one document and a list of refs, and open it."""
    (folder / "gold").mkdir()
    document_files.write(GOLD[:1], folder / "gold" / "g1.json")
    (folder / "schema.toml").write_text(
        'name = "s"\nversion = "1"\n[entities]\n' + "\n".join(f"{x} = {{}}" for x in LABELS),
        encoding="utf-8",
    )
    (folder / "splits.toml").write_text('train = ["g1"]\n', encoding="utf-8")
    (folder / "corpus.toml").write_text(
        'name = "c"\nversion = "1"\nlicence = "CC0"\nrefs = "refs.toml"\n', encoding="utf-8"
    )
    (folder / "refs.toml").write_text(
        'dates = ["DATE"]\n[refs.onu]\nname = "ONU"\ntype = "ORG"\naliases = ["Nations unies"]\n',
        encoding="utf-8",
    )
    return Corpus.open(folder)


def test_a_table_with_a_list_of_refs_fills_in_names_dates_and_reprises(tmp_path: Path) -> None:
    table = RefTable.from_corpus(corpus_with_refs(tmp_path))
    text = (
        "[Nations unies](ORG), [Ana Ruiz](PER), [lundi](DATE), [Ruiz](PER), [Moscou](LOC#autre), "
        "le [traité](TREATY)"
    )
    filled = table.fill(marked_document(text, date="2026-02-04"))
    assert refs_of(filled) == [
        ("Nations unies", "onu"),  # an alias
        ("Ana Ruiz", "d#p1"),  # a private person (guide, G11)
        ("lundi", "2026-02-02"),
        ("Ruiz", "d#p1"),
        ("Moscou", "autre"),  # the ref of the prediction
        ("traité", None),  # a common noun is no name
    ]


def test_refs_on_which_documents_agree_come_before_the_rules(tmp_path: Path) -> None:
    corpus = corpus_with_refs(tmp_path)
    agreed = [document(f"g{n}", ("ONU", "ORG", "nations-unies")) for n in (5, 6)]
    table = RefTable.from_corpus(corpus, [*corpus.documents, *agreed])
    assert refs_of(table.fill(marked_document("l'[ONU](ORG)"))) == [("ONU", "nations-unies")]
    assert refs(table.fill(document("g1", ("Moscou", "LOC", None)))) == ["moscou"]
