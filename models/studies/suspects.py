"""Likely annotation errors: disagreements between gold and a model trained on other documents.

The method is based on confident learning (Northcutt, Jiang & Chuang 2021, "Confident Learning:
Estimating Uncertainty in Dataset Labels"). The confidence of an annotation is the probability that
gold is right (cleanlab's self-confidence), under a model that was not trained on the document. Let
p be the probability of a mention or relation under this model. The confidence is p if gold contains
the mention or relation, and 1 - p otherwise. An annotation is suspect if its confidence is below
`MAX_CONFIDENCE`.

Suspects are ranked by their confidence minus the usual confidence, lowest first (cleanlab's
adjusted probabilities). The usual confidence is the mean over the gold annotations with the same
label. Thus errors in a label that is easy to learn come before errors in a label that the model
never learned. If gold does not contain the mention or relation, the usual confidence is 1, since
most such candidates are improbable. Gold is not changed: a person must check each suspect.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.locks import locked
from aloi.models.studies.folds import Fold, FoldTraining, make_folds
from aloi.models.studies.mention_suspects import check_mentions
from aloi.models.studies.relation_suspects import check_relations
from aloi.models.studies.suspect_record import DocumentSuspects, Suspect, rank_suspects
from aloi.models.training.job import COMPONENT_KINDS, pipeline_kinds

DEFAULT_FOLDS = 5


@dataclass(frozen=True)
class SuspectReport:
    """The ranked suspects of a corpus, by kind of component ("ner", "relations")."""

    corpus: str
    folds: int
    overrides: Mapping[str, Any]
    suspects: Mapping[str, list[Suspect]] = field(repr=False)

    @property
    def count(self) -> int:
        """Number of suspects of all kinds."""
        return sum(map(len, self.suspects.values()))

    def to_json(self, *, limit: int | None = None) -> dict[str, Any]:
        """Return the report as JSON values, with at most `limit` suspects of each kind."""
        listed = [suspect for ranked in self.suspects.values() for suspect in ranked[:limit]]
        return {
            "corpus": self.corpus,
            "folds": self.folds,
            "settings": dict(self.overrides),
            "suspects": [suspect.to_json() for suspect in listed],
        }


def find_suspects(
    corpus: Corpus,
    *,
    kinds: Iterable[str] | None = None,
    folds: int = DEFAULT_FOLDS,
    overrides: Mapping[str, Any] | None = None,
    out: Path | None = None,
    log: IO[str],
) -> SuspectReport:
    """Train a pipeline of each kind per fold, and rank the suspects in the held-out documents.

    Every document of the corpus is held out once; restricted documents are never used for training.
    kinds: "ner" and "relations" (default: those that the corpus has annotations for). overrides:
    config values by dotted key. out: folder for the pipelines (default: a temporary folder, which
    is deleted). log: stream for training messages. Raises `DataError` if there are fewer events
    than folds, or if another run is writing to `out`.
    """
    parts = make_folds(corpus.documents, folds)
    if kinds is None:
        kinds = [kind for kind in pipeline_kinds(corpus.documents) if kind in COMPONENT_KINDS]
    suspects = {}
    with _folder(out) as folder:
        for kind in kinds:
            training = FoldTraining(
                kind,
                folder,
                schema=corpus.folder / corpus.manifest.schema,
                overrides=overrides or {},
                excluded=corpus.manifest.restricted,
            )
            suspects[kind] = rank_suspects(check_folds(training, parts, log=log))
    return SuspectReport(str(corpus), folds, overrides or {}, suspects)


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Lock and yield the folder `out`; without `out`, yield a temporary folder."""
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        with locked(out):
            yield out


def check_folds(
    training: FoldTraining, folds: Sequence[Fold], *, log: IO[str]
) -> Iterator[DocumentSuspects]:
    """Yield the suspects of each document, found by a pipeline that was not trained on its fold."""
    check = check_relations if training.kind == "relations" else check_mentions
    for nlp, held_out in training.train(folds, log=log):
        for document in held_out:
            yield check(nlp, document)
