"""Reduction of documents to the capabilities of a format, with counts of what is dropped."""

import re

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.capabilities import Capabilities, reduce_document, reduced_to
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

TEXT = "la guerre en Ukraine du Sud"
WAR = Entity(id="w", start=3, end=20, label="EVENT", ref="war")
UKRAINE = Entity(
    id="u", start=13, end=20, label="LOC", attributes={"metonymy": "people"}, score=0.5
)
CROSSING = Entity(id="c", start=13, end=27, label="LOC")
TWIN = Entity(id="t", start=3, end=20, label="TOPIC")
RELATION = Relation(
    head="w", tail="u", label="LOCATED_IN", id="r1", attributes={"assertion": "negated"}, score=0.7
)


def reduce(capabilities: Capabilities, *entities: Entity) -> tuple[list[str], dict[str, int]]:
    notes = Notes()
    relations = (
        (RELATION, Relation(head="w", tail="w", label="SAME"))
        if entities[:2] == (WAR, UKRAINE)
        else ()
    )
    document = reduce_document(
        Document("d", TEXT, entities, relations, {"lang": "fr"}), capabilities, notes
    )
    return [entity.id for entity in document.entities], dict(notes.counts)


def test_flat_keeps_outermost_mentions_and_their_relations() -> None:
    ids, dropped = reduce(Capabilities(overlap="flat"), WAR, UKRAINE)
    assert ids == ["w"]
    assert dropped == {"mentions dropped": 1, "relations dropped": 1}


def test_nested_drops_the_later_of_two_crossing_mentions() -> None:
    ids, dropped = reduce(Capabilities(overlap="nested"), WAR, UKRAINE, CROSSING)
    # Ukraine (13-20) lies in the war (3-20); Ukraine du Sud (13-27) crosses its end. It sorts
    # before Ukraine because it is longer, but after the war.
    assert ids == ["w", "u"]
    assert dropped == {"mentions dropped": 1}


def test_the_first_mention_of_a_span_is_kept() -> None:
    assert reduce(Capabilities(same_span=False), WAR, TWIN) == (["w"], {"mentions dropped": 1})


def test_everything_dropped_is_counted() -> None:
    minimal = Capabilities(
        entity_ids=False,
        refs=False,
        entity_attributes=False,
        entity_scores=False,
        loops=False,
        relation_attributes=False,
        relation_scores=False,
        meta=False,
    )
    ids, dropped = reduce(minimal, WAR, UKRAINE)
    assert ids == ["e1", "e2"]
    assert dropped == {
        "refs dropped": 1,
        "mention attributes dropped": 1,
        "mention scores dropped": 1,
        "relations dropped": 1,
        "relation attributes dropped": 1,
        "relation scores dropped": 1,
        "metadata dropped": 1,
    }


def test_supported_relation_attributes_are_kept() -> None:
    relation = Relation(
        head="w", tail="u", label="LOCATED_IN", attributes={"evidence": "0", "assertion": "negated"}
    )
    document = Document("d", TEXT, (WAR, UKRAINE), (relation,))
    notes = Notes()
    (reduced,) = reduce_document(
        document, Capabilities(relation_attributes=frozenset({"evidence"})), notes
    ).relations
    assert reduced.attributes == {"evidence": "0"}
    assert dict(notes.counts) == {"relation attributes dropped": 1}


def test_relations_move_to_the_first_mentions_of_their_clusters() -> None:
    # The two LOC mentions with the ref "ua" are one cluster, and "u" is its first mention. The
    # EVENT with the same ref is another cluster, so the relation keeps "w" as its tail.
    entities = (
        Entity(id="u", start=13, end=20, label="LOC", ref="ua"),
        Entity(id="c", start=20, end=27, label="LOC", ref="ua"),
        Entity(id="w", start=3, end=20, label="EVENT", ref="ua"),
        Entity(id="n", start=0, end=2, label="LOC"),
    )
    relations = (Relation(head="c", tail="w", label="IN"), Relation(head="n", tail="u", label="IN"))
    notes = Notes()
    reduced = reduce_document(
        Document("d", TEXT, entities, relations), Capabilities(clusters=True), notes
    )
    assert [(r.head, r.tail) for r in reduced.relations] == [("n", "u"), ("u", "w")]
    assert dict(notes.counts) == {"relations moved to the first mention of a cluster": 1}


def test_strict_conversion_fails_with_the_first_place() -> None:
    notes = Notes()
    documents = [Document("a", TEXT, ()), Document("b", TEXT, (WAR,))]
    with pytest.raises(DataError, match=r"refs dropped: 1 \(first in document b\)"):
        list(notes.require_lossless(reduced_to(documents, Capabilities(refs=False), notes)))


def test_metadata_of_one_line_is_kept() -> None:
    meta = {"date": "1974", "x": "", "lang": "a\u2028b", "n": 1, "not this": "v", "pad": " v"}
    notes = Notes()
    capabilities = Capabilities(meta=False, meta_lines=re.compile(r"\w+"))
    assert reduce_document(Document("d", "", (), (), meta), capabilities, notes).meta == {
        "date": "1974",
        "x": "",
    }
    assert notes.counts == {"metadata dropped": 1}
