"""The spaCy component `aloi_refs`, which gives the mentions of a doc their refs.

The refs are computed by rules (`aloi.models.refs.clustering`) and stored as `kb_id_` of the spans
in `doc.spans["entities"]` and `doc.ents`. Add the component after `aloi_ner`:

    nlp = spacy.load("other-pipeline")
    nlp.add_pipe("aloi_refs").lexicon = corpus_lexicon(Corpus.open(Path("corpus")))

Weekdays and other relative dates need the date of the document: set `doc.user_data["aloi.date"]`,
as `aloi predict` does from the metadata `date`.
"""

# spaCy evaluates the type annotations of the factory at run time. Therefore this module does not
# import `annotations` from `__future__`.
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import msgspec
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc, Span, SpanGroup

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.spacy_docs import SPANS_KEY, mentions
from aloi.models.refs.clustering import predict_refs
from aloi.models.refs.lexicon import RefLexicon

DATE_KEY = "aloi.date"
"""The key of the document's date in `doc.user_data`."""

ID_KEY = "aloi.id"
"""The key of the document's id in `doc.user_data`, for the refs of private persons."""

LEXICON_FILE = "lexicon.json"


class RefResolver(Pipe):
    """A component that sets the refs of mentions; `lexicon` has the names that it knows."""

    def __init__(
        self,
        name: str = "refs",
        lexicon: RefLexicon | None = None,
        *,
        name_persons: bool = False,
    ) -> None:
        self.name, self.lexicon = name, lexicon or RefLexicon()
        self.name_persons = name_persons

    def __call__(self, doc: Doc) -> Doc:
        """Set the refs of a doc's mentions that have none, and return the doc."""
        spans = mentions(doc)
        entities = tuple(
            Entity(
                id=str(number),
                start=span.start_char,
                end=span.end_char,
                label=span.label_,
                ref=span.kb_id_ or None,
            )
            for number, span in enumerate(spans)
        )
        meta = {"date": doc.user_data.get(DATE_KEY)}
        document = Document(doc.user_data.get(ID_KEY, "doc"), doc.text, entities, (), meta)
        predicted = predict_refs(document, self.lexicon, name_persons=self.name_persons)
        refs = {
            _key(span): each.ref or "" for span, each in zip(spans, predicted.entities, strict=True)
        }
        if SPANS_KEY in doc.spans:
            group = doc.spans[SPANS_KEY]
            doc.spans[SPANS_KEY] = SpanGroup(
                doc, spans=[_with_ref(each, refs) for each in group], attrs=group.attrs
            )
        doc.set_ents([_with_ref(each, refs) for each in doc.ents])
        return doc

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the lexicon to a folder."""
        Path(path).mkdir(parents=True, exist_ok=True)
        (Path(path) / LEXICON_FILE).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Read the lexicon from a folder that `to_disk` wrote, and return the component."""
        return self.from_bytes((Path(path) / LEXICON_FILE).read_bytes())

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return the lexicon as bytes."""
        return msgspec.json.encode(self.lexicon)

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Read bytes that `to_bytes` returned, and return the component."""
        self.lexicon = msgspec.json.decode(data, type=RefLexicon)
        return self


def _key(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label_


def _with_ref(span: Span, refs: dict[tuple[int, int, str], str]) -> Span:
    """Return a copy of a span with the ref of its place and label."""
    ref = refs.get(_key(span), span.kb_id_)
    return Span(span.doc, span.start, span.end, label=span.label_, kb_id=ref, span_id=span.id_)


@Language.factory(
    "aloi_refs",
    requires=["doc.ents"],
    assigns=["token.ent_kb_id"],
    default_config={"name_persons": False},
)
def make_ref_resolver(nlp: Language, name: str, name_persons: bool) -> RefResolver:
    """Return a new component with an empty lexicon; `nlp.add_pipe("aloi_refs")` calls this.

    name_persons: see `predict_refs`.
    """
    return RefResolver(name, name_persons=name_persons)
