"""One document with its mentions and relations, as text for a terminal and as a page."""

import re

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.reports.document_view import document_sheets, marked_text, render_documents

TEXT = "Le président français Emmanuel Macron est à Berlin."


def mention(id_: str, surface: str, label: str, score: float | None = None) -> Entity:
    start = TEXT.index(surface)
    return Entity(id=id_, start=start, end=start + len(surface), label=label, score=score)


MENTIONS = (
    mention("r", "président français", "ROLE", 0.9),
    mention("n", "français", "NORP"),
    mention("p", "Emmanuel Macron", "PER", 0.987),
    mention("l", "Berlin", "LOC"),
)
DOCUMENT = Document(
    "d", TEXT, MENTIONS, (Relation(head="p", tail="l", label="LOCATED_IN", score=0.5),)
)


def test_mentions_are_in_brackets_with_their_label() -> None:
    assert marked_text(DOCUMENT).plain == (
        "Le [président [français NORP] ROLE] [Emmanuel Macron PER] est à [Berlin LOC]."
    )


def test_crossing_mentions_close_where_they_end() -> None:
    crossing = (mention("a", "Emmanuel Macron", "PER"), mention("b", "Macron est", "X"))
    assert marked_text(Document("d", TEXT, crossing)).plain == (
        "Le président français [Emmanuel [Macron PER] est X] à Berlin."
    )


def test_text_that_looks_like_markup_is_unchanged() -> None:
    document = Document("d", "[bold]a[/bold] <b> &amp;", ())
    assert marked_text(document).plain == document.text
    assert "[bold]a[/bold] &lt;b&gt; &amp;amp;" in render_documents([document], model="m")


def test_tables_list_mentions_and_relations_with_scores() -> None:
    mentions, relations = document_sheets(DOCUMENT)
    assert mentions.rows[:3] == (
        ("président français", "ROLE", "0.90"),
        ("français", "NORP", "–"),
        ("Emmanuel Macron", "PER", "0.99"),
    )
    assert relations.rows == (("Emmanuel Macron", "LOCATED_IN", "Berlin", "0.50"),)


def test_a_document_without_annotations_says_so() -> None:
    assert [sheet.rows for sheet in document_sheets(Document("d", TEXT, ()))] == []
    assert "No entities found." in render_documents([Document("d", TEXT, ())], model="m")


def test_page_shows_every_mention_and_relation_once() -> None:
    page = render_documents([DOCUMENT], model="fr_pipeline 1.0.0")
    assert "fr_pipeline 1.0.0" in page
    text = re.search(r'<p class="text">(.*?)</p>', page, re.DOTALL)
    assert text is not None
    assert re.findall(r"<b[^>]*>(\w+)</b>", text[1]) == ["NORP", "ROLE", "PER", "LOC"]
    words = re.sub(r"<b[^>]*>\w+</b>|<[^>]+>", "", text[1])
    assert words == TEXT
    assert "LOCATED_IN" in page.partition("</p>")[2]


def test_page_needs_no_other_file_and_marks_restricted_text() -> None:
    restricted = Document("d", TEXT, MENTIONS, (), {"redistributable": False})
    page = render_documents([restricted], model="m")
    assert not re.search("https?:|<script|<link", page)
    assert "contains_restricted_text" in page
    assert "contains_restricted_text" not in render_documents([DOCUMENT], model="m")
