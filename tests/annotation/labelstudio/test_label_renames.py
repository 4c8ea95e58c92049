"""New names for labels in results, in an interface, and in a real Label Studio."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from label_studio import LabelStudio
from typer.testing import CliRunner

from aloi.annotation.exchange.push import PushRequest, make_plan, push
from aloi.annotation.exchange.task_import import tasks_by_document
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.label_renames import rename_interface, rename_results
from aloi.annotation.labelstudio.labelling_interface import labelling_interface
from aloi.annotation.labelstudio.schema_names import schema_names
from aloi.annotation.server_protocol import SchemaName
from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.label_studio_results import InterfaceTags, to_results
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.problems import DataError
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema

SCHEMA = """name = "s"
version = "1.0"
[entities]
PER = {}
LOC = {}
[relations.LIVES]
head = ["PER"]
tail = ["LOC"]
"""
OLD_NAMES = {SchemaName("entity label", "PER"), SchemaName("relation label", "LIVES")}
NEW_NAMES = {SchemaName("entity label", "PERSON"), SchemaName("relation label", "LIVES_IN")}


def make_document(id_: str, relation: str = "LIVES") -> Document:
    ana = Entity(id="a", start=0, end=3, label="PER", attributes={"note": "x"})
    rome = Entity(id="r", start=10, end=14, label="LOC")
    lives = Relation(head="a", tail="r", label=relation, attributes={"assertion": "negated"})
    return Document(id_, "Ana vit à Rome", (ana, rome), (lives,))


def test_labels_of_regions_and_arcs_are_renamed_and_attributes_kept() -> None:
    results = to_results(make_document("d", "a=b"), InterfaceTags(), Notes())
    renamed = rename_results(results, {"PER": "P", "a=b": "c%"})
    assert schema_names(renamed) == {
        SchemaName("entity label", "P"),
        SchemaName("entity label", "LOC"),
        SchemaName("relation label", "c%"),
        SchemaName("attribute", "note"),
        SchemaName("attribute", "assertion"),
    }
    assert [each.get("id") for each in renamed] == [each.get("id") for each in results]
    assert rename_results(results, {"X": "Y"}) == results


def test_an_interface_gets_the_new_labels() -> None:
    schema = Schema(
        "s",
        "1",
        {"PER": EntityType(), "LOC": EntityType()},
        {"a=b": RelationType(("PER",), ("LOC",))},
        {"kind": AttributeType(("one",), labels=("PER", "LOC"))},
    )
    view = ET.fromstring(rename_interface(labelling_interface(schema), {"PER": "P", "a=b": "c"}))
    assert [each.get("value") for each in view.iter("Label")] == ["P", "LOC"]
    assert [each.get("value") for each in view.iter("Relation")] == ["c"]
    assert "P,LOC" in {each.get("whenLabelValue") for each in view.iter("View")}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a corpus with three documents, whose name no other test uses."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    name = f"{abs(hash(tmp_path)) % 10**8:08}"
    (folder / "corpus.toml").write_text(f'name = "{name}"\nversion = "1"\nlicence = "x"\n')
    (folder / "schema.toml").write_text(SCHEMA.replace("[rel", "[entity_attributes.note]\n[rel"))
    with (folder / "schema.toml").open("a") as stream:
        stream.write('[relation_attributes.assertion]\nvalues = ["negated"]\n')
    (folder / "splits.toml").write_text("")
    document_files.write([make_document(f"d{n}") for n in range(3)], folder / "gold")
    return folder


def push_request(folder: Path, guide: str, **settings: object) -> PushRequest:
    corpus = Corpus.open(folder)
    return PushRequest(
        corpus=corpus.manifest.name,
        schema=corpus.schema,
        annotators=["marie"],
        guide=Guide(guide, "s", f"règles {guide}"),
        model_version="m",
        **{"documents": corpus.documents, **settings},
    )


def test_labels_in_use_are_renamed_and_work_keeps_its_versions(
    label_studio: LabelStudio, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", label_studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", label_studio.token)
    d0, *rest = Corpus.open(corpus).documents
    other = label_studio.user(f"renames-{corpus.parent.name.replace('_', '-').lower()}")
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as studio:
        # d0 is finished, d1 has another user's draft, d2 only a prediction
        push(studio, push_request(corpus, "1.0", documents=[d0], finished=True), Notes())
        predicted = {document.id: document for document in rest}
        push(studio, push_request(corpus, "1.0", predictions=predicted), Notes())
        (project,) = studio.list_projects(Corpus.open(corpus).manifest.name).values()
        tasks = {id_: rows[0].id for id_, rows in tasks_by_document(studio, project).items()}
        results = to_results(d0, InterfaceTags(), Notes())
        with label_studio.client(other.token) as client:
            draft = {"result": results, "lead_time": 3}
            client.post(f"/api/tasks/{tasks['d1']}/drafts", json=draft).raise_for_status()
        (before,) = next(studio.fetch_tasks(project, [tasks["d0"]])).payload["annotations"]

        # the schema was edited by hand
        text = (corpus / "schema.toml").read_text()
        (corpus / "schema.toml").write_text(text.replace("PER", "PERSON").replace("LIVES", "LI"))
        with pytest.raises(DataError) as caught:
            push(studio, push_request(corpus, "1.1"), Notes())
        problems = [problem for problem in caught.value.problems if problem.kind == "name-in-use"]
        assert [problem.what.partition(", which")[0] for problem in problems] == [
            f"3 tasks of «{project.title}» (d0, d1, d2) contain the entity label PER",
            f"3 tasks of «{project.title}» (d0, d1, d2) contain the relation label LIVES",
        ]
        (corpus / "schema.toml").write_text(text)

        call = ["corpus", "migrate", str(corpus), "--rename", "PER=PERSON"]
        for expected in ("3 tasks changed", "0 tasks changed"):
            done = CliRunner().invoke(app, [*call, "--rename", "LIVES=LIVES_IN", "--server"])
            assert done.exit_code == 0, done.output
            assert f"marie: {expected}; {project.url}" in done.output
        stored = list(studio.fetch_tasks(project, list(tasks.values())))
        used = [task.names.union(*(each.names for each in task.predictions)) for task in stored]
        assert all(names >= NEW_NAMES and not names & OLD_NAMES for names in used)
        (after,) = stored[0].payload["annotations"]
        kept = ("id", "completed_by", "lead_time", "created_at", "was_cancelled")
        assert {key: after[key] for key in kept} == {key: before[key] for key in kept}

        # a new guide: work keeps its versions, tasks that nobody has started get the new ones
        plan = make_plan(studio, push_request(corpus, "1.1"), Notes())
        assert plan.projects["marie"].upgraded == [tasks["d2"]]
        push(studio, push_request(corpus, "1.1"), Notes())
        versions = {each.document_id: each.versions for each in studio.list_tasks(project)}
        assert [(x.guideline, x.schema) for x in versions.values()] == [
            ("1.0", "1.0"),
            ("1.0", "1.0"),
            ("1.1", "2.0.0"),
        ]
    done = CliRunner().invoke(app, ["annotate", "pull", str(corpus), "--out", str(corpus / "out")])
    assert done.exit_code == 0, done.output
    (pulled,) = document_files.read(corpus / "out" / "marie")
    assert [each.label for each in pulled.entities] == ["PERSON", "LOC"]
    assert (pulled.meta["guideline_version"], pulled.meta["schema_version"]) == ("1.0", "1.0")
