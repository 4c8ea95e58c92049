"""The authority of refs: what it allows, finds and refuses."""

from pathlib import Path

import pytest

from aloi.corpus.problems import DataError
from aloi.corpus.refs.authority import is_iso_date, load_refs
from aloi.corpus.schema import load_schema

ROME = '[refs.rome]\nname = "Rome"\ntype = "LOC"\naliases = ["Ville éternelle"]\n'


def load(corpus: Path, content: str) -> list[str]:
    """Return the problems of an authority with this content."""
    file = corpus / "refs.toml"
    file.write_text(content, encoding="utf-8")
    try:
        load_refs(file, load_schema(corpus / "schema.toml"))
    except DataError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[refs.rome]\nname = "Rome"\n', "missing required field `type`"),
        ('[refs.rome]\nname = "Rome"\ntype = "PLACE"\n', "entity label PLACE"),
        ('dates = ["DATE"]\n', "entity label DATE"),
        ('[refs.rome]\nname = " "\ntype = "LOC"\n', "a name is empty"),
        ('[refs.1981-10]\nname = "octobre"\ntype = "LOC"\n', "dates and private persons"),
        ('[refs."a#p1"]\nname = "Ana"\ntype = "PER"\n', "dates and private persons"),
        (ROME + ROME, "not valid TOML"),
    ],
)
def test_an_invalid_entry_is_refused(corpus: Path, content: str, expected: str) -> None:
    (problem,) = load(corpus, content)
    assert expected in problem
    assert problem.startswith(str(corpus / "refs.toml"))


def test_two_entries_of_a_type_cannot_share_a_name(corpus: Path) -> None:
    """Case, accents and punctuation make no difference; a person may be called like a place."""
    other = '[refs.roma]\nname = "Roma"\ntype = "LOC"\naliases = ["VILLE-ETERNELLE"]\n'
    (problem,) = load(corpus, ROME + other)
    assert "the refs roma and rome have the same name or alias: ville eternelle" in problem
    assert load(corpus, ROME + other.replace("LOC", "PER")) == []


def test_refs_are_found_by_name_and_alias(corpus: Path) -> None:
    file = corpus / "refs.toml"
    person = '[refs.rome-personne]\nname = "Rome"\ntype = "PER"\n'
    file.write_text(ROME + person, encoding="utf-8")
    refs = load_refs(file, load_schema(corpus / "schema.toml"))
    assert refs.find("ROME") == ("rome", "rome-personne")
    assert refs.find("ville éternelle") == ("rome",)
    assert refs.find("Paris") == ()


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("1981", True),
        ("1981-10", True),
        ("1981-10-06", True),
        ("1981-13", False),
        ("1981-02-30", False),
        ("1981-W41", False),
        ("1981-10-6", False),
        ("octobre-1981", False),
        ("1981-1985", False),
    ],
)
def test_dates_are_iso_dates(ref: str, expected: bool) -> None:
    assert is_iso_date(ref) is expected
