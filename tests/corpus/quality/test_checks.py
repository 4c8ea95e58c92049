"""Every kind of damage is found, named, placed, and does not hide another."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aloi.corpus.collection import Corpus
from aloi.corpus.problems import Problem
from aloi.corpus.quality.checks import check_corpus, check_path

DAMAGE: dict[str, Callable[[str], str]] = {
    "broken-json": lambda s: s[:-4],
    "unknown-key": lambda s: s.replace('"label": "PER"', '"label": "PER", "colour": "red"'),
    "missing-key": lambda s: s.replace('"label": "PER", ', ""),
    "offset-outside-text": lambda s: s.replace('"end": 3', '"end": 3000'),
    "empty-span": lambda s: s.replace('"end": 3', '"end": 0'),
    "unknown-entity-label": lambda s: s.replace('"label": "PER"', '"label": "PERS"'),
    "unknown-relation-label": lambda s: s.replace("LIVES_IN", "LIVES"),
    "dangling-relation": lambda s: s.replace('"tail": "e2"', '"tail": "e9"'),
    "forbidden-ends": lambda s: s.replace("LIVES_IN", "MEETS"),
    "entity-id-twice": lambda s: s.replace('"id": "e2"', '"id": "e1"'),
    "document-id-twice": lambda s: s.replace('"id": "b"', '"id": "a"'),
    "wrong-attribute": lambda s: s.replace("negated", "never"),
    "not-nfc": lambda s: s.replace("à", "a\u0300"),
    "carriage-return": lambda s: s.replace("dit-on", "dit-on\\r\\n"),
    "white-space-edge": lambda s: s.replace('"end": 3', '"end": 4'),
    "no-split": lambda s: s.replace('"id": "b"', '"id": "z"'),
}


def found(folder: Path) -> list[Problem]:
    return list(check_corpus(Corpus.open(folder)))


def test_nothing_wrong(corpus: Path) -> None:
    assert found(corpus) == []


@pytest.mark.parametrize("kind", DAMAGE)
def test_each_damage_is_named_with_file_line_and_remedy(corpus: Path, kind: str) -> None:
    file = corpus / "gold" / "b.json"
    file.write_text(DAMAGE[kind](file.read_text(encoding="utf-8")), encoding="utf-8")
    (problem,) = (problem for problem in found(corpus) if problem.kind == kind)
    assert problem.file == str(file)
    assert problem.line
    assert problem.fix


def test_one_document_with_many_kinds_of_damage_names_them_all(corpus: Path) -> None:
    file = corpus / "gold" / "b.json"
    content = file.read_text(encoding="utf-8")
    together = [
        "unknown-key",
        "unknown-entity-label",
        "wrong-attribute",
        "not-nfc",
        "carriage-return",
        "white-space-edge",
        "dangling-relation",
        "no-split",
    ]
    for kind in together:
        content = DAMAGE[kind](content)
    file.write_text(content, encoding="utf-8")
    assert set(together) <= {problem.kind for problem in found(corpus)}


def test_the_line_is_the_mention_s_own(corpus: Path) -> None:
    file = corpus / "gold" / "b.json"
    content = DAMAGE["wrong-attribute"](
        DAMAGE["white-space-edge"](file.read_text(encoding="utf-8"))
    )
    file.write_text(content, encoding="utf-8")
    assert {(p.kind, p.line) for p in found(corpus)} == {
        ("white-space-edge", 3),
        ("wrong-attribute", 8),
    }


def test_splits_that_repeat_or_name_nothing(corpus: Path) -> None:
    (corpus / "splits.toml").write_text('train = ["a", "b"]\ndev = ["b"]\ntest = ["c", "x"]\n')
    assert {(p.kind, p.document) for p in found(corpus)} == {
        ("two-splits", "b"),
        ("no-document", "x"),
    }


def test_a_document_that_a_copy_may_lack_is_no_problem(corpus: Path) -> None:
    (corpus / "gold" / "c.json").unlink()
    with (corpus / "corpus.toml").open("a") as stream:
        stream.write('restricted = ["c"]\n')
    assert found(corpus) == []


def test_a_run_of_thirteen_words_across_splits_is_a_leak(corpus: Path) -> None:
    for id_, ending in (("a", "hier"), ("b", "Demain !")):
        file = corpus / "gold" / f"{id_}.json"
        text = f"Ana vit à Rome, sous le grand pont de la vieille gare du sud ; {ending}"
        file.write_text(
            re.sub(r'"text": ".*"', f'"text": "{text}"', file.read_text(encoding="utf-8")),
            encoding="utf-8",
        )
    (problem,) = found(corpus)
    assert (problem.kind, problem.document) == ("leak", "b")


def test_bare_files_are_checked_without_house_rules(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"id": "a", "text": "A\\r\\nB", "entities": []}\n\n{"id": "a"}\n')
    assert [(p.kind, p.line) for p in check_path(file)] == [
        ("missing-key", 3),
        ("missing-key", 3),
    ]


@pytest.mark.parametrize("value", ['"\\ud800"', '"x", "meta": {"n": NaN}'])
def test_what_the_decoder_refuses_is_never_passed_over(tmp_path: Path, value: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(f'{{"id": "a", "entities": [], "text": {value}}}\n')
    assert [(p.kind, p.line) for p in check_path(file)] == [("broken-json", 1)]


def test_files_that_nobody_reads_and_names_that_mislead(corpus: Path) -> None:
    (corpus / "gold" / "more.jsonl").write_text("")
    (corpus / "gold" / "a.json").rename(corpus / "gold" / "ana.json")
    assert {problem.kind for problem in found(corpus)} == {"stray-file", "file-name"}
