"""The metadata of a deposit on Zenodo.

Source: https://developers.zenodo.org/#representation (deposit metadata). The metadata can be sent
to the deposit API, or used as `.zenodo.json`.
"""

from __future__ import annotations

import datetime
import re
from html import escape
from typing import Annotated, Literal

import msgspec

from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.release.build.citation import Citation
from aloi.corpus.release.read.release_folder import ReleaseManifest

Text = Annotated[str, msgspec.Meta(min_length=1)]

_ISO_639_3 = {
    **{"ar": "ara", "cs": "ces", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "fi": "fin"},
    **{"fr": "fra", "hu": "hun", "it": "ita", "nl": "nld", "pl": "pol", "pt": "por", "ro": "ron"},
    **{"ru": "rus", "sv": "swe", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "zho"},
}
"""The codes of Zenodo for two-letter codes; a language with another code is left out."""

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_SPDX_ID = re.compile(r"[A-Za-z0-9.+-]+")


class Creator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A creator: a person or an organisation."""

    name: Text


class RelatedIdentifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A DOI and its relation to the deposit."""

    identifier: Text
    relation: Literal["isNewVersionOf"]
    scheme: Literal["doi"] = "doi"
    resource_type: Literal["dataset"] = "dataset"


class DepositMetadata(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """The metadata of a deposit; the constraints are those of Zenodo's documentation.

    `license` is an SPDX id in lower case. `language` is an ISO 639-3 code.
    """

    upload_type: Literal["dataset"]
    title: Text
    creators: Annotated[tuple[Creator, ...], msgspec.Meta(min_length=1)]
    description: Text
    access_right: Literal["open"]
    license: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.+-]+$")]
    version: Text
    publication_date: datetime.date | None = None
    keywords: tuple[Text, ...] = ()
    language: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{3}$")] | None = None
    notes: Text | None = None
    related_identifiers: tuple[RelatedIdentifier, ...] = ()


def deposit_metadata(
    citation: Citation, manifest: ReleaseManifest, *, language: str | None, previous: str | None
) -> DepositMetadata:
    """Return the metadata of a deposit; `previous` is the DOI of the previous version.

    `language` is the code of the language of all documents, or None.
    Without a date in the citation, the publication date is absent, and Zenodo uses the current day.
    Raises `DataError` if the licence is not an SPDX id, if `previous` is not a DOI, or if another
    value is invalid.
    """
    if not _SPDX_ID.fullmatch(citation.license):
        what = f"Zenodo needs an SPDX id of a licence, but the licence is {citation.license!r}"
        fix = "Set `licence` in corpus.toml to an SPDX id, such as CC-BY-4.0, and build again"
        raise DataError([Problem("bad-licence", what, fix)])
    if previous and not _DOI.fullmatch(previous):
        fix = "Give the DOI without the address, such as 10.5281/zenodo.123"
        raise DataError([Problem("bad-doi", f"{previous!r} is not a DOI", fix)])
    withheld = sum(not e.redistributable for each in manifest.documents.values() for e in each)
    related = [{"identifier": previous, "relation": "isNewVersionOf"}] if previous else []
    values = {
        "upload_type": "dataset",
        "title": citation.title,
        "creators": [{"name": author.name} for author in citation.authors],
        "description": _description(citation, manifest),
        "access_right": "open",
        "license": citation.license.lower(),
        "version": citation.version,
        "publication_date": citation.date_released,
        "keywords": ["corpus", "named entity recognition", "relation extraction"],
        "language": _ISO_639_3.get(language or ""),
        "notes": _withheld_note(withheld),
        "related_identifiers": related,
    }
    try:
        return msgspec.convert(values, DepositMetadata)
    except msgspec.ValidationError as error:
        fix = "Correct the option, or corpus.toml, and build the release again"
        problem = Problem("bad-deposit", f"the metadata are invalid: {error}", fix)
        raise DataError([problem]) from error


def _description(citation: Citation, manifest: ReleaseManifest) -> str:
    """Return the description as HTML: the abstract, and the counts of each split."""
    items = "".join(
        f"<li>{escape(split)}: {count_noun(counts['documents'], 'document')}, "
        f"{count_noun(counts['mentions'], 'mention')}, "
        f"{count_noun(counts['relations'], 'relation')}</li>"
        for split, counts in manifest.counts.items()
    )
    return f"<p>{escape(citation.abstract)}</p><ul>{items}</ul>"


def _withheld_note(withheld: int) -> str | None:
    if not withheld:
        return None
    return (
        f"{count_noun(withheld, 'document')} must not be redistributed: "
        "the deposit contains their annotations without text."
    )
