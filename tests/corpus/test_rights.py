"""Rights: texts may be redistributed only if this is stated, and missing rights are reported."""

import json
from pathlib import Path

import pytest

from aloi.corpus.quality.checks import check_path
from aloi.corpus.rights import Rights, resolve_rights

OURS = Rights("CC0-1.0", "Nobody", "tests", None, True)


@pytest.mark.parametrize(
    ("meta", "restricted", "expected"),
    [
        ({}, False, OURS),  # the rights of the corpus
        ({"rights": "CC0-1.0", "source": "x"}, False, Rights("CC0-1.0", "Nobody", "x", None, True)),
        ({"redistributable": False}, False, Rights("CC0-1.0", "Nobody", "tests", None, False)),
        # The rights of the corpus fill each gap, but nobody else's licence or permission.
        ({"rights": "all reserved"}, False, Rights("all reserved", "Nobody", "tests")),
        ({"holder": "AFP"}, False, Rights(None, "AFP", "tests")),
        ({"holder": "AFP", "rights": "CC0-1.0"}, False, Rights("CC0-1.0", "AFP", "tests")),
        (
            {"holder": "AFP", "redistributable": True},
            False,
            Rights(None, "AFP", "tests", None, True),
        ),
        ({"rights": "unknown"}, False, OURS),
        # Values other than true mean false, and restricted texts are never redistributable.
        ({"redistributable": "true"}, False, Rights("CC0-1.0", "Nobody", "tests", None, False)),
        ({"redistributable": True}, True, Rights()),
    ],
)
def test_rights_of_a_document(meta: dict[str, object], restricted: bool, expected: Rights) -> None:
    assert resolve_rights(meta, OURS, restricted=restricted) == expected
    assert not resolve_rights(meta, Rights(), restricted=True).redistributable


def problems(corpus: Path, **meta: object) -> list[tuple[str, str]]:
    """Return the problems of the corpus if document a has these metadata."""
    file = corpus / "gold" / "a.json"
    content = json.loads(file.read_text(encoding="utf-8")) | {"meta": meta}
    file.write_text(json.dumps(content), encoding="utf-8")
    return [(problem.kind, problem.what) for problem in check_path(corpus)]


def test_missing_and_invalid_rights_are_problems(corpus: Path) -> None:
    assert problems(corpus) == []
    missing = "the rights metadata are incomplete; missing keys: rights, retrieved"
    assert problems(corpus, holder="AFP") == [("missing-rights", missing)]
    invalid = "redistributable must be true or false, not 'no'"
    assert problems(corpus, redistributable="no") == [("wrong-rights", invalid)]


def test_the_folder_and_the_manifest_must_agree_on_restriction(corpus: Path) -> None:
    (corpus / "restricted").mkdir()
    (corpus / "gold" / "a.json").rename(corpus / "restricted" / "a.json")
    assert {p.kind for p in check_path(corpus)} == {"restricted-mismatch"}
    with (corpus / "corpus.toml").open("a") as stream:
        stream.write('restricted = ["a", "b"]\n')
    found = {(p.kind, p.document) for p in check_path(corpus)}
    assert found == {("missing-rights", "a"), ("missing-rights", "b"), ("restricted-mismatch", "b")}
