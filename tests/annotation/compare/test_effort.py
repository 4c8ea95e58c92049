"""Actions from predictions to gold, counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents

from aloi.annotation.compare.disagreements import content
from aloi.annotation.compare.effort import effort, from_nothing, least
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.corpus.schema import RelationType, Schema

TEXT = "Le président Xi est à Moscou"
SCHEMA = Schema("s", "1", {}, {"MEETS": RelationType(("PER",), ("PER",), symmetric=True)})
XI, MOSCOW = Entity("x", 13, 15, "PER", ref="xi-jinping"), Entity("m", 22, 28, "LOC")
ROLE = Entity("r", 3, 12, "ROLE")


def doc(*entities: Entity, relations: tuple[Relation, ...] = (), id_: str = "d") -> Document:
    return Document(id_, TEXT, entities, relations)


def counted(predicted: Document, gold: Document) -> dict[str, int]:
    return dict(effort([gold], [predicted], SCHEMA).from_predictions)


def test_each_action_by_hand() -> None:
    # président Xi → Xi: one edge dragged; Moscou ORG → LOC; ROLE missing; «Le» too much; ref of Xi.
    predicted = doc(Entity("a", 3, 15, "PER"), Entity("b", 22, 28, "ORG"), Entity("c", 0, 2, "PER"))
    found = effort([doc(XI, MOSCOW)], [predicted], SCHEMA)
    assert dict(found.from_predictions) == {
        "boundaries moved": 1,
        "values set": 1,
        "mentions relabelled": 1,
        "mentions deleted": 1,
    }
    assert dict(found.from_nothing) == {"mentions added": 2, "values set": 1}
    assert found.saved == pytest.approx(1 - 4 / 3)  # worse than nothing: clearing first is 4 too


def test_a_nested_mention_goes_to_the_one_that_it_is_least_work_to_make_it() -> None:
    predicted = doc(Entity("a", 3, 12, "ROLE"), Entity("b", 3, 15, "PER", ref="xi-jinping"))
    assert counted(predicted, doc(ROLE, XI)) == {"boundaries moved": 1}


def test_arcs_go_with_a_deleted_mention_and_stay_with_a_moved_one() -> None:
    others = Entity("le", 0, 2, "PER"), MOSCOW
    arcs = Relation("le", "m", "LOCATED_IN"), Relation("a", "m", "LOCATED_IN")
    predicted = doc(Entity("a", 12, 15, "PER", ref="xi-jinping"), *others, relations=arcs)
    gold = doc(XI, MOSCOW, relations=(Relation("x", "m", "LOCATED_IN"),))
    assert counted(predicted, gold) == {"boundaries moved": 1, "mentions deleted": 1}


def test_an_arc_is_relabelled_turned_or_given_a_value() -> None:
    negated = {"assertion": "negated"}
    predicted = doc(
        XI, MOSCOW, ROLE, relations=(Relation("m", "x", "IN"), Relation("x", "r", "HAS"))
    )
    gold = doc(
        XI,
        MOSCOW,
        ROLE,
        relations=(Relation("x", "m", "IN"), Relation("x", "r", "HAS_ROLE", attributes=negated)),
    )
    assert counted(predicted, gold) == {
        "arcs turned": 1,
        "arcs relabelled": 1,
        "arc values set": 1,
    }
    bare = doc(XI, MOSCOW, ROLE)
    assert counted(bare, gold) == {"arcs added": 2, "arc values set": 1}
    assert counted(gold, bare) == {"arcs deleted": 2}


def test_the_direction_of_a_symmetric_relation_is_no_work() -> None:
    one, other = (
        doc(XI, MOSCOW, relations=(Relation(*ends, "MEETS"),)) for ends in (("x", "m"), ("m", "x"))
    )
    assert counted(one, other) == {}


def test_what_is_all_wrong_is_cleared_at_once() -> None:
    wrong = doc(*(Entity(f"w{n}", n, n + 1, "LOC") for n in range(10)))
    assert counted(wrong, doc(MOSCOW)) == {"mentions added": 1, "documents cleared": 1}


def test_a_document_without_prediction_costs_the_same_and_one_without_gold_is_refused() -> None:
    found = effort([doc(MOSCOW), doc(MOSCOW, id_="e")], [doc(MOSCOW)], SCHEMA)
    assert (found.saved, found.documents) == (0.5, 2)
    assert found.to_json()["from_predictions"]["total"] == 1
    with pytest.raises(DataError, match="extra-document"):
        effort([], [doc(MOSCOW)], SCHEMA)
    assert effort([doc()], [doc()], SCHEMA).saved is None


@given(st.data())
def test_never_more_than_clearing_and_beginning_anew_and_nothing_for_equals(
    data: st.DataObject,
) -> None:
    gold = data.draw(documents())
    predicted = data.draw(documents(texts=st.just(gold.text)))
    given, wanted = content(predicted, SCHEMA), content(gold, SCHEMA)
    assert least(given, wanted, SCHEMA.symmetric).total() <= 1 + from_nothing(wanted).total()
    assert least(wanted, wanted, SCHEMA.symmetric).total() == 0
