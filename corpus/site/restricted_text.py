"""Check that the sources of a site contain no text of documents that must not be redistributed.

The documents themselves are not on the site. But the text of another document, its earlier version,
or a name in the list of refs can repeat what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aloi.corpus.document import Document
from aloi.corpus.problems import Problem
from aloi.corpus.release.build.restricted_text_guard import corpus_guard
from aloi.corpus.site.contents import SiteContents


def restricted_text_problems(
    contents: SiteContents, earlier: Iterable[Document] = ()
) -> Iterator[Problem]:
    """Yield a problem for each text, metadata value or name that repeats restricted text.

    `earlier`: the documents of an earlier version that the site shows. Surfaces and contexts need
    no check, since they are parts of the texts.
    """
    guard = corpus_guard(contents.corpus, refs=True)
    if not guard.documents:
        return
    for document in (*contents.documents, *earlier):
        strings = (document.text, *map(str, document.meta.values()))
        leaks = (guard.find_leak(each, long_only=True) for each in strings)
        if leak := next(filter(None, leaks), None):
            yield _problem(f"repeats text of {leak.document}", document.id)
    for ref, name in contents.ref_names.items():
        if leak := guard.find_leak(name):
            yield _problem(f"the name of the ref {ref} repeats text of {leak.document}")


def _problem(what: str, document: str | None = None) -> Problem:
    fix = "Remove the text, or mark the document as not redistributable (see docs/rights.md)"
    return Problem("restricted-text", what, fix, document)
