"""What differs between two versions, as tables to show and as plain values for machines."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

import pandas as pd

from aloi.corpus.release.versions.bump_rules import least, reasons, step
from aloi.corpus.release.versions.comparison import Differences

_SPLITLESS = "(no split)"


def tables(found: Differences) -> dict[str, pd.DataFrame]:
    """The tables shown, by title; an empty one has nothing to tell."""
    return {"documents": _documents(found), "annotations": _annotations(found)}


def _documents(found: Differences) -> pd.DataFrame:
    """A row a split that has documents in either version."""
    old, new = found.old, found.new
    of = {id_: new.split(id_) for id_ in new.documents}
    columns = {
        "before": Counter(old.split(id_) for id_ in old.documents),
        "after": Counter(of.values()),
        "added": Counter(found.added.values()),
        "removed": Counter(found.removed.values()),
        "moved here": Counter(after for _, after in found.moved.values()),
        "moved away": Counter(before for before, _ in found.moved.values()),
        "other text": Counter(of[id_] for id_ in found.rewritten),
        "other annotations": Counter(of[id_] for id_ in found.annotated),
        "other rights": Counter(of[id_] for id_ in found.rights),
    }
    present = columns["before"] | columns["after"]
    splits = sorted(present, key=lambda split: (-present[split], split))
    rows = [[counts[split] for counts in columns.values()] for split in splits]
    return pd.DataFrame(rows, [split or _SPLITLESS for split in splits], list(columns))


def _annotations(found: Differences) -> pd.DataFrame:
    """A row a kind, split and label of which something came, went or changed."""
    names = [f"{what}, {split or _SPLITLESS}: {label}" for what, split, label in found.annotations]
    columns = ["with new documents", "with removed ones", "added", "removed", "changed"]
    rows = [list(asdict(tally).values()) for tally in found.annotations.values()]
    return pd.DataFrame(rows, names, columns)


def to_json(found: Differences) -> dict[str, Any]:
    """The same as plain values, with the step that is asked for, and why."""
    why = reasons(found)
    asked, version = step(why), found.old.version
    return {
        "old": str(found.old),
        "new": str(found.new),
        "step": str(asked),
        "least": None if version is None else least(version, asked),
        "reasons": [{"step": str(reason.step), "what": reason.what} for reason in why],
        "documents": {
            "added": found.added,
            "removed": found.removed,
            "moved": found.moved,
            "text": found.rewritten,
            "annotations": found.annotated,
            "rights": found.rights,
            "metadata": found.metadata,
        },
        "annotations": [
            {"kind": what, "split": split, "label": label, **asdict(tally)}
            for (what, split, label), tally in found.annotations.items()
        ],
    }
