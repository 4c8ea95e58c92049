"""What differs between two versions, counted by hand, and the step that it asks for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents
from toy_releases import Run

from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.corpus.release.versions.bump_rules import Step, least, reasons, step, version_problems
from aloi.corpus.release.versions.changelog_entry import entry
from aloi.corpus.release.versions.comparison import Differences, Tally, compare
from aloi.corpus.release.versions.comparison_tables import tables, to_json
from aloi.corpus.release.versions.editions import Edition, Seal, open_edition
from aloi.corpus.rights import Rights
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema

TEXT = "Ana vit à Rome et rencontre Eva."
ANA = Entity("a", 0, 3, "PER")
ROME = Entity("b", 10, 14, "LOC")
EVA = Entity("c", 28, 31, "PER")
LIVES = Relation("a", "b", "LIVES_IN")
MEETS = Relation("a", "c", "MEETS")
SCHEMA = Schema(
    "tiny",
    "1.0.0",
    {"PER": EntityType("a person"), "LOC": EntityType()},
    {
        "LIVES_IN": RelationType(("PER",), ("LOC",)),
        "MEETS": RelationType(("PER",), ("PER",), symmetric=True),
    },
    {"metonymy": AttributeType(("government",), ("LOC",))},
)
DOCUMENT = Document("d", TEXT, (ANA, ROME, EVA), (LIVES, MEETS), {"rights": "CC0"})


def edition(*held: Document, split: str = "test", **changes: object) -> Edition:
    version = Edition(
        {document.id: document for document in held},
        {document.id: split for document in held},
        {document.id: Rights("CC0", redistributable=True) for document in held},
        name="tiny",
        version="1.0.0",
        schema=SCHEMA,
    )
    return replace(version, **changes)


ONE = edition(DOCUMENT)


def changed(document: Document = DOCUMENT, **changes: object) -> Edition:
    """The edition of one document, with something of the document changed."""
    return edition(msgspec.structs.replace(document, **changes))


def asked(found: Differences) -> Step:
    return step(reasons(found))


def test_the_same_is_no_difference() -> None:
    found = compare(ONE, ONE)
    assert reasons(found) == ()
    assert not found.annotations


def test_ids_of_mentions_and_scores_are_no_difference() -> None:
    """The same mentions and relation, under other ids, one with a score: nothing was corrected."""
    renamed = (Entity("x", 0, 3, "PER", score=0.5), Entity("y", 10, 14, "LOC"))
    before = changed(entities=(ANA, ROME), relations=(LIVES,))
    after = changed(entities=renamed, relations=(Relation("x", "y", "LIVES_IN", id="r"),))
    assert not reasons(compare(before, after))


def test_another_label_is_one_removed_and_one_added_but_one_correction() -> None:
    """Rome becomes a PER. The relation that ends there keeps its place, and is untouched."""
    per = msgspec.structs.replace(ROME, label="PER")
    found = compare(ONE, changed(entities=(ANA, per, EVA)))
    assert found.annotations == {
        ("entities", "test", "LOC"): Tally(removed=1),
        ("entities", "test", "PER"): Tally(added=1),
    }
    assert [reason.what for reason in reasons(found)] == [
        "1 of 3 entities of test corrected: LOC −1, PER +1"
    ]


def test_another_boundary_takes_the_relation_along() -> None:
    """`Rome` becomes `à Rome`: that mention is another one, and so is the relation to it."""
    wider = msgspec.structs.replace(ROME, start=8)
    assert compare(ONE, changed(entities=(ANA, wider, EVA))).annotations == {
        ("entities", "test", "LOC"): Tally(added=1, removed=1),
        ("relations", "test", "LIVES_IN"): Tally(added=1, removed=1),
    }


def test_another_ref_or_attribute_is_a_change() -> None:
    named = msgspec.structs.replace(ANA, ref="Q1")
    negated = msgspec.structs.replace(LIVES, attributes={"assertion": "negated"})
    found = compare(ONE, changed(entities=(named, ROME, EVA), relations=(negated, MEETS)))
    assert found.annotations == {
        ("entities", "test", "PER"): Tally(changed=1),
        ("relations", "test", "LIVES_IN"): Tally(changed=1),
    }


def test_a_symmetric_relation_is_the_same_either_way_and_another_is_not() -> None:
    meets, lives = Relation("c", "a", "MEETS"), Relation("b", "a", "LIVES_IN")
    assert not compare(ONE, changed(relations=(LIVES, meets))).annotations
    assert compare(ONE, changed(relations=(lives, MEETS))).annotations == {
        ("relations", "test", "LIVES_IN"): Tally(added=1, removed=1)
    }


def test_one_mention_of_two_alike_is_one_removed() -> None:
    twice = changed(entities=(ANA, ROME, EVA, Entity("again", 0, 3, "PER")))
    assert compare(twice, ONE).annotations == {("entities", "test", "PER"): Tally(removed=1)}


def test_where_the_text_changed_mentions_are_known_by_what_they_cover() -> None:
    """`Ana` becomes `Anna`, all moves by one: only that mention and its relations differ."""
    entities = (
        Entity("a", 0, 4, "PER"),
        Entity("b", 11, 15, "LOC"),
        Entity("c", 29, 32, "PER"),
    )
    found = compare(ONE, changed(text=TEXT.replace("Ana", "Anna"), entities=entities))
    assert found.rewritten == ("d",)
    assert found.annotations == {
        ("entities", "test", "PER"): Tally(added=1, removed=1),
        ("relations", "test", "LIVES_IN"): Tally(added=1, removed=1),
        ("relations", "test", "MEETS"): Tally(added=1, removed=1),
    }
    assert asked(found) is Step.MAJOR


def test_annotations_that_come_with_a_document_are_no_corrections() -> None:
    other = Document("e", TEXT, (ANA, ROME), (LIVES,))
    found = compare(ONE, edition(DOCUMENT, other))
    assert found.added == {"e": "test"}
    assert found.annotations == {
        ("entities", "test", "LOC"): Tally(arrived=1),
        ("entities", "test", "PER"): Tally(arrived=1),
        ("relations", "test", "LIVES_IN"): Tally(arrived=1),
    }
    assert [reason.what for reason in reasons(found)] == ["1 document (e) added: 1 to test"]


def schema(**changes: object) -> Edition:
    """The same document under another schema."""
    return replace(ONE, schema=msgspec.structs.replace(SCHEMA, **changes))


MONEY = {**SCHEMA.entities, "MONEY": EntityType()}
LIVES_IN = {**SCHEMA.relations, "LIVES_IN": RelationType(("PER",), ("LOC", "PER"))}
DIRECTED = {**SCHEMA.relations, "MEETS": RelationType(("PER",), ("PER",))}
METONYMY = {"metonymy": AttributeType(("government", "people"), ("LOC",))}
ANY = {"metonymy": AttributeType((), ("LOC",))}
TRAINED = edition(DOCUMENT, split="train")
NOTHING = edition()
RESTRICTED = replace(ONE, rights={"d": Rights("CC0")})
RENAMED = replace(ONE, rights={"d": Rights("CC BY 4.0", redistributable=True)})


@pytest.mark.parametrize(
    ("old", "new", "expected", "said"),
    [
        (ONE, NOTHING, Step.MAJOR, "1 document (d) removed from test"),
        (TRAINED, NOTHING, Step.MINOR, "1 document (d) removed from train"),
        (NOTHING, TRAINED, Step.MINOR, "1 document (d) added: 1 to train"),
        (TRAINED, ONE, Step.MAJOR, "1 document (d) moved to another split"),
        (ONE, changed(meta={"rights": "CC0", "theme": "x"}), Step.PATCH, "of other metadata"),
        (ONE, RENAMED, Step.MAJOR, "of another licence or holder"),
        (ONE, RESTRICTED, Step.MAJOR, "whose text may no longer be given on"),
        (RESTRICTED, ONE, Step.MINOR, "whose text may now be given on"),
        (ONE, schema(entities=MONEY), Step.MINOR, "entity label MONEY added"),
        (schema(entities=MONEY), ONE, Step.MAJOR, "entity label MONEY removed or renamed"),
        (ONE, schema(relations=LIVES_IN), Step.MINOR, "tail of LIVES_IN: PER added"),
        (schema(relations=LIVES_IN), ONE, Step.MAJOR, "tail of LIVES_IN: PER removed"),
        (ONE, schema(relations=DIRECTED), Step.MAJOR, "relation MEETS now has a direction"),
        (schema(relations=DIRECTED), ONE, Step.MAJOR, "MEETS no longer has a direction"),
        (ONE, schema(entity_attributes={}), Step.MAJOR, "entity attribute metonymy removed"),
        (ONE, schema(entity_attributes=METONYMY), Step.MINOR, "metonymy: people added"),
        (ONE, schema(entity_attributes=ANY), Step.MINOR, "metonymy: now any"),
        (schema(entity_attributes=ANY), ONE, Step.MAJOR, "metonymy: now government"),
        (ONE, schema(version="1.0.1"), Step.PATCH, "schema tiny 1.0.0 became tiny 1.0.1"),
        (ONE, schema(version="1.1.0"), Step.MINOR, "schema tiny 1.0.0 became tiny 1.1.0"),
        (ONE, schema(version="2.0.0"), Step.MAJOR, "schema tiny 1.0.0 became tiny 2.0.0"),
    ],
)
def test_each_difference_asks_for_its_step(
    old: Edition, new: Edition, expected: Step, said: str
) -> None:
    (reason,) = reasons(compare(old, new))
    assert reason.step is expected
    assert said in reason.what


def test_another_description_is_a_patch() -> None:
    entities = {**SCHEMA.entities, "PER": EntityType("a human being")}
    assert asked(compare(ONE, schema(entities=entities))) is Step.PATCH


def people(number: int, ref: int = 0) -> Edition:
    """One document of so many mentions, the first of which bear a `ref`."""
    entities = tuple(
        Entity(str(place), place, place + 1, "PER", "Q1" if place < ref else None)
        for place in range(number)
    )
    return edition(Document("d", "x" * number, entities))


@pytest.mark.parametrize(("ref", "expected"), [(2, Step.PATCH), (3, Step.MINOR)])
def test_corrections_are_at_scale_above_one_in_a_hundred(ref: int, expected: Step) -> None:
    """Of 200 mentions, two are one in a hundred, and three are more."""
    assert asked(compare(people(200), people(200, ref))) is expected


@pytest.mark.parametrize(
    ("version", "asked_step", "expected"),
    [
        ("1.2.3", Step.NONE, "1.2.3"),
        ("1.2.3", Step.PATCH, "1.2.4"),
        ("1.2.3", Step.MINOR, "1.3.0"),
        ("1.2.3", Step.MAJOR, "2.0.0"),
        ("0.2.3", Step.PATCH, "0.2.4"),
        ("0.2.3", Step.MINOR, "0.3.0"),
        ("0.2.3", Step.MAJOR, "0.3.0"),
        ("1", Step.PATCH, "1.0.1"),
    ],
)
def test_the_lowest_version_a_step_above(version: str, asked_step: Step, expected: str) -> None:
    assert least(version, asked_step) == expected


@pytest.mark.parametrize(
    ("version", "enough"),
    [("1.0.0", False), ("1.0.9", False), ("0.9.0", False), ("1.1.0", True), ("1.10.0", True)],
)
def test_a_version_that_does_not_rise_enough_is_a_problem(version: str, enough: bool) -> None:
    """A document more asks for 1.1.0."""
    new = edition(DOCUMENT, Document("e", TEXT, ()), version=version)
    assert (not list(version_problems(compare(ONE, new)))) == enough


def test_what_has_no_version_is_compared_all_the_same() -> None:
    bare = edition(DOCUMENT, version=None, schema=None)
    assert not list(version_problems(compare(bare, NOTHING)))


def test_a_version_that_is_none_is_told() -> None:
    with pytest.raises(DataError, match="no version"):
        list(version_problems(compare(edition(version="new"), ONE)))


def test_the_changelog_entry() -> None:
    per = msgspec.structs.replace(ROME, label="PER")
    corrected = msgspec.structs.replace(DOCUMENT, entities=(ANA, per, EVA))
    new = edition(corrected, Document("e", TEXT, ()), version="1.1.0")
    assert entry(compare(ONE, new), day="2026-12-01") == (
        "## 1.1.0 – 2026-12-01\n"
        "\n"
        "A minor step over 1.0.0.\n"
        "\n"
        "- 1 document (e) added: 1 to test.\n"
        "- 1 of 3 entities of test corrected: LOC −1, PER +1.\n"
    )


def test_the_tables_and_the_json_say_the_same() -> None:
    found = compare(TRAINED, edition(DOCUMENT, Document("e", TEXT, (ANA,)), split="test"))
    shown = tables(found)["documents"]
    assert shown.loc["test"].to_dict() == {
        "before": 0,
        "after": 2,
        "added": 1,
        "removed": 0,
        "moved here": 1,
        "moved away": 0,
        "other text": 0,
        "other annotations": 0,
        "other rights": 0,
    }
    plain = to_json(found)
    assert (plain["step"], plain["least"]) == ("major", "2.0.0")
    assert plain["documents"]["moved"] == {"d": ("train", "test")}
    assert plain["annotations"][0]["arrived"] == 1


def test_a_corpus_folder_is_an_edition_and_so_is_a_file(tmp_path: Path) -> None:
    folder = toy.folder(tmp_path / "toy")
    version = open_edition(folder)
    assert (str(version), version.split("d16")) == ("toy 1", "dev")
    assert [id_ for id_, each in version.rights.items() if not each.redistributable] == ["d25"]
    assert not reasons(compare(version, open_edition(folder)))
    bare = open_edition(folder / "gold")
    assert compare(version, bare).removed == {"d25": "test"}
    assert len(Corpus.open(folder).documents) == len(bare.documents) + 1


def test_a_release_is_its_corpus(built: Path) -> None:
    """Nothing differs, though the release has the text of d25 only as a hash."""
    release, corpus = open_edition(built), open_edition(built.parent / "corpus")
    assert release.sealed.keys() == {"d25"}
    assert reasons(compare(corpus, release)) == reasons(compare(release, corpus)) == ()


def test_a_withheld_text_that_changed_is_found_by_its_hash(built: Path) -> None:
    """Against the corpus by any letter; between releases of two versions, whose hashes are salted
    apart, by its length."""
    release, corpus = open_edition(built), open_edition(built.parent / "corpus")
    text = corpus.documents["d25"].text
    for other, between in ((text.replace(".", "!"), ()), (text + "!", ("d25",))):
        document = msgspec.structs.replace(corpus.documents["d25"], text=other)
        changed_corpus = replace(corpus, documents={**corpus.documents, "d25": document})
        assert compare(release, changed_corpus).rewritten == ("d25",)
        blank = msgspec.structs.replace(document, text=" " * len(other))
        changed_release = replace(
            release,
            documents={**release.documents, "d25": blank},
            sealed={"d25": Seal("other salt", "other hash")},
        )
        assert compare(release, changed_release).rewritten == between


def test_a_document_that_is_not_at_hand_is_not_removed(built: Path) -> None:
    release = open_edition(built)
    rest = {id_: each for id_, each in release.documents.items() if id_ != "d25"}
    assert compare(release, replace(release, documents=rest)).removed == {"d25": "test"}
    copy = replace(release, documents=rest, lacking=frozenset({"d25"}))
    assert not reasons(compare(release, copy))


def editions() -> st.SearchStrategy[Edition]:
    """Editions whose documents often have the same id and text, in any split."""
    held = documents(
        texts=st.sampled_from(["", "abc", "Ana, abc"]),
        labels=st.sampled_from(["PER", "LOC", "MEETS"]),
        ids=st.sampled_from("xyz"),
    )
    unique = st.lists(held, max_size=3, unique_by=lambda document: document.id)
    splits = st.fixed_dictionaries({id_: st.sampled_from(["train", "test"]) for id_ in "xyz"})
    return st.builds(lambda many, of: edition(*many, split_of=of), unique, splits)


@given(editions())
def test_nothing_differs_from_itself(version: Edition) -> None:
    found = compare(version, version)
    assert not reasons(found)
    assert not found.annotated
    assert not found.annotations


@given(editions(), editions())
def test_swapped_what_was_added_was_removed(one: Edition, other: Edition) -> None:
    there, back = compare(one, other), compare(other, one)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert there.moved == {id_: (to, from_) for id_, (from_, to) in back.moved.items()}
    assert (there.rewritten, there.annotated) == (back.rewritten, back.annotated)
    assert _totals(there) == [
        (kind, Tally(t.left, t.arrived, t.removed, t.added, t.changed)) for kind, t in _totals(back)
    ]


def _totals(found: Differences) -> list[tuple[str, Tally]]:
    """The tallies by kind and label: a document that moved counts in one split or the other."""
    totals: dict[str, Tally] = {}
    for (what, _, label), tally in found.annotations.items():
        total = totals.setdefault(f"{what} {label}", Tally())
        for name in ("arrived", "left", "added", "removed", "changed"):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
    return sorted(totals.items(), key=lambda item: item[0])


@given(editions(), editions())
def test_the_sums_account_for_every_annotation(one: Edition, other: Edition) -> None:
    tallies = compare(one, other).annotations.values()
    size = lambda version: sum(  # noqa: E731
        len(each.entities) + len(each.relations) for each in version.documents.values()
    )
    came = sum(each.arrived + each.added for each in tallies)
    went = sum(each.left + each.removed for each in tallies)
    assert size(other) - size(one) == came - went


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        (lambda toml: toml, 0, "step none"),
        (lambda toml: toml.replace("CC0-1.0", "CC-BY-4.0"), 1, "[version-too-low]"),
        (lambda toml: toml.replace("CC0-1.0", "X").replace('"1"', '"2"'), 0, "another licence"),
    ],
)
def test_the_command_says_what_differs_and_complains_of_a_low_version(
    tmp_path: Path, aloi: Run, change: Callable[[str], str], status: int, said: str
) -> None:
    old, new = toy.folder(tmp_path / "old"), toy.folder(tmp_path / "new")
    (new / "corpus.toml").write_text(change((new / "corpus.toml").read_text()))
    done = aloi("release", "diff", old, new, "--json", tmp_path / "diff.json")
    assert done.returncode == status
    assert said in done.stdout + done.stderr
    assert '"step"' in (tmp_path / "diff.json").read_text()
    drafted = aloi("release", "diff", old, new, "--changelog")
    assert drafted.stdout.startswith("## ")
