"""The tasks of an evaluation and what they are scored on."""

import pytest

from aloi.eval.schemes import EvaluationTask, ItemKind


@pytest.mark.parametrize(
    ("name", "kind", "short_name"),
    [
        ("entities", ItemKind.ENTITIES, "entities"),
        ("relations-gold-entities", ItemKind.RELATIONS, "gold-entities"),
        ("relations-end-to-end", ItemKind.RELATIONS, "end-to-end"),
    ],
)
def test_each_task(name: str, kind: ItemKind, short_name: str) -> None:
    task = EvaluationTask(name)
    assert (task.item_kind, task.short_name) == (kind, short_name)
