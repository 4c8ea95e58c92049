"""Nothing may be given on unless it is said, and what is not known of the rights is told."""

import json
from pathlib import Path

import pytest

from aloi.corpus.quality.checks import check_path
from aloi.corpus.rights import Rights, rights_of

OURS = Rights("CC0-1.0", "Nobody", "tests", None, True)


@pytest.mark.parametrize(
    ("meta", "restricted", "expected"),
    [
        ({}, False, OURS),  # the corpus speaks for it
        ({"rights": "CC0-1.0", "source": "x"}, False, Rights("CC0-1.0", "Nobody", "x", None, True)),
        ({"redistributable": False}, False, Rights("CC0-1.0", "Nobody", "tests", None, False)),
        # Another licence or holder: the corpus does not speak for it.
        ({"rights": "all reserved"}, False, Rights("all reserved")),
        ({"holder": "AFP"}, False, Rights(None, "AFP")),
        ({"holder": "AFP", "redistributable": True}, False, Rights(None, "AFP", None, None, True)),
        ({"rights": "unknown"}, False, OURS),
        # What is not plainly true is false; what is restricted is never redistributable.
        ({"redistributable": "true"}, False, Rights("CC0-1.0", "Nobody", "tests", None, False)),
        ({"redistributable": True}, True, Rights()),
    ],
)  # fmt: skip
def test_what_a_document_may(meta: dict[str, object], restricted: bool, expected: Rights) -> None:
    assert rights_of(meta, OURS, restricted=restricted) == expected
    assert not rights_of(meta, Rights(), restricted=True).redistributable


def problems(corpus: Path, **meta: object) -> list[tuple[str, str]]:
    file = corpus / "gold" / "a.json"
    content = json.loads(file.read_text(encoding="utf-8")) | {"meta": meta}
    file.write_text(json.dumps(content), encoding="utf-8")
    return [(problem.kind, problem.what) for problem in check_path(corpus)]


def test_rights_that_are_not_known_or_no_rights_are_problems(corpus: Path) -> None:
    assert problems(corpus) == []
    missing = "its rights are not known: no rights, source, retrieved"
    assert problems(corpus, holder="AFP") == [("missing-rights", missing)]
    assert problems(corpus, redistributable="no") == [("wrong-rights", "redistributable is 'no'")]


def test_the_folder_and_the_manifest_must_say_the_same(corpus: Path) -> None:
    (corpus / "restricted").mkdir()
    (corpus / "gold" / "a.json").rename(corpus / "restricted" / "a.json")
    assert {p.kind for p in check_path(corpus)} == {"restricted-or-not"}
    with (corpus / "corpus.toml").open("a") as stream:
        stream.write('restricted = ["a", "b"]\n')
    found = {(p.kind, p.document) for p in check_path(corpus)}
    assert found == {("missing-rights", "a"), ("missing-rights", "b"), ("restricted-or-not", "b")}
