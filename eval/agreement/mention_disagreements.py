"""Passages in which annotators have marked different mentions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aloi.eval.agreement.ratings import SpanLabels, labels_by_span, texts_by_id
from aloi.eval.columns import Annotations

NO_MENTION = "–"
"""The text shown instead of labels if an annotator has marked no mention."""

DISAGREEMENT_CONTEXT_LENGTH = 30
"""Code points of context on either side of a disagreement."""

Offsets = tuple[int, int]
"""Start and end (code points, end exclusive)."""


@dataclass(frozen=True, slots=True)
class MentionDisagreement:
    """A passage in which annotators disagree, with its context and the mentions of each annotator.

    `marked` contains a list of (label, start, end) by annotator, one entry per mention in the
    passage. Annotators who have not annotated the document are omitted. Offsets are in code points,
    end exclusive.
    """

    document: str
    start: int
    end: int
    before: str
    text: str
    after: str
    marked: dict[str, tuple[tuple[str, int, int], ...]]

    @property
    def kind(self) -> tuple[str, ...]:
        """The distinct labels of all annotators, sorted; `–` means no mention."""
        labels = ("+".join(label for label, *_ in each) for each in self.marked.values())
        return tuple(sorted({each or NO_MENTION for each in labels}))

    def to_json(self) -> dict[str, Any]:
        """Return the disagreement as JSON values."""
        return {
            "kind": list(self.kind),
            "document": self.document,
            "start": self.start,
            "end": self.end,
            "before": self.before,
            "text": self.text,
            "after": self.after,
            "marked": {name: [list(mark) for mark in each] for name, each in self.marked.items()},
        }


def find_mention_disagreements(
    annotators: Mapping[str, Annotations], labels: Mapping[str, SpanLabels] | None = None
) -> tuple[MentionDisagreement, ...]:
    """Return every passage in which annotators have marked different mentions.

    The most frequent kinds of disagreement come first. Passages with kinds of the same frequency
    are sorted by kind, document and offsets. `labels` are the results of `labels_by_span`, if they
    are already known.
    """
    texts = texts_by_id(annotators)
    labels = labels or {name: labels_by_span(each) for name, each in annotators.items()}
    annotators_of = _annotators_by_document(annotators)
    disagreements = []
    for id_, spans in _differing_spans(labels, annotators_of).items():
        for group in _group_overlapping(spans):
            marked = {
                name: tuple(
                    (label, *span) for span in group for label in labels[name].get((id_, *span), [])
                )
                for name in annotators_of[id_]
            }
            disagreements.append(_disagreement(id_, texts[id_], group, marked))
    frequency = Counter(each.kind for each in disagreements)
    return tuple(
        sorted(
            disagreements,
            key=lambda x: (-frequency[x.kind], x.kind, x.document, x.start, x.end),
        )
    )


def _annotators_by_document(annotators: Mapping[str, Annotations]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, each in annotators.items():
        for id_ in each.ids:
            names.setdefault(id_, []).append(name)
    return names


def _differing_spans(
    labels: Mapping[str, SpanLabels], annotators_of: Mapping[str, Sequence[str]]
) -> dict[str, list[Offsets]]:
    """Return, by document id, the spans that annotators have labelled differently.

    A span that only some of the annotators have marked is included.
    """
    spans: dict[str, list[Offsets]] = {}
    for span in sorted({span for each in labels.values() for span in each}):
        id_, start, end = span
        first, *others = (sorted(labels[name].get(span, ())) for name in annotators_of[id_])
        if any(each != first for each in others):
            spans.setdefault(id_, []).append((start, end))
    return spans


def _group_overlapping(spans: Sequence[Offsets]) -> Iterator[list[Offsets]]:
    """Yield groups of overlapping spans; `spans` must be sorted."""
    group: list[Offsets] = []
    reach = 0
    for start, end in spans:
        if group and start >= reach:
            yield group
            group = []
        group.append((start, end))
        reach = max(reach, end)
    yield group


def _disagreement(
    id_: str,
    text: str,
    group: list[Offsets],
    marked: dict[str, tuple[tuple[str, int, int], ...]],
) -> MentionDisagreement:
    start, end = group[0][0], max(end for _, end in group)
    before = text[max(start - DISAGREEMENT_CONTEXT_LENGTH, 0) : start]
    after = text[end : end + DISAGREEMENT_CONTEXT_LENGTH]
    return MentionDisagreement(id_, start, end, before, text[start:end], after, marked)
