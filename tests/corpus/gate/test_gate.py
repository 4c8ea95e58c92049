"""Each part of the gate passes, fails or is skipped for the reason that it states."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import commit, git, replace_in

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.gate.gate import GateInputs, run_gate
from aloi.corpus.gate.results import GatePart, Verdict


def parts(folder: Path, inputs: GateInputs | None = None) -> dict[str, GatePart]:
    result = run_gate(Corpus.open(folder), inputs or GateInputs())
    return {part.name: part for part in result.parts}


def verdicts(folder: Path, inputs: GateInputs | None = None) -> dict[str, str]:
    return {name: part.verdict.value for name, part in parts(folder, inputs).items()}


def test_an_unchanged_corpus_passes(tagged: Path) -> None:
    assert verdicts(tagged) == {
        "check": "passed",
        "review": "passed",
        "diff": "skipped",  # v1 is the version that is checked out, and no tag precedes it
        "scores": "skipped",
    }


def test_a_wrong_document_fails_check_and_skips_what_needs_documents(tagged: Path) -> None:
    replace_in(tagged / "gold/b.json", '"end": 3', '"end": 3000')
    found = verdicts(tagged)
    assert (found["check"], found["review"], found["diff"]) == ("failed", "skipped", "skipped")


def test_an_open_finding_fails_review(tagged: Path) -> None:
    replace_in(tagged / "gold/b.json", '"end": 14', '"end": 15')  # «Rome,» with the comma
    review = parts(tagged)["review"]
    assert review.verdict is Verdict.FAILED
    assert [problem.kind for problem in review.problems] == ["edge"]
    assert "«Rome,»" in review.problems[0].what


def test_a_change_that_needs_a_higher_version_fails_diff(tagged: Path) -> None:
    replace_in(tagged / "gold/c.json", "dit-on", "dit-il")
    diff = parts(tagged)["diff"]
    assert diff.summary.startswith("since v1: tiny 1 → tiny 1: required version bump: major")
    assert diff.details == ("major: 1 document (c) with a different text",)
    (problem,) = diff.problems
    assert problem.fix == "Set the version to 2.0.0 or higher"
    replace_in(tagged / "corpus.toml", 'version = "1"', 'version = "2"')
    assert verdicts(tagged)["diff"] == "passed"


def test_a_tagged_commit_is_compared_with_the_tag_before(tagged: Path) -> None:
    replace_in(tagged / "gold/c.json", "dit-on", "dit-il")
    commit(tagged)
    git(tagged, "tag", "v2")
    assert parts(tagged)["diff"].summary.startswith("since v1: ")
    replace_in(tagged / "gold/b.json", "dit-on", "dit-il")
    assert parts(tagged)["diff"].summary.startswith("since v2: ")


def test_since_names_a_tag_a_commit_or_a_folder(tagged: Path, tmp_path: Path) -> None:
    first = git(tagged, "rev-parse", "HEAD")
    replace_in(tagged / "gold/c.json", "dit-on", "dit-il")
    git(tagged, "worktree", "add", "--quiet", str(tmp_path / "old"), first)
    for since in ("v1", first, str(tmp_path / "old" / "tiny")):
        diff = parts(tagged, GateInputs(since=since))["diff"]
        assert diff.details == ("major: 1 document (c) with a different text",)


@pytest.mark.parametrize("since", ["v9", "--output=x", "HEAD:tiny"])
def test_a_version_that_does_not_exist_fails_diff(tagged: Path, since: str) -> None:
    (problem,) = parts(tagged, GateInputs(since=since))["diff"].problems
    assert problem.kind == "no-earlier-version"


def test_without_a_repository_diff_is_skipped(corpus: Path) -> None:
    assert parts(corpus)["diff"].summary == "there is no earlier tag with this corpus"


def test_a_tag_before_the_corpus_does_not_count(corpus: Path) -> None:
    git(corpus.parent, "init", "--quiet")
    git(corpus.parent, "commit", "--quiet", "--allow-empty", "--message", "empty")
    git(corpus.parent, "tag", "v0")
    commit(corpus.parent)
    assert verdicts(corpus)["diff"] == "skipped"


def test_a_shallow_clone_fails_instead_of_being_skipped(tagged: Path, tmp_path: Path) -> None:
    commit(tagged)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", tagged.parent.as_uri(), str(clone))
    (problem,) = parts(clone / "tiny")["diff"].problems
    assert problem.kind == "shallow-clone"
    git(clone, "fetch", "--quiet", "--unshallow", "--tags")
    assert verdicts(clone / "tiny")["diff"] == "passed"


def test_restricted_texts_are_not_quoted(tagged: Path) -> None:
    (tagged / "restricted").mkdir()
    (tagged / "gold/b.json").rename(tagged / "restricted/b.json")
    replace_in(tagged / "corpus.toml", "rights =", 'restricted = ["b"]\nrights =')
    replace_in(tagged / "restricted/b.json", '"end": 14', '"end": 15')
    (problem,) = parts(tagged)["review"].problems
    assert (problem.kind, problem.document) == ("edge", "b")
    assert "Rome" not in str(problem)
