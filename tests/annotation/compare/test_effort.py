"""Annotation effort, with actions counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents

from aloi.annotation.compare.content import extract_content
from aloi.annotation.compare.effort import creation_actions, fewest_actions, measure_effort
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.corpus.schema import RelationType, Schema

TEXT = "Le président Xi est à Moscou"
SCHEMA = Schema("s", "1", {}, {"MEETS": RelationType(("PER",), ("PER",), symmetric=True)})
XI, MOSCOW = (
    Entity(id="x", start=13, end=15, label="PER", ref="xi-jinping"),
    Entity(id="m", start=22, end=28, label="LOC"),
)
ROLE = Entity(id="r", start=3, end=12, label="ROLE")


def doc(*entities: Entity, relations: tuple[Relation, ...] = (), id_: str = "d") -> Document:
    return Document(id_, TEXT, entities, relations)


def count_actions(predicted: Document, gold: Document) -> dict[str, int]:
    return dict(measure_effort([gold], [predicted], SCHEMA).from_predictions)


def test_each_action_on_mentions_is_counted() -> None:
    # président Xi → Xi: one edge dragged; Moscou ORG → LOC; «Le» superfluous; ref of Xi.
    predicted = doc(
        Entity(id="a", start=3, end=15, label="PER"),
        Entity(id="b", start=22, end=28, label="ORG"),
        Entity(id="c", start=0, end=2, label="PER"),
    )
    effort = measure_effort([doc(XI, MOSCOW)], [predicted], SCHEMA)
    assert dict(effort.from_predictions) == {
        "boundaries moved": 1,
        "values set": 1,
        "mentions relabelled": 1,
        "mentions deleted": 1,
    }
    assert dict(effort.from_nothing) == {"mentions added": 2, "values set": 1}
    assert effort.saved == pytest.approx(1 - 4 / 3)  # worse than from nothing


def test_nested_mentions_are_matched_at_the_lowest_cost() -> None:
    predicted = doc(
        Entity(id="a", start=3, end=12, label="ROLE"),
        Entity(id="b", start=3, end=15, label="PER", ref="xi-jinping"),
    )
    assert count_actions(predicted, doc(ROLE, XI)) == {"boundaries moved": 1}


def test_relations_of_deleted_mentions_are_deleted_and_those_of_moved_ones_stay() -> None:
    others = Entity(id="le", start=0, end=2, label="PER"), MOSCOW
    arcs = (
        Relation(head="le", tail="m", label="LOCATED_IN"),
        Relation(head="a", tail="m", label="LOCATED_IN"),
    )
    predicted = doc(
        Entity(id="a", start=12, end=15, label="PER", ref="xi-jinping"), *others, relations=arcs
    )
    gold = doc(XI, MOSCOW, relations=(Relation(head="x", tail="m", label="LOCATED_IN"),))
    assert count_actions(predicted, gold) == {"boundaries moved": 1, "mentions deleted": 1}


def test_each_action_on_relations_is_counted() -> None:
    negated = {"assertion": "negated"}
    predicted = doc(
        XI,
        MOSCOW,
        ROLE,
        relations=(
            Relation(head="m", tail="x", label="IN"),
            Relation(head="x", tail="r", label="HAS"),
        ),
    )
    gold = doc(
        XI,
        MOSCOW,
        ROLE,
        relations=(
            Relation(head="x", tail="m", label="IN"),
            Relation(head="x", tail="r", label="HAS_ROLE", attributes=negated),
        ),
    )
    assert count_actions(predicted, gold) == {
        "arcs turned": 1,
        "arcs relabelled": 1,
        "arc values set": 1,
    }
    bare = doc(XI, MOSCOW, ROLE)
    assert count_actions(bare, gold) == {"arcs added": 2, "arc values set": 1}
    assert count_actions(gold, bare) == {"arcs deleted": 2}


def test_the_direction_of_a_symmetric_relation_takes_no_action() -> None:
    one, other = (
        doc(XI, MOSCOW, relations=(Relation(head=ends[0], tail=ends[1], label="MEETS"),))
        for ends in (("x", "m"), ("m", "x"))
    )
    assert count_actions(one, other) == {}


def test_a_document_is_cleared_if_that_takes_fewer_actions() -> None:
    wrong = doc(*(Entity(id=f"w{n}", start=n, end=n + 1, label="LOC") for n in range(10)))
    assert count_actions(wrong, doc(MOSCOW)) == {"mentions added": 1, "documents cleared": 1}


def test_a_gold_document_needs_no_prediction_but_a_prediction_needs_gold() -> None:
    effort = measure_effort([doc(MOSCOW), doc(MOSCOW, id_="e")], [doc(MOSCOW)], SCHEMA)
    assert (effort.saved, effort.documents) == (0.5, 2)
    assert effort.to_json()["from_predictions"]["total"] == 1
    with pytest.raises(DataError, match="extra-document"):
        measure_effort([], [doc(MOSCOW)], SCHEMA)
    assert measure_effort([doc()], [doc()], SCHEMA).saved is None


@given(st.data())
def test_effort_never_exceeds_starting_over_and_is_zero_for_equal_documents(
    data: st.DataObject,
) -> None:
    gold = data.draw(documents())
    predicted = data.draw(documents(texts=st.just(gold.text)))
    start, target = extract_content(predicted, SCHEMA), extract_content(gold, SCHEMA)
    assert (
        fewest_actions(start, target, SCHEMA.symmetric).total()
        <= 1 + creation_actions(target).total()
    )
    assert fewest_actions(target, target, SCHEMA.symmetric).total() == 0
