"""A folder with everything that a deposit of a release needs:

files/NAME-VERSION.zip   the release, to be uploaded
files/README.md …        the files of the release that a reader opens first, to be uploaded
zenodo.json              the metadata of the deposit
citation.bib             a BibTeX entry
data-section.tex         the data section of a paper
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from aloi.corpus.atomic_files import replacement_folder
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.build.citation import (
    CITATION_FILE,
    bibtex_key,
    parse_citation,
    render_bibtex,
)
from aloi.corpus.release.build.figures import Figures
from aloi.corpus.release.deposit.latex import render_data_section
from aloi.corpus.release.deposit.zenodo import deposit_metadata
from aloi.corpus.release.publish.release_files import release_files
from aloi.corpus.release.publish.restricted_text_check import (
    ClearedFiles,
    FileContent,
    clear_files,
)
from aloi.corpus.release.read.release_folder import CARD_FILE, CROISSANT_FILE, Release

METADATA_FILE = "zenodo.json"
SEPARATE_FILES = (CARD_FILE, "LICENSE.md", CITATION_FILE, CROISSANT_FILE)
"""The files that a deposit contains in addition to the archive."""

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of all files in the archive, so that the same release gives the same bytes."""


def write_deposit(
    release_folder: Path,
    out: Path,
    *,
    corpus: Corpus | None,
    figures: Figures | None = None,
    previous: str | None = None,
) -> ClearedFiles:
    """Write the deposit of a release to the folder `out`; an earlier deposit is replaced.

    `corpus` is the corpus whose restricted text is searched for, `figures` are the agreement for
    the data section, and `previous` is the DOI of the previous version. Returns the files that were
    searched. Raises `DataError` if the release may not be published (see `release_files`), if the
    metadata are invalid, or if `out` exists and is not a deposit.
    """
    _check_out(out)
    release = Release.open(release_folder)
    manifest = release.manifest
    cleared = release_files(release_folder, tag=f"v{manifest.version}", corpus=corpus)
    file = release_folder / CITATION_FILE
    citation = parse_citation(file.read_bytes(), file=str(file))
    metadata = deposit_metadata(citation, manifest, language=_language(release), previous=previous)
    key = bibtex_key(manifest.corpus, manifest.version)
    agreement = figures.agreement if figures else ()
    content = msgspec.json.format(msgspec.json.encode({"metadata": metadata}), indent=1)
    texts: dict[str, FileContent] = {
        METADATA_FILE: content + b"\n",
        "citation.bib": render_bibtex(citation, key=key).encode(),
        "data-section.tex": render_data_section(citation, manifest, agreement, key=key).encode(),
    }
    clear_files(texts, corpus, refs=manifest.refs)  # the agreement comes from another file
    with replacement_folder(out) as folder:
        uploads = folder / "files"
        uploads.mkdir()
        _write_archive(cleared.files, uploads / f"{key}.zip", folder=key)
        for name in SEPARATE_FILES:
            (uploads / name).write_bytes((release_folder / name).read_bytes())
        for name, text in texts.items():
            (folder / name).write_bytes(_bytes(text))
    return cleared


def _check_out(out: Path) -> None:
    """Raise `DataError` if a path exists and is neither a deposit nor an empty folder."""
    if (
        out.exists()
        and not (out / METADATA_FILE).is_file()
        and (not out.is_dir() or any(out.iterdir()))
    ):
        what = "the output path exists, but is neither a deposit nor an empty folder"
        raise DataError(
            [Problem("not-a-deposit", what, "Give the path of a new folder", file=str(out))]
        )


def _language(release: Release) -> str | None:
    """Return the language of all documents, or None if there are several or none."""
    documents = (each for split in release.standoff().values() for each in split)
    languages = {str(document.meta.get("lang") or "") for document in documents}
    return languages.pop() or None if len(languages) == 1 else None


def _write_archive(files: Mapping[str, FileContent], path: Path, *, folder: str) -> None:
    """Write files to a ZIP archive in which they are in one folder."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(f"{folder}/{name}", _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, _bytes(content))


def _bytes(content: FileContent) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()
