"""Every file of a push is searched for restricted text, and the search is reported."""

import json
import re
from pathlib import Path

import pytest
import spacy
import toy
from hub import Hub
from toy_releases import Run, toy_corpus, update_checksums

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import Report, evaluate

TO = ("--repo", "org/tiny", "--tag", "v1.0.0")
SECRET = toy.sentence(25)
"""The restricted document of the toy corpus, d25."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    nlp = spacy.blank("fr")
    nlp.meta.update(name="ner", license="LGPL-LR", aloi={})
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "model" / "NOTICE").write_text("Trained from fr_core_news_md.\n")
    return tmp_path / "model"


@pytest.fixture
def no_corpus(aloi: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change to a folder without a corpus."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")


def make_report(**options: bool) -> Report:
    """Return a report on d25 in which every mention is missed."""
    gold = Document(SECRET.id, SECRET.text, SECRET.entities, (), {"redistributable": False})
    return evaluate([gold], [Document(gold.id, gold.text, ())], **options)


def write_scores(folder: Path, report: Report) -> Path:
    """Write a report to eval.json and return its path."""
    file = folder / "eval.json"
    file.write_text(json.dumps(report.to_json(), ensure_ascii=False), encoding="utf-8")
    return file


SEARCHED = "searched for 1 restricted document of toy 1.0.0: d25"


def test_dry_run_of_push_lists_the_checked_files(aloi: Run, release: Path) -> None:
    done = aloi("release", "push", release, *TO)
    assert done.returncode == 0, done.stderr
    files = [path for path in release.rglob("*") if path.is_file()]
    assert f"none found in {len(files)} files; {SEARCHED}" in done.stdout
    for file in files:
        name, size = file.relative_to(release).as_posix(), file.stat().st_size
        assert f"+ {name} ({size:,} bytes, checked)\n" in done.stdout


def test_dry_run_of_push_model_lists_the_checked_files(
    aloi: Run, model: Path, tmp_path: Path
) -> None:
    done = aloi(
        "release", "push-model", model, *TO, "--evaluation", write_scores(tmp_path, make_report())
    )
    assert done.returncode == 0, done.stderr
    assert SEARCHED in done.stdout
    for name in ("meta.json", "evaluation.json", "README.md", "vocab/strings.json"):
        assert re.search(rf"^\+ {name} \([\d,]+ bytes, checked\)$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", ["notes.txt", "docs/page.html", "data.json"])
def test_release_with_restricted_text_in_any_file_is_rejected(
    hub: Hub, aloi: Run, release: Path, name: str
) -> None:
    (release / name).parent.mkdir(exist_ok=True)
    (release / name).write_text(json.dumps({"x": f"<b>{SECRET.text.upper()}</b>"}))
    done = aloi("release", "push", update_checksums(release), *TO, "--execute")
    assert done.returncode == 1
    assert f"{name}: document d25: the file contains restricted text" in done.stderr
    assert not hub.requests


@pytest.mark.parametrize("name", ["NOTICE", "README.txt", "meta.json", "evaluation.json"])
def test_pipeline_with_restricted_text_in_any_file_is_rejected(
    hub: Hub, aloi: Run, model: Path, tmp_path: Path, name: str
) -> None:
    """The scores imitate older ones: they contain the text, but not the key that declares it."""
    content = {**make_report().to_json(), "example": SECRET.text}
    options: tuple[object, ...] = ()
    if name == "evaluation.json":
        (tmp_path / "eval.json").write_text(json.dumps(content))
        options = ("--evaluation", tmp_path / "eval.json")
    elif name == "meta.json":
        meta = json.loads((model / name).read_text())
        (model / name).write_text(json.dumps({**meta, "description": SECRET.text}))
    else:
        (model / name).write_text(f"As in: {SECRET.text}\n")
    done = aloi("release", "push-model", model, *TO, *options, "--execute")
    assert done.returncode == 1
    assert f"{name}: document d25: the file contains restricted text" in done.stderr
    assert SECRET.text not in done.stderr
    assert not hub.requests


@pytest.mark.usefixtures("no_corpus")
@pytest.mark.parametrize("corpus", [True, False])
def test_report_that_declares_restricted_text_is_rejected_with_or_without_corpus(
    aloi: Run, model: Path, built: Path, tmp_path: Path, corpus: bool
) -> None:
    options = ("--corpus", built.parent / "corpus") if corpus else ()
    scores = write_scores(tmp_path, make_report(restricted_text=True))
    (model / "page.html").write_text(
        render_page(make_report(restricted_text=True)), encoding="utf-8"
    )
    done = aloi("release", "push-model", model, *TO, "--evaluation", scores, *options)
    assert done.returncode == 1
    assert "evaluation.json: this report contains restricted text" in done.stderr
    assert "page.html: this report contains restricted text" in done.stderr


@pytest.mark.usefixtures("no_corpus")
def test_push_that_used_restricted_documents_is_rejected_without_corpus(
    hub: Hub, aloi: Run, release: Path, model: Path, tmp_path: Path
) -> None:
    done = aloi("release", "push", release, *TO)
    assert done.returncode == 1
    assert (
        "document d25: the files use this restricted document, but no corpus is given"
        in done.stderr
    )
    assert "--corpus CORPUS" in done.stderr
    done = aloi(
        "release", "push-model", model, *TO, "--evaluation", write_scores(tmp_path, make_report())
    )
    assert done.returncode == 1
    assert "document d25: the files use this restricted document" in done.stderr
    runs = [{"split": "article", "report": make_report().to_json()}]
    (tmp_path / "new.json").write_text(json.dumps({"runs": runs}))
    done = aloi("release", "push-model", model, *TO, "--evaluation", tmp_path / "new.json")
    assert done.returncode == 1
    assert "document d25: the files use this restricted document" in done.stderr
    (tmp_path / "old.json").write_text(
        json.dumps({"runs": [{"split": "article", "system": "ner", "task": "x", "report": {}}]})
    )
    done = aloi("release", "push-model", model, *TO, "--evaluation", tmp_path / "old.json")
    assert done.returncode == 1
    assert "[text-unavailable]" in done.stderr
    assert not hub.requests


@pytest.mark.usefixtures("no_corpus")
def test_push_without_corpus_and_restricted_documents_reports_that_nothing_was_checked(
    aloi: Run, model: Path
) -> None:
    done = aloi("release", "push-model", model, *TO)
    assert done.returncode == 0, done.stderr
    assert "restricted text: not checked, because no corpus was given" in done.stdout


def test_push_is_rejected_if_the_corpus_lacks_the_restricted_document(
    aloi: Run, release: Path, tmp_path: Path
) -> None:
    corpus = toy_corpus(tmp_path / "bare")
    (corpus / "restricted" / "d25.json").unlink()
    done = aloi("release", "push", release, *TO, "--corpus", corpus)
    assert done.returncode == 1
    assert "document d25: the files use this restricted document, but corpus toy" in done.stderr


def test_push_is_rejected_if_the_corpus_has_a_different_text(
    aloi: Run, release: Path, tmp_path: Path
) -> None:
    corpus = toy_corpus(tmp_path / "other")
    file = corpus / "restricted" / "d25.json"
    file.write_text(file.read_text(encoding="utf-8").replace("ignore", "oublie"), encoding="utf-8")
    done = aloi("release", "push", release, *TO, "--corpus", corpus)
    assert done.returncode == 1
    assert "differs from the text that the release withholds" in done.stderr


def test_scan_searches_an_earlier_push(aloi: Run, built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "downloaded"
    document_files.write([toy.sentence(1)], folder)
    done = aloi("release", "scan", folder)
    assert done.returncode == 0
    assert "checked d1.json\nrestricted text: none found in 1 file; searched for" in done.stdout
    document_files.write([SECRET], folder / "sub")
    done = aloi("release", "scan", folder, built.parent / "corpus")
    assert done.returncode == 1
    assert "sub/d25.json: document d25: the file contains restricted text" in done.stderr
