"""A corpus folder with one restricted document, for the tests of releases."""

import json
from pathlib import Path
from typing import Any

from aloi.corpus.corpus_folder import Corpus

SCHEMA = """
name = "small"
version = "1.0.0"

[entities]
PER = { description = "a person", fr = "une personne" }
LOC = {}

[relations.LIVES_IN]
head = ["PER"]
tail = ["LOC"]
"""
MANIFEST = """
name = "small"
version = "0.1.0"
licence = "CC0-1.0"
restricted = ["d"]
rights = { licence = "CC0-1.0", holder = "Nobody", source = "tests", redistributable = true }
"""
SECRET = (
    "Eustache Malvoisin habite une maison de pierre au bord du canal, à Vaucluse. "
    "Il y cultive des roses noires que nul n'a jamais vues, dit « la voisine »."
)
"""The text of the restricted document."""


def record(id_: str, text: str, names: dict[str, str], **meta: object) -> dict[str, Any]:
    """Return a document with a mention for each name, and a relation between the first two.

    `names` maps names to labels; the first occurrence of a name is its mention.
    """
    entities = [
        {"id": f"e{n}", "start": text.index(name), "end": text.index(name) + len(name)}
        | {"label": label, "ref": f"ref-{n}"}
        for n, (name, label) in enumerate(names.items())
    ]
    relations = [{"head": "e0", "tail": "e1", "label": "LIVES_IN"}]
    return {"id": id_, "text": text, "entities": entities, "relations": relations, "meta": meta}


def folder(path: Path) -> Path:
    """Write a corpus of three open documents, one per split, and a restricted one in test."""
    for part in ("gold", "restricted"):
        (path / part).mkdir(parents=True)
    (path / "corpus.toml").write_text(MANIFEST)
    (path / "schema.toml").write_text(SCHEMA)
    (path / "splits.toml").write_text('train = ["a"]\ndev = ["b"]\ntest = ["c", "d"]\n')
    for id_, who, where in (("a", "Ana", "Rome"), ("b", "Bob", "Lima"), ("c", "Zoé", "Oslo")):
        text = f"{who} vit à {where}, dit-on 🙂."
        write(path, record(id_, text, {who: "PER", where: "LOC"}, lang="fr", title=f"{who} !"))
    secret = record(
        "d",
        SECRET,
        {"Eustache Malvoisin": "PER", "Vaucluse": "LOC"},
        lang="fr",
        title="Les roses de Malvoisin",
        rights="all rights reserved",
        holder="The Canal Gazette",
        source="a newspaper",
        retrieved="2020-01-02",
    )
    write(path, secret, part="restricted")
    return path


def write(path: Path, content: dict[str, Any], *, part: str = "gold") -> None:
    """Write the file of a document."""
    file = path / part / f"{content['id']}.json"
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def change(path: Path, id_: str, **values: Any) -> None:
    """Change values of an open document."""
    file = path / "gold" / f"{id_}.json"
    write(path, json.loads(file.read_text(encoding="utf-8")) | values)


def small(path: Path) -> Corpus:
    """Write the corpus and open it."""
    return Corpus.open(folder(path))
