"""The data for the text files of a release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.release.build.figures import Figures
from aloi.corpus.release.read.hashes import canary_line, release_salt

if TYPE_CHECKING:
    from datasets.info import DatasetInfosDict


@dataclass(frozen=True)
class ReleaseContents:
    """The data for the text files of a release.

    `figures`: scores and agreement for the dataset card. `refs`: whether the release contains the
    refs of mentions in restricted documents. `infos`: the `DatasetInfo` of each config with rows,
    by config.
    """

    corpus: Corpus
    figures: Figures
    refs: bool
    infos: DatasetInfosDict

    @cached_property
    def name(self) -> str:
        """The name of the corpus."""
        return self.corpus.manifest.name

    @cached_property
    def salt(self) -> str:
        """The salt of all hashes in this release."""
        return release_salt(self.name, self.corpus.manifest.version)

    @cached_property
    def canary(self) -> str:
        """The canary line of the corpus (see `canary_line`)."""
        return canary_line(self.name)

    @cached_property
    def splits(self) -> list[str]:
        """The names of the splits, in the order of the corpus."""
        return list(self.corpus.splits)

    def splits_of(self, config: str) -> list[str]:
        """Return the splits of a config: those with rows; `datasets` cannot load empty tables."""
        info = self.infos.get(config)
        return list(info.splits) if info else []

    @cached_property
    def restricted_documents(self) -> list[Document]:
        """The documents that must not be redistributed."""
        return [d for d in self.corpus.documents if not self.corpus.rights(d).redistributable]

    @cached_property
    def open_documents(self) -> list[Document]:
        """The documents that may be redistributed."""
        return [d for d in self.corpus.documents if self.corpus.rights(d).redistributable]

    def shared_values(self) -> dict[str, Any]:
        """Return the template values that both the card and the datasheet contain."""
        manifest = self.corpus.manifest
        return {
            "name": manifest.name,
            "version": manifest.version,
            "restricted": len(self.restricted_documents),
            "contact": manifest.contact or "its publisher",
            "canary": self.canary,
        }


def count_contents(documents: Iterable[Document]) -> dict[str, int]:
    """Return the numbers of documents, mentions and relations."""
    documents = list(documents)
    return {
        "documents": len(documents),
        "mentions": sum(len(document.entities) for document in documents),
        "relations": sum(len(document.relations) for document in documents),
    }
