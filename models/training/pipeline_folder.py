"""The folder of a trained pipeline: writing the folder, and reading its training record."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import spacy.util
from spacy.language import Language

from aloi.corpus.problems import DataError, Problem
from aloi.models.publication import sources
from aloi.models.publication.model_card import write_model_card

REQUIREMENT = f"aloi{spacy.util.get_minor_version_range(version('aloi'))}"
"""The requirement on aloi in the metadata of a pipeline's package."""


def read_record(folder: Path) -> dict[str, Any]:
    """Return the training record in a pipeline's meta.json; {} if it cannot be read."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        record = meta.get("aloi")
    except (OSError, ValueError, RecursionError, AttributeError):
        return {}
    return record if isinstance(record, dict) else {}


def check_replaceable(out: Path) -> None:
    """Raise `DataError` if `out` exists and is neither a pipeline nor an empty folder."""
    is_pipeline = (out / "meta.json").is_file() and (out / "config.cfg").is_file()
    if out.exists() and not is_pipeline and not (out.is_dir() and not any(out.iterdir())):
        what = "the output path already exists and is not a pipeline folder"
        fix = "Delete this path, or choose another folder"
        raise DataError([Problem("bad-out", what, fix, file=str(out))])


def write_pipeline(nlp: Language, out: Path, *, licence_folders: Iterable[Path] = ()) -> None:
    """Write a pipeline with licence, notice and model card; on failure, `out` stays unchanged.

    Licence and notice are derived from the sources in the training record. licence_folders:
    pipeline folders; their licence files are copied to `out`.
    """
    check_replaceable(out)
    origins = sources.recorded_sources(nlp.meta.get("aloi", {}))
    notice = sources.licence_notice(origins)
    nlp.meta.update(
        license=sources.combined_licence(origins), notes=notice, requirements=[REQUIREMENT]
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        nlp.to_disk(new)
        (new / "NOTICE").write_text(notice + "\n", encoding="utf-8")
        sources.copy_licence_files(licence_folders, new)
        write_model_card(new)
        _replace(out, new, old)


def _replace(out: Path, new: Path, old: Path) -> None:
    """Rename an existing `out` to `old`, and `new` to `out`; on failure, restore `out`."""
    if out.exists():
        out.rename(old)  # a folder cannot be renamed onto a non-empty folder
    try:
        new.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
