"""The licence and the citation of a release."""

from __future__ import annotations

import datetime
import re

import msgspec

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.build.contents import ReleaseContents

CITATION_FILE = "CITATION.cff"

_BIBTEX_SPECIAL = re.compile(r"[\\{}%&$#_~^]")
_BIBTEX_ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


class _Author(msgspec.Struct, frozen=True):
    name: str


class Citation(msgspec.Struct, frozen=True, omit_defaults=True, rename="kebab"):
    """The content of CITATION.cff (https://citation-file-format.github.io, version 1.2.0)."""

    cff_version: str
    message: str
    type: str
    title: str
    version: str
    authors: tuple[_Author, ...]
    license: str
    abstract: str
    date_released: datetime.date | None = None


def licence_text(corpus: Corpus) -> str:
    """Return the text of the licence file of a release.

    This is LICENSE.md of the corpus, or a page with the licence's name if this file is missing.
    """
    file = corpus.folder / "LICENSE.md"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    return f"# Licence\n\n{corpus.manifest.name}: {corpus.manifest.licence}\n"


def release_citation(contents: ReleaseContents) -> Citation:
    """Return the citation of a release: authors, title, version, licence and date, if known.

    The authors are those in `corpus.toml`. If there are none, the authors are the rights holders
    of the redistributable documents. If no holder is known, the author is the name of the corpus.
    """
    corpus, manifest = contents.corpus, contents.corpus.manifest
    holders = {corpus.rights(document).holder for document in contents.open_documents}
    authors = manifest.authors or tuple(sorted(filter(None, holders))) or (manifest.name,)
    return Citation(
        cff_version="1.2.0",
        message="If you use this corpus, please cite it.",
        type="dataset",
        title=manifest.title or manifest.name,
        version=manifest.version,
        authors=tuple(map(_Author, authors)),
        license=manifest.licence,
        abstract=f"{len(corpus.documents)} documents annotated with the schema {corpus.schema}.",
        date_released=manifest.date,
    )


def render_citation(citation: Citation) -> str:
    """Return the content of CITATION.cff."""
    import yaml  # noqa: PLC0415 - installed with the extra `hub`

    content = msgspec.to_builtins(citation)
    return str(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100))


def parse_citation(content: bytes, *, file: str) -> Citation:
    """Return the citation in a CITATION.cff of a release; raise `DataError` if it is invalid."""
    import yaml  # noqa: PLC0415 - installed with the extra `hub`

    try:
        return msgspec.convert(yaml.safe_load(content), Citation)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        what = f"the citation cannot be read: {' '.join(str(error).split())}"
        problem = Problem("bad-citation", what, "Build the release again", file=file)
        raise DataError([problem]) from error


def render_bibtex(citation: Citation, *, key: str, doi: str | None = None) -> str:
    """Return a BibTeX entry; the year is left out if the date of the release is not known."""
    day = citation.date_released
    authors = " and ".join(f"{{{escape_bibtex(author.name)}}}" for author in citation.authors)
    fields = {
        "title": f"{{{escape_bibtex(citation.title)}}}",
        "author": authors,
        "year": str(day.year) if day else None,
        "version": escape_bibtex(citation.version),
        "howpublished": "Dataset",
        "note": f"Version {escape_bibtex(citation.version)}, {escape_bibtex(citation.license)}",
        "doi": doi,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"]) + "\n"


def escape_bibtex(text: str) -> str:
    """Return a text with the special characters of LaTeX escaped."""
    return _BIBTEX_SPECIAL.sub(lambda m: _BIBTEX_ESCAPES.get(m[0]) or f"\\{m[0]}", text)


def bibtex_key(name: str, version: str) -> str:
    """Return the key of the BibTeX entry of a corpus, such as `aloi-news-fr-0.2.0`."""
    return re.sub(r"[^A-Za-z0-9.:+-]", "-", f"{name}-{version}")
