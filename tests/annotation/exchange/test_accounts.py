"""Who submitted an annotation: the account decides, not the project."""

from pathlib import Path

import pytest
from memory_server import MemoryServer

from aloi.annotation.compare.passes import read_passes
from aloi.annotation.exchange.accounts import Accounts
from aloi.annotation.exchange.pull import PullReport, pull_corpus
from aloi.annotation.exchange.push import PushRequest, push
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import EntityType, Schema

EMPTY = Document("d0", "Ana", ())
DONE = Document("d0", "Ana", (Entity(id="a", start=0, end=3, label="PER"),))
OTHER = Document("d1", "Bob", ())
MARIE, PAUL, LEAD, UNNAMED = 1, 2, 3, 4
USERS = {"1": "Marie@example.org", "2": "paul@example.org", "3": "lead@example.org", "4": "m@x.org"}


@pytest.fixture
def server() -> MemoryServer:
    """Return a server with one project each of marie, paul and eva, whose account is not known."""
    server = MemoryServer(users=dict(USERS))
    documents, schema = [EMPTY, OTHER], Schema("s", "1", {"PER": EntityType()})
    for name in ("marie", "paul", "eva"):
        request = PushRequest(corpus="c", schema=schema, documents=documents, annotators=[name])
        push(server, request, Notes())
    return server


def pull(server: MemoryServer, out: Path, **settings: object) -> PullReport:
    return pull_corpus(server, "c", out, Notes(), **settings)  # type: ignore[arg-type]


def mentions(file: Path) -> int:
    (document,) = document_files.read(file)
    return len(document.entities)


def test_accounts_belong_to_annotators_by_assignment_or_by_name() -> None:
    accounts = Accounts(USERS, ("marie", "paul", "m@x.org"), {"paul": "LEAD@example.org"})
    assert [accounts.annotator(user) for user in USERS] == ["marie", None, "paul", "m@x.org"]
    assert Accounts({}, (), {"paul": "3"}).annotator("3") == "paul"


def test_an_empty_submission_by_the_lead_does_not_replace_work(
    server: MemoryServer, tmp_path: Path
) -> None:
    """The lead opened marie's task and pressed Submit or Update."""
    server.submit("c/marie", DONE, MARIE)
    pull(server, tmp_path)
    task = next(iter(server.tasks[server.titles["c/marie"].id].values()))
    task["work"].clear()
    server.submit("c/marie", EMPTY, LEAD)
    for _ in range(2):
        (problem,) = pull(server, tmp_path).problems
        assert "lead@example.org submitted or changed annotation" in problem.what
        assert "--account marie=lead@example.org" in problem.fix
    assert mentions(tmp_path / "marie" / "d0.json") == 1
    assert mentions(tmp_path / ".unassigned" / "lead@example.org" / "d0.json") == 0


def test_work_in_another_project_is_its_authors_and_never_replaces_own_work(
    server: MemoryServer, tmp_path: Path
) -> None:
    server.submit("c/marie", DONE, PAUL)
    assert not pull(server, tmp_path).problems
    assert mentions(tmp_path / "paul" / "d0.json") == 1
    assert not (tmp_path / "marie").exists()
    server.submit("c/paul", EMPTY, PAUL)
    for settings in ({}, {}, {"annotators": ["marie"]}):
        (problem,) = pull(server, tmp_path, **settings).problems
        assert problem.kind == "several-tasks"
        assert mentions(tmp_path / "paul" / "d0.json") == 0


def test_the_only_account_of_a_project_is_its_annotators_from_then_on(
    server: MemoryServer, tmp_path: Path
) -> None:
    server.submit("c/eva", DONE, UNNAMED)
    assert not pull(server, tmp_path).problems
    assert mentions(tmp_path / "eva" / "d0.json") == 1
    server.submit("c/eva", OTHER, LEAD)
    (problem,) = pull(server, tmp_path).problems
    assert problem.document == "d1"
    assert not (tmp_path / "eva" / "d1.json").exists()


def test_two_unknown_accounts_are_reported_until_one_is_assigned(
    server: MemoryServer, tmp_path: Path
) -> None:
    server.submit("c/eva", DONE, UNNAMED)
    server.submit("c/eva", OTHER, LEAD)
    report = pull(server, tmp_path)
    assert [problem.kind for problem in report.problems] == ["other-account", "other-account"]
    assert "candidates: lead@example.org, m@x.org" in report.problems[0].what
    assert not (tmp_path / "eva").exists()
    for accounts in ({"eva": "m@x.org"}, {}):  # remembered at later pulls
        (problem,) = pull(server, tmp_path, accounts=accounts).problems
        assert "lead@example.org" in problem.what
        assert mentions(tmp_path / "eva" / "d0.json") == 1


def test_a_file_of_the_wrong_account_is_withdrawn(server: MemoryServer, tmp_path: Path) -> None:
    server.submit("c/eva", EMPTY, LEAD)
    pull(server, tmp_path)
    assert (tmp_path / "eva" / "d0.json").exists()
    assert len(pull(server, tmp_path, accounts={"eva": "m@x.org"}).problems) == 1
    assert not (tmp_path / "eva" / "d0.json").exists()
    assert (tmp_path / ".unassigned" / "lead@example.org" / "d0.json").exists()


def test_unassigned_work_is_not_a_pass(server: MemoryServer, tmp_path: Path) -> None:
    server.submit("c/marie", DONE, MARIE)
    server.submit("c/paul", DONE, PAUL)
    server.submit("c/paul", OTHER, LEAD)
    assert len(pull(server, tmp_path).problems) == 1
    assert list(read_passes([tmp_path])) == ["marie", "paul"]


def test_labels_and_relations_that_the_schema_forbids_are_reported(
    server: MemoryServer, tmp_path: Path
) -> None:
    unknown = Document("d0", "Ana", (Entity(id="r7", start=0, end=3, label="ORG"),))
    server.submit("c/marie", unknown, MARIE)
    schema = Schema("s", "1", {"PER": EntityType()})
    (problem,) = pull(server, tmp_path, schema=schema).problems
    assert str(problem).startswith("c/marie, task 1: document d0: r7 «Ana»: the schema does not")
    assert mentions(tmp_path / "marie" / "d0.json") == 1
