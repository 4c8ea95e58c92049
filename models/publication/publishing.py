"""What of a trained pipeline is published: its files, a card, its scores, its licence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aloi.corpus.problems import DataError, Problem
from aloi.models.publication.model_card import card

CARD, SCORES, NOTICE = "README.md", "evaluation.json", "NOTICE"


def publishable(model: Path, *, evaluation: Path | None = None) -> dict[str, Path | bytes]:
    """The files to publish by their paths: the pipeline's own, the card, the scores.

    `evaluation`: eval.json of `make eval`; it goes along, and into the card. Raises `DataError`
    if the folder is no pipeline, if it says neither licence nor notice of what it was trained
    from, or if what it was trained on may not be given on (`redistributable` false in the `aloi`
    part of its meta.json).
    """
    meta = _json(model / "meta.json", "Give the folder of a trained pipeline")
    problems = list(_licence_problems(model, meta))
    if problems:
        raise DataError(problems)
    files: dict[str, Path | bytes] = {
        path.relative_to(model).as_posix(): path for path in model.rglob("*") if path.is_file()
    }
    scores = None
    if evaluation is not None:
        scores = _json(evaluation, "Give the eval.json of `make eval`")
        files[SCORES] = evaluation
    size = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    files[CARD] = card(meta, evaluation=scores, size=size).encode()
    return files


def _licence_problems(model: Path, meta: Mapping[str, Any]) -> Iterator[Problem]:
    where = str(model)
    if not meta.get("license"):
        fix = "Give meta.json the `license` of the weights and data it was trained from"
        yield Problem("no-licence", "the pipeline bears no licence", fix, file=where)
    notice = model / NOTICE
    if not (notice.is_file() and notice.read_text(encoding="utf-8").strip()):
        fix = f"Say in {NOTICE} from whose weights and data it was trained"
        yield Problem("no-notice", f"the pipeline has no {NOTICE}", fix, file=where)
    if _restricted(meta.get("aloi", {})):
        what = "the pipeline was trained on data that may not be given on"
        fix = "Train on data whose licence allows publishing a model"
        yield Problem("restricted-model", what, fix, file=where)


def _restricted(record: Mapping[str, Any]) -> bool:
    """Whether a record of training, or that of a part, says so."""
    parts = (value for value in record.values() if isinstance(value, Mapping))
    return record.get("redistributable") is False or any(map(_restricted, parts))


def _json(file: Path, fix: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = "there is no such file"
    except ValueError as error:
        what = f"no JSON: {error}"
    else:
        return content
    raise DataError([Problem("bad-file", what, fix, file=str(file))])
