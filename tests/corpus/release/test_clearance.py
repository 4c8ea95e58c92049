"""No push sends restricted text: each file is searched, and what was searched is listed."""

import json
import re
from pathlib import Path

import pytest
import spacy
import toy
from hub import Hub
from toy_releases import Run, seal, toy_corpus

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import Report, evaluate

TO = ("--repo", "org/tiny", "--tag", "v1.0.0")
SECRET = toy.sentence(25)
"""The toy corpus's restricted document, d25."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    nlp = spacy.blank("fr")
    nlp.meta.update(name="ner", license="LGPL-LR", aloi={})
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "model" / "NOTICE").write_text("Trained from fr_core_news_md.\n")
    return tmp_path / "model"


@pytest.fixture
def elsewhere(aloi: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current folder without a corpus."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


def report(**options: bool) -> Report:
    """A report on d25, in which every mention is missed."""
    gold = Document(SECRET.id, SECRET.text, SECRET.entities, (), {"redistributable": False})
    return evaluate([gold], [Document(gold.id, gold.text, ())], **options)


def scores(folder: Path, found: Report) -> Path:
    file = folder / "eval.json"
    file.write_text(json.dumps(found.to_json(), ensure_ascii=False), encoding="utf-8")
    return file


CHECKED = "searched for 1 restricted document of toy 1.0.0: d25"


def test_a_dry_run_of_push_lists_what_was_checked(aloi: Run, release: Path) -> None:
    done = aloi("release", "push", release, *TO)
    assert done.returncode == 0, done.stderr
    files = [path for path in release.rglob("*") if path.is_file()]
    assert f"none found in {len(files)} files; {CHECKED}" in done.stdout
    for file in files:
        name, size = file.relative_to(release).as_posix(), file.stat().st_size
        assert f"+ {name} ({size:,} bytes, checked)\n" in done.stdout


def test_a_dry_run_of_push_model_lists_what_was_checked(
    aloi: Run, model: Path, tmp_path: Path
) -> None:
    done = aloi("release", "push-model", model, *TO, "--evaluation", scores(tmp_path, report()))
    assert done.returncode == 0, done.stderr
    assert CHECKED in done.stdout
    for name in ("meta.json", "evaluation.json", "README.md", "vocab/strings.json"):
        assert re.search(rf"^\+ {name} \([\d,]+ bytes, checked\)$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", ["notes.txt", "docs/page.html", "data.json"])
def test_a_release_with_restricted_text_in_any_file_is_refused(
    hub: Hub, aloi: Run, release: Path, name: str
) -> None:
    (release / name).parent.mkdir(exist_ok=True)
    (release / name).write_text(json.dumps({"x": f"<b>{SECRET.text.upper()}</b>"}))
    done = aloi("release", "push", seal(release), *TO, "--execute")
    assert done.returncode == 1
    assert f"{name}: document d25: contains restricted text" in done.stderr
    assert not hub.requests


@pytest.mark.parametrize("name", ["NOTICE", "README.txt", "meta.json", "evaluation.json"])
def test_a_pipeline_with_restricted_text_in_any_file_is_refused(
    hub: Hub, aloi: Run, model: Path, tmp_path: Path, name: str
) -> None:
    """The scores are those of before: with the text, and without the key that says so."""
    content = report(restricted_text=True).to_json()
    del content["contains_restricted_text"]
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
    assert f"{name}: document d25: contains restricted text" in done.stderr
    assert SECRET.text not in done.stderr
    assert not hub.requests


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("corpus", [True, False])
def test_a_report_that_says_it_has_restricted_text_is_refused_whatever_corpus_there_is(
    aloi: Run, model: Path, built: Path, tmp_path: Path, corpus: bool
) -> None:
    options = ("--corpus", built.parent / "corpus") if corpus else ()
    told = scores(tmp_path, report(restricted_text=True))
    (model / "page.html").write_text(render_page(report(restricted_text=True)), encoding="utf-8")
    done = aloi("release", "push-model", model, *TO, "--evaluation", told, *options)
    assert done.returncode == 1
    assert "evaluation.json: this report contains restricted text" in done.stderr
    assert "page.html: this report contains restricted text" in done.stderr


@pytest.mark.usefixtures("elsewhere")
def test_without_a_corpus_what_used_restricted_documents_is_refused(
    hub: Hub, aloi: Run, release: Path, model: Path, tmp_path: Path
) -> None:
    done = aloi("release", "push", release, *TO)
    assert done.returncode == 1
    assert "document d25: restricted document used, but no corpus is given" in done.stderr
    assert "--corpus CORPUS" in done.stderr
    done = aloi("release", "push-model", model, *TO, "--evaluation", scores(tmp_path, report()))
    assert done.returncode == 1
    assert "document d25: restricted document used" in done.stderr
    runs = [{"split": "article", "report": report().to_json()}]
    (tmp_path / "new.json").write_text(json.dumps({"runs": runs}))
    done = aloi("release", "push-model", model, *TO, "--evaluation", tmp_path / "new.json")
    assert done.returncode == 1
    assert "document d25: restricted document used" in done.stderr
    (tmp_path / "old.json").write_text(
        json.dumps({"runs": [{"split": "article", "system": "ner", "task": "x", "report": {}}]})
    )
    done = aloi("release", "push-model", model, *TO, "--evaluation", tmp_path / "old.json")
    assert done.returncode == 1
    assert "[nothing-to-check]" in done.stderr
    assert not hub.requests


@pytest.mark.usefixtures("elsewhere")
def test_without_a_corpus_what_names_no_restricted_document_goes_and_says_so(
    aloi: Run, model: Path
) -> None:
    done = aloi("release", "push-model", model, *TO)
    assert done.returncode == 0, done.stderr
    assert "restricted text: not checked, no corpus" in done.stdout


def test_a_corpus_that_lacks_the_document_is_not_enough(
    aloi: Run, release: Path, tmp_path: Path
) -> None:
    corpus = toy_corpus(tmp_path / "bare")
    (corpus / "restricted" / "d25.json").unlink()
    done = aloi("release", "push", release, *TO, "--corpus", corpus)
    assert done.returncode == 1
    assert "document d25: restricted document used, but corpus toy" in done.stderr


def test_a_corpus_with_another_text_of_the_document_is_not_enough(
    aloi: Run, release: Path, tmp_path: Path
) -> None:
    corpus = toy_corpus(tmp_path / "other")
    file = corpus / "restricted" / "d25.json"
    file.write_text(file.read_text(encoding="utf-8").replace("ignore", "oublie"), encoding="utf-8")
    done = aloi("release", "push", release, *TO, "--corpus", corpus)
    assert done.returncode == 1
    assert "is not the one that the release withholds" in done.stderr


def test_an_earlier_push_can_be_scanned(aloi: Run, built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "downloaded"
    document_files.write([toy.sentence(1)], folder)
    done = aloi("release", "scan", folder)
    assert done.returncode == 0
    assert "checked d1.json\nrestricted text: none found in 1 file; searched for" in done.stdout
    document_files.write([SECRET], folder / "sub")
    done = aloi("release", "scan", folder, built.parent / "corpus")
    assert done.returncode == 1
    assert "sub/d25.json: document d25: contains restricted text" in done.stderr
