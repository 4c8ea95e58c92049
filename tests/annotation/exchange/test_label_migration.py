"""Labels are renamed in all projects of a corpus except practice projects."""

from memory_server import MemoryServer

from aloi.annotation.exchange.label_migration import migrate_projects
from aloi.annotation.exchange.push import PushRequest, push
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import EntityType, Schema

SCHEMA = Schema("s", "1", {"PER": EntityType()})
DOCUMENTS = [
    Document(f"d{n}", "Ana", (Entity(id="e", start=0, end=3, label="PER"),)) for n in range(60)
]


def test_every_task_and_interface_is_renamed_once() -> None:
    server, steps = MemoryServer(), list[str]()
    for annotator in ("marie", "practice-marie"):
        push(
            server,
            PushRequest(
                corpus="c",
                schema=SCHEMA,
                documents=DOCUMENTS,
                annotators=[annotator],
                finished=True,
            ),
            Notes(),
        )
    projects = server.list_projects("c")
    renames = {"PER": "PERSON"}
    assert migrate_projects(server, projects, renames, progress=steps.append) == {"marie": 60}
    assert steps == ["c/marie"]
    assert migrate_projects(server, projects, renames) == {"marie": 0}
    schemas = [
        list(server.settings[project.id]["schema"].entities) for project in projects.values()
    ]
    assert schemas == [["PERSON"], ["PER"]]
