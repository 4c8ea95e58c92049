"""Differences between two versions, counted by hand, and the version bump that they require."""

from collections import defaultdict
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

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.corpus.release.versions.annotation_changes import AnnotationChanges
from aloi.corpus.release.versions.bump_rules import bump_reasons, required_bump, version_problems
from aloi.corpus.release.versions.changelog_entry import draft_entry
from aloi.corpus.release.versions.comparison_tables import difference_tables, differences_to_json
from aloi.corpus.release.versions.snapshots import CorpusSnapshot, TextHash, open_snapshot
from aloi.corpus.release.versions.version_bumps import VersionBump, lowest_version
from aloi.corpus.release.versions.version_comparison import CorpusDifferences, compare_snapshots
from aloi.corpus.rights import Rights
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema

TEXT = "Ana vit à Rome et rencontre Eva."
ANA = Entity(id="a", start=0, end=3, label="PER")
ROME = Entity(id="b", start=10, end=14, label="LOC")
EVA = Entity(id="c", start=28, end=31, label="PER")
LIVES = Relation(head="a", tail="b", label="LIVES_IN")
MEETS = Relation(head="a", tail="c", label="MEETS")
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


def snapshot(*documents_: Document, split: str = "test", **changes: object) -> CorpusSnapshot:
    base = CorpusSnapshot(
        {document.id: document for document in documents_},
        {document.id: split for document in documents_},
        {document.id: Rights("CC0", redistributable=True) for document in documents_},
        name="tiny",
        version="1.0.0",
        schema=SCHEMA,
    )
    return replace(base, **changes)


ONE = snapshot(DOCUMENT)


def with_changes(document: Document = DOCUMENT, **changes: object) -> CorpusSnapshot:
    """Return a snapshot of one document with changed fields."""
    return snapshot(msgspec.structs.replace(document, **changes))


def bump_of(differences: CorpusDifferences) -> VersionBump:
    return required_bump(bump_reasons(differences))


def test_equal_versions_have_no_differences() -> None:
    differences = compare_snapshots(ONE, ONE)
    assert bump_reasons(differences) == ()
    assert not differences.annotations


def test_ids_of_mentions_and_scores_are_ignored() -> None:
    """The mentions and the relation have other ids, and one has a score: nothing was corrected."""
    renamed = (
        Entity(id="x", start=0, end=3, label="PER", score=0.5),
        Entity(id="y", start=10, end=14, label="LOC"),
    )
    before = with_changes(entities=(ANA, ROME), relations=(LIVES,))
    after = with_changes(
        entities=renamed, relations=(Relation(head="x", tail="y", label="LIVES_IN", id="r"),)
    )
    assert not bump_reasons(compare_snapshots(before, after))


def test_new_label_is_one_removed_and_one_added_but_one_correction() -> None:
    """Rome becomes a PER. Its relation keeps the offsets of its ends, and is unchanged."""
    per = msgspec.structs.replace(ROME, label="PER")
    differences = compare_snapshots(ONE, with_changes(entities=(ANA, per, EVA)))
    assert differences.annotations == {
        ("entities", "test", "LOC"): AnnotationChanges(removed=1),
        ("entities", "test", "PER"): AnnotationChanges(added=1),
    }
    assert [reason.what for reason in bump_reasons(differences)] == [
        "1 of 3 entities of test corrected: LOC −1, PER +1"
    ]


def test_new_boundary_also_changes_the_relation() -> None:
    """`Rome` becomes `à Rome`: the mention and its relation have new offsets."""
    wider = msgspec.structs.replace(ROME, start=8)
    assert compare_snapshots(ONE, with_changes(entities=(ANA, wider, EVA))).annotations == {
        ("entities", "test", "LOC"): AnnotationChanges(added=1, removed=1),
        ("relations", "test", "LIVES_IN"): AnnotationChanges(added=1, removed=1),
    }


def test_new_ref_or_attribute_is_a_change() -> None:
    named = msgspec.structs.replace(ANA, ref="Q1")
    negated = msgspec.structs.replace(LIVES, attributes={"assertion": "negated"})
    differences = compare_snapshots(
        ONE, with_changes(entities=(named, ROME, EVA), relations=(negated, MEETS))
    )
    assert differences.annotations == {
        ("entities", "test", "PER"): AnnotationChanges(changed=1),
        ("relations", "test", "LIVES_IN"): AnnotationChanges(changed=1),
    }


def test_order_of_ends_counts_only_in_directed_relations() -> None:
    meets, lives = (
        Relation(head="c", tail="a", label="MEETS"),
        Relation(head="b", tail="a", label="LIVES_IN"),
    )
    assert not compare_snapshots(ONE, with_changes(relations=(LIVES, meets))).annotations
    assert compare_snapshots(ONE, with_changes(relations=(lives, MEETS))).annotations == {
        ("relations", "test", "LIVES_IN"): AnnotationChanges(added=1, removed=1)
    }


def test_removing_one_of_two_equal_mentions_counts_one() -> None:
    twice = with_changes(entities=(ANA, ROME, EVA, Entity(id="again", start=0, end=3, label="PER")))
    assert compare_snapshots(twice, ONE).annotations == {
        ("entities", "test", "PER"): AnnotationChanges(removed=1)
    }


def test_mentions_are_identified_by_surface_form_if_the_text_changed() -> None:
    """`Ana` becomes `Anna` and all offsets shift: only that mention and its relations differ."""
    entities = (
        Entity(id="a", start=0, end=4, label="PER"),
        Entity(id="b", start=11, end=15, label="LOC"),
        Entity(id="c", start=29, end=32, label="PER"),
    )
    differences = compare_snapshots(
        ONE, with_changes(text=TEXT.replace("Ana", "Anna"), entities=entities)
    )
    assert differences.rewritten == ("d",)
    assert differences.annotations == {
        ("entities", "test", "PER"): AnnotationChanges(added=1, removed=1),
        ("relations", "test", "LIVES_IN"): AnnotationChanges(added=1, removed=1),
        ("relations", "test", "MEETS"): AnnotationChanges(added=1, removed=1),
    }
    assert bump_of(differences) is VersionBump.MAJOR


def test_annotations_of_an_added_document_are_not_corrections() -> None:
    other = Document("e", TEXT, (ANA, ROME), (LIVES,))
    differences = compare_snapshots(ONE, snapshot(DOCUMENT, other))
    assert differences.added == {"e": "test"}
    assert differences.annotations == {
        ("entities", "test", "LOC"): AnnotationChanges(arrived=1),
        ("entities", "test", "PER"): AnnotationChanges(arrived=1),
        ("relations", "test", "LIVES_IN"): AnnotationChanges(arrived=1),
    }
    assert [reason.what for reason in bump_reasons(differences)] == [
        "1 document (e) added: 1 to test"
    ]


def with_schema(**changes: object) -> CorpusSnapshot:
    """Return the snapshot of one document with a changed schema."""
    return replace(ONE, schema=msgspec.structs.replace(SCHEMA, **changes))


MONEY = {**SCHEMA.entities, "MONEY": EntityType()}
LIVES_IN = {**SCHEMA.relations, "LIVES_IN": RelationType(("PER",), ("LOC", "PER"))}
DIRECTED = {**SCHEMA.relations, "MEETS": RelationType(("PER",), ("PER",))}
METONYMY = {"metonymy": AttributeType(("government", "people"), ("LOC",))}
ANY = {"metonymy": AttributeType((), ("LOC",))}
TRAINED = snapshot(DOCUMENT, split="train")
NOTHING = snapshot()
RESTRICTED = replace(ONE, rights={"d": Rights("CC0")})
RENAMED = replace(ONE, rights={"d": Rights("CC BY 4.0", redistributable=True)})


@pytest.mark.parametrize(
    ("old", "new", "expected", "what"),
    [
        (ONE, NOTHING, VersionBump.MAJOR, "1 document (d) removed from test"),
        (TRAINED, NOTHING, VersionBump.MINOR, "1 document (d) removed from train"),
        (NOTHING, TRAINED, VersionBump.MINOR, "1 document (d) added: 1 to train"),
        (TRAINED, ONE, VersionBump.MAJOR, "1 document (d) moved to another split"),
        (
            ONE,
            with_changes(meta={"rights": "CC0", "theme": "x"}),
            VersionBump.PATCH,
            "with different metadata",
        ),
        (ONE, RENAMED, VersionBump.MAJOR, "with a different licence or holder"),
        (ONE, RESTRICTED, VersionBump.MAJOR, "no longer redistributable"),
        (RESTRICTED, ONE, VersionBump.MINOR, "now redistributable"),
        (ONE, with_schema(entities=MONEY), VersionBump.MINOR, "entity label MONEY added"),
        (
            with_schema(entities=MONEY),
            ONE,
            VersionBump.MAJOR,
            "entity label MONEY removed or renamed",
        ),
        (ONE, with_schema(relations=LIVES_IN), VersionBump.MINOR, "tail of LIVES_IN: PER added"),
        (with_schema(relations=LIVES_IN), ONE, VersionBump.MAJOR, "tail of LIVES_IN: PER removed"),
        (ONE, with_schema(relations=DIRECTED), VersionBump.MAJOR, "relation MEETS is now directed"),
        (
            with_schema(relations=DIRECTED),
            ONE,
            VersionBump.MAJOR,
            "relation MEETS is now symmetric",
        ),
        (
            ONE,
            with_schema(entity_attributes={}),
            VersionBump.MAJOR,
            "entity attribute metonymy removed",
        ),
        (ONE, with_schema(entity_attributes=METONYMY), VersionBump.MINOR, "metonymy: people added"),
        (ONE, with_schema(entity_attributes=ANY), VersionBump.MINOR, "metonymy: now any"),
        (with_schema(entity_attributes=ANY), ONE, VersionBump.MAJOR, "metonymy: now government"),
        (
            ONE,
            with_schema(version="1.0.1"),
            VersionBump.PATCH,
            "schema tiny 1.0.0 became tiny 1.0.1",
        ),
        (
            ONE,
            with_schema(version="1.1.0"),
            VersionBump.MINOR,
            "schema tiny 1.0.0 became tiny 1.1.0",
        ),
        (
            ONE,
            with_schema(version="2.0.0"),
            VersionBump.MAJOR,
            "schema tiny 1.0.0 became tiny 2.0.0",
        ),
    ],
)
def test_each_difference_requires_its_bump(
    old: CorpusSnapshot, new: CorpusSnapshot, expected: VersionBump, what: str
) -> None:
    (reason,) = bump_reasons(compare_snapshots(old, new))
    assert reason.bump is expected
    assert what in reason.what


def test_new_description_is_a_patch() -> None:
    entities = {**SCHEMA.entities, "PER": EntityType("a human being")}
    assert bump_of(compare_snapshots(ONE, with_schema(entities=entities))) is VersionBump.PATCH


def people(number: int, ref: int = 0) -> CorpusSnapshot:
    """Return a snapshot with `number` mentions, of which the first `ref` have a ref."""
    entities = tuple(
        Entity(
            id=str(place),
            start=place,
            end=place + 1,
            label="PER",
            ref="Q1" if place < ref else None,
        )
        for place in range(number)
    )
    return snapshot(Document("d", "x" * number, entities))


@pytest.mark.parametrize(("ref", "expected"), [(2, VersionBump.PATCH), (3, VersionBump.MINOR)])
def test_corrections_above_one_percent_are_minor(ref: int, expected: VersionBump) -> None:
    """Two of 200 mentions are 1 %, three are more."""
    assert bump_of(compare_snapshots(people(200), people(200, ref))) is expected


@pytest.mark.parametrize(
    ("version", "bump", "expected"),
    [
        ("1.2.3", VersionBump.NONE, "1.2.3"),
        ("1.2.3", VersionBump.PATCH, "1.2.4"),
        ("1.2.3", VersionBump.MINOR, "1.3.0"),
        ("1.2.3", VersionBump.MAJOR, "2.0.0"),
        ("0.2.3", VersionBump.PATCH, "0.2.4"),
        ("0.2.3", VersionBump.MINOR, "0.3.0"),
        ("0.2.3", VersionBump.MAJOR, "0.3.0"),
        ("1", VersionBump.PATCH, "1.0.1"),
    ],
)
def test_lowest_version(version: str, bump: VersionBump, expected: str) -> None:
    assert lowest_version(version, bump) == expected


@pytest.mark.parametrize(
    ("version", "enough"),
    [("1.0.0", False), ("1.0.9", False), ("0.9.0", False), ("1.1.0", True), ("1.10.0", True)],
)
def test_too_low_version_is_a_problem(version: str, enough: bool) -> None:
    """An added document requires 1.1.0."""
    new = snapshot(DOCUMENT, Document("e", TEXT, ()), version=version)
    assert (not list(version_problems(compare_snapshots(ONE, new)))) == enough


def test_snapshots_without_a_version_are_compared() -> None:
    bare = snapshot(DOCUMENT, version=None, schema=None)
    assert not list(version_problems(compare_snapshots(bare, NOTHING)))


def test_malformed_version_is_an_error() -> None:
    with pytest.raises(DataError, match="does not have the form"):
        list(version_problems(compare_snapshots(snapshot(version="new"), ONE)))


def test_changelog_entry() -> None:
    per = msgspec.structs.replace(ROME, label="PER")
    corrected = msgspec.structs.replace(DOCUMENT, entities=(ANA, per, EVA))
    new = snapshot(corrected, Document("e", TEXT, ()), version="1.1.0")
    assert draft_entry(compare_snapshots(ONE, new), day="2026-12-01") == (
        "## 1.1.0 – 2026-12-01\n"
        "\n"
        "A minor version since 1.0.0.\n"
        "\n"
        "- 1 document (e) added: 1 to test.\n"
        "- 1 of 3 entities of test corrected: LOC −1, PER +1.\n"
    )


def test_tables_and_json_agree() -> None:
    differences = compare_snapshots(
        TRAINED, snapshot(DOCUMENT, Document("e", TEXT, (ANA,)), split="test")
    )
    table = difference_tables(differences)["documents"]
    assert table.loc["test"].to_dict() == {
        "before": 0,
        "after": 2,
        "added": 1,
        "removed": 0,
        "moved in": 1,
        "moved out": 0,
        "text changed": 0,
        "annotations changed": 0,
        "rights changed": 0,
    }
    plain = differences_to_json(differences)
    assert (plain["step"], plain["least"]) == ("major", "2.0.0")
    assert plain["documents"]["moved"] == {"d": ("train", "test")}
    assert plain["annotations"][0]["arrived"] == 1


def test_snapshots_of_a_corpus_and_of_bare_documents(tmp_path: Path) -> None:
    folder = toy.folder(tmp_path / "toy")
    snapshot_ = open_snapshot(folder)
    assert (str(snapshot_), snapshot_.split("d16")) == ("toy 1", "dev")
    assert [id_ for id_, each in snapshot_.rights.items() if not each.redistributable] == ["d25"]
    assert not bump_reasons(compare_snapshots(snapshot_, open_snapshot(folder)))
    bare = open_snapshot(folder / "gold")
    assert compare_snapshots(snapshot_, bare).removed == {"d25": "test"}
    assert len(Corpus.open(folder).documents) == len(bare.documents) + 1


def test_release_does_not_differ_from_its_corpus(built: Path) -> None:
    """There are no differences, although the release has only the hash of the text of d25."""
    release, corpus = open_snapshot(built), open_snapshot(built.parent / "corpus")
    assert release.text_hashes.keys() == {"d25"}
    assert bump_reasons(compare_snapshots(corpus, release)) == ()
    assert bump_reasons(compare_snapshots(release, corpus)) == ()


def test_change_of_a_withheld_text_is_found_by_its_hash(built: Path) -> None:
    """Any changed letter is found in a corpus; in another release, only a changed length is.

    The hashes of two releases have different salts.
    """
    release, corpus = open_snapshot(built), open_snapshot(built.parent / "corpus")
    text = corpus.documents["d25"].text
    for changed_text, rewritten in ((text.replace(".", "!"), ()), (text + "!", ("d25",))):
        document = msgspec.structs.replace(corpus.documents["d25"], text=changed_text)
        changed_corpus = replace(corpus, documents={**corpus.documents, "d25": document})
        assert compare_snapshots(release, changed_corpus).rewritten == ("d25",)
        blank = msgspec.structs.replace(document, text=" " * len(changed_text))
        changed_release = replace(
            release,
            documents={**release.documents, "d25": blank},
            text_hashes={"d25": TextHash("other salt", "other hash")},
        )
        assert compare_snapshots(release, changed_release).rewritten == rewritten


def test_missing_document_is_not_removed(built: Path) -> None:
    release = open_snapshot(built)
    rest = {id_: each for id_, each in release.documents.items() if id_ != "d25"}
    assert compare_snapshots(release, replace(release, documents=rest)).removed == {"d25": "test"}
    copy = replace(release, documents=rest, missing=frozenset({"d25"}))
    assert not bump_reasons(compare_snapshots(release, copy))


def snapshots() -> st.SearchStrategy[CorpusSnapshot]:
    """Draw snapshots of documents that often share ids and texts, in any split."""
    drawn = documents(
        texts=st.sampled_from(["", "abc", "Ana, abc"]),
        labels=st.sampled_from(["PER", "LOC", "MEETS"]),
        ids=st.sampled_from("xyz"),
    )
    unique = st.lists(drawn, max_size=3, unique_by=lambda document: document.id)
    splits = st.fixed_dictionaries({id_: st.sampled_from(["train", "test"]) for id_ in "xyz"})
    return st.builds(lambda chosen, split_of: snapshot(*chosen, split_of=split_of), unique, splits)


@given(snapshots())
def test_snapshot_equals_itself(same: CorpusSnapshot) -> None:
    differences = compare_snapshots(same, same)
    assert not bump_reasons(differences)
    assert not differences.annotated
    assert not differences.annotations


@given(snapshots(), snapshots())
def test_swapping_versions_swaps_added_and_removed(
    one: CorpusSnapshot, other: CorpusSnapshot
) -> None:
    forward, back = compare_snapshots(one, other), compare_snapshots(other, one)
    assert (forward.added, forward.removed) == (back.removed, back.added)
    assert forward.moved == {id_: (to, from_) for id_, (from_, to) in back.moved.items()}
    assert (forward.rewritten, forward.annotated) == (back.rewritten, back.annotated)
    assert _totals(forward) == [
        (kind, AnnotationChanges(t.left, t.arrived, t.removed, t.added, t.changed))
        for kind, t in _totals(back)
    ]


def _totals(differences: CorpusDifferences) -> list[tuple[str, AnnotationChanges]]:
    """Return the changes by kind and label, because a moved document has two splits."""
    totals: dict[str, AnnotationChanges] = defaultdict(AnnotationChanges)
    for (kind, _, label), changes in differences.annotations.items():
        totals[f"{kind} {label}"] += changes
    return sorted(totals.items(), key=lambda item: item[0])


@given(snapshots(), snapshots())
def test_changes_account_for_every_annotation(one: CorpusSnapshot, other: CorpusSnapshot) -> None:
    changes = compare_snapshots(one, other).annotations.values()
    gained = sum(each.arrived + each.added for each in changes)
    lost = sum(each.left + each.removed for each in changes)
    assert _size(other) - _size(one) == gained - lost


def _size(version: CorpusSnapshot) -> int:
    return sum(len(each.entities) + len(each.relations) for each in version.documents.values())


@pytest.mark.parametrize(
    ("change", "status", "expected"),
    [
        (lambda toml: toml, 0, "required version bump: none"),
        (lambda toml: toml.replace("CC0-1.0", "CC-BY-4.0"), 1, "[version-too-low]"),
        (lambda toml: toml.replace("CC0-1.0", "X").replace('"1"', '"2"'), 0, "different licence"),
    ],
)
def test_diff_shows_differences_and_fails_if_the_version_is_too_low(
    tmp_path: Path, aloi: Run, change: Callable[[str], str], status: int, expected: str
) -> None:
    old, new = toy.folder(tmp_path / "old"), toy.folder(tmp_path / "new")
    (new / "corpus.toml").write_text(change((new / "corpus.toml").read_text()))
    done = aloi("release", "diff", old, new, "--json", tmp_path / "diff.json")
    assert done.returncode == status
    assert expected in done.stdout + done.stderr
    assert '"step"' in (tmp_path / "diff.json").read_text()
    drafted = aloi("release", "diff", old, new, "--changelog")
    assert drafted.stdout.startswith("## ")
