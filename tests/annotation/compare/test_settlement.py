"""Settlement: what annotators agree on is kept whatever an adjudicator decides."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meeting import ANA, BOB, ROME, SCHEMA, TEXT, doc
from strategies import documents

from aloi.annotation.compare.adjudication import build_cases
from aloi.annotation.compare.alignment import AlignedVersions
from aloi.annotation.compare.content import extract_content
from aloi.annotation.compare.losses import find_losses
from aloi.annotation.compare.passes import read_passes
from aloi.annotation.compare.questions import Question, find_questions, version_of
from aloi.annotation.compare.settlement import make_draft, settle
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.corpus.schema import RelationType, Schema

ROOT = Path(__file__).parents[3]
IN = Relation(head="a", tail="r", label="IN")
ROME_REF = msgspec.structs.replace(ROME, ref="rome", attributes={"metonymy": "government"})
TOWN = msgspec.structs.replace(ROME_REF, label="ORG")
LONG = msgspec.structs.replace(ROME_REF, start=13)
NEGATED = msgspec.structs.replace(IN, attributes={"assertion": "negated"})


def decide(*versions: Document, answers: list[str], edited: Document | None = None) -> Document:
    """Return the decided document; without `edited`, nothing is edited by hand."""
    aligned = AlignedVersions(dict(zip("ABC", versions, strict=False)), SCHEMA)
    keys = [each.key for each in find_questions(aligned)]
    given = dict(zip(keys, answers, strict=True))
    return settle(aligned, given, edited or make_draft(aligned))


def losses(*versions: Document, gold: Document) -> list[str]:
    named = dict(zip("ABC", versions, strict=False))
    return [each.what for each in find_losses(named, gold, SCHEMA)]


@pytest.mark.parametrize("other", [TOWN, LONG])
@pytest.mark.parametrize("answer", ["version:A", "version:B", "both"])
def test_refs_attributes_and_relations_survive_a_decision_about_type_or_boundaries(
    other: Entity, answer: str
) -> None:
    first = doc(ANA, ROME_REF, relations=(NEGATED,))
    second = doc(ANA, other, relations=(NEGATED,))
    gold = decide(first, second, answers=[answer])
    chosen = {"version:A": [ROME_REF], "version:B": [other], "both": [ROME_REF, other]}[answer]
    assert {(x.start, x.label, x.ref) for x in gold.entities} == {
        (x.start, x.label, x.ref) for x in [ANA, *chosen]
    }
    assert all(x.attributes for x in gold.entities if x.ref == "rome")
    (relation,) = gold.relations
    assert (relation.head, relation.label, relation.attributes) == ("a", "IN", NEGATED.attributes)
    assert losses(first, second, gold=gold) == []


@pytest.mark.parametrize(("answer", "ends"), [("version:A", ("b", "a")), ("version:B", ("a", "b"))])
def test_a_disputed_relation_keeps_its_direction(answer: str, ends: tuple[str, str]) -> None:
    backward = Relation(head="b", tail="a", label="HELPS")
    forward = Relation(head="a", tail="b", label="HELPS")
    versions = doc(ANA, BOB, relations=(backward,)), doc(ANA, BOB, relations=(forward,))
    (relation,) = decide(*versions, answers=[answer]).relations
    assert (relation.head, relation.tail) == ends


def test_a_relation_that_only_one_annotator_drew_keeps_its_direction() -> None:
    backward = Relation(head="b", tail="a", label="HELPS")
    gold = decide(doc(ANA, BOB, relations=(backward,)), doc(ANA, BOB), answers=["version:A"])
    assert [(each.head, each.tail) for each in gold.relations] == [("b", "a")]


def test_refs_are_chosen_or_removed() -> None:
    anna = msgspec.structs.replace(ANA, ref="anna")
    refs = {
        answer: decide(doc(ANA), doc(anna), answers=[answer]).entities[0].ref
        for answer in ("version:A", "version:B", "neither", "other")
    }
    assert refs == {"version:A": "ana", "version:B": "anna", "neither": None, "other": None}


def test_one_answer_sets_the_ref_of_all_mentions_with_the_same_two_refs() -> None:
    first, second = (
        doc(*(msgspec.structs.replace(each, ref=ref) for each in (ANA, BOB))) for ref in ("x", "y")
    )
    assert decide(first, second, answers=["version:B"]) == second


def test_values_on_which_annotators_disagree_come_with_the_chosen_mention() -> None:
    roma = msgspec.structs.replace(TOWN, ref="roma")
    gold = decide(doc(ROME_REF), doc(roma), answers=["version:B"])
    assert [(x.label, x.ref, x.attributes) for x in gold.entities] == [
        ("ORG", "roma", {"metonymy": "government"})
    ]


def test_a_mention_drawn_by_hand_gets_what_all_annotators_gave() -> None:
    first = doc(ANA, BOB, ROME_REF, relations=(IN, Relation(head="b", tail="r", label="LEFT")))
    second = doc(ANA, BOB, TOWN, relations=(IN,))
    drawn = Entity(id="x", start=13, end=19, label="EVENT")
    edited = doc(ANA, BOB, drawn)
    gold = decide(first, second, answers=["other", "version:B"], edited=edited)
    assert [(x.id, x.ref) for x in gold.entities] == [("a", "ana"), ("b", None), ("x", "rome")]
    assert [(x.head, x.tail, x.label) for x in gold.relations] == [("a", "x", "IN")]
    with pytest.raises(DataError, match="no mention was marked there by hand"):
        decide(first, second, answers=["other", "version:B"])


def test_three_annotators_and_a_mention_that_one_of_them_lacks() -> None:
    versions = doc(ANA, ROME, relations=(IN,)), doc(ANA, TOWN, relations=(IN,)), doc(ANA)
    gold = decide(*versions, answers=["version:A"])
    assert [x.label for x in gold.entities] == ["PER", "LOC"]
    assert [x.label for x in gold.relations] == ["IN"]
    assert decide(*versions, answers=["version:C"]).entities == (ANA,)


def test_edits_by_hand_are_kept() -> None:
    moved = Entity(id="a", start=0, end=8, label="PER")
    drawn = Relation(head="b", tail="a", label="MEETS")
    edited = doc(moved, BOB, relations=(drawn,))
    gold = decide(doc(ANA, BOB), doc(ANA, BOB, ROME), answers=["version:A"], edited=edited)
    assert gold == edited


def test_a_relation_that_the_schema_forbids_for_the_chosen_type_is_lost_and_listed() -> None:
    schema = Schema("s", "1", {}, {"IN": RelationType(("PER",), ("LOC",))})
    versions = {
        "A": Document("d", TEXT, (ANA, ROME), (IN,)),
        "B": Document("d", TEXT, (ANA, TOWN), (IN,)),
    }
    aligned = AlignedVersions(versions, schema)
    (question,) = find_questions(aligned)
    gold = settle(aligned, {question.key: "version:B"}, make_draft(aligned))
    assert gold.relations == ()
    assert [each.kind for each in find_losses(versions, gold, schema)] == ["lost"]


SIMILAR = documents(
    ids=st.just("d"),
    texts=st.just(TEXT),
    labels=st.sampled_from(["PER", "LOC"]),
    refs=st.sampled_from([None, "ana"]),
)


def test_a_relation_that_the_schema_forbids_stays_in_the_draft_where_it_can_be_deleted() -> None:
    schema = Schema("s", "1", {}, {"IN": RelationType(("LOC",), ("LOC",))})
    version = Document("d", TEXT, (ANA, ROME), (IN,))
    assert make_draft(AlignedVersions({"A": version, "B": version}, schema)).relations == (IN,)


@given(SIMILAR, SIMILAR)
def test_the_answer_a_to_all_questions_gives_the_version_of_a(a: Document, b: Document) -> None:
    aligned = AlignedVersions({"A": a, "B": b}, SCHEMA)
    answers = {each.key: version_of("A") for each in find_questions(aligned)}
    gold = settle(aligned, answers, make_draft(aligned))
    assert extract_content(gold, SCHEMA) == extract_content(a, SCHEMA)
    assert list(find_losses({"A": a, "B": b}, gold, SCHEMA)) == []


@pytest.mark.parametrize("annotator", ["modele-1", "modele-3", "modele-9"])
def test_no_decision_on_real_passes_loses_what_both_annotators_gave(annotator: str) -> None:
    corpus = Corpus.open(ROOT / "corpus")
    cases = build_cases(read_passes([ROOT / "corpus" / "passes"]), corpus.schema)
    for case in (case for case in cases if annotator in case.versions):
        answers = {each.key: _version_with(each, annotator) for each in case.questions}
        gold = settle(case.aligned, answers, case.draft())
        assert list(find_losses(case.versions, gold, corpus.schema)) == []
        expected = extract_content(case.versions[annotator], corpus.schema)
        assert extract_content(gold, corpus.schema) == expected


def _version_with(question: Question, annotator: str) -> str:
    """Return the answer that chooses an annotator's version, which others may share."""
    return next(version_of(names[0]) for names in question.groups if annotator in names)
