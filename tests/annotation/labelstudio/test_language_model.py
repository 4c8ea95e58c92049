"""The commands of docs/llm.md: from a folder of articles to pre-annotated tasks in Label Studio."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer, marked_answer
from label_studio import LabelStudio
from toy import SCHEMA, sentence

from aloi.annotation.exchange.task_import import tasks_by_document
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.corpus.document import Document

PAGE = Path(__file__).parents[3] / "docs" / "llm.md"
GOLD = {document.text: document for document in (sentence(number) for number in range(6))}
DOUBTFUL = list(GOLD)[3]


def page_commands() -> str:
    """Return the first block of commands of the page."""
    block = re.search(r"^```bash\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert block
    return block[1]


def answer(text: str, request: dict[str, Any]) -> str:
    """Annotate a text; one pass over the doubtful text does not find the relations."""
    document = GOLD[text.strip()]
    if document.text == DOUBTFUL and request["seed"] == 1:
        document = Document(document.id, document.text, document.entities)
    return marked_answer(Document(document.id, text, document.entities, document.relations))


@pytest.fixture
def workplace(tmp_path: Path, label_studio: LabelStudio) -> Path:
    """A folder with articles, a corpus without documents, and the server's home."""
    (tmp_path / "articles").mkdir()
    for number, text in enumerate(GOLD):
        (tmp_path / "articles" / f"article-{number}.txt").write_text(f"{text}\n", encoding="utf-8")
    corpus = tmp_path / "mycorpus"
    corpus.mkdir()
    manifest = 'name = "mycorpus"\nversion = "1"\nlicence = "CC-BY-4.0"\n'
    (corpus / "corpus.toml").write_text(manifest, encoding="utf-8")
    (corpus / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    (corpus / "splits.toml").touch()
    (tmp_path / ".label-studio").symlink_to(label_studio.home)
    return tmp_path


def test_the_commands_of_the_page(workplace: Path, label_studio: LabelStudio) -> None:
    commands = page_commands()
    assert commands.count("\n") == 4
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with ChatServer(answer) as chat:
        done = subprocess.run(
            ["bash", "-euc", commands.replace("http://127.0.0.1:11434/v1", chat.url)],
            cwd=workplace,
            env={**os.environ, "PATH": programs},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert len(chat.requests) == 3 * len(GOLD)
    assert {request["model"] for request in chat.requests} == {"qwen3:8b"}
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as studio:
        (project,) = studio.list_projects("mycorpus").values()
        by_document = tasks_by_document(studio, project)
        numbers = [tasks[0].id for tasks in by_document.values()]
        tasks = list(studio.fetch_tasks(project, sorted(numbers)))
    assert len(tasks) == len(GOLD)
    assert tasks[0].payload["data"]["text"].strip() == DOUBTFUL  # the most uncertain one is first
    for task in tasks:
        text = task.payload["data"]["text"]
        (prediction,) = task.predictions
        assert prediction.model_version.startswith("llm:qwen3:8b ")
        regions = [r for r in prediction.payload["result"] if r["type"] == "labels"]
        found = {
            (text[slice(r["value"]["start"], r["value"]["end"])], r["value"]["labels"][0])
            for r in regions
        }
        gold = GOLD[text.strip()]
        assert found == {(gold.surface(e), e.label) for e in gold.entities}
        relations = [r for r in prediction.payload["result"] if r["type"] == "relation"]
        assert len(relations) == len(gold.relations)
