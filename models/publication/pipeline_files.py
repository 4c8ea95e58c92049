"""Selection of a pipeline's files for the Hub, and checks that they may be published."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.publish.restricted_text_check import (
    ClearedFiles,
    FileContent,
    clear_files,
    find_vocabularies,
    list_files,
)
from aloi.corpus.rights import RESTRICTED_DOCUMENTS
from aloi.models.publication.model_card import MODEL_CARD, render_model_card

SCORES_FILE = "evaluation.json"
NOTICE_FILE = "NOTICE"

RESTRICTED_SPLIT = "article"
"""The split of the restricted documents, for evaluations that do not list their ids."""


def pipeline_files(
    model: Path,
    *,
    evaluations: Sequence[Path] = (),
    corpus: Corpus | None = None,
    changes: Mapping[str, str] | None = None,
) -> ClearedFiles:
    """Return the files to publish, after checking them for restricted text.

    `evaluations`: eval.json files of `make eval` or `make eval-news`. They are also published,
    without the passages that they quote from the test texts, and the model card contains their
    scores in this order. `corpus`: the corpus that contains the restricted text. `changes`: new
    values of meta.json, such as the version.

    Raises `DataError` if

    - the folder is not a pipeline, or the licence or notice of its sources is missing;
    - the pipeline was trained on data that must not be redistributed (`redistributable` is false in
      the `aloi` part of its meta.json);
    - a file contains restricted text, or the corpus does not contain a restricted document that was
      evaluated.
    """
    meta = _read_json(model / "meta.json", "Use the folder of a trained pipeline")
    problems = list(_licence_problems(model, meta))
    if problems:
        raise DataError(problems)
    pipeline = list_files(model)
    files: dict[str, FileContent] = dict(pipeline)
    if changes:
        meta |= changes
        files["meta.json"] = json.dumps(meta, ensure_ascii=False, indent=2).encode()
    scores = [_read_json(each, "Use the eval.json that `make eval` writes") for each in evaluations]
    for number, (file, content) in enumerate(zip(evaluations, scores, strict=True), 1):
        name = SCORES_FILE if number == 1 else f"evaluation-{number}.json"
        files[name] = json.dumps(_without_quotations(content), ensure_ascii=False).encode()
        problems += _unlisted_problems(content, file, corpus)
    if problems:
        raise DataError(problems)
    size = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    files[MODEL_CARD] = render_model_card(meta, evaluations=scores, size=size).encode()
    vocabularies = find_vocabularies(pipeline)
    used = frozenset(id_ for content in scores for id_ in _used_ids(content))
    return clear_files(files, corpus, used_ids=used, vocabularies=vocabularies)


def _without_quotations(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return an evaluation without its examples of errors, which quote the evaluated texts."""
    stripped = copy.deepcopy(dict(scores))
    for run in stripped.get("runs", ()):
        run.get("report", {}).get("analysis", {}).pop("frequent_errors", None)
    return stripped


def _used_ids(scores: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of restricted documents in an evaluation and its runs."""
    reports = [scores, *(run.get("report", {}) for run in scores.get("runs", ()))]
    return frozenset(id_ for report in reports for id_ in report.get(RESTRICTED_DOCUMENTS, ()))


def _unlisted_problems(
    scores: Mapping[str, Any], file: Path, corpus: Corpus | None
) -> Iterator[Problem]:
    """Yield a problem if restricted documents were evaluated, but no corpus contains their text.

    Only evaluations that do not list the ids of restricted documents are checked.
    """
    splits = {run.get("split") for run in scores.get("runs", ())}
    if _used_ids(scores) or RESTRICTED_SPLIT not in splits:
        return
    if corpus is None or corpus.restricted_ids.isdisjoint(each.id for each in corpus.documents):
        what = "restricted documents were evaluated, but a corpus with their text is missing"
        fix = "Use --corpus CORPUS to specify the evaluated corpus with its folder restricted/"
        yield Problem("text-unavailable", what, fix, file=str(file))


def _licence_problems(model: Path, meta: Mapping[str, Any]) -> Iterator[Problem]:
    file = str(model)
    if not meta.get("license"):
        fix = (
            "Set `license` in meta.json to the licence of the training data and the initial weights"
        )
        yield Problem(
            "no-licence", "the meta.json of the pipeline does not state a licence", fix, file=file
        )
    notice = model / NOTICE_FILE
    if not (notice.is_file() and notice.read_text(encoding="utf-8").strip()):
        fix = f"List the initial weights and the training data of the pipeline in {NOTICE_FILE}"
        what = f"the file {NOTICE_FILE} of the pipeline is missing or empty"
        yield Problem("no-notice", what, fix, file=file)
    if _trained_on_restricted(meta.get("aloi", {})):
        what = "the pipeline was trained on data that must not be redistributed"
        fix = "Train on data with a licence that allows publishing a model"
        yield Problem("restricted-model", what, fix, file=file)


def _trained_on_restricted(record: Mapping[str, Any]) -> bool:
    """Return whether a training record, or the record of a part, reports restricted data."""
    parts = (value for value in record.values() if isinstance(value, Mapping))
    return record.get("redistributable") is False or any(map(_trained_on_restricted, parts))


def _read_json(file: Path, fix: str) -> dict[str, Any]:
    """Return the object in a JSON file; raise `DataError` with `fix` if the file is unusable."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = "the file does not exist"
    except (ValueError, RecursionError) as error:
        what = f"the file is not valid JSON: {error}"
    else:
        if isinstance(content, dict):
            return content
        what = "the file must contain a JSON object"
    raise DataError([Problem("bad-file", what, fix, file=str(file))])
