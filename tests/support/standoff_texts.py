"""A small text collection in the layout of WiNER-fr, and a stand-off corpus of invented texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from toy import SCHEMA

from aloi.corpus.document import Document, Entity, Relation

TEXTS = {
    "2016_01_05-001": "Ana à Rome\n\n5 janvier 2016 . – Ana vit à Rome 🎉 avec Léo.\n",
    "2016_02_07-001": "Bob à Lima\r\n\r\nBob habite Lima depuis dix ans.",
    "2017_03_09-002": "\ufeffEva à Oslo\n\nEva a quitté Oslo hier soir.\n\n",
}
"""Texts with an emoji, with CR LF, and with a byte order mark and two newlines at the end."""

MANIFEST = """
name = "toy-standoff"
version = "1.0.0"
licence = "CC0-1.0"
salt = "toy"
schema = "schema.toml"
lang = "fr"
texts = { repository = "https://example.org/texts.git", commit = "0000" }
rights = { licence = "CC BY 2.5", holder = "Nobody", redistributable = true }
"""

DRAW_RULE = """
version = "1"
seed = 1
min_characters = 10
max_characters = 4000
min_prose_share = 0.1
min_sentences = 1
max_shared_ngrams = 0.0
max_theme_share = 0.5

[splits]
train = { from = "2016-01-01", size = 4 }
test = { from = "2017-01-01", size = 2 }
"""

DRAW = """
seed = 1
rule = "1"
themes = "1"

[documents]
2016_01_05-001 = { theme = "society", split = "train" }
2016_02_07-001 = { theme = "society", split = "train" }
2017_03_09-002 = { theme = "travel", split = "test" }
"""


def write_texts(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write texts by document id, with their web addresses; return the folder."""
    for id_, text in texts.items():
        year, month, _ = id_.split("_", 2)
        file = folder / year / month / f"{id_}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        with (folder / year / f"{year}-{month}-urls.txt").open("a", encoding="utf-8") as stream:
            stream.write(f"{id_}\thttps://example.org/wiki/{id_}\n")
    return folder


def write_standoff(folder: Path) -> Path:
    """Write a stand-off corpus without records; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "standoff.toml": MANIFEST,
        "schema.toml": SCHEMA,
        "draw_rule.toml": DRAW_RULE,
        "draw.toml": DRAW,
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def annotated(id_: str) -> Document:
    """Return a document of `TEXTS`: the person in the last paragraph lives in the city."""
    text = TEXTS[id_]
    name, city = text.lstrip("\ufeff").split()[0], text.split()[2]
    start, place = text.rindex(name), text.rindex(city)
    entities = (
        Entity(id="e1", start=start, end=start + len(name), label="PER", ref=name.lower()),
        Entity(id="e2", start=place, end=place + len(city), label="LOC"),
    )
    meta = {
        "theme": "travel" if id_.startswith("2017") else "society",
        "annotator": "ana-1",
        "guideline_version": "1.3.0",
        "schema_version": "1",
    }
    return Document(id_, text, entities, (Relation(head="e1", tail="e2", label="LIVES_IN"),), meta)
