"""Remove a document id from a TOML file without changing the rest of the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from itertools import pairwise
from typing import Any

import tomli_w

from aloi.corpus.toml_files import parse_toml

_HEADER = re.compile(r"^\[", re.MULTILINE)


def without_id(content: str, id_: str, keys: Collection[str] | None = None) -> str:
    """Return TOML without a document id under the top-level `keys` (default: under all).

    Removed are list items equal to the id, keys of tables equal to the id, and tables in lists
    with the id as `document`. Comments and layout are kept; if that is not possible, the file is
    formatted anew.
    """
    before = parse_toml(content)
    expected = {
        key: _prune(value, id_) if keys is None or key in keys else value
        for key, value in before.items()
    }
    if expected == before:
        return content
    edited = _remove_tables(_remove_lines(content, id_), id_)
    try:
        if parse_toml(edited) == expected:
            return edited
    except tomllib.TOMLDecodeError:
        pass
    return tomli_w.dumps(expected)


def _prune(value: Any, id_: str) -> Any:  # noqa: ANN401 - any TOML value
    if isinstance(value, dict):
        return {key: _prune(item, id_) for key, item in value.items() if key != id_}
    if isinstance(value, list):
        return [_prune(item, id_) for item in value if not _names(item, id_)]
    return value


def _names(item: Any, id_: str) -> bool:  # noqa: ANN401 - any TOML value
    return item == id_ or (isinstance(item, dict) and item.get("document") == id_)


def _remove_lines(content: str, id_: str) -> str:
    """Remove lines that contain only the id, or the id as a key, and items of one-line lists."""
    name = rf"(?:\"{re.escape(id_)}\"|'{re.escape(id_)}')"
    content = re.sub(rf"^[ \t]*{name}[ \t]*,?[ \t]*(#.*)?\n", "", content, flags=re.MULTILINE)
    bare = rf"(?:{name}|{re.escape(id_)})"
    content = re.sub(rf"^[ \t]*{bare}[ \t]*=.*\n", "", content, flags=re.MULTILINE)
    content = re.sub(rf"(?<=[\[,])[ \t]*{name}[ \t]*,[ \t]*", "", content)
    return re.sub(rf",?[ \t]*{name}[ \t]*(?=\])", "", content)


def _remove_tables(content: str, id_: str) -> str:
    """Remove the tables of lists that have the id as `document`."""
    starts = [match.start() for match in _HEADER.finditer(content)]
    bounds = [0, *starts, len(content)]
    parts = [content[a:b] for a, b in pairwise(bounds)]
    owner = re.compile(rf"^document\s*=\s*[\"']{re.escape(id_)}[\"']", re.MULTILINE)
    return "".join(part for part in parts if not (part.startswith("[[") and owner.search(part)))
