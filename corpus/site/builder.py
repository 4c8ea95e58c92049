"""Build the site of a corpus: a folder of pages that need no server.

index.html                the page; its views have addresses such as `#/document/ID/MENTION`
site.css, site.js         style and script of the page
data/                     the corpus in small files, which the page loads on demand
site.json, SHA256SUMS     what the folder is, and the checksums of its files
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from jinja2 import Environment

from aloi.corpus.atomic_files import replacement_folder
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.build.output_folder import output_problems, write_checksums
from aloi.corpus.release.versions.comparison_tables import difference_tables
from aloi.corpus.release.versions.snapshots import corpus_snapshot, open_snapshot
from aloi.corpus.release.versions.version_comparison import CorpusDifferences
from aloi.corpus.site.changes import change_rows, compare_versions
from aloi.corpus.site.contents import SiteContents, count_by_label
from aloi.corpus.site.page_data import label_hues
from aloi.corpus.site.restricted_text import restricted_text_problems
from aloi.corpus.site.table_files import Directory, write_data, write_table
from aloi.corpus.site.tables import TABLES

SITE_MANIFEST = "site.json"
"""The file that marks a folder as a site."""


def build_site(
    corpus: Corpus,
    out: Path,
    *,
    earlier: Path | None = None,
    on_step: Callable[[str], object] = lambda step: None,
) -> SiteContents:
    """Write the site of a corpus to the folder `out`; an existing site is replaced.

    Documents that must not be redistributed are left out. `earlier` is an earlier version of the
    corpus (a corpus folder, release or document files), whose differences the site shows. `on_step`
    is called with the name of each step. The same corpus gives the same bytes.

    Returns what the site contains. Raises `DataError` if the corpus is invalid, if no document may
    be redistributed, if a document repeats restricted text, or if `out` exists and is neither an
    unchanged site nor an empty folder. After an error, `out` is unchanged.
    """
    if problems := list(output_problems(out, manifest=SITE_MANIFEST, what="site")):
        raise DataError(problems)
    on_step("reading the documents")
    contents = SiteContents.of(corpus)
    if not contents.documents:
        raise DataError([_no_documents(corpus)])
    changes = _changes(contents, earlier) if earlier is not None else None
    on_step("searching for restricted text")
    if problems := list(restricted_text_problems(contents, _compared(changes))):
        raise DataError(problems)
    with replacement_folder(out) as folder:
        data = folder / "data"
        data.mkdir()
        tables: dict[str, Directory] = {}
        for name, rows in TABLES.items():
            on_step(f"writing the table {name}")
            tables[name] = write_table(data, name, rows(contents))
        if changes is not None:
            on_step("writing the changes")
            tables["changes"] = write_table(data, "changes", change_rows(changes))
        write_data(data, "directory", _directory(contents, tables))
        _write_pages(contents, changes, folder)
        write_checksums(folder)
    return contents


def _changes(contents: SiteContents, earlier: Path) -> CorpusDifferences:
    new = corpus_snapshot(contents.corpus)
    return compare_versions(open_snapshot(earlier), new, contents)


def _compared(changes: CorpusDifferences | None) -> list[Document]:
    """Return the earlier versions of documents; of removed documents, no text is shown."""
    if changes is None:
        return []
    shown = changes.new.documents
    return [document for id_, document in changes.old.documents.items() if id_ in shown]


def _no_documents(corpus: Corpus) -> Problem:
    what = "the site would be empty: no document of the corpus may be redistributed"
    fix = "Set redistributable in [rights] of corpus.toml (see docs/rights.md)"
    return Problem("no-open-document", what, fix, file=str(corpus.folder))


def _directory(contents: SiteContents, tables: dict[str, Directory]) -> dict[str, Any]:
    """Return what the page needs from its start: labels and the first keys of all data files."""
    schema, counts = contents.corpus.schema, count_by_label(contents.documents)
    hues, entities, relations = _hues(contents), schema.entities, schema.relations
    return {
        "entityLabels": [
            [
                each,
                hues[each],
                counts[each],
                entities[each].describe("en") if each in entities else "",
            ]
            for each in contents.entity_labels
        ],
        "relationLabels": [
            [
                label,
                int(label in schema.symmetric),
                counts[label],
                relations[label].describe("en") if label in relations else "",
            ]
            for label in contents.relation_labels
        ],
        "tables": tables,
    }


def _hues(contents: SiteContents) -> dict[str, int]:
    """Return the hue of each entity label, as in the report of an evaluation."""
    return label_hues(sorted(contents.entity_labels))


def _write_pages(contents: SiteContents, changes: CorpusDifferences | None, folder: Path) -> None:
    templates = files("aloi.corpus.site").joinpath("templates")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["address"] = lambda text: quote(text, safe="")
    page = environment.from_string(templates.joinpath("index.html").read_text(encoding="utf-8"))
    manifest, schema = contents.corpus.manifest, contents.corpus.schema
    text = page.render(
        title=manifest.title or manifest.name,
        manifest=manifest,
        schema=schema,
        contents=contents,
        counts=count_by_label(contents.documents),
        hues=_hues(contents),
        mentions=sum(len(document.entities) for document in contents.documents),
        relations=sum(len(document.relations) for document in contents.documents),
        changes=changes,
        tables=difference_tables(changes) if changes is not None else {},
    )
    (folder / "index.html").write_bytes(text.encode())
    for name in ("site.css", "site.js"):
        (folder / name).write_bytes(templates.joinpath(name).read_bytes())
    content = {"corpus": manifest.name, "version": manifest.version, "aloi": version("aloi")}
    (folder / SITE_MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
