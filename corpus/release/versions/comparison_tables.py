"""The differences between two versions as tables, text lines and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from aloi.corpus.release.versions.bump_rules import bump_reasons, required_bump
from aloi.corpus.release.versions.version_bumps import lowest_version
from aloi.corpus.release.versions.version_comparison import CorpusDifferences

_NO_SPLIT = "(no split)"


def difference_tables(differences: CorpusDifferences) -> dict[str, pd.DataFrame]:
    """Return the tables of documents and annotations, by title; empty tables are omitted."""
    tables = {
        "documents": _document_table(differences),
        "annotations": _annotation_table(differences),
    }
    return {title: table for title, table in tables.items() if len(table)}


def reason_lines(differences: CorpusDifferences) -> Iterator[str]:
    """Yield one line per reason for a version bump, and a last line with the required bump."""
    reasons = bump_reasons(differences)
    for reason in reasons:
        yield f"{reason.bump}: {reason.what}"
    bump = required_bump(reasons)
    yield f"{differences.old} → {differences.new}: required version bump: {bump}"


def _document_table(differences: CorpusDifferences) -> pd.DataFrame:
    """Return a table with one row per split."""
    old, new = differences.old, differences.new
    split_of = {id_: new.split(id_) for id_ in new.documents}
    columns = {
        "before": Counter(old.split(id_) for id_ in old.documents),
        "after": Counter(split_of.values()),
        "added": Counter(differences.added.values()),
        "removed": Counter(differences.removed.values()),
        "moved in": Counter(after for _, after in differences.moved.values()),
        "moved out": Counter(before for before, _ in differences.moved.values()),
        "text changed": Counter(split_of[id_] for id_ in differences.rewritten),
        "annotations changed": Counter(split_of[id_] for id_ in differences.annotated),
        "rights changed": Counter(split_of[id_] for id_ in differences.rights),
    }
    sizes = columns["before"] | columns["after"]
    splits = sorted(sizes, key=lambda split: (-sizes[split], split))
    rows = [[counts[split] for counts in columns.values()] for split in splits]
    return pd.DataFrame(rows, [split or _NO_SPLIT for split in splits], list(columns))


def _annotation_table(differences: CorpusDifferences) -> pd.DataFrame:
    """Return a table of changed annotations, with one row per kind, split and label."""
    names = [
        f"{kind}, {split or _NO_SPLIT}: {label}" for kind, split, label in differences.annotations
    ]
    columns = ["in added documents", "in removed documents", "added", "removed", "changed"]
    rows = [list(asdict(changes).values()) for changes in differences.annotations.values()]
    return pd.DataFrame(rows, names, columns)


def differences_to_json(differences: CorpusDifferences) -> dict[str, Any]:
    """Return the differences, the required version bump and its reasons as JSON values.

    `step`: the required bump. `least`: the lowest allowed number of the new version, or None if the
    old version has no number.
    """
    reasons, old = bump_reasons(differences), differences.old.version
    bump = required_bump(reasons)
    return {
        "old": str(differences.old),
        "new": str(differences.new),
        "step": str(bump),
        "least": None if old is None else lowest_version(old, bump),
        "reasons": [{"step": str(reason.bump), "what": reason.what} for reason in reasons],
        "documents": {
            "added": differences.added,
            "removed": differences.removed,
            "moved": differences.moved,
            "text": differences.rewritten,
            "annotations": differences.annotated,
            "rights": differences.rights,
            "metadata": differences.metadata,
        },
        "annotations": [
            {"kind": kind, "split": split, "label": label, **asdict(changes)}
            for (kind, split, label), changes in differences.annotations.items()
        ],
    }
