"""Detection of the format of a file or folder, from its name and its first 256 KiB."""

from __future__ import annotations

import os
import re
from pathlib import Path

from aloi.corpus.corpus_folder import is_corpus
from aloi.corpus.formats.foreign_files import contains_xmi, foreign_file_problem
from aloi.corpus.formats.shared.files import walk_folder
from aloi.corpus.problems import DataError, Problem

RELEASE_MANIFEST = "release.json"
"""The name of the file that marks a folder as a release."""

RUN_MANIFEST = "manifest.jsonl"
"""The name of the file that marks a folder as the output of a run over shards."""

_SUFFIXES = {
    ".ann": "brat",
    ".bio": "conll",
    ".conll": "conll",
    ".conllu": "conllu",
    ".inline": "inline",
    ".iob": "conll",
    ".iob2": "conll",
    ".spacy": "spacy",
    ".xmi": "xmi",
}
"""The format for each suffix that only one format uses."""

_DEFAULTS = {".json": "native", ".jsonl": "native", ".tsv": "conll"}
"""The format for suffixes that several formats use, for files with ambiguous content."""

_SIGNATURES = {
    "#FORMAT=WebAnno": "webanno",
    "TOKEN\tNE-COARSE-LIT": "hipe",
    "-DOCSTART-": "conll",
    "+++\n": "inline",
    "PAR1": "parquet",
}
"""The first characters of a file, mapped to the format."""

_COREFUD = re.compile(r"^# global\.Entity = ", re.MULTILINE)
_XMI = re.compile(r"<xmi:XMI\b")

_RECORD_KEYS = (
    ("docred", {"vertexSet"}),
    ("crossre", {"sentence", "ner"}),
    ("spert", {"tokens", "entities"}),
    ("labelstudio", {"data", "annotations"}),
    ("labelstudio", {"data", "predictions"}),
    ("labelstudio", {"data", "completions"}),
    ("labelstudio", {"annotation_id", "annotator"}),
    ("prodigy", {"text", "spans"}),
    ("prodigy", {"text", "_input_hash"}),
    ("casjson", {"%TYPES"}),
    ("casjson", {"%FEATURE_STRUCTURES"}),
    ("hf-tokens", {"tokens", "ner_tags"}),
    ("gliner", {"tokenized_text", "ner"}),
    ("dygie", {"sentences", "ner"}),
    ("dygie", {"sentences", "predicted_ner"}),
    ("prodigy", {"text", "_task_hash"}),
    ("prodigy", {"text", "answer"}),
    ("doccano", {"text", "label"}),
    ("doccano", {"text", "labels"}),
    ("doccano", {"data", "label"}),
    ("doccano", {"text", "annotations"}),
    ("doccano", {"text", "entities", "Comments"}),
    ("doccano", {"text", "entities", "[].start_offset"}),
)
"""Formats and the keys that identify their records.

`[].x` is the key x of the objects in a list.
"""

_MAPPED_RECORD_KEYS = (("popcorn", {"text", "entities", "[].mentions"}),)
"""Formats and the keys that identify their records, for files that map ids to records."""

_KEYS_BY_DEPTH = {
    "{": _RECORD_KEYS,
    "[{": _RECORD_KEYS,
    "{{": _MAPPED_RECORD_KEYS,
    "[{{": _MAPPED_RECORD_KEYS,
}
"""The formats to check for, by the brackets that are open at the keys of a JSON file."""

_HEAD_BYTES, _LONG_HEAD_BYTES = 1 << 18, 1 << 24
"""The number of bytes to read; if they do not contain the whole first record, the larger number.

A long text may precede the keys that identify the format.
"""

_TOKEN = re.compile(r'"((?:[^"\\]++|\\.)*+)(?:"(\s*:)?|\\?\Z)|([\[{])|([\]}])', re.DOTALL)


def is_release(path: Path) -> bool:
    """Return whether a path is a release folder."""
    return (path / RELEASE_MANIFEST).is_file()


def documents_path(path: Path) -> Path:
    """Return the folder `documents` of a release or sharded run; return other paths unchanged."""
    has_folder = is_release(path) or (path / RUN_MANIFEST).is_file()
    return path / "documents" if has_folder else path


def detect_format(path: Path) -> str:
    """Detect the format of a file or folder from its name and content.

    Returns "native" if the format is unclear. For a folder, one file per known suffix is checked.
    Raises `DataError` for a folder with files of several formats or of no known format, and for a
    file that is known to be something else, such as an archive. Copy a stream to a file first
    (`aloi.corpus.streams.on_disk`), because detection would consume the beginning of the stream.
    """
    if is_release(path):
        return "parquet"
    if not path.is_dir():
        if problem := foreign_file_problem(path):
            raise DataError([problem])
        return _format_of_file(path) or "native"
    return "native" if is_corpus(path) else _format_of_folder(path)


def _format_of_folder(path: Path) -> str:
    files = sorted(
        (Path(folder.path, name) for folder in walk_folder(path) for name in folder.names),
        reverse=True,
    )
    samples = {file.suffix: file for file in files}
    suffixes = {*_SUFFIXES, *_DEFAULTS, ".parquet"}
    known = [suffix for suffix, file in samples.items() if suffix in suffixes or contains_xmi(file)]
    formats = {_format_of_file(samples[suffix]) or "native": samples[suffix] for suffix in known}
    if len(formats) == 1:
        return next(iter(formats))
    if formats:
        listed = ", ".join(f"{name} ({file.name})" for name, file in sorted(formats.items()))
        what = f"the folder contains files of several formats: {listed}"
        fix = "Set --from to convert the files of one format, then convert the others"
    else:
        others = ", ".join(sorted(filter(None, samples)))
        found = f"only files of other kinds ({others})" if others else "no files"
        what = f"the folder contains {found}"
        fix = "Set --from to the format of the files"
        if ".txt" in samples:
            fix = "Add plain texts to a corpus with: aloi corpus add"
    raise DataError([Problem("unknown-format", what, fix, file=str(path))])


def files_of_other_formats(path: Path, format_: str) -> list[Path]:
    """Return the files in a folder whose suffix belongs to another format only."""
    files = (Path(folder.path, name) for folder in walk_folder(path) for name in folder.names)
    return sorted(file for file in files if _SUFFIXES.get(file.suffix, format_) != format_)


def _format_of_file(file: Path) -> str | None:
    if file.suffix == ".parquet":
        return _format_of_parquet(file)
    if file.suffix == ".conllu" and _COREFUD.search(_read_head(file, _HEAD_BYTES)):
        return "corefud"
    if file.suffix in _SUFFIXES:
        return _SUFFIXES[file.suffix]
    if file.suffix == ".txt" and file.with_suffix(".ann").exists():
        return "brat"
    return _format_of_content(file) or _DEFAULTS.get(file.suffix)


def _format_of_content(file: Path) -> str | None:
    head = _read_head(file, _HEAD_BYTES)
    if head.startswith("PK") and contains_xmi(file):
        return "xmi"
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature):
            return _format_of_parquet(file) if name == "parquet" else name
    if head.lstrip()[:1] in ("{", "["):
        found = _format_of_json(head)
        if found or len(head) < _HEAD_BYTES // 4 or _has_whole_record(head):
            return found
        return _format_of_json(_read_head(file, _LONG_HEAD_BYTES))
    return "xmi" if _XMI.search(head) else None


def _read_head(file: Path, size: int) -> str:
    """Return the beginning of a file, or nothing if the file cannot be read."""
    try:
        with file.open("rb") as stream:
            return stream.read(size).decode("utf-8-sig", errors="ignore")
    except OSError:  # reported by the reader of the format
        return ""


def _format_of_parquet(file: Path) -> str:
    """Return the format of a Parquet file, by the column names in its footer.

    The file ends with the footer, the length of the footer in four bytes, and `PAR1`.
    """
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 8))
            length = int.from_bytes(stream.read(4), "little")
            stream.seek(max(0, size - 8 - length))
            footer = stream.read(min(length, _HEAD_BYTES))
    except OSError:  # reported by the reader of the format
        return "parquet"
    return "hf-tokens" if b"ner_tags" in footer and b"tokens" in footer else "parquet"


def _has_whole_record(head: str) -> bool:
    """Return whether a JSON text contains its first object to the end."""
    depth = 0
    for _, _, opening, closing in _TOKEN.findall(head):
        depth += (opening == "{") - (closing == "}")
        if closing == "}" and depth <= 0:
            return True
    return False


def _format_of_json(head: str) -> str | None:
    keys_by_depth = _keys(head)
    for depth, formats in _KEYS_BY_DEPTH.items():
        list_keys = {f"[].{key}" for key in keys_by_depth.get(f"{depth}[{{", ())}
        keys = keys_by_depth.get(depth, set()) | list_keys
        for name, required in formats:
            if required <= keys:
                return name
    return None


def _keys(head: str) -> dict[str, set[str]]:
    """Return the object keys in a JSON text, grouped by the brackets that are open at each key.

    For example, `[{` maps to the keys of the objects in a top-level array. The JSON text may be
    truncated.
    """
    open_: list[str] = []
    keys: dict[str, set[str]] = {}
    for string, colon, opening, closing in _TOKEN.findall(head):
        if opening:
            open_.append(opening)
        elif closing:
            del open_[-1:]
        elif colon and len(open_) <= 5:
            keys.setdefault("".join(open_), set()).add(string)
    return keys
