"""Which format a file or folder is in, from its name and its beginning."""

from __future__ import annotations

import re
from pathlib import Path

from aloi.corpus.release.read.layout import is_release

MANIFEST = "manifest.jsonl"
"""What makes a folder the output of a run over shards."""

_SUFFIXES = {
    ".ann": "brat",
    ".bio": "conll",
    ".conll": "conll",
    ".conllu": "conllu",
    ".inline": "inline",
    ".iob": "conll",
    ".iob2": "conll",
    ".parquet": "parquet",
    ".spacy": "spacy",
    ".xmi": "xmi",
}
"""Endings that tell enough."""

_SNIFFED = {".json": "native", ".jsonl": "native", ".tsv": "conll"}
"""Endings of several formats, and the one that stands where the content tells none."""

_BEGINNINGS = {
    "#FORMAT=WebAnno": "webanno",
    "TOKEN\tNE-COARSE-LIT": "hipe",
    "-DOCSTART-": "conll",
    "+++\n": "inline",
    "PAR1": "parquet",
}
_XMI = re.compile(r"<xmi:XMI\b")

_RECORDS = (
    ("docred", {"vertexSet"}),
    ("crossre", {"sentence", "ner"}),
    ("spert", {"tokens", "entities"}),
    ("labelstudio", {"data", "annotations"}),
    ("labelstudio", {"data", "predictions"}),
    ("doccano", {"text", "label"}),
    ("doccano", {"text", "entities", "Comments"}),
    ("doccano", {"text", "entities", "[].start_offset"}),
    ("prodigy", {"text", "spans"}),
    ("prodigy", {"text", "_input_hash"}),
)
"""Formats by the keys of a record, `[].x` being one of objects listed in it."""

_NAMED_RECORDS = (("popcorn", {"text", "entities", "[].mentions"}),)
"""The same for records that stand under their ids."""

_PLACES = {"{": _RECORDS, "[{": _RECORDS, "{{": _NAMED_RECORDS, "[{{": _NAMED_RECORDS}
"""What is looked for in JSON, by the brackets open around it."""

_HEAD = 1 << 18
"""Bytes of a file that are looked at; a long text may stand before the keys that tell."""

_PIECE = re.compile(r'"((?:[^"\\]++|\\.)*+)(?:"(\s*:)?|\\?\Z)|([\[{])|([\]}])', re.DOTALL)


def documents_of(path: Path) -> Path:
    """Where documents stand: a release, and what a run over shards wrote, has a folder for them."""
    apart = is_release(path) or (path / MANIFEST).is_file()
    return path / "documents" if apart else path


def detect(path: Path) -> str:
    """The format a path's name or content tells; native where that is not plain.

    A folder is in the one format that its files are in; of files that end alike one is looked at.
    """
    if is_release(path):
        return "parquet"
    if not path.is_dir():
        return _of_file(path) or "native"
    samples = {file.suffix: file for file in sorted(path.rglob("*"), reverse=True)}
    known = _SUFFIXES.keys() | _SNIFFED.keys()
    told = {_of_file(samples[suffix]) for suffix in samples.keys() & known}
    return told.pop() or "native" if len(told) == 1 else "native"


def _of_file(file: Path) -> str | None:
    if file.suffix in _SUFFIXES:
        return _SUFFIXES[file.suffix]
    if file.suffix == ".txt" and file.with_suffix(".ann").exists():
        return "brat"
    return _of_content(file) or _SNIFFED.get(file.suffix)


def _of_content(file: Path) -> str | None:
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD).decode("utf-8-sig", errors="ignore")
    except OSError:  # whoever reads the file will tell
        return None
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning):
            return name
    if head.lstrip()[:1] in ("{", "["):
        return _of_json(head)
    return "xmi" if _XMI.search(head) else None


def _of_json(head: str) -> str | None:
    found = _keys(head)
    for place, records in _PLACES.items():
        listed = {f"[].{key}" for key in found.get(f"{place}[{{", ())}
        keys = found.get(place, set()) | listed
        for name, asked in records:
            if asked <= keys:
                return name
    return None


def _keys(head: str) -> dict[str, set[str]]:
    """The keys in some JSON, which may break off, by the brackets that are open around them."""
    open_: list[str] = []
    found: dict[str, set[str]] = {}
    for string, colon, opening, closing in _PIECE.findall(head):
        if opening:
            open_.append(opening)
        elif closing:
            del open_[-1:]
        elif colon and len(open_) <= 5:
            found.setdefault("".join(open_), set()).add(string)
    return found
