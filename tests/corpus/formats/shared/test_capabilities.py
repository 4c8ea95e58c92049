"""What a format cannot hold is left out and counted, in one place for all formats."""

import re

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.capabilities import Capabilities, reduce_document, reduced_to
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

TEXT = "la guerre en Ukraine du Sud"
WAR = Entity("w", 3, 20, "EVENT", ref="war")
UKRAINE = Entity("u", 13, 20, "LOC", attributes={"metonymy": "people"}, score=0.5)
CROSSING = Entity("c", 13, 27, "LOC")
TWIN = Entity("t", 3, 20, "TOPIC")
ARC = Relation("w", "u", "LOCATED_IN", "r1", {"assertion": "negated"}, 0.7)


def kept(holds: Capabilities, *entities: Entity) -> tuple[list[str], dict[str, int]]:
    notes = Notes()
    relations = (ARC, Relation("w", "w", "SAME")) if entities[:2] == (WAR, UKRAINE) else ()
    document = reduce_document(Document("d", TEXT, entities, relations, {"lang": "fr"}), holds, notes)
    return [entity.id for entity in document.entities], dict(notes.counts)


def test_flat_keeps_the_outermost_and_loses_relations_with_their_ends() -> None:
    ids, lost = kept(Capabilities(overlap="flat"), WAR, UKRAINE)
    assert ids == ["w"]
    assert lost == {"mentions dropped": 1, "relations dropped": 1}


def test_nested_loses_the_later_of_two_that_cross() -> None:
    ids, lost = kept(Capabilities(overlap="nested"), WAR, UKRAINE, CROSSING)
    # Ukraine (13-20) lies in the war (3-20); Ukraine du Sud (13-27) crosses its end. It sorts
    # before Ukraine, being longer, but the war was there first.
    assert ids == ["w", "u"]
    assert lost == {"mentions dropped": 1}


def test_of_twins_the_first_label_stays() -> None:
    assert kept(Capabilities(same_span=False), WAR, TWIN) == (["w"], {"mentions dropped": 1})


def test_everything_else_is_counted_by_its_name() -> None:
    bare = Capabilities(
        entity_ids=False,
        refs=False,
        entity_attributes=False,
        entity_scores=False,
        loops=False,
        relation_attributes=False,
        relation_scores=False,
        meta=False,
    )
    ids, lost = kept(bare, WAR, UKRAINE)
    assert ids == ["e1", "e2"]
    assert lost == {
        "refs dropped": 1,
        "mention attributes dropped": 1,
        "mention scores dropped": 1,
        "relations dropped": 1,
        "relation attributes dropped": 1,
        "relation scores dropped": 1,
        "metadata dropped": 1,
    }


def test_attributes_of_the_names_held_stay() -> None:
    arc = Relation("w", "u", "LOCATED_IN", attributes={"evidence": "0", "assertion": "negated"})
    document = Document("d", TEXT, (WAR, UKRAINE), (arc,))
    notes = Notes()
    (left,) = reduce_document(
        document, Capabilities(relation_attributes=frozenset({"evidence"})), notes
    ).relations
    assert left.attributes == {"evidence": "0"}
    assert dict(notes.counts) == {"relation attributes dropped": 1}


def test_relations_between_clusters_move_to_the_first_mention_of_each() -> None:
    # Two mentions of the ref "ua" as LOC are one cluster whose first is "u"; the EVENT
    # of the same ref is another cluster, whose only mention stays the end that it was.
    entities = (
        Entity("u", 13, 20, "LOC", "ua"),
        Entity("c", 20, 27, "LOC", "ua"),
        Entity("w", 3, 20, "EVENT", "ua"),
        Entity("n", 0, 2, "LOC"),
    )
    arcs = (Relation("c", "w", "IN"), Relation("n", "u", "IN"))
    notes = Notes()
    fitting = reduce_document(Document("d", TEXT, entities, arcs), Capabilities(clusters=True), notes)
    assert [(r.head, r.tail) for r in fitting.relations] == [("n", "u"), ("u", "w")]
    assert dict(notes.counts) == {"relations moved to the first mention of a cluster": 1}


def test_strict_refuses_after_the_last_document_naming_the_first_place() -> None:
    notes = Notes()
    documents = [Document("a", TEXT, ()), Document("b", TEXT, (WAR,))]
    with pytest.raises(DataError, match=r"refs lost: 1 \(first in document b\)"):
        list(notes.require_lossless(reduced_to(documents, Capabilities(refs=False), notes)))


def test_metadata_of_one_line_may_stand_where_the_rest_cannot() -> None:
    meta = {"date": "1974", "x": "", "lang": "a\u2028b", "n": 1, "not this": "v", "pad": " v"}
    notes = Notes()
    holds = Capabilities(meta=False, meta_lines=re.compile(r"\w+"))
    assert reduce_document(Document("d", "", (), (), meta), holds, notes).meta == {"date": "1974", "x": ""}
    assert notes.counts == {"metadata dropped": 1}
