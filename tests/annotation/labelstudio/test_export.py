"""Documents from exported tasks; unreadable parts are reported and the rest is written."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from strategies import ATTRIBUTES, documents

from aloi.annotation.labelstudio.export import pull_export
from aloi.annotation.labelstudio.reader import LabelStudioTaskReader
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter, result_hash
from aloi.annotation.server_protocol import StoredTask
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation, hash_text
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import Schema

RECORDED = Path(__file__).parent / "recorded" / "export.json"
TEXT = " Ana vit à \U0001d4d0Rome"
SCHEMA = Schema("s", "1", {})


def region(id_: str, start: Any, end: Any, *labels: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": labels}
    return {"id": id_, "type": "labels", "from_name": "label", "to_name": "text", "value": value}


def arc(head: str, tail: str, *labels: str) -> dict[str, Any]:
    ends = {"from_id": head, "to_id": tail, "direction": "right"}
    return {"type": "relation", **ends, "labels": labels}


ANA, ROME = region("a", 1, 4, "PER"), region("r", 12, 16, "LOC")
PERSON = region("a", 1, 4, "PERSON")


def task(*works: dict[str, Any], **data: Any) -> dict[str, Any]:
    known = {"doc_id": "d1", "text": TEXT, "text_sha256": hash_text(TEXT), "annotator": "marie"}
    return {"id": 7, "data": {**known, **data}, "annotations": works}


def work(*results: Any, **changes: Any) -> dict[str, Any]:
    return {"id": 3, "result": results, "completed_by": 1, "lead_time": 12.5, **changes}


def pull(tmp_path: Path, *tasks: Any, **settings: Any) -> tuple[dict[str, Document], list[str]]:
    """Return the documents by file, and the kinds of the problems."""
    export, out = tmp_path / "export.json", tmp_path / "out"
    export.write_text(json.dumps(tasks))
    report = pull_export(export, out, Notes(), **settings)
    files = sorted(out.rglob("*.json")) if out.exists() else []
    read = {str(file.relative_to(out)): document_files.read(file)[0] for file in files}
    return read, [problem.kind for problem in report.problems]


def test_a_recorded_export_is_read(tmp_path: Path) -> None:
    """Label Studio 1.23.2: one task labelled by keys and mouse, one from a prediction, one skipped.

    🇵🇪 is two code points, so Lima is at 99–103; the page counted code points too.
    """
    notes = Notes()
    report = pull_export(RECORDED, tmp_path, notes)
    assert (report.written, report.problems) == ({"marie": 2}, [])
    assert dict(notes.counts) == {"cancelled annotations left out": 1, "drafts left out": 1}
    treaty, visit = document_files.read(tmp_path)
    surfaces = {e.id: visit.surface(e) for e in visit.entities}
    assert [(surfaces[e.id], e.label, e.ref) for e in visit.entities] == [
        ("présidente", "ROLE", None),
        ("chilienne", "NORP", None),
        ("Inés Rojas", "PER", "ines-rojas"),
        ("Santiago", "LOC", None),
        ("Luis Quispe", "PER", None),
        ("Lima", "LOC", None),
    ]
    assert [
        (surfaces[r.head], r.label, surfaces[r.tail], r.attributes) for r in visit.relations
    ] == [
        ("Inés Rojas", "HAS_ROLE", "présidente", {}),
        ("Inés Rojas", "MEETS", "Luis Quispe", {"assertion": "attributed"}),
    ]
    assert visit.meta["label_studio"]["lead_time"] == 12.151
    names = {e.id: treaty.surface(e) for e in treaty.entities}
    assert names["e1"] == "traité d’Osaka"
    assert treaty.by_id()["e3"].attributes == {"metonymy": "government"}
    assert {(r.head, r.label, r.tail, *r.attributes.values()) for r in treaty.relations} == {
        ("e1", "OCCURS_ON", "e2"),
        ("e3", "PARTY_TO", "e1"),
        ("e4", "PARTY_TO", "e1", "possible"),
    }


def test_metadata_records_the_annotator_and_the_time_of_the_work(tmp_path: Path) -> None:
    # 𝓐 outside the basic plane is one code point, number 11: Rome is 12–16.
    done = work(ANA, ROME, arc("a", "r", "LIVES_IN"), updated_at="2026-11-26T18:24:15Z")
    files, problems = pull(tmp_path, task(done, source="aloi", guideline_version="1.3.0"))
    assert problems == []
    assert files == {
        "marie/d1.json": Document(
            "d1",
            TEXT,
            (
                Entity(id="a", start=1, end=4, label="PER"),
                Entity(id="r", start=12, end=16, label="LOC"),
            ),
            (Relation(head="a", tail="r", label="LIVES_IN"),),
            {
                "annotator": "marie",
                "guideline_version": "1.3.0",
                "source": "aloi",
                "label_studio": {
                    "task": 7,
                    "annotation": 3,
                    "completed_by": 1,
                    "author": 1,
                    "lead_time": 12.5,
                    "created_at": None,
                    "updated_at": "2026-11-26T18:24:15Z",
                },
            },
        )
    }


def test_each_annotator_of_a_task_gets_a_document(tmp_path: Path) -> None:
    eva = work(ROME, completed_by={"id": 4, "email": "eva@example.com"})
    files, problems = pull(tmp_path, task(work(ANA), eva, annotator=None))
    assert (list(files), problems) == (["1/d1.json", "eva@example.com/d1.json"], [])


def test_cancelled_work_and_drafts_are_skipped_and_counted(tmp_path: Path) -> None:
    notes = Notes()
    export = tmp_path / "export.json"
    skipped = {**task(work(ANA, was_cancelled=True)), "drafts": [{"result": [ANA]}]}
    export.write_text(json.dumps([skipped]))
    assert not pull_export(export, tmp_path / "out", notes).written
    assert dict(notes.counts) == {"cancelled annotations left out": 1, "drafts left out": 1}


@pytest.mark.parametrize(
    ("broken", "kinds"),
    [
        (region("x", 5, 99, "PER"), ["offset-outside-text"]),
        (region("x", 5, 5, "PER"), ["empty-span"]),
        (region("x", "5", 8, "PER"), ["bad-json"]),
        (region("x", 5, 8), ["no-label"]),
        (region("a", 5, 8, "PER"), ["entity-id-twice"]),
        ({"id": "x"}, ["bad-json"]),
        (3, ["bad-json"]),
        (arc("a", "x", "LIVES_IN"), ["dangling-relation"]),
        (arc("a", "r"), ["no-label"]),
    ],
)
def test_a_broken_region_is_reported_and_the_rest_is_written(
    tmp_path: Path, broken: Any, kinds: list[str]
) -> None:
    files, problems = pull(tmp_path, task(work(ANA, ROME, broken)))
    assert [e.id for e in files["marie/d1.json"].entities] == ["a", "r"]
    assert problems == kinds


def test_a_relation_is_dropped_with_its_end(tmp_path: Path) -> None:
    outside = region("x", 5, 99, "PER")
    files, problems = pull(tmp_path, task(work(ANA, outside, arc("a", "x", "MEETS"))))
    assert files["marie/d1.json"].relations == ()
    assert problems == ["offset-outside-text", "lost-relation"]


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (task(work(ANA), text="Another text"), "changed-text"),
        (task(work(ANA), work(ROME)), "several-annotations"),
        (task(work(ANA), doc_id="../../d1"), "bad-id"),
        (task(work(ANA), annotator="../marie"), "bad-annotator"),
        (task(work(ANA), annotator=".."), "bad-annotator"),
        ({"id": 7, "annotations": [work(ANA)]}, "bad-json"),
        ([[[[[]]]]], "bad-json"),
    ],
)
def test_an_unreadable_task_is_reported_and_the_others_are_written(
    tmp_path: Path, wrong: Any, kind: str
) -> None:
    files, problems = pull(tmp_path, wrong, task(work(ROME), doc_id="d2"))
    assert (list(files), problems) == (["marie/d2.json"], [kind])


def test_a_second_task_of_a_document_is_reported(tmp_path: Path) -> None:
    files, problems = pull(tmp_path, task(work(ANA)), task(work(ROME)))
    assert [e.id for e in files["marie/d1.json"].entities] == ["a"]
    assert problems == ["several-tasks"]


def test_white_space_at_edges_is_trimmed_or_kept(tmp_path: Path) -> None:
    wide = work(region("a", 0, 5, "PER"))
    cut, _ = pull(tmp_path, task(wide))
    kept, _ = pull(tmp_path, task(wide), edges="flag")
    assert [(e.start, e.end) for e in kept["marie/d1.json"].entities] == [(0, 5)]
    assert [(e.start, e.end) for e in cut["marie/d1.json"].entities] == [(1, 4)]


def field(id_: str, name: str, **value: Any) -> dict[str, Any]:
    return {"id": id_, "type": next(iter(value)), "from_name": name, "value": value}


def test_a_chosen_ref_replaces_the_ref_in_the_field(tmp_path: Path) -> None:
    typed = {**field("a", "ref", text=["typed"]), "type": "textarea"}
    chosen = field("a", "known_ref", taxonomy=[["chosen"]], text="Ana")
    other = field("r", "topic", taxonomy=[["politics", "elections"]])
    files, problems = pull(
        tmp_path,
        task(work(ANA, ROME, typed, {**chosen, "type": "taxonomy"}, other), known_refs=[]),
    )
    assert [(e.ref, e.attributes) for e in files["marie/d1.json"].entities] == [
        ("chosen", {}),
        (None, {}),
    ]
    assert "known_refs" not in files["marie/d1.json"].meta
    assert problems == []


@given(documents(attributes=ATTRIBUTES.filter(lambda each: "ref" not in each)))
def test_a_written_task_is_read_unchanged(document: Document) -> None:
    writer = LabelStudioTaskWriter("marie", SCHEMA, "1.0", Notes())
    payload = {"id": 7, **writer.task(document, finished=True)}
    task = StoredTask(7, payload, has_work=True)
    (back,), problems = LabelStudioTaskReader(Notes(), edges="flag").read(task, "project")
    assert not problems
    assert (back.id, back.text, back.entities) == (document.id, document.text, document.entities)
    assert relations(back) == relations(document)


def relations(document: Document) -> list[tuple[Any, ...]]:
    return sorted(
        (r.head, r.tail, r.label, sorted(r.attributes.items())) for r in document.relations
    )


@pytest.mark.parametrize(
    ("label", "updated_by", "updated_at", "author"),
    [("PER", 1, "t0", 1), ("PERSON", 9, "t1", 1), ("PER", 5, "t1", 5), ("LOC", 9, "t2", 9)],
)
def test_a_renaming_of_labels_keeps_the_author(
    tmp_path: Path, label: str, updated_by: int, updated_at: str, author: int
) -> None:
    """The author, 1, is recorded; user 9 may then be interrupted, or users may change the work."""
    recorded = {"author": 1, "updated_at": "t0", "result_sha256": result_hash([PERSON])}
    after = work(region("a", 1, 4, label), updated_by=updated_by, updated_at=updated_at)
    read, problems = pull(tmp_path, task(after, label_renames={"3": recorded}))
    (document,) = read.values()
    assert problems == []
    assert document.meta["label_studio"]["author"] == author
