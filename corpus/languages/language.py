"""A language: rules for its texts, its base model, and the texts that annotators read.

Each language is a file `CODE.toml` in this folder; `fr.toml` describes the default language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from aloi.corpus.languages.interface_texts import InterfaceTexts

DEFAULT_LANGUAGE = "fr"
"""The language of texts that state none, or one without a file in this folder."""

LANGUAGE_KEY = "lang"
"""The metadata key for the language code of a document, such as `fr` or `en-GB`."""

_FOLDER = files("aloi.corpus.languages")


class TokenRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tokens of a language that `aloi.corpus.formats.shared.tokens` does not know.

    `patterns` are regular expressions of tokens, tried before those for all languages.
    """

    patterns: tuple[str, ...] = ()


class SentenceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ends of sentences (see `aloi.corpus.segmentation`).

    `lowercase` contains the lower-case letters, as in a character class of a regular expression. A
    full stop after one of the `abbreviations` does not end a sentence.
    """

    lowercase: str
    abbreviations: tuple[str, ...] = ()


class Typography(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The spaces between the tokens of a text, and the separators in interface texts.

    `punctuation_space` is the space before `; : ! ? »` and after `«`. `joined_to_next` and
    `joined_to_previous` are regular expressions of tokens without a space after or before them.
    `colon` and `semicolon` include the spaces around them.
    """

    punctuation_space: str
    joined_to_next: str
    joined_to_previous: str
    colon: str
    semicolon: str


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A language; `name` is its English name.

    `base_model` is the spaCy pipeline whose vectors and weights training starts from. Without one,
    the models of the language are trained from the documents alone.
    """

    code: str
    name: str
    tokens: TokenRules
    sentences: SentenceRules
    typography: Typography
    texts: InterfaceTexts
    base_model: str | None = None


@cache
def language_codes() -> tuple[str, ...]:
    """Return the codes of all languages, the default language first."""
    codes = {file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if _is_language(file)}
    return (DEFAULT_LANGUAGE, *sorted(codes - {DEFAULT_LANGUAGE}))


def _is_language(file: Any) -> bool:  # noqa: ANN401 - a path or a part of a zip file
    return str(file.name).endswith(".toml")


@cache
def load_language(code: str) -> Language:
    """Return a language by its code; raise `KeyError` if the code is not in `language_codes()`."""
    if code not in language_codes():
        raise KeyError(code)
    content = tomllib.loads((_FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    return msgspec.convert({"code": code, **content}, Language)


def language_name(code: str) -> str:
    """Return the English name of a language, or the code if there is no file."""
    return load_language(code).name if code in language_codes() else code


def find_language(code: object) -> Language:
    """Return the language of a code such as `en-GB`; the default language if there is no file."""
    return load_language(_primary(code) if _is_known(code) else DEFAULT_LANGUAGE)


def _is_known(code: object) -> bool:
    return _primary(code) in language_codes()


def _primary(code: object) -> str:
    """Return the language of a code such as `en-GB`: `en`."""
    return code.replace("_", "-").partition("-")[0].lower() if isinstance(code, str) else ""


def language_of(meta: Mapping[str, Any]) -> Language:
    """Return the language that the metadata of a document state."""
    return find_language(meta.get(LANGUAGE_KEY))


def assumed_language(metas: Iterable[Mapping[str, Any]]) -> str | None:
    """Return a note on documents that do not state a language known to aloi; None if all do."""
    stated = [meta.get(LANGUAGE_KEY) for meta in metas]
    assumed = [each for each in stated if not _is_known(each)]
    if not assumed:
        return None
    codes = ", ".join(sorted({str(each) for each in assumed if each is not None}))
    state = f"the language {codes}, which aloi does not know" if codes else "no language"
    return (
        f"{len(assumed)} of {len(stated)} documents are treated as"
        f" {load_language(DEFAULT_LANGUAGE).name}: their metadata (`{LANGUAGE_KEY}`) state {state}"
    )


def common_language(metas: Iterable[Mapping[str, Any]]) -> Language:
    """Return the language that the metadata of documents state; the default if it is not one."""
    codes = {language_of(meta).code for meta in metas}
    return load_language(codes.pop() if len(codes) == 1 else DEFAULT_LANGUAGE)
