"""Suspect mentions: gold disagrees with a model that was not trained on the document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from spacy.language import Language

from aloi.corpus.document import Document, outermost
from aloi.corpus.formats.shared.spacy_docs import set_entities
from aloi.corpus.quality.findings import span_context
from aloi.models.entities.probabilities import CharSpan, mention_probabilities
from aloi.models.studies.suspect_record import (
    MAX_CONFIDENCE,
    Confidences,
    DocumentSuspects,
    Suspect,
)


def check_mentions(nlp: Language, document: Document) -> DocumentSuspects:
    """Return the suspects among the outermost mentions of a document.

    The pipeline must not have been trained on the document.
    """
    gold = _gold_spans(nlp, document)
    probabilities = mention_probabilities(nlp, document.text)
    confidences: Confidences = defaultdict(list)
    for span in gold.values():
        confidences[span[2]].append(probabilities.get(span, 0.0))
    return DocumentSuspects(list(mention_suspects(document, gold, probabilities)), confidences)


def _gold_spans(nlp: Language, document: Document) -> dict[str, CharSpan]:
    """Return the outermost mentions by id, expanded to the token boundaries of the pipeline."""
    spans = set_entities(nlp.make_doc(document.text), outermost(document.entities))
    return {id_: (span.start_char, span.end_char, span.label_) for id_, span in spans.items()}


def mention_suspects(
    document: Document, gold: Mapping[str, CharSpan], probabilities: Mapping[CharSpan, float]
) -> Iterator[Suspect]:
    """Yield the suspect mentions of a document.

    gold: outermost mentions by id. probabilities: the probabilities of the model's mentions. A
    predicted mention that overlaps a gold mention is not yielded separately, but may be shown as
    the alternative to the gold mention.
    """
    gold_spans = set(gold.values())
    others = {span: p for span, p in probabilities.items() if span not in gold_spans}
    for id_, span in gold.items():
        confidence = probabilities.get(span, 0.0)
        if confidence < MAX_CONFIDENCE:
            rivals = {other: p for other, p in others.items() if _overlap(span, other)}
            kind, model = _compare(document, span, confidence, rivals)
            yield _suspect(document, confidence, kind, id_, span, gold=span[2], model=model)
    for other, p in others.items():
        if 1 - p < MAX_CONFIDENCE and not any(_overlap(other, span) for span in gold_spans):
            model = f"{other[2]} {p:.2f}"
            yield _suspect(document, 1 - p, "missing", None, other, gold="none", model=model)


def _compare(
    document: Document, span: CharSpan, confidence: float, rivals: Mapping[CharSpan, float]
) -> tuple[str, str]:
    """Return the kind of a suspect gold mention, and a text with the likeliest alternative.

    The alternatives are the predicted mentions that overlap the gold mention (`rivals`), and "none"
    (no mention).
    """
    no_mention = 1 - min(confidence + sum(rivals.values()), 1)
    rival = max(rivals, key=lambda each: (rivals[each], each), default=None)
    if rival is None or rivals[rival] < no_mention:
        return "extra", f"none {no_mention:.2f}"
    other_label, other_place = span[2] != rival[2], span[:2] != rival[:2]
    differences = (("label", other_label), ("boundary", other_place))
    kind = " and ".join(name for name, differs in differences if differs)
    surface = f"«{document.text[rival[0] : rival[1]]}» " if other_place else ""
    return kind, f"{surface}{rival[2]} {rivals[rival]:.2f}"


def _suspect(
    document: Document,
    confidence: float,
    kind: str,
    item: str | None,
    span: CharSpan,
    *,
    gold: str,
    model: str,
) -> Suspect:
    start, end, _ = span
    surface, shown = document.text[start:end], span_context(document, (start, end))
    return Suspect(confidence, "entities", kind, document.id, item, surface, shown, gold, model)


def _overlap(one: CharSpan, other: CharSpan) -> bool:
    return one[0] < other[1] and other[0] < one[1]
