"""The licence and the citation of a release."""

from __future__ import annotations

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.release.build.contents import ReleaseContents


def licence_text(corpus: Corpus) -> str:
    """Return the text of the licence file of a release.

    This is LICENSE.md of the corpus, or a page with the licence's name if this file is missing.
    """
    file = corpus.folder / "LICENSE.md"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    return f"# Licence\n\n{corpus.manifest.name}: {corpus.manifest.licence}\n"


def render_citation(contents: ReleaseContents) -> str:
    """Return the content of CITATION.cff: authors, title, version and licence.

    The authors are those in `corpus.toml`. If there are none, the authors are the rights holders
    of the redistributable documents. If no holder is known, the author is the name of the corpus.
    """
    import yaml  # noqa: PLC0415 - installed with the extra `hub`

    corpus, manifest = contents.corpus, contents.corpus.manifest
    holders = {corpus.rights(document).holder for document in contents.open_documents}
    authors = manifest.authors or tuple(sorted(filter(None, holders))) or (manifest.name,)
    content = {
        "cff-version": "1.2.0",
        "message": "If you use this corpus, please cite it.",
        "type": "dataset",
        "title": manifest.title or manifest.name,
        "version": manifest.version,
        "authors": [{"name": author} for author in authors],
        "license": manifest.licence,
        "abstract": f"{len(corpus.documents)} documents annotated with the schema {corpus.schema}.",
    }
    return str(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100))
