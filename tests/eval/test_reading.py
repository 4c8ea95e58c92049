"""Annotations read from files, by the fast reader and by the general one."""

from pathlib import Path

import pytest

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.eval.reading import read_annotations, read_predictions

ENTITIES = (
    Entity(id="b", start=10, end=14, label="LOC", ref="rome"),
    Entity(id="a", start=0, end=3, label="PER", score=0.5),
)
DOCUMENT = Document(
    "d", "Ana vit à Rome", ENTITIES, (Relation(head="a", tail="b", label="LIVES_IN"),)
)


@pytest.mark.parametrize("name", ["documents.jsonl", "folder"])
def test_files_and_folders_are_read_alike(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == "":
        path.mkdir()
    document_files.write([DOCUMENT], path)
    annotations = read_annotations(path)
    assert annotations.ids == ("d",)
    assert annotations.mentions.spans() == [(0, 0, 3), (0, 10, 14)]
    relations = annotations.relations
    assert (relations.head.tolist(), relations.tail.tolist()) == ([0], [1])


def test_every_problem_of_a_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    document_files.write([DOCUMENT], path)
    lines = path.read_text(encoding="utf-8")
    path.write_text(lines.replace('"end":3', '"end":99') + "{\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_annotations(path)
    assert [problem.line for problem in caught.value.problems] == [1, 2]


def test_a_hipe_submission_is_read_with_the_tokens_of_gold(tmp_path: Path) -> None:
    head = "TOKEN\tNE-COARSE-LIT\tNEL-LIT\tMISC\n"
    gold, pred = tmp_path / "gold.tsv", tmp_path / "pred.tsv"
    gold.write_text(f"{head}# document_id = d\nAna\tB-PER\t_\tNoSpaceAfter\n.\tO\t_\t_\n")
    pred.write_text(f"{head}Ana\tS-PER\tO\tO\n.\tO\tO\tO\n")
    predictions = read_predictions(pred, gold=gold)
    assert (predictions.ids, predictions.texts) == (("d",), ("Ana.",))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"end":3', f'"end":{10**30}', "is not inside the text"),
        ('"relations"', f'"meta":{{"a":{"[" * 200_000}{"]" * 200_000}}},"relations"', "too deeply"),
    ],
)
def test_extreme_values_are_reported(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "extreme.jsonl"
    document_files.write([DOCUMENT], path)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_annotations(path)
