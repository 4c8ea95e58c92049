"""A tiny corpus of three documents."""

from pathlib import Path

import pytest

CORPUS_TOML = """
name = "tiny"
version = "1"
licence = "CC0-1.0"
rights = { licence = "CC0-1.0", holder = "Nobody", source = "tests", redistributable = true }
"""

SCHEMA = """
name = "tiny"
version = "1"

[entities]
PER = {}
LOC = {}

[entity_attributes.metonymy]
labels = ["LOC"]
values = ["government"]

[relations.LIVES_IN]
head = ["PER"]
tail = ["LOC"]

[relations.MEETS]
head = ["PER"]
tail = ["PER"]
symmetric = true

[relation_attributes.assertion]
values = ["asserted", "negated"]
"""

DOCUMENT = """{
 "entities": [
  {"end": 3, "id": "e1", "label": "PER", "start": 0},
  {"attributes": {"metonymy": "government"}, "end": 14, "id": "e2", "label": "LOC", "start": 10}
 ],
 "id": "%s",
 "relations": [
  {"attributes": {"assertion": "negated"}, "head": "e1", "label": "LIVES_IN", "tail": "e2"}
 ],
 "text": "Ana vit à Rome, dit-on (%s)."
}
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus folder without problems."""
    folder = tmp_path / "tiny"
    (folder / "gold").mkdir(parents=True)
    (folder / "corpus.toml").write_text(CORPUS_TOML)
    (folder / "schema.toml").write_text(SCHEMA)
    (folder / "splits.toml").write_text('train = ["a"]\ndev = ["b"]\ntest = ["c"]\n')
    for id_ in "abc":
        (folder / "gold" / f"{id_}.json").write_text(DOCUMENT % (id_, id_), encoding="utf-8")
    return folder
