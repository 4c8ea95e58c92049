"""The commands for stand-off corpora and for removal, with a local repository of texts."""

import subprocess
import sys
from pathlib import Path

import pytest
from standoff_texts import TEXTS, annotated, write_standoff, write_texts

from aloi.corpus import document_files

ROOT = Path(__file__).parents[3]
IDENTITY = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
FIRST = next(iter(TEXTS))


def aloi(*arguments: object) -> subprocess.CompletedProcess[str]:
    code = "from aloi.cli.main import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def succeed(*arguments: object) -> str:
    done = aloi(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *IDENTITY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = write_texts(tmp_path / "remote", TEXTS)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "texts")
    return folder


@pytest.fixture
def standoff(tmp_path: Path, repository: Path) -> Path:
    """Return a stand-off corpus that names the commit of the local repository."""
    folder = write_standoff(tmp_path / "standoff")
    manifest = folder / "standoff.toml"
    commit = git(repository, "rev-parse", "HEAD")
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("0000", commit), "utf-8")
    return folder


def test_from_annotation_to_corpus(standoff: Path, repository: Path, tmp_path: Path) -> None:
    """The way of `make wikinews`: detach, check, fetch, attach; then remove a document."""
    documents, texts, out = tmp_path / "d.jsonl", tmp_path / "texts", tmp_path / "out"
    document_files.write([annotated(id_) for id_ in TEXTS], documents)
    fetch = ("corpus", "fetch", standoff, texts, "--repository", repository.as_uri())

    assert "commit" in succeed(*fetch)
    assert "was fetched earlier" in succeed(*fetch)
    assert succeed("corpus", "detach", documents, texts, standoff) == "3 records written\n"
    assert succeed("corpus", "check", standoff) == "0 problems\n"
    assert succeed("corpus", "attach", standoff, texts, out) == "3 documents attached\n"
    assert "LIVES_IN" in succeed("corpus", "stats", out)
    assert f"removed: {standoff}/gold/{FIRST}.json" in succeed("corpus", "remove", FIRST, standoff)
    assert succeed("corpus", "attach", standoff, texts, out) == "2 documents attached\n"


def test_an_unreachable_repository_is_one_line_and_status_1(standoff: Path, tmp_path: Path) -> None:
    missing = (tmp_path / "missing").as_uri()
    done = aloi("corpus", "fetch", standoff, tmp_path / "texts", "--repository", missing)
    assert done.returncode == 1
    problem, count = done.stderr.splitlines()
    assert problem.startswith("cannot fetch commit")
    assert missing in problem
    assert count == "1 problem"


def test_a_text_that_does_not_match_is_status_1(
    standoff: Path, repository: Path, tmp_path: Path
) -> None:
    documents, out = tmp_path / "d.jsonl", tmp_path / "out"
    document_files.write([annotated(id_) for id_ in TEXTS], documents)
    succeed("corpus", "detach", documents, repository, standoff)
    next(repository.glob(f"*/*/{FIRST}.txt")).write_text("autre", encoding="utf-8")
    done = aloi("corpus", "attach", standoff, repository, out)
    assert (done.returncode, done.stdout) == (1, "2 documents attached\n")
    assert f"document {FIRST}: the text differs from the annotated text" in done.stderr


@pytest.mark.parametrize("command", ["fetch", "attach", "draw"])
def test_a_folder_without_manifest_is_a_wrong_call(command: str, tmp_path: Path) -> None:
    folders = [tmp_path] * (3 if command == "attach" else 2)
    done = aloi("corpus", command, *folders)
    assert done.returncode == 2
    assert "is not a stand-off corpus" in done.stderr


def test_remove_needs_a_corpus(tmp_path: Path) -> None:
    done = aloi("corpus", "remove", "d1", tmp_path)
    assert done.returncode == 2
    assert "is not a corpus folder" in done.stderr


def test_a_draw_is_never_overwritten(standoff: Path, repository: Path) -> None:
    done = aloi("corpus", "draw", standoff, repository)
    assert done.returncode == 1
    assert "the documents are drawn already" in done.stderr


@pytest.mark.parametrize(
    ("variable", "expected", "absent"),
    [
        ("TEXTS=folder", "corpus attach corpus/wikinews folder build/wikinews", "corpus fetch"),
        ("REPOSITORY=url", "build/wikinews-texts --repository url", "unused"),
    ],
)
def test_the_make_target_takes_texts_or_a_repository(
    variable: str, expected: str, absent: str
) -> None:
    command = ["make", "--dry-run", "wikinews", variable]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert expected in shown
    assert absent not in shown


def test_the_evaluation_on_news_attaches_the_texts_and_has_the_folders_of_the_seeds() -> None:
    command = ["make", "--dry-run", "eval-news", "TEXTS=folder", "SEEDS=1,2,3", "OUT=out"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    attached, evaluated = (shown.index(part) for part in ("corpus attach", "experiment corpus"))
    assert attached < evaluated
    assert "experiment corpus out/wikinews --out out --seeds 1,2,3\n" in shown
