"""The files of a trained pipeline to publish: the pipeline, its card, its scores, its licence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aloi.corpus.collection import Corpus
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.clearance import ClearedFiles, clear, folder_files, vocabularies
from aloi.corpus.rights import RESTRICTED_DOCUMENTS
from aloi.models.publication.model_card import card

CARD, SCORES, NOTICE = "README.md", "evaluation.json", "NOTICE"

RESTRICTED_SPLIT = "article"
"""The split of restricted documents in reports that do not name these documents."""


def publishable(
    model: Path, *, evaluation: Path | None = None, corpus: Corpus | None = None
) -> ClearedFiles:
    """Return the files to publish, searched for the restricted documents of a corpus.

    `evaluation`: eval.json of `make eval`; it is published, and its scores are in the card. Raises
    `DataError` if the folder is not a pipeline, if it lacks the licence or notice of what it was
    trained from, if it was trained on data that must not be redistributed (`redistributable` is
    false in the `aloi` part of its meta.json), if a file contains restricted text, or if the
    evaluation used a restricted document that is not in the corpus.
    """
    meta = _json(model / "meta.json", "Give the folder of a trained pipeline")
    problems = list(_licence_problems(model, meta))
    if problems:
        raise DataError(problems)
    pipeline = folder_files(model)
    files: dict[str, Path | bytes] = dict(pipeline)
    scores: dict[str, Any] = {}
    if evaluation is not None:
        scores = _json(evaluation, "Give the eval.json of `make eval`")
        files[SCORES] = evaluation
        if problems := list(_unnamed_problems(scores, evaluation, corpus)):
            raise DataError(problems)
    size = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    files[CARD] = card(meta, evaluation=scores or None, size=size).encode()
    return clear(files, corpus, involved=_involved(scores), vocabularies=vocabularies(pipeline))


def _involved(scores: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of the restricted documents that an evaluation, or a run in it, names."""
    reports = [scores, *(run.get("report", {}) for run in scores.get("runs", ()))]
    return frozenset(id_ for report in reports for id_ in report.get(RESTRICTED_DOCUMENTS, ()))


def _unnamed_problems(
    scores: Mapping[str, Any], file: Path, corpus: Corpus | None
) -> Iterator[Problem]:
    """Yield a problem if scores of restricted documents do not name them and none is at hand."""
    splits = {run.get("split") for run in scores.get("runs", ())}
    if _involved(scores) or RESTRICTED_SPLIT not in splits:
        return
    if corpus is None or corpus.restricted_ids.isdisjoint(each.id for each in corpus.documents):
        what = "restricted documents were used, but there is no corpus that has them"
        fix = "Give the corpus that was evaluated with --corpus CORPUS, restricted/ included"
        yield Problem("nothing-to-check", what, fix, file=str(file))


def _licence_problems(model: Path, meta: Mapping[str, Any]) -> Iterator[Problem]:
    where = str(model)
    if not meta.get("license"):
        fix = "Set `license` in meta.json to that of the weights and data it was trained from"
        yield Problem("no-licence", "the pipeline has no licence", fix, file=where)
    notice = model / NOTICE
    if not (notice.is_file() and notice.read_text(encoding="utf-8").strip()):
        fix = f"Name in {NOTICE} the weights and data it was trained from"
        yield Problem("no-notice", f"the pipeline has no {NOTICE}", fix, file=where)
    if _trained_on_restricted(meta.get("aloi", {})):
        what = "the pipeline was trained on data that must not be redistributed"
        fix = "Train on data whose licence allows publishing a model"
        yield Problem("restricted-model", what, fix, file=where)


def _trained_on_restricted(record: Mapping[str, Any]) -> bool:
    """Return whether a training record, or that of a part of the pipeline, says so."""
    parts = (value for value in record.values() if isinstance(value, Mapping))
    return record.get("redistributable") is False or any(map(_trained_on_restricted, parts))


def _json(file: Path, fix: str) -> dict[str, Any]:
    """Return the object in a JSON file; raises `DataError` if there is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = "file not found"
    except ValueError as error:
        what = f"not JSON: {error}"
    else:
        if isinstance(content, dict):
            return content
        what = "must be a JSON object"
    raise DataError([Problem("bad-file", what, fix, file=str(file))])
