"""Every kind of error is found with its place, and does not hide other errors."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import Problem
from aloi.corpus.quality.checks import check_corpus, check_path

ERRORS: dict[str, Callable[[str], str]] = {
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


def check(folder: Path) -> list[Problem]:
    return list(check_corpus(Corpus.open(folder)))


def test_ids_that_differ_in_case_are_a_problem(corpus: Path) -> None:
    content = (corpus / "gold" / "a.json").read_text(encoding="utf-8")
    (corpus / "gold" / "A.json").write_text(content.replace('"id": "a"', '"id": "A"'), "utf-8")
    found = [each for each in check(corpus) if each.kind == "ids-differ-in-case"]
    assert [{each.document, each.what.split()[4]} for each in found] == [{"a", "A"}]


def test_a_corpus_without_errors(corpus: Path) -> None:
    assert check(corpus) == []


@pytest.mark.parametrize("kind", ERRORS)
def test_each_error_is_reported_with_file_line_and_fix(corpus: Path, kind: str) -> None:
    file = corpus / "gold" / "b.json"
    file.write_text(ERRORS[kind](file.read_text(encoding="utf-8")), encoding="utf-8")
    (problem,) = (problem for problem in check(corpus) if problem.kind == kind)
    assert problem.file == str(file)
    assert problem.line
    assert problem.fix


def test_all_errors_of_one_document_are_reported(corpus: Path) -> None:
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
        content = ERRORS[kind](content)
    file.write_text(content, encoding="utf-8")
    assert set(together) <= {problem.kind for problem in check(corpus)}


def test_the_line_is_that_of_the_mention(corpus: Path) -> None:
    file = corpus / "gold" / "b.json"
    content = ERRORS["wrong-attribute"](
        ERRORS["white-space-edge"](file.read_text(encoding="utf-8"))
    )
    file.write_text(content, encoding="utf-8")
    assert {(p.kind, p.line) for p in check(corpus)} == {
        ("white-space-edge", 3),
        ("wrong-attribute", 8),
    }


def test_an_id_in_two_splits_or_without_a_document(corpus: Path) -> None:
    (corpus / "splits.toml").write_text('train = ["a", "b"]\ndev = ["b"]\ntest = ["c", "x"]\n')
    assert {(p.kind, p.document) for p in check(corpus)} == {
        ("two-splits", "b"),
        ("no-document", "x"),
    }


def test_a_restricted_document_may_be_missing(corpus: Path) -> None:
    (corpus / "gold" / "c.json").unlink()
    with (corpus / "corpus.toml").open("a") as stream:
        stream.write('restricted = ["c"]\n')
    assert check(corpus) == []


def test_a_run_of_thirteen_words_across_splits_is_a_leak(corpus: Path) -> None:
    for id_, ending in (("a", "hier"), ("b", "Demain !")):
        file = corpus / "gold" / f"{id_}.json"
        text = f"Ana vit à Rome, sous le grand pont de la vieille gare du sud ; {ending}"
        file.write_text(
            re.sub(r'"text": ".*"', f'"text": "{text}"', file.read_text(encoding="utf-8")),
            encoding="utf-8",
        )
    (problem,) = check(corpus)
    assert (problem.kind, problem.document) == ("leak", "b")


def test_documents_outside_a_corpus_need_not_follow_the_house_rules(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"id": "a", "text": "A\\r\\nB", "entities": []}\n\n{"id": "a"}\n')
    assert [(p.kind, p.line) for p in check_path(file)] == [
        ("missing-key", 3),
        ("missing-key", 3),
    ]


@pytest.mark.parametrize(
    "value", ['"\\ud800"', '"x", "meta": {"n": NaN}', '"x", "meta": {"\\ud800": 1}']
)
def test_json_that_only_the_strict_decoder_refuses_is_reported(tmp_path: Path, value: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(f'{{"id": "a", "entities": [], "text": {value}}}\n')
    assert [(p.kind, p.line) for p in check_path(file)] == [("broken-json", 1)]


def test_files_outside_the_corpus_and_wrong_file_names(corpus: Path) -> None:
    (corpus / "gold" / "more.jsonl").write_text("")
    (corpus / "gold" / "a.json").rename(corpus / "gold" / "ana.json")
    assert {problem.kind for problem in check(corpus)} == {"stray-file", "file-name"}
