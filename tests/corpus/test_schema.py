"""Descriptions of a schema in several languages, and the language of the interface."""

from pathlib import Path

import pytest

from aloi.corpus.problems import DataError
from aloi.corpus.schema import Schema, load_schema

SCHEMA = """
name = "s"
version = "1"
{language}
[entities]
PER = {{ description = "a person", fr = "une personne" }}
LOC = {{ description = {{ fr = "un lieu", en = "a place", de = "ein Ort" }} }}
ORG = {{}}
"""


def schema(tmp_path: Path, language: str = "") -> Schema:
    (tmp_path / "schema.toml").write_text(SCHEMA.format(language=language), encoding="utf-8")
    return load_schema(tmp_path / "schema.toml")


@pytest.mark.parametrize(
    ("language", "described"),
    [
        ("en", ["a person", "a place", ""]),
        ("fr", ["une personne", "un lieu", ""]),
        ("de", ["a person", "ein Ort", ""]),
    ],
)
def test_old_keys_and_tables_describe_a_label(
    tmp_path: Path, language: str, described: list[str]
) -> None:
    types = schema(tmp_path).entities.values()
    assert [type_.describe(language) for type_ in types] == described


def test_french_is_the_default_language_of_the_interface(tmp_path: Path) -> None:
    assert schema(tmp_path).interface.name == "French"
    assert schema(tmp_path, 'language = "en"').interface.name == "English"


def test_a_language_without_interface_texts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no interface texts in the language 'tlh'"):
        schema(tmp_path, 'language = "tlh"')
