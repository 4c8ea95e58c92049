"""The corpus gate: check, review, differences to an earlier version, and scores of models.

A corpus passes if it has no problems, no open findings, a version number that is high enough for
its differences to the earlier version, and no model whose scores became significantly worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.gate.earlier_version import earlier_version, last_tag
from aloi.corpus.gate.results import GatePart, GateResult, hide_restricted_text
from aloi.corpus.gate.score_changes import (
    ScoreChange,
    changed_scores,
    compared_scores,
    worse_score_problems,
)
from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.quality.checks import check_corpus
from aloi.corpus.quality.findings import Finding
from aloi.corpus.quality.review import review
from aloi.corpus.release.versions.bump_rules import version_problems
from aloi.corpus.release.versions.comparison_tables import reason_lines
from aloi.corpus.release.versions.snapshots import open_snapshot
from aloi.corpus.release.versions.version_comparison import compare_snapshots


@dataclass(frozen=True, slots=True)
class GateInputs:
    """What the gate compares the corpus with.

    `since`: the earlier version, a path, tag or commit (None: the last tag). `comparisons`: files
    of `aloi compare`. `scores`: an old and a new file of `aloi eval` or `aloi experiment`.
    """

    since: str | None = None
    comparisons: Sequence[Path] = ()
    scores: tuple[Path, Path] | None = None


def run_gate(
    corpus: Corpus, inputs: GateInputs, *, on_step: Callable[[str], object] = lambda step: None
) -> GateResult:
    """Run all parts of the gate; no part quotes the text of a restricted document.

    `on_step` is called with the name of each part. Errors in the data are problems of a part.
    """
    parts: dict[str, Callable[[], GatePart]] = {
        "check": lambda: _check(corpus),
        "review": lambda: _review(corpus),
        "diff": lambda: _diff(corpus, inputs.since),
        "scores": lambda: _compare_scores(inputs),
    }
    restricted = _restricted_ids(corpus)
    results = []
    for name, run in parts.items():
        on_step(name)
        part = _run_part(name, run)
        results.append(replace(part, problems=hide_restricted_text(part.problems, restricted)))
    return GateResult(f"{corpus.manifest.name} {corpus.manifest.version}", tuple(results))


def _run_part(name: str, run: Callable[[], GatePart]) -> GatePart:
    try:
        return run()
    except DataError as error:
        return GatePart(name, count_noun(len(error.problems), "problem"), error.problems)


def _restricted_ids(corpus: Corpus) -> set[str]:
    """Return the ids of all restricted documents, also if other documents are invalid."""
    drafts = (record.draft for record in corpus.records() if record.draft is not None)
    found = {draft.id for draft in drafts if not corpus.rights(draft).redistributable}
    return {*corpus.manifest.restricted, *found}


def _check(corpus: Corpus) -> GatePart:
    problems = tuple(check_corpus(corpus))
    return GatePart("check", count_noun(len(problems), "problem"), problems)


def _review(corpus: Corpus) -> GatePart:
    if not _is_readable(corpus):
        return _unreadable("review")
    result = review(corpus)
    summary = f"{count_noun(len(result.open), 'open finding')}, {len(result.stale)} stale"
    stale = tuple(f"stale in review.toml: {entry.rule}: {entry.document}" for entry in result.stale)
    return GatePart("review", summary, tuple(map(_finding_problem, result.open)), stale)


def _finding_problem(finding: Finding) -> Problem:
    what = f"«{finding.surface}»: {finding.what}, in: {finding.context}"
    return Problem(finding.rule, what, finding.fix, finding.document, finding.item)


def _diff(corpus: Corpus, since: str | None) -> GatePart:
    if not _is_readable(corpus):
        return _unreadable("diff")
    name = since or last_tag(corpus.folder)
    if name is None:
        return GatePart("diff", "there is no earlier tag with this corpus", skipped=True)
    differences = compare_snapshots(
        earlier_version(corpus.folder, name), open_snapshot(corpus.folder)
    )
    *reasons, bump = reason_lines(differences)
    problems = tuple(version_problems(differences))
    return GatePart("diff", f"since {name}: {bump}", problems, tuple(reasons))


def _compare_scores(inputs: GateInputs) -> GatePart:
    read: dict[Path, tuple[ScoreChange, ...]] = {}
    for file in inputs.comparisons:
        read[file] = compared_scores(file)
    if inputs.scores is not None:
        old, new = inputs.scores
        read[new] = changed_scores(old, new)
    if not read:
        return GatePart("scores", "no files of scores were given", skipped=True)
    changes = [change for each in read.values() for change in each]
    problems = tuple(p for file, each in read.items() for p in worse_score_problems(file, each))
    untested = sum(change.is_worse is None for change in changes)
    summary = (
        f"{count_noun(len(changes) - untested, 'score')} compared, {len(problems)} significantly "
        f"worse, {untested} not tested"
    )
    return GatePart("scores", summary, problems, tuple(map(str, changes)))


def _is_readable(corpus: Corpus) -> bool:
    """Return whether all documents are valid; if not, the part `check` lists the problems."""
    try:
        len(corpus.documents)
    except DataError:
        return False
    return True


def _unreadable(name: str) -> GatePart:
    return GatePart(name, "documents are invalid: see check", skipped=True)
