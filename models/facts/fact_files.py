"""The facts of texts as files: JSON Lines, CSV, and a page with a graph.

A folder with these three files is written from predicted documents. Memory is bounded: the page
shows the first facts only, and the CSV file is written from the JSON Lines file, because its
columns depend on the attributes that occur.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.document import Document
from aloi.corpus.rights import is_restricted
from aloi.models.facts.page import render_facts
from aloi.models.facts.statements import StatedFact, state_facts

MAX_PAGE_FACTS = 1000
"""The number of facts that the page shows."""

JSON_FILE, CSV_FILE, PAGE_FILE = "facts.jsonl", "facts.csv", "facts.html"

COLUMNS = (
    "document",
    "who",
    "relation",
    "whom",
    "when",
    "sentence",
    "start",
    "end",
    "statements",
    "score",
    "when_words",
    "who_label",
    "who_ref",
    "whom_label",
    "whom_ref",
)
"""The columns of the CSV file; those of attributes follow `when`."""


@dataclass
class FactStream:
    """The facts of documents, one at a time, and what the page says of all of them."""

    documents: Iterable[Document]
    date_labels: Collection[str] = ()
    symmetric: Collection[str] = ()
    document_count: int = 0
    fact_count: int = 0
    has_restricted_text: bool = False
    attributes: set[str] = field(default_factory=set)
    first: list[StatedFact] = field(default_factory=list)

    def __iter__(self) -> Iterator[StatedFact]:
        for document in self.documents:
            self.document_count += 1
            self.has_restricted_text |= is_restricted(document.meta)
            facts = state_facts(document, date_labels=self.date_labels, symmetric=self.symmetric)
            for fact in facts:
                self.fact_count += 1
                self.attributes.update(fact.attributes)
                if self.fact_count <= MAX_PAGE_FACTS:
                    self.first.append(fact)
                yield fact


def write_fact_lines(facts: Iterable[StatedFact], stream: IO[str]) -> None:
    """Write facts as JSON Lines."""
    for fact in facts:
        stream.write(msgspec.json.encode(fact).decode() + "\n")


def write_fact_files(facts: FactStream, folder: Path, *, model: str, language: str) -> None:
    """Write `facts.jsonl`, `facts.csv` and `facts.html` to a folder, which is created.

    Each file replaces an existing one when it is complete. model, language: the name of the
    pipeline, and the language of the texts, for the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_text_file(folder / JSON_FILE) as stream:
        write_fact_lines(facts, stream)
    with (folder / JSON_FILE).open(encoding="utf-8") as lines:
        known = (msgspec.json.decode(line, type=StatedFact) for line in lines)
        with atomic_text_file(folder / CSV_FILE) as stream:
            _write_csv(known, sorted(facts.attributes), stream)
    page = render_facts(
        facts.first,
        model=model,
        documents=facts.document_count,
        total=facts.fact_count,
        symmetric=facts.symmetric,
        language=language,
        restricted=facts.has_restricted_text,
    )
    with atomic_text_file(folder / PAGE_FILE) as stream:
        stream.write(page)


def _write_csv(facts: Iterable[StatedFact], attributes: list[str], stream: IO[str]) -> None:
    names = [name for name in attributes if name not in COLUMNS]
    place = COLUMNS.index("when") + 1
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*COLUMNS[:place], *names, *COLUMNS[place:]))
    for fact in facts:
        row = fact_row(fact)
        own = [fact.attributes.get(name, "") for name in names]
        writer.writerow((*row[:place], *own, *row[place:]))


def fact_row(fact: StatedFact) -> tuple[object, ...]:
    """Return the cells of a fact in the order of `COLUMNS`; the first sentence is shown."""
    first = fact.statements[0]
    return (
        fact.document,
        fact.who.name,
        fact.relation,
        fact.whom.name,
        fact.when or "",
        " ".join(first.text.split()),
        first.start,
        first.end,
        len(fact.statements),
        "" if fact.score is None else round(fact.score, 4),
        fact.when_words or "",
        fact.who.label,
        fact.who.ref or "",
        fact.whom.label,
        fact.whom.ref or "",
    )
