"""The folder of a trained pipeline: writing the folder, and reading its training record."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import spacy.util
from spacy.language import Language

from aloi.corpus.atomic_files import replacement_folder, require_replaceable
from aloi.corpus.locks import lock_file
from aloi.corpus.problems import DataError, Problem
from aloi.models.publication import sources
from aloi.models.publication.model_card import MODEL_CARD, write_model_card
from aloi.models.training.vocabulary import remove_names

REQUIREMENT = f"aloi{spacy.util.get_minor_version_range(version('aloi'))}"
"""The requirement on aloi in the metadata of a pipeline's package."""

_PIPELINE_FILES = ("config.cfg", "meta.json", "tokenizer", "vocab", "NOTICE", MODEL_CARD)
"""The files and folders of a pipeline, besides the folders of components and the licences."""

_COMPONENT = re.compile(r"^\[components\.([^.\]]+)", re.M)


def read_record(folder: Path) -> dict[str, Any]:
    """Return the training record in a pipeline's meta.json; {} if it cannot be read."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        record = meta.get("aloi")
    except (OSError, ValueError, RecursionError, AttributeError):
        return {}
    return record if isinstance(record, dict) else {}


def check_replaceable(out: Path) -> None:
    """Raise an error if a pipeline cannot be written to `out`; call this before the training.

    `DataError`: `out` is neither a pipeline nor an empty folder, contains files that do not belong
    to the pipeline, or is in use as the current folder or a mount point. `OSError`: nothing can be
    created beside `out`.
    """
    require_replaceable(out)
    is_pipeline = (out / "meta.json").is_file() and (out / "config.cfg").is_file()
    if out.exists() and not is_pipeline and not (out.is_dir() and not any(out.iterdir())):
        what = "the output path already exists and is not a pipeline folder"
        fix = "Delete this path, or choose another folder"
        raise DataError([Problem("bad-out", what, fix, file=str(out))])
    if is_pipeline and (foreign := _foreign_names(out)):
        what = f"the folder contains files of another origin: {', '.join(foreign)}"
        fix = "Move these files to another place, or choose another folder"
        raise DataError([Problem("foreign-files", what, fix, file=str(out))])


def _foreign_names(out: Path) -> list[str]:
    """Return the names in a pipeline folder that neither spaCy nor aloi has written."""
    config = (out / "config.cfg").read_text(encoding="utf-8", errors="replace")
    known = {*_PIPELINE_FILES, lock_file(out).name}
    known |= {path.name for path in out.glob(sources.LICENCE_FILES)}
    for component in _COMPONENT.findall(config):
        known |= {component, f"{component}.json"}  # the sentencizer, for example, writes a file
    return sorted({path.name for path in out.iterdir()} - known)


def write_pipeline(
    nlp: Language,
    out: Path,
    *,
    licence_folders: Iterable[Path] = (),
    left_out: Collection[str] = (),
) -> None:
    """Write a pipeline with licence, notice and model card; on failure, `out` stays unchanged.

    Licence and notice are derived from the sources in the training record. licence_folders:
    pipeline folders; their licence files are copied to `out`. left_out: names that the vocabulary
    must not contain unless they are words (see `vocabulary.remove_names`).
    """
    check_replaceable(out)
    origins = sources.recorded_sources(nlp.meta.get("aloi", {}))
    notice = sources.licence_notice(origins)
    nlp.meta.update(
        license=sources.combined_licence(origins), notes=notice, requirements=[REQUIREMENT]
    )
    with replacement_folder(out) as folder:
        nlp.to_disk(folder)
        remove_names(folder, nlp, set(left_out))
        (folder / "NOTICE").write_text(notice + "\n", encoding="utf-8")
        sources.copy_licence_files(licence_folders, folder)
        write_model_card(folder)
